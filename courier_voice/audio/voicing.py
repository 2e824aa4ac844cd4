"""Whether a sound is voiced: a voice repeats itself 80 to 400 times a second at all pitches, wind and coughs do not."""

from __future__ import annotations

from typing import Final

import numpy as np

from courier_voice.audio.endpoint import FRAME
from courier_voice.audio.ring import Frame
from courier_voice.core.words import RATE

_SIZE: Final = 4 * FRAME
_BAND_HZ: Final = (150, 2500)
_SMOOTHED: Final = 51
"""Bins of 7.8 Hz, 400 Hz in all: what the spectrum is flattened by."""
_LAGS: Final = slice(RATE // 400, RATE // 80)


class Voicing:
    """``voicing(frame)`` is how periodic the frame and the one before it are, about 0 for noise, 1 for a steady vowel:
    the highest autocorrelation at a pitch's lags of the spectrally flattened sound (Sondhi 1968, IEEE Trans. Audio
    Electroacoust. 16:262), less that of the band alone.
    """

    def __init__(self) -> None:
        self._before = np.zeros(FRAME, np.float32)
        self._window = np.hanning(2 * FRAME)
        hz = np.fft.rfftfreq(_SIZE, 1 / RATE)
        self._band = (hz > _BAND_HZ[0]) & (hz < _BAND_HZ[1])
        flat = np.fft.irfft(self._band.astype(float))
        self._flat = flat / flat[0]

    def __call__(self, frame: Frame) -> float:
        both, self._before = np.concatenate([self._before, frame]), frame
        power = np.abs(np.fft.rfft(both * self._window, _SIZE)) ** 2
        envelope = np.convolve(power, np.full(_SMOOTHED, 1 / _SMOOTHED), "same")
        white = np.where(self._band & (envelope > 0), power / np.maximum(envelope, 1e-30), 0.0)
        again = np.fft.irfft(white)
        return float((again / again[0] - self._flat)[_LAGS].max()) if again[0] > 0 else 0.0
