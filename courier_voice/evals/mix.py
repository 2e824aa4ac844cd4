"""Speech over noise at a ratio: what the tables by SNR are made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from courier_voice.core.words import RATE, Audio

Samples = NDArray[np.float32]
_AROUND_S: Final = (0.6, 1.2)
"""Of noise before and behind what is said."""


def active_level(samples: Samples) -> float:
    """RMS over the 20 ms frames within 30 dB of the loudest; 0.0 for silence."""
    frames = np.resize(samples, (max(1, len(samples) // 320), 320)).astype(np.float64)
    power = np.mean(np.square(frames), axis=1)
    return float(np.sqrt(power[power >= power.max() * 1e-3].mean()))


def mixed(speech: Audio, noise: Samples | None, snr_db: float, rng: np.random.Generator) -> Audio:
    """Speech with noise around and behind it, taken from anywhere in ``noise`` (going round at its end), at a ratio
    over the active frames of the speech. Without noise: in silence, whatever the ratio."""
    before, after = (round(s * RATE) for s in _AROUND_S)
    padded = np.pad(speech.samples, (before, after))
    if noise is None:
        return Audio(padded)
    behind = np.resize(np.roll(noise, -int(rng.integers(len(noise)))), len(padded))
    gain = active_level(speech.samples) / max(active_level(behind), 1e-9) / 10 ** (snr_db / 20)
    return Audio(np.clip(padded + gain * behind, -1, 1).astype(np.float32))


def end_to_end(clips: Sequence[Audio], gap_s: float = 1.2) -> Audio:
    """Clips one after the other with silence between them."""
    gap = np.zeros(round(gap_s * RATE), np.float32)
    return Audio(np.concatenate([part for clip in clips for part in (clip.samples, gap)] or [gap]))
