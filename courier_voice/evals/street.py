"""A simulated place: the reply comes back from its walls, somebody speaks over it, or coughs, or a horn blows. Sounds
of which the fixtures hold no recording are synthesised from noise and harmonics: source and filter, as in textbooks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from courier_voice.core.words import RATE

Samples = NDArray[np.float32]


@dataclass(frozen=True)
class Room:
    """``delay_ms``: speaker to microphone, sound card included; ``t60_s``: reverberation; ``direct_db``: of the direct
    sound over what comes from the walls; ``loss_db``: from what is played to what is heard.
    """

    delay_ms: int = 60
    t60_s: float = 0.2
    direct_db: float = 6.0
    loss_db: float = 0.0
    seed: int = 1

    def response(self) -> Samples:
        """Impulse response: a direct path and exponentially decaying noise (Polack's model)."""
        walls = np.random.default_rng(self.seed).standard_normal(RATE // 4)
        walls *= 10 ** (-3 * np.arange(len(walls)) / RATE / self.t60_s)
        walls[:24] = 0
        walls /= np.sqrt((walls**2).sum()) * 10 ** (self.direct_db / 20)
        walls[[0, 3, 7]] = 1.0, -0.4, 0.2
        walls *= 10 ** (-self.loss_db / 20) / np.sqrt((walls**2).sum())
        return np.concatenate([np.zeros(self.delay_ms * RATE // 1000), walls]).astype(np.float32)


def echo(room: Room, block: int) -> Callable[[Samples], Samples]:
    """What comes back of each block played, block by block."""
    response = room.response()
    later = np.zeros(len(response) + block, np.float32)
    size = 1 << (len(response) + block).bit_length()
    spectrum = np.fft.rfft(response, size)

    def back(played: Samples) -> Samples:
        nonlocal later
        later[: len(response) + block] += np.fft.irfft(np.fft.rfft(played, size) * spectrum)[: len(later)]
        out, later = later[:block].copy(), np.concatenate([later[block:], np.zeros(block, np.float32)])
        return out.astype(np.float32)

    return back


def loudness(sound: Samples) -> float:
    """RMS of what is not silence."""
    loud = sound[np.abs(sound) > 0.1 * float(np.abs(sound).max())]
    return float(np.sqrt(np.mean(np.square(loud)))) if len(loud) else 0.0


def cough(seed: int = 0) -> Samples:
    """Two bursts of noise through the resonances of an open throat, each with a voiced end."""
    rng = np.random.default_rng(seed)
    bursts = []
    for seconds in (rng.uniform(0.18, 0.28), rng.uniform(0.12, 0.2)):
        t = np.arange(int(seconds * RATE)) / RATE
        air = _formants(rng.standard_normal(len(t)), ((650, 180), (1400, 300), (2700, 500)))
        voice = _formants(_pulses(rng.uniform(110, 150), len(t)), ((600, 120), (1200, 150)))
        shape = np.minimum(t / 0.008, 1) * np.exp(-t / 0.06)
        bursts += [shape * (air / air.std() + 0.4 * voice / voice.std() * (t > 0.06)), np.zeros(int(0.12 * RATE))]
    return _to_level(np.concatenate(bursts))


def hum(seed: int = 0) -> Samples:
    """嗯 with the mouth closed: a nasal, its resonance at 270 Hz, what is above it damped."""
    rng = np.random.default_rng(seed)
    count = int(rng.uniform(0.25, 0.45) * RATE)
    t = np.arange(count) / RATE
    voiced = _formants(
        _pulses(rng.uniform(105, 220), count, glide=-0.15), ((270, 60), (1000, 400), (2300, 600)), (1, 0.01, 0.004)
    )
    return _to_level(voiced * np.minimum(np.minimum(t / 0.04, (t[-1] - t) / 0.08), 1))


def wind(seconds: float, seed: int = 0) -> Samples:
    """Gusts at the microphone: noise falling with 1/f², swelling and ebbing."""
    rng = np.random.default_rng(seed)
    count = int(seconds * RATE)
    frequencies = np.maximum(np.fft.rfftfreq(count, 1 / RATE), 20)
    noise = np.fft.irfft(np.fft.rfft(rng.standard_normal(count)) / frequencies, count)
    t = np.arange(count) / RATE
    return _to_level(noise * (0.4 + np.abs(np.sin(2 * np.pi * 0.7 * t + rng.uniform(0, 6)))))


def horn(seed: int = 0) -> Samples:
    """A car's two-tone horn, twice."""
    rng = np.random.default_rng(seed)
    t = np.arange(int(rng.uniform(0.3, 0.8) * RATE)) / RATE
    tones = sum(
        np.sin(2 * np.pi * f * n * t) / n for f in (rng.uniform(390, 430), rng.uniform(490, 520)) for n in range(1, 8)
    )
    once = np.asarray(tones) * np.minimum(np.minimum(t / 0.02, (t[-1] - t) / 0.05), 1)
    return _to_level(np.concatenate([once, np.zeros(int(0.2 * RATE)), once]))


def throat(seed: int = 0) -> Samples:
    """A throat cleared: pulses so low and uneven that they are heard one by one, breath between them."""
    rng = np.random.default_rng(seed)
    count = int(rng.uniform(0.35, 0.6) * RATE)
    t = np.arange(count) / RATE
    rough = _pulses(rng.uniform(60, 85), count) * rng.uniform(0.3, 1, count)
    air = 0.02 * rng.standard_normal(count)
    voice = _formants(rough + air, ((500, 150), (1300, 300), (2500, 500)))
    return _to_level(voice * np.minimum(np.minimum(t / 0.05, (t[-1] - t) / 0.1), 1))


def knock(seed: int = 0) -> Samples:
    """Three knocks at a door: its panel rings at 180 Hz and above, and is soon still."""
    rng = np.random.default_rng(seed)
    t = np.arange(int(0.18 * RATE)) / RATE
    modes = [(hz * rng.uniform(0.9, 1.1), fall) for hz, fall in ((180, 0.03), (420, 0.02), (950, 0.01), (2100, 0.005))]
    hit = np.sum([np.sin(2 * np.pi * hz * t) * np.exp(-t / fall) for hz, fall in modes], 0)
    return _to_level(np.concatenate([hit + rng.standard_normal(len(t)) * np.exp(-t / 0.003)] * 3))


def siren(seconds: float, seed: int = 0) -> Samples:
    """An ambulance's two tones, half a second each."""
    rng = np.random.default_rng(seed)
    t = np.arange(int(seconds * RATE)) / RATE
    hz = np.where((t / 0.5 + rng.uniform(0, 2)) % 2 < 1, 440, 585) * rng.uniform(0.95, 1.05)
    phase = 2 * np.pi * np.cumsum(hz) / RATE
    return _to_level(np.sum([np.sin(n * phase) / n for n in range(1, 9)], 0) * np.minimum(t / 0.3, 1))


def bell(seed: int = 0) -> Samples:
    """A bicycle's bell: partials that are no multiples of each other, struck eight times a second."""
    rng = np.random.default_rng(seed)
    t, out = np.arange(int(1.2 * RATE)) / RATE, np.zeros(int(1.2 * RATE))
    for start in range(0, len(t), RATE // 8):
        for ratio, fall in ((1.0, 0.25), (2.32, 0.15), (4.25, 0.08)):
            out[start:] += np.sin(2 * np.pi * 1150 * ratio * t[: len(t) - start]) * np.exp(-t[: len(t) - start] / fall)
    return _to_level(out * rng.uniform(0.9, 1.1, 1))


def music(seconds: float, seed: int = 0) -> Samples:
    """Chords and a tune over them, plucked, four notes a second."""
    rng = np.random.default_rng(seed)
    out = np.zeros(int(seconds * RATE))
    for number, start in enumerate(range(0, len(out), RATE // 4)):
        t = np.arange(min(RATE, len(out) - start)) / RATE
        steps = [12 + int(rng.choice([0, 2, 4, 7, 9]))] + ([0, 4, 7] if number % 4 == 0 else [])
        for step in steps:
            tone = sum(np.sin(2 * np.pi * 220 * 2 ** (step / 12) * n * t) / n**1.5 for n in range(1, 7))
            out[start : start + len(t)] += np.asarray(tone) * np.exp(-t / 0.3) * np.minimum(t / 0.005, 1)
    return _to_level(out)


def _pulses(hz: float, count: int, glide: float = 0.0) -> NDArray[np.float64]:
    phase = np.cumsum(hz * (1 + glide * np.linspace(0, 1, count)) / RATE)
    return np.diff(np.floor(phase), prepend=0.0)


def _formants(
    source: NDArray[np.float64], peaks: tuple[tuple[int, int], ...], weights: tuple[float, ...] = ()
) -> NDArray[np.float64]:
    hz = np.fft.rfftfreq(len(source), 1 / RATE)
    gains = weights or (1.0,) * len(peaks)
    shape = sum(g / (1 + ((hz - f) / width) ** 2) for g, (f, width) in zip(gains, peaks, strict=True))
    return np.fft.irfft(np.fft.rfft(source) * shape, len(source))


def _to_level(sound: NDArray[np.float64], level: float = 0.1) -> Samples:
    out = sound.astype(np.float32)
    return (out * (level / loudness(out))).astype(np.float32)
