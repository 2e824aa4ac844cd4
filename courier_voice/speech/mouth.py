"""The reply as a stream that can be ducked and cut off: made by clause on a thread of its own, taken block by block by
the sound card, or by a simulation in step with its frames.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import numpy as np
from numpy.typing import NDArray

from courier_voice.core.errors import SpeechError
from courier_voice.core.words import RATE, Audio
from courier_voice.speech.spoken import streamed

Samples = NDArray[np.float32]

FRAME: Final = 512
DUCKED: Final = 0.12
"""-18 dB: quiet enough to hear him through, loud enough that a cough costs no word."""
_FADE_S: Final = 0.01
_REFERENCE_S: Final = 0.5

log = logging.getLogger(__name__)


class Mouth:
    """Speaker that does not wait. ``sound`` makes a clause, ``ready`` tells whether it need not be made; ``rate`` is
    that of what is taken; ``in_step`` makes it before ``say`` returns. When no sound can be made it says so once and
    goes on through ``fallback``.
    """

    def __init__(
        self,
        sound: Callable[[str], Audio],
        *,
        ready: Callable[[str], bool] = lambda clause: False,
        rate: int = RATE,
        in_step: bool = False,
        fallback: Callable[[str], object] = lambda _: None,
    ) -> None:
        self.sound, self.ready, self.volume = sound, ready, 1.0
        self.rate, self._in_step, self._fallback = rate, in_step, fallback
        self._reduced = _reducer(rate)
        self._lock = threading.Lock()
        self._worker = ThreadPoolExecutor(1, "speaking")
        self._ready: deque[Samples] = deque()
        self._tones: Samples = np.zeros(0, np.float32)
        self._played: deque[Samples] = deque()
        self._making = self._round = 0
        self._gain = self._wanted = 1.0
        self._cut = self._silent = False
        self.first_audio_s: float | None = None
        """From ``say`` to the first clause being ready, of the reply said last."""

    @property
    def speaking(self) -> bool:
        """Whether a reply is under way, made or played."""
        return bool(self._making or self._ready)

    @property
    def heard_out(self) -> bool:
        """Whether the last reply was played to its end."""
        return not self.speaking and not self._cut

    def say(self, text: str) -> None:
        """Begin to speak; after what is being said, if anything is. Never raises SpeechError."""
        with self._lock:
            self._making += 1
            self._cut, self._wanted = False, 1.0
            told = self._round
        began = time.perf_counter()
        making = self._worker.submit(self._make, text, told, began)
        if self._in_step:
            making.result()

    def play(self, tone: Audio) -> None:
        """A short sound over whatever is said; no reply."""
        fitted = _resampled(tone, self.rate)
        with self._lock:
            self._tones = fitted

    def stop(self) -> None:
        """Fall silent; what was not yet played is not said."""
        with self._lock:
            self._cut = self._cut or self.speaking
            self._round += 1
            self._ready.clear()
            self._gain = self._wanted = 1.0

    def duck(self, on: bool) -> None:
        """Speak low, or as before."""
        self._wanted = DUCKED if on else 1.0

    def take(self, count: int) -> Samples:
        """The next ``count`` samples for the sound card: zeros when there is nothing to say."""
        with self._lock:
            out = self._said(count)
            if len(self._tones):
                out[: len(self._tones)] += self._tones[:count]
                self._tones = self._tones[count:]
            np.clip(out, -1.0, 1.0, out)
            self._played.append(self._reduced(out))
            while sum(map(len, self._played)) > _REFERENCE_S * RATE:
                self._played.popleft()
        return out

    def reference(self) -> Samples:
        """What was taken since it was last asked, 512 samples at 16 kHz, filled up with zeros."""
        with self._lock:
            kept = np.concatenate([np.zeros(0, np.float32), *self._played])
            self._played = deque([kept[FRAME:]] if len(kept) > FRAME else [])
        return np.pad(kept[:FRAME], (0, max(0, FRAME - len(kept))))

    def wait(self, timeout_s: float = 60.0) -> None:
        """Return when the reply has been played or cut off; something must be taking it."""
        deadline = time.monotonic() + timeout_s
        while self.speaking and time.monotonic() < deadline:
            time.sleep(0.02)

    def close(self) -> None:
        """Fall silent for good; what is being made is thrown away."""
        self.stop()
        self._worker.shutdown(wait=True, cancel_futures=True)

    def _said(self, count: int) -> Samples:
        parts, lacking = [], count
        while lacking and self._ready:
            first = self._ready.popleft()
            parts.append(first[:lacking])
            if len(first) > lacking:
                self._ready.appendleft(first[lacking:])
            lacking -= len(parts[-1])
        out = np.concatenate([*parts, np.zeros(lacking, np.float32)])
        step = 1.0 / (_FADE_S * self.rate)
        reach = abs(self._wanted - self._gain) / step
        ramp = np.minimum(np.arange(1, count + 1) / reach, 1.0) if reach else np.ones(count)
        gains = self._gain + (self._wanted - self._gain) * ramp
        self._gain = float(gains[-1]) if count else self._gain
        return np.asarray(out * gains * self.volume, np.float32)

    def _make(self, text: str, told: int, began: float) -> None:
        try:
            if self._silent:
                self._fallback(text)
                return
            for number, clause in enumerate(streamed(text, self.ready)):
                if told != self._round:
                    return
                made = _resampled(self.sound(clause), self.rate)
                if not number:
                    self.first_audio_s = time.perf_counter() - began
                with self._lock:
                    if told == self._round and len(made):
                        self._ready.append(made)
        except SpeechError as error:
            self._silent = True
            log.warning("going on in text: %s", error)
            self._fallback(error.said)
            self._fallback(text)
        finally:
            with self._lock:
                self._making -= 1


def _resampled(audio: Audio, rate: int) -> Samples:
    if audio.rate == rate:
        return audio.samples
    import soxr

    return np.asarray(soxr.resample(audio.samples, audio.rate, rate), np.float32)


def _reducer(rate: int) -> Callable[[Samples], Samples]:
    """Block after block to 16 kHz, without seams."""
    if rate == RATE:
        return lambda block: block
    import soxr

    stream = soxr.ResampleStream(rate, RATE, 1, dtype="float32")
    return lambda block: np.asarray(stream.resample_chunk(block), np.float32)
