"""Listening while a reply is played: its echo is taken out, and only speech that lasts makes the reply stop.

The echo canceller is WebRTC's AEC3. What it leaves, it leaves in short bursts; so a first sign of voice only has the
reply ducked, which makes the echo smaller and a person no quieter, and what is still there then is a person.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np

from courier_voice.audio.endpoint import FRAME_S, VoiceStream
from courier_voice.audio.ring import Both, Frame
from courier_voice.core.words import RATE

LOUD: Final = 1e-3
"""RMS of a frame from which on something is being played."""
TAIL_S: Final = 0.5
"""How long after it a room and a sound card may still give it back."""
_LOW_HZ: Final = 700
_HIGH_HZ: Final = 4000
_KNOWN: Final = 20
"""Frames of echo from which on its loudness is believed to be known."""
_OPENING: Final = 3
"""Frames reported as voice once somebody is heeded: he has spoken for long enough, endpointing need not wait again."""


class Output(Protocol):
    """What speaks."""

    def stop(self) -> None: ...

    def duck(self, on: bool) -> None: ...

    @property
    def heard_out(self) -> bool: ...


@dataclass(frozen=True)
class Manners:
    """When somebody who speaks over a reply is heeded: ``sure`` frames of speech among the last ``window``. After
    ``suspect`` of them the reply is ducked, for ``ducked_s``. A frame is speech when its voice probability is over
    ``threshold`` and more than ``above`` of its energy is over 700 Hz: 嗯 hums below that, and wind.
    """

    threshold: float = 0.5
    suspect: int = 2
    sure: int = 5
    window: int = 8
    ducked_s: float = 0.7
    above: float = 0.04


class Coupling:
    """How loud the echo can be, learnt from frames in which nobody spoke: the ratio of what is heard to the loudest that
    was played within ``reach_s``, at its 90th percentile over three seconds.
    """

    def __init__(self, reach_s: float = 0.3, margin: float = 4.0) -> None:
        self._played: deque[float] = deque(maxlen=round(reach_s / FRAME_S))
        self._ratios: deque[float] = deque(maxlen=94)
        self._margin = margin
        self._heard = 0.0

    def hear(self, both: Both) -> None:
        self._played.append(_rms(both.played))
        self._heard = _rms(both.heard)

    @property
    def over_echo(self) -> bool:
        """Whether the frame is louder than its echo can be. False while too little is known."""
        if len(self._ratios) < _KNOWN:
            return False
        return self._heard > self._margin * float(np.quantile(self._ratios, 0.9)) * max(self._played)

    def learn(self) -> None:
        """Nobody spoke in the frame."""
        if (loudest := max(self._played)) > LOUD:
            self._ratios.append(self._heard / loudest)


def echo_canceller() -> Callable[[Both], Frame]:
    """WebRTC's AEC3: the frame heard, without the echo of what was played. Keeps what it has learnt of the room."""
    from pywebrtc_audio import EchoCanceller

    aec = EchoCanceller(RATE)
    return lambda both: np.asarray(aec.process(both.heard, both.played), np.float32)


class Duplex:
    """The frames of a microphone beside a reply, and the probability of voice in them as far as it is to be heeded.
    Both go in step: `frames` is read by what calls `probability` with each frame.
    """

    def __init__(
        self,
        output: Output,
        manners: Manners = Manners(),
        *,
        clean: Callable[[Both], Frame] | None = None,
        voiced: Callable[[Frame], float] | None = None,
        late: Callable[[], float] = lambda: 0.0,
    ) -> None:
        """``late``: seconds by which this reads behind the microphone."""
        self._output, self._manners, self._late = output, manners, late
        self._clean, self._voiced, self._raw = clean or echo_canceller(), voiced or _silero(), voiced or _silero()
        self._coupling = Coupling()
        self._heard: Frame = np.zeros(0, np.float32)
        self._speech: deque[bool] = deque(maxlen=manners.window)
        self._clock = 0
        self._played = self._ducked = self._admitted = self._heeded = -(10**9)
        self._first: int | None = None
        self.reaction_s: float | None = None
        """From the first frame of speech to the reply's stop, of the last that was cut off."""
        self.over_reply = False
        """Whether the utterance that began last began before the reply under way had been played to its end."""

    def frames(self, pairs: Iterable[Both]) -> Iterator[Frame]:
        """Without echo; as they were heard when nothing is or was just played."""
        for both in pairs:
            self._clock += 1
            clean = self._clean(both)
            self._coupling.hear(both)
            self._heard = both.heard
            if _rms(both.played) > LOUD:
                self._played = self._clock
            yield clean if self.guarded else both.heard

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
        raw = self._raw(self._heard)
        if self.guarded and self._coupling.over_echo and raw > p and self._bright(self._heard):
            p, frame = raw, self._heard
        elif self.guarded and p < self._manners.threshold - 0.15:
            self._coupling.learn()
        self._unduck()
        if not self.guarded:
            self._speech.clear()
            self._first = None
            return p
        if (self._clock - self._admitted) * FRAME_S < TAIL_S:
            self._admitted = self._clock if p >= self._manners.threshold else self._admitted
            return max(p, self._manners.threshold) if self._clock - self._heeded < _OPENING else p
        self._speech.append(p >= self._manners.threshold and self._bright(frame))
        spoken = sum(self._speech)
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
        if not self._speech:  # not over a reply, or in a gap of it
            self.over_reply = not self._output.heard_out
            self.reaction_s = None
            self._output.stop()

    def _heed(self) -> None:
        first = self._first if self._first is not None else self._clock
        self._admitted = self._heeded = self._clock
        self.over_reply = not self._output.heard_out or first <= self._played
        self.reaction_s = (self._clock - first + 1) * FRAME_S + self._late()
        self._output.stop()

    def _unduck(self) -> None:
        if self._ducked > 0 and (self._clock - self._ducked) * FRAME_S >= self._manners.ducked_s:
            self._ducked = -(10**9)
            self._output.duck(False)

    def _bright(self, frame: Frame) -> bool:
        power = np.abs(np.fft.rfft(frame * np.hanning(len(frame)))) ** 2
        hz = np.fft.rfftfreq(len(frame), 1 / RATE)
        whole = float(power[(hz > 80) & (hz < _HIGH_HZ)].sum())
        return float(power[(hz > _LOW_HZ) & (hz < _HIGH_HZ)].sum()) > self._manners.above * whole


def _rms(frame: Frame) -> float:
    return float(np.sqrt(np.mean(np.square(frame))))


def _silero() -> Callable[[Frame], float]:
    stream = VoiceStream()
    return lambda frame: float(stream.probabilities(frame)[0])
