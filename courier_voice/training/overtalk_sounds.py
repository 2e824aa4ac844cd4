"""Sounds that must not stop a reply, made with other numbers each time: what a throat does without words, what blows,
rings, knocks, rolls and plays in a street. None is a recording, and none is made as `evals.street` makes its own.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.random import Generator
from scipy.signal import butter, fftconvolve, sosfilt

from courier_voice.core.words import RATE
from courier_voice.training.distort import coloured as recoloured
from courier_voice.training.noises import Samples, coloured, made, unit
from courier_voice.training.overtalk_throats import (
    Floats,
    bark,
    breath,
    clearing,
    cough,
    curve,
    faded,
    hum,
    laugh,
    log_between,
    pulses,
    through,
    time_of,
)

Maker = Callable[[Generator], Samples]


def loudness(sound: Samples) -> float:
    """RMS of what is not silence, as `evals.street` has it."""
    loud = sound[np.abs(sound) > 0.1 * float(np.abs(sound).max(initial=0.0))]
    return float(np.sqrt(np.mean(np.square(loud)))) if len(loud) else 0.0


def levelled(sound: Samples, level: float) -> Samples:
    """At a loudness; silence stays."""
    return (sound * (level / max(loudness(sound), 1e-9))).astype(np.float32)


def sound(rng: Generator, *, dev: bool) -> tuple[str, Samples]:
    """The kind and the samples of one sound, of any level. Some kinds only the held-out split has."""
    kinds = [kind for kind in KINDS if dev or kind not in DEV_ONLY]
    weights = np.array([_OFTEN.get(kind, 1.0) for kind in kinds])
    kind = str(rng.choice(kinds, p=weights / weights.sum()))
    samples = KINDS[kind](rng)
    return kind, recoloured(samples, rng) if rng.random() < 0.4 else samples


def _complex(rng: Generator, t: Floats, hz: Floats, harmonics: int, fall: float) -> Floats:
    phase = 2 * np.pi * np.cumsum(hz) / RATE
    top = max(1, min(harmonics, int(7500 / max(float(hz.max()), 1))))
    tones = [np.sin(k * phase + rng.uniform(0, 6)) * rng.uniform(0.3, 1) / k**fall for k in range(1, top + 1)]
    return np.asarray(np.sum(tones, 0))


def _horn(rng: Generator) -> Samples:
    """One to three pipes or discs together, steady, once to four times."""
    base, ratios = (
        log_between(rng, 180, 900),
        (1.0, rng.uniform(1.1, 1.35), rng.uniform(1.4, 1.7))[: int(rng.integers(1, 4))],
    )
    fall, parts = rng.uniform(0.2, 1.6), []
    for _ in range(int(rng.integers(1, 5))):
        t = time_of(rng, 0.12, 1.6)
        start = 1 - rng.uniform(0, 0.08) * np.exp(-t / 0.05)
        blown = sum(_complex(rng, t, base * ratio * start, 16, fall) for ratio in ratios)
        parts += [
            faded(rng, np.asarray(blown), (0.003, 0.06), (0.01, 0.12)),
            np.zeros(int(rng.uniform(0.05, 0.5) * RATE)),
        ]
    return np.concatenate(parts).astype(np.float32)


def _siren(rng: Generator) -> Samples:
    t = time_of(rng, 0.8, 4)
    low, high, rate = log_between(rng, 350, 800), log_between(rng, 900, 1900), log_between(rng, 0.2, 5)
    swing = (np.sin(2 * np.pi * rate * t + rng.uniform(0, 6)) + 1) / 2
    swing = np.round(swing) if rng.random() < 0.35 else swing
    return faded(
        rng, _complex(rng, t, low + (high - low) * swing, 8, rng.uniform(0.5, 2)), (0.003, 1), (0.01, 1)
    ).astype(np.float32)


def _bell(rng: Generator) -> Samples:
    """Struck metal or glass, once or in a row: inharmonic partials dying away."""
    base, every, out = (
        log_between(rng, 250, 3000),
        log_between(rng, 0.06, 0.6),
        np.zeros(int(rng.uniform(0.5, 2.5) * RATE)),
    )
    partials = [
        (base * rng.uniform(1, 6), rng.uniform(0.2, 1), log_between(rng, 0.03, 0.8)) for _ in range(rng.integers(2, 9))
    ]
    for start in range(0, len(out), int(every * RATE)) if rng.random() < 0.6 else [0]:
        t = np.arange(len(out) - start) / RATE
        out[start:] += np.sum(
            [a * np.sin(2 * np.pi * hz * t) * np.exp(-t / s) for hz, a, s in partials if hz < 7800] or [t * 0], 0
        )
    return out.astype(np.float32)


def _beep(rng: Generator) -> Samples:
    """A scanner, a lift, a telephone: pure or square, on and off."""
    t = time_of(rng, 0.08, 2)
    tone = _complex(rng, t, np.full(len(t), log_between(rng, 400, 4000)), int(rng.choice([1, 3, 9])), 1.0)
    gate = np.sin(2 * np.pi * log_between(rng, 1, 20) * t) > -1.1 + 1.3 * (rng.random() < 0.6)
    return (np.convolve(gate, np.hanning(80) / 40, "same") * tone).astype(np.float32)


def _knock(rng: Generator) -> Samples:
    """Wood, a door, a box set down: short hits, each with resonances of its own."""
    out = np.zeros(int(rng.uniform(0.3, 1.8) * RATE))
    modes = [
        (log_between(rng, 60, 2500), log_between(rng, 0.004, 0.08), rng.uniform(0.1, 1))
        for _ in range(rng.integers(2, 7))
    ]
    start = 0
    while start < len(out):
        t = np.arange(len(out) - start) / RATE
        hit = np.sum([a * np.sin(2 * np.pi * hz * t + rng.uniform(0, 6)) * np.exp(-t / s) for hz, s, a in modes], 0)
        hit += rng.uniform(0.1, 1.5) * rng.standard_normal(len(t)) * np.exp(-t / log_between(rng, 0.001, 0.02))
        out[start:] += rng.uniform(0.4, 1) * hit
        start += int(log_between(rng, 0.07, 1.2) * RATE)
    return out.astype(np.float32)


def _gust(rng: Generator) -> Samples:
    """Wind at the microphone: rumble that swells and ebbs, at times with flutter on it."""
    t = time_of(rng, 0.3, 4.5)
    low = coloured(len(t), rng, rng.uniform(1.5, 5.5)).astype(np.float64)
    low = np.asarray(sosfilt(butter(1, rng.uniform(15, 90), "high", fs=RATE, output="sos"), low))
    swell = 0.05 + curve(rng, len(t), log_between(rng, 0.5, 8)) ** rng.uniform(1, 3)
    flutter = 1 + rng.uniform(0, 0.9) * (curve(rng, len(t), log_between(rng, 8, 40)) - 0.5)
    hiss = coloured(len(t), rng, 1.0) * log_between(rng, 1e-3, 0.1)
    return faded(rng, (low / low.std() + hiss) * swell * flutter, (0.005, 1.0), (0.01, 1.0)).astype(np.float32)


def _texture(rng: Generator) -> Samples:
    """Noise in bands, each swelling by itself: tyres, rain, leaves, bags, tape, brushes."""
    t = time_of(rng, 0.25, 4.5)
    edges = np.geomspace(log_between(rng, 50, 1500), log_between(rng, 2500, 7900), int(rng.integers(2, 10)))
    noise, rate = np.fft.rfft(rng.standard_normal(len(t))), log_between(rng, 0.5, 40)
    hz, out = np.fft.rfftfreq(len(t), 1 / RATE), np.zeros(len(t))
    together = curve(rng, len(t), rate)
    for low, high in itertools.pairwise(edges):
        part = np.fft.irfft(noise * ((hz >= low) & (hz < high)), len(t))
        alone = curve(rng, len(t), rate * rng.uniform(0.5, 2))
        out += part * log_between(rng, 0.05, 1) * (0.1 + rng.choice([together, alone])) ** rng.uniform(0, 3)
    return faded(rng, out, (0.002, 1.0), (0.01, 1.0)).astype(np.float32)


def _motor(rng: Generator) -> Samples:
    """An engine, a generator, a drill: pulses of a cylinder through an exhaust, revved or not."""
    t = time_of(rng, 0.4, 4.5)
    hz = log_between(rng, 14, 130) * (1 + rng.uniform(0, 0.8) * curve(rng, len(t), log_between(rng, 0.3, 3)))
    beat = pulses(rng, hz, rng.uniform(0.02, 0.5))
    box = [
        (log_between(rng, 40, 1500), log_between(rng, 30, 500), rng.uniform(0.2, 1)) for _ in range(rng.integers(2, 6))
    ]
    noise = coloured(len(t), rng, rng.uniform(0.3, 2)).astype(np.float64)
    mixed = through(beat / beat.std() + rng.uniform(0.05, 1.5) * noise / noise.std(), box)
    return faded(rng, mixed, (0.005, 1.5), (0.01, 1.5)).astype(np.float32)


def _train(rng: Generator) -> Samples:
    t = time_of(rng, 0.8, 4.5)
    rumble = unit(coloured(len(t), rng, rng.uniform(1, 2.5))) * (0.3 + curve(rng, len(t), 3))
    clack = np.zeros(len(t))
    clack[:: int(log_between(rng, 0.08, 0.6) * RATE)] = 1
    ring = np.exp(-np.arange(2000) / log_between(rng, 60, 500)) * rng.standard_normal(2000)
    squeal = _complex(rng, t, log_between(rng, 700, 4000) * (1 + 0.03 * curve(rng, len(t), 4)), 3, 1.0)
    mixed = rumble + rng.uniform(0, 0.6) * fftconvolve(clack, ring)[: len(t)]
    mixed += rng.uniform(0, 1) * (rng.random() < 0.4) * squeal * curve(rng, len(t), 2) ** 2
    return faded(rng, mixed, (0.005, 1.5), (0.01, 1.5)).astype(np.float32)


def _tune(rng: Generator) -> Samples:
    """Notes of one timbre, some together, plucked or held, at times with a beat."""
    out, tonic = np.zeros(int(rng.uniform(0.8, 4.5) * RATE)), log_between(rng, 70, 500)
    beat, held, fall = log_between(rng, 0.1, 0.6), rng.random() < 0.5, rng.uniform(0.6, 2)
    for start in range(0, len(out), int(beat * RATE)):
        t = np.arange(min(int(rng.choice([1, 2, 3]) * beat * RATE), len(out) - start)) / RATE
        shape = np.minimum(t / log_between(rng, 0.002, 0.05), 1) * (
            1.0 if held else np.exp(-t / log_between(rng, 0.05, 0.5))
        )
        for step in rng.choice([0, 2, 3, 4, 5, 7, 9, 10, 12, 14, 16, 19], int(rng.integers(1, 4)), replace=False):
            hz = tonic * 2 ** (step / 12) * (1 + 0.006 * np.sin(2 * np.pi * 5.5 * t) * held)
            out[start : start + len(t)] += shape * _complex(rng, t, hz, 12, fall)
        drum = rng.standard_normal(len(t)) * np.exp(-t / log_between(rng, 0.005, 0.06))
        out[start : start + len(t)] += rng.uniform(0, 2) * (rng.random() < 0.4) * drum
    return out.astype(np.float32)


def _street(rng: Generator) -> Samples:
    return np.asarray(
        faded(rng, made(int(rng.uniform(0.5, 4.5) * RATE), rng).astype(np.float64), (0.003, 1), (0.01, 1)), np.float32
    )


KINDS: Final[dict[str, Maker]] = {
    "cough": cough, "throat": clearing, "hum": hum, "laugh": laugh, "breath": breath, "horn": _horn,
    "siren": _siren, "bell": _bell, "beep": _beep, "knock": _knock, "wind": _gust, "texture": _texture,
    "motor": _motor, "train": _train, "music": _tune, "bark": bark, "street": _street,
}  # fmt: skip
DEV_ONLY: Final = frozenset(["bark"])
_OFTEN: Final = {
    "cough": 2.0,
    "hum": 2.0,
    "wind": 2.5,
    "horn": 2.0,
    "motor": 2.0,
    "train": 1.5,
    "texture": 2.0,
    "throat": 1.5,
}
