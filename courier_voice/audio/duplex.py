"""Listening while a reply is played: its echo is taken out, and only speech that lasts makes the reply stop.

The echo canceller is WebRTC's AEC3. What it leaves of a reply is a voice, too: whether a person says words beside it is
told by a network that also knows what was played. A first suspicion only has the reply ducked, which makes the echo
smaller and a person no quieter.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Final, Protocol

import numpy as np

from courier_voice.audio.endpoint import FRAME_S, Attentive
from courier_voice.audio.overspeech import Overlap, Overspeech
from courier_voice.audio.ring import Both, Frame
from courier_voice.core.words import RATE

LOUD: Final = 1e-3
"""RMS of a frame from which on something is being played."""
TAIL_S: Final = 0.5
"""How long after it a room and a sound card may still give it back."""
_CLEARLY: Final = 0.02
"""RMS of a frame that must be heard again where there is an echo."""
_NO_ECHO: Final = 0.03
"""Of the loudness played, -30 dB: less than this coming back is no echo."""
_SOON: Final = 10
"""Frames that are looked at together,"""
_BLOCKS: Final = 20
"""and how many such looks count."""
_OPENING: Final = 3
"""Frames reported as voice once somebody is heeded: he has spoken for long enough, endpointing need not wait again."""
_NEVER: Final = -(10**9)


class Output(Protocol):
    """What speaks."""

    def stop(self) -> None: ...

    def duck(self, on: bool) -> None: ...

    @property
    def heard_out(self) -> bool: ...


@dataclass(frozen=True)
class Manners:
    """When somebody who speaks over a reply is heeded: when the probabilities of words in the last ``window`` frames
    add up to ``sure``. At ``suspect`` of them the reply is ducked for ``ducked_s``. A frame counts when its
    probability is over ``faint``. Outside of replies a frame is voice from ``threshold`` on.
    """

    threshold: float = 0.5
    faint: float = 0.1
    suspect: float = 0.25
    sure: float = 0.8
    window: int = 1
    ducked_s: float = 0.7


class Bleed:
    """Whether anything of what is played comes back at all: into a headset's microphone nothing does, and a canceller
    that waits for an echo there takes the speech for one. Known after a third of a second of a reply, or two.
    """

    def __init__(self) -> None:
        self._heard: list[float] = []
        self._played: list[float] = []
        self._ratios: deque[float] = deque(maxlen=_BLOCKS)

    def hear(self, both: Both) -> None:
        self._heard.append(_rms(both.heard) ** 2)
        self._played.append(_rms(both.played) ** 2)
        if len(self._played) == _SOON:
            if (played := float(np.mean(self._played))) > _CLEARLY**2:
                self._ratios.append(float(np.sqrt(np.mean(self._heard) / played)))
            self._heard, self._played = [], []

    @property
    def none(self) -> bool:
        """Judged by the quietest third of a second: in the others he may be speaking, an echo is in all of them."""
        return bool(self._ratios) and min(self._ratios) < _NO_ECHO


def has_canceller() -> bool:
    """Whether the package of the echo canceller is installed."""
    return find_spec("pywebrtc_audio") is not None


def echo_canceller() -> Callable[[Both], Frame]:
    """WebRTC's AEC3: the frame heard, without the echo of what was played. Keeps what it has learnt of the room."""
    from pywebrtc_audio import EchoCanceller

    aec = EchoCanceller(RATE)
    return lambda both: np.asarray(aec.process(both.heard, both.played), np.float32)


class Duplex:
    """The frames of a microphone beside a reply, and the probability of voice in them as far as it is to be heeded.
    Both go in step: `frames` is read by what calls `probability` with each frame. ``late``: seconds by which this
    reads behind the microphone.
    """

    def __init__(
        self,
        output: Output,
        manners: Manners = Manners(),
        *,
        clean: Callable[[], Callable[[Both], Frame]] | None = None,
        voiced: Callable[[], Callable[[Frame], float]] | None = None,
        over: Callable[[], Callable[[Overlap], float]] = Overspeech,
        late: Callable[[], float] = lambda: 0.0,
    ) -> None:
        """``clean`` makes an echo canceller, WebRTC's when none is given; ``voiced`` a detector of voice, Silero's;
        ``over`` one of words over a reply, anew for each."""
        self.late = late
        self._output, self._manners = output, manners
        self._canceller = clean or echo_canceller
        self._voiced, self._over = (voiced or Attentive)(), over
        self._words: Callable[[Overlap], float] | None = None
        self._overlap: Overlap | None = None
        self._spoken: deque[float] = deque(maxlen=manners.window)
        self._clock = 0
        self._played = self._ducked = self._admitted = self._heeded = _NEVER
        self._first: int | None = None
        self.reaction_s: float | None = None
        """From the first frame of speech to the reply's stop, where the utterance that began last cut one off."""
        self.over_reply = False
        """Whether the utterance that began last began before the reply under way had been played to its end."""
        self.moved()

    def moved(self) -> None:
        """Another microphone or speaker, or the same opened again: what was learnt of the room holds no more, the delay
        least of all."""
        self._clean, self._bleed, self._answered = self._canceller(), Bleed(), 0

    def frames(self, pairs: Iterable[Both]) -> Iterator[Frame]:
        """Without echo; as they were heard when nothing is or was just played."""
        for both in pairs:
            self._clock += 1
            clean = self._clean(both)
            self._bleed.hear(both)
            self._overlap = Overlap(both.heard, both.played, clean, self._answered * FRAME_S)
            if _rms(both.played) > LOUD:
                self._answered += 1
                if self._clock - self._played > 1:
                    self._admitted = _NEVER  # another reply: what is heard now may be that
                self._played = self._clock
            yield clean if self.guarded and not self._bleed.none else both.heard

    @property
    def guarded(self) -> bool:
        """Whether what is heard may be the reply's echo."""
        return (self._clock - self._played) * FRAME_S < TAIL_S

    @property
    def ducked(self) -> bool:
        """Whether the reply is held low at the moment."""
        return self._ducked > 0

    def probability(self, frame: Frame) -> float:
        """Of voice in the frame; over a reply 0 until somebody has spoken for long enough to be heeded."""
        p = self._voiced(frame)
        self._unduck()
        if not self.guarded or self._overlap is None:
            self._words = self._first = None
            self._spoken.clear()
            return p
        self._words = self._words or self._over()
        words = self._words(self._overlap)
        if (self._clock - self._admitted) * FRAME_S < TAIL_S:
            self._admitted = self._clock if p >= self._manners.threshold else self._admitted
            return max(p, self._manners.threshold) if self._clock - self._heeded < _OPENING else p
        self._spoken.append(words if words >= self._manners.faint else 0.0)
        spoken = sum(self._spoken)
        if not spoken:
            self._first = None
        elif self._first is None:
            self._first = self._clock
        if spoken >= self._manners.sure:
            self._heed()
            return max(p, self._manners.threshold)
        if spoken >= self._manners.suspect:
            self._ducked = self._clock
            self._output.duck(True)
        return 0.0

    def began(self) -> None:
        """An utterance has begun, over a reply or not: whatever is being said is cut off."""
        if self._clock - self._heeded >= _OPENING:  # not one that was heeded over a reply
            self.over_reply = not self._output.heard_out
            self.reaction_s = None
            self._output.stop()

    def _heed(self) -> None:
        first = self._first if self._first is not None else self._clock
        self._admitted = self._heeded = self._clock
        self.over_reply = not self._output.heard_out or first <= self._played
        self.reaction_s = (self._clock - first + 1) * FRAME_S + self.late()
        self._output.stop()
        self._spoken.clear()
        self._first = None

    def _unduck(self) -> None:
        if self._ducked > 0 and (self._clock - self._ducked) * FRAME_S >= self._manners.ducked_s:
            self._ducked = _NEVER
            self._output.duck(False)


def _rms(frame: Frame) -> float:
    return float(np.sqrt(np.mean(np.square(frame))))
