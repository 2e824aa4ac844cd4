"""What a throat does without words, made with other numbers each time: source and filter, as in textbooks."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy.signal import fftconvolve

from courier_voice.core.words import RATE
from courier_voice.training.noises import Samples, coloured

Floats = NDArray[np.float64]


def time_of(rng: Generator, low_s: float, high_s: float) -> Floats:
    return np.arange(int(np.exp(rng.uniform(np.log(low_s), np.log(high_s))) * RATE)) / RATE


def log_between(rng: Generator, low: float, high: float) -> float:
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def curve(rng: Generator, count: int, rate_hz: float) -> Floats:
    """A random curve in 0..1 that turns about ``rate_hz`` times a second."""
    knots = rng.random(max(4, round(count / RATE * rate_hz) + 4))
    return np.interp(np.linspace(0, len(knots) - 1, count), np.arange(len(knots)), knots)


def faded(rng: Generator, samples: Floats, in_s: tuple[float, float], out_s: tuple[float, float]) -> Floats:
    count = np.arange(len(samples)) / RATE
    rise, fall = log_between(rng, *in_s), log_between(rng, *out_s)
    return np.asarray(samples * np.minimum(np.minimum(count / rise, (count[-1] - count) / fall), 1))


def pulses(rng: Generator, hz: Floats, jitter: float) -> Floats:
    """A glottis: pulses at ``hz``, each a bit early or late and loud or soft, falling 12 dB an octave."""
    phase = np.cumsum(hz * (1 + jitter * (curve(rng, len(hz), 60) - 0.5)) / RATE)
    opened = np.diff(np.floor(phase), prepend=0.0) * (1 + 2 * jitter * (rng.random(len(hz)) - 0.5))
    fall = np.exp(-np.arange(400) / log_between(rng, 4, 30))
    return np.asarray(fftconvolve(opened, fall)[: len(hz)])


def through(source: Floats, peaks: list[tuple[float, float, float]]) -> Floats:
    """Through resonances (Hz, width, gain)."""
    hz = np.fft.rfftfreq(len(source), 1 / RATE)
    shape = sum(gain / (1 + ((hz - at) / width) ** 2) for at, width, gain in peaks)
    return np.asarray(np.fft.irfft(np.fft.rfft(source) * shape, len(source)))


def open_mouth(rng: Generator) -> list[tuple[float, float, float]]:
    return [
        (rng.uniform(450, 900), rng.uniform(80, 250), 1.0),
        (rng.uniform(1000, 1900), rng.uniform(100, 350), rng.uniform(0.2, 0.9)),
        (rng.uniform(2200, 3300), rng.uniform(200, 600), rng.uniform(0.1, 0.7)),
    ]


def cough(rng: Generator) -> Samples:
    parts, mouth = [], open_mouth(rng)
    for _ in range(int(rng.integers(1, 5))):
        t = time_of(rng, 0.09, 0.4)
        air = through(coloured(len(t), rng, rng.uniform(-0.5, 1)).astype(np.float64), mouth)
        voice = through(pulses(rng, np.full(len(t), rng.uniform(90, 330)), rng.uniform(0.1, 0.6)), mouth)
        burst = np.minimum(t / log_between(rng, 0.001, 0.015), 1) * np.exp(-t / log_between(rng, 0.03, 0.12))
        late = t > rng.uniform(0.03, 0.12)
        parts += [burst * (air / air.std() + rng.uniform(0, 0.9) * late * voice / voice.std())]
        parts += [np.zeros(int(log_between(rng, 0.04, 0.4) * RATE))]
    return np.concatenate(parts).astype(np.float32)


def clearing(rng: Generator) -> Samples:
    parts, mouth = [], open_mouth(rng)
    for _ in range(int(rng.integers(1, 4))):
        t = time_of(rng, 0.15, 0.6)
        rough = pulses(rng, rng.uniform(45, 150) * (1 + 0.3 * curve(rng, len(t), 4)), rng.uniform(0.4, 1.2))
        air = coloured(len(t), rng, rng.uniform(0, 1)).astype(np.float64)
        mixed = through(rough / rough.std() + rng.uniform(0.2, 1.5) * air / air.std(), mouth)
        parts += [faded(rng, mixed * (0.3 + curve(rng, len(t), 12)), (0.01, 0.15), (0.02, 0.2))]
        parts += [np.zeros(int(log_between(rng, 0.03, 0.4) * RATE))]
    return np.concatenate(parts).astype(np.float32)


def hum(rng: Generator) -> Samples:
    """嗯 with the mouth closed, once or twice."""
    parts: list[Floats] = []
    hz = rng.uniform(75, 320)
    nose = [
        (rng.uniform(220, 380), rng.uniform(40, 110), 1.0),
        (rng.uniform(850, 1300), rng.uniform(150, 400), log_between(rng, 0.002, 0.06)),
        (rng.uniform(2000, 2700), rng.uniform(200, 600), log_between(rng, 0.001, 0.03)),
    ]
    for _ in range(int(rng.integers(1, 3))):
        t = time_of(rng, 0.15, 0.9)
        glide = 1 + rng.uniform(-0.35, 0.35) * np.linspace(0, 1, len(t)) ** log_between(rng, 0.5, 2)
        voice = through(pulses(rng, hz * glide, rng.uniform(0, 0.08)), nose)
        parts += [faded(rng, voice, (0.015, 0.12), (0.03, 0.2)), np.zeros(int(log_between(rng, 0.03, 0.3) * RATE))]
    return np.concatenate(parts).astype(np.float32)


def laugh(rng: Generator) -> Samples:
    parts, mouth, hz = [], open_mouth(rng), rng.uniform(110, 420)
    every, air_share = log_between(rng, 0.13, 0.3), rng.uniform(0.2, 1)
    for number in range(int(rng.integers(3, 8))):
        t = np.arange(int(every * RATE)) / RATE
        voice = pulses(rng, np.full(len(t), hz * (1 - 0.03 * number)), rng.uniform(0, 0.2))
        air = coloured(len(t), rng, 0.5).astype(np.float64)
        mixed = through(voice / voice.std() + air_share * air / air.std(), mouth)
        parts += [mixed * np.sin(np.pi * np.minimum(t / every / rng.uniform(0.4, 0.8), 1)) ** 2 * 0.9**number]
    return np.concatenate(parts).astype(np.float32)


def breath(rng: Generator) -> Samples:
    t = time_of(rng, 0.15, 0.9)
    air = through(coloured(len(t), rng, rng.uniform(0, 1.5)).astype(np.float64), open_mouth(rng))
    return np.asarray(air * np.abs(np.sin(np.pi * t / t[-1])) ** log_between(rng, 0.4, 3), np.float32)


def bark(rng: Generator) -> Samples:
    parts = []
    for _ in range(int(rng.integers(1, 4))):
        t = time_of(rng, 0.08, 0.25)
        voice = pulses(rng, rng.uniform(250, 900) * (1 - 0.3 * np.linspace(0, 1, len(t))), rng.uniform(0.1, 0.5))
        parts += [
            np.sin(np.pi * t / t[-1]) * through(voice, open_mouth(rng)),
            np.zeros(int(rng.uniform(0.1, 0.5) * RATE)),
        ]
    return np.concatenate(parts).astype(np.float32)
