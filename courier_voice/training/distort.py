"""What happens to speech between a courier's mouth and the recogniser: throat, room, pocket, headset, street.

Every function takes and gives float32 at 16 kHz; ``distorted`` strings them together at random, seeded by ``rng``.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, Final

import numpy as np
import soxr
from numpy.random import Generator
from scipy.signal import butter, fftconvolve, sosfilt

from courier_voice.core.words import RATE
from courier_voice.training.noises import Samples

Noise = Callable[[int, Generator], Samples]
"""So many samples of background, at any level."""

_SPEECH_DBFS: Final = -24.0


def distorted(speech: Samples, noise: Noise, rng: Generator, snr_db: float | None) -> Samples:
    """One hearing of ``speech`` with silence around it; ``snr_db`` is over its active parts, None is quiet."""
    sound = pitched(speech, rng.uniform(0.9, 1.12)) if rng.random() < 0.6 else speech
    sound = hesitant(sound, rng) if rng.random() < 0.12 else sound
    sound = halting(sound, rng) if rng.random() < 0.2 else sound
    sound = coloured(sound, rng) if rng.random() < 0.3 else sound
    sound = echoing(sound, rng) if rng.random() < 0.3 else sound
    sound = pocketed(sound, rng) if rng.random() < 0.08 else sound
    sound = at_level(sound, _SPEECH_DBFS + rng.uniform(-14, 9))
    loudness = level(sound)
    sound = np.pad(sound, [int(RATE * rng.uniform(0.02, 0.5)), int(RATE * rng.uniform(0.05, 0.9))])
    if snr_db is not None:
        behind = noise(len(sound), rng)
        sound = sound + behind * np.float32(loudness / max(level(behind), 1e-6) / 10 ** (snr_db / 20))
    else:
        sound = sound + rng.standard_normal(len(sound)).astype(np.float32) * np.float32(10 ** rng.uniform(-5, -3.3))
    sound = clipped(sound, rng) if rng.random() < 0.07 else sound
    if rng.random() < 0.22:
        sound = headset(sound, rng)
    return np.clip(sound, -1, 1).astype(np.float32)


def level(samples: Samples) -> float:
    """RMS over the active 20 ms frames: those within 30 dB of the loudest."""
    frames = samples[: max(320, len(samples) // 320 * 320)]
    frames = np.resize(frames, (max(1, len(frames) // 320), 320))
    power = np.mean(frames.astype(np.float64) ** 2, axis=1)
    return float(np.sqrt(power[power >= power.max() * 1e-3].mean()))


def at_level(samples: Samples, dbfs: float) -> Samples:
    return (samples * (10 ** (dbfs / 20) / max(level(samples), 1e-6))).astype(np.float32)


def pitched(speech: Samples, factor: float) -> Samples:
    """Pitch, formants and tempo together ``factor`` times as high: another throat."""
    return np.asarray(soxr.resample(speech, RATE * factor, RATE, quality="HQ"), np.float32)


def hesitant(speech: Samples, rng: Generator) -> Samples:
    """A pause of 0.2 to 0.8 s where the speech is quietest."""
    if len(speech) < RATE:
        return speech
    frames = np.abs(speech[: len(speech) // 320 * 320]).reshape(-1, 320).mean(axis=1)
    inner = frames[len(frames) // 5 : -len(frames) // 5]
    at = (int(np.argmin(inner + rng.random(len(inner)) * 0.01)) + len(frames) // 5) * 320
    return np.concatenate([speech[:at], np.zeros(int(RATE * rng.uniform(0.2, 0.8)), np.float32), speech[at:]])


def halting(speech: Samples, rng: Generator) -> Samples:
    """Word by word, as people dictate: cut at quiet moments, each piece at its own tempo, pauses of up to 0.25 s."""
    frames = np.abs(speech[: len(speech) // 320 * 320]).reshape(-1, 320).mean(axis=1)
    if len(frames) < 50:
        return speech
    cuts = [0]
    while (begin := cuts[-1] + int(rng.integers(15, 40))) + 15 < len(frames):
        cuts.append(begin + int(np.argmin(frames[begin : begin + 12])))
    pieces: list[Samples] = []
    for start, stop in zip(cuts, [*cuts[1:], len(frames)], strict=True):
        pieces.append(pitched(speech[start * 320 : stop * 320], rng.uniform(0.93, 1.08)))
        pieces.append(np.zeros(int(RATE * rng.uniform(0, 0.25)), np.float32))
    return np.concatenate(pieces[:-1])


def coloured(speech: Samples, rng: Generator) -> Samples:
    """Another microphone: a tilt of up to 6 dB an octave and one resonance, over the whole band."""
    spectrum = np.fft.rfft(speech)
    octaves = np.log2(np.maximum(np.fft.rfftfreq(len(speech), 1 / RATE), 60) / 1000)
    gain_db = rng.uniform(-6, 3) * octaves
    gain_db += rng.uniform(-9, 9) * np.exp(-(((octaves - rng.uniform(-2.5, 2.5)) / rng.uniform(0.3, 1.2)) ** 2))
    return np.asarray(np.fft.irfft(spectrum * 10 ** (gain_db / 20), len(speech)), np.float32)


def echoing(speech: Samples, rng: Generator, direct: float = 1.0) -> Samples:
    """A room: exponentially decaying noise behind the ``direct`` sound (Polack's model), decay time 0.15 to 0.7 s."""
    decay_s = rng.uniform(0.15, 0.7)
    time = np.arange(int(decay_s * RATE)) / RATE
    tail = rng.standard_normal(len(time)) * 10 ** (-3 * time / decay_s)
    tail *= rng.uniform(0.2, 0.9) / np.sqrt(np.sum(tail**2))
    tail[: int(RATE * rng.uniform(0.001, 0.012))] = 0
    tail[0] = direct
    return np.asarray(fftconvolve(speech, tail)[: len(speech) + RATE // 5], np.float32)


def pocketed(speech: Samples, rng: Generator) -> Samples:
    """Through cloth: no highs above 1.2 to 3 kHz."""
    return np.asarray(sosfilt(butter(3, rng.uniform(1200, 3000), fs=RATE, output="sos"), speech), np.float32)


def clipped(sound: Samples, rng: Generator) -> Samples:
    limit = float(np.quantile(np.abs(sound), rng.uniform(0.93, 0.995)))
    return (np.clip(sound, -limit, limit) / max(limit, 1e-6) * rng.uniform(0.5, 0.99)).astype(np.float32)


def headset(sound: Samples, rng: Generator) -> Samples:
    """A Bluetooth call's narrow band: 8 kHz, through CVSD half of the time."""
    narrow = np.asarray(soxr.resample(sound, RATE, 8000), np.float32)
    if rng.random() < 0.5:
        oversampled = np.asarray(soxr.resample(narrow, 8000, 64000), np.float32)
        narrow = np.asarray(soxr.resample(_cvsd()(oversampled), 64000, 8000), np.float32)
    return np.asarray(soxr.resample(narrow, 8000, RATE), np.float32)[: len(sound)]


@cache
def _cvsd() -> Any:
    """Continuously variable slope delta modulation there and back (Bluetooth core specification, vol. 2 B 9.2).

    One bit a sample at 64 kHz; the step grows while four bits in a row are alike (J = 4) and shrinks by 1 - 1/1024;
    the accumulator leaks by 1 - 1/32; step between 10 and 1280 of 32768.
    """
    from numba import njit

    @njit(cache=False)  # type: ignore[untyped-decorator,unused-ignore]
    def through(samples: Samples) -> Samples:
        out = np.empty_like(samples)
        estimate, step, run, last = 0.0, 10.0 / 32768, 0, True
        for n in range(len(samples)):
            bit = samples[n] >= estimate
            run = run + 1 if bit == last else 1
            last = bit
            step = min(step + 10.0 / 32768, 1280.0 / 32768) if run >= 4 else max(step * (1 - 1 / 1024), 10.0 / 32768)
            estimate = (estimate + (step if bit else -step)) * (1 - 1 / 32)
            out[n] = estimate
        return out

    return through
