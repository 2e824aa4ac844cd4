"""How a sound repeats itself: a voice does so 80 to 400 times a second at all pitches, wind and coughs do not."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from courier_voice.audio.endpoint import FRAME
from courier_voice.audio.ring import Frame
from courier_voice.core.words import RATE

LAGS: Final = 12
"""Ranges of periods that are told apart, from 600 to 60 repetitions a second."""
_SIZE: Final = 4 * FRAME
_BAND_HZ: Final = (150, 2500)
_SMOOTHED: Final = 51
"""Bins of 7.8 Hz, 400 Hz in all: what the spectrum is flattened by."""
_EDGES: Final = np.round(np.geomspace(RATE / 600, RATE / 60, LAGS + 1)).astype(int)


class Voicing:
    """``voicing(frame)`` is how periodic the frame and the one before it are at periods of each range ``[LAGS]``, about
    0 for noise, 1 for a steady vowel: the highest autocorrelation there of the spectrally flattened sound (Sondhi 1968,
    IEEE Trans. Audio Electroacoust. 16:262), less that of the band alone.
    """

    def __init__(self) -> None:
        self._before = np.zeros(FRAME, np.float32)
        self._window = np.hanning(2 * FRAME)
        hz = np.fft.rfftfreq(_SIZE, 1 / RATE)
        self._band = (hz > _BAND_HZ[0]) & (hz < _BAND_HZ[1])
        flat = np.fft.irfft(self._band.astype(float))
        self._flat = flat / flat[0]

    def __call__(self, frame: Frame) -> NDArray[np.float32]:
        both, self._before = np.concatenate([self._before, frame]), frame
        power = np.abs(np.fft.rfft(both * self._window, _SIZE)) ** 2
        envelope = np.convolve(power, np.full(_SMOOTHED, 1 / _SMOOTHED), "same")
        white = np.where(self._band & (envelope > 0), power / np.maximum(envelope, 1e-30), 0.0)
        again = np.fft.irfft(white)
        if again[0] <= 0:
            return np.zeros(LAGS, np.float32)
        return np.maximum.reduceat((again / again[0] - self._flat)[: _EDGES[-1]], _EDGES[:-1]).astype(np.float32)
