"""Noise for training and for the development set: the recordings in the fixtures, and made kinds beside them.

Three recordings of a quarter of a minute are few, so what a street sounds like is also synthesised: broadband noise of
several colours, wind, engines, horns, rattle, music and babble. Everything is float32 at 16 kHz.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import soundfile
from numpy.random import Generator
from numpy.typing import NDArray
from scipy.signal import butter, sosfilt

from courier_voice.core.words import RATE

Samples = NDArray[np.float32]

TRAIN_SHARE: Final = 0.6
"""The first part of each recording trains, the rest is the development set's."""


def recordings(directory: Path, *, dev: bool) -> list[Samples]:
    """The stretches of ``directory/*.flac`` for one side of the split. Raises FileNotFoundError when there are none."""
    stretches = []
    for file in sorted(directory.glob("*.flac")):
        samples, rate = soundfile.read(file, dtype="float32")
        if rate != RATE:
            raise ValueError(f"{file.name} is at {rate} Hz; training wants {RATE}")
        cut = int(len(samples) * TRAIN_SHARE)
        stretches.append(np.asarray(samples[cut:] if dev else samples[:cut]))
    if not stretches:
        raise FileNotFoundError(f"no noise recordings in {directory}: give the folder that holds rain.flac")
    return stretches


def stretch(recording: Samples, length: int, rng: Generator) -> Samples:
    """``length`` samples from anywhere in a recording, going round at its end; mirrored in time half of the time."""
    turned = np.roll(recording, -int(rng.integers(len(recording))))
    return np.resize(turned[::-1] if rng.random() < 0.5 else turned, length).astype(np.float32)


def made(length: int, rng: Generator) -> Samples:
    """``length`` samples of one made kind of noise, or two of them together."""
    kinds = rng.choice(len(_KINDS), size=2 if rng.random() < 0.3 else 1, replace=False)
    return np.asarray(sum(unit(_KINDS[kind](length, rng)) * rng.uniform(0.4, 1) for kind in kinds), np.float32)


def babble(clips: Sequence[Samples], length: int, rng: Generator) -> Samples:
    """Several people talking at once: ``clips``, each from anywhere in it and at a level of its own."""
    total = np.zeros(length, np.float32)
    for clip in clips:
        total += unit(stretch(clip, length, rng)) * np.float32(rng.uniform(0.3, 1))
    return total


def unit(samples: Samples) -> Samples:
    """Scaled to a root mean square of 1; silence stays."""
    level = float(np.sqrt(np.mean(np.square(samples, dtype=np.float64))))
    return (samples / level).astype(np.float32) if level > 1e-9 else samples


def coloured(length: int, rng: Generator, exponent: float) -> Samples:
    """Noise whose power falls with frequency to the ``exponent``: 0 white, 1 pink, 2 brown."""
    spectrum = np.fft.rfft(rng.standard_normal(length))
    frequency = np.maximum(np.fft.rfftfreq(length, 1 / RATE), 20.0)
    return np.asarray(np.fft.irfft(spectrum * frequency ** (-exponent / 2), length), np.float32)


def _colour(length: int, rng: Generator) -> Samples:
    return coloured(length, rng, rng.uniform(0, 2.2))


def _slowly(length: int, rng: Generator, rate_hz: float) -> Samples:
    """A random curve in 0..1 that turns about ``rate_hz`` times a second."""
    knots = rng.random(max(4, round(length / RATE * rate_hz) + 4))
    return np.interp(np.linspace(0, len(knots) - 1, length), np.arange(len(knots)), knots).astype(np.float32)


def _wind(length: int, rng: Generator) -> Samples:
    low = sosfilt(butter(2, rng.uniform(200, 900), fs=RATE, output="sos"), coloured(length, rng, 1.5))
    return np.asarray(low * (0.1 + _slowly(length, rng, 1.5) ** 2), np.float32)


def _engine(length: int, rng: Generator) -> Samples:
    speed = rng.uniform(25, 110) * (1 + 0.25 * _slowly(length, rng, 0.5))
    phase = 2 * np.pi * np.cumsum(speed) / RATE
    tones = sum(np.sin(k * phase + rng.uniform(0, 6)) * rng.uniform(0.2, 1) / k for k in range(1, 18))
    return np.asarray(np.asarray(tones) + 0.4 * unit(coloured(length, rng, 1.2)), np.float32)


def _horns(length: int, rng: Generator) -> Samples:
    out = 0.05 * unit(coloured(length, rng, 1.0))
    for _ in range(int(rng.integers(1, 4))):
        start, long = int(rng.integers(length)), int(rng.uniform(0.15, 0.9) * RATE)
        time = np.arange(min(long, length - start)) / RATE
        base = rng.uniform(280, 620)
        tone = sum(np.sin(2 * np.pi * base * ratio * k * time) / k for ratio in (1, 1.26) for k in range(1, 7))
        out[start : start + len(time)] += np.asarray(tone, np.float32) * np.float32(rng.uniform(0.3, 1))
    return out


def _rattle(length: int, rng: Generator) -> Samples:
    hits = np.zeros(length, np.float32)
    hits[rng.integers(0, length, max(1, int(length / RATE * rng.uniform(3, 60))))] = 1
    ring = np.exp(-np.arange(800) / rng.uniform(20, 250)) * rng.standard_normal(800)
    return np.convolve(hits * rng.random(length).astype(np.float32), ring)[:length].astype(np.float32)


def _music(length: int, rng: Generator) -> Samples:
    tonic, beat, out = 110 * 2 ** (rng.integers(24) / 12), int(RATE * rng.uniform(0.2, 0.6)), np.zeros(length)
    for start in range(0, length, beat):
        time = np.arange(min(2 * beat, length - start)) / RATE
        for step in rng.choice([0, 2, 4, 5, 7, 9, 11, 12], 3, replace=False):
            tone = sum(np.sin(2 * np.pi * tonic * 2 ** (step / 12) * k * time) / k**1.5 for k in range(1, 6))
            out[start : start + len(time)] += tone * np.exp(-3 * time) * rng.uniform(0.4, 1)
    return out.astype(np.float32)


_KINDS: Final[tuple[Callable[[int, Generator], Samples], ...]] = (_colour, _wind, _engine, _horns, _rattle, _music)
