"""Render the sound files of ``fixtures/audio/*/scene.yaml``: each turn with a voice, and each of noise alone.

The YAML files are the source; a turn's recipe (words, voice, speed, noise, condition) is hashed into the file it made,
so a second run renders only what changed. Everything is seeded by the file's name.

    python scripts/make_fixtures.py [SCENE…]
"""

from __future__ import annotations

import hashlib
import sys
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import soundfile
import soxr
from numpy.random import Generator, default_rng
from numpy.typing import NDArray
from rich.progress import track

from courier_voice.core.words import RATE
from courier_voice.evals.goldens import GoldenTurn, Scene, load_scenes
from courier_voice.speech.kokoro import Kokoro
from courier_voice.weights.locate import weights_root

AUDIO: Final = Path(__file__).parent.parent / "fixtures" / "audio"
VERSION: Final = 1
SNR_DB: Final = {"15dB": 15.0, "10dB": 10.0, "5dB": 5.0, "negative": 10.0}
SPEECH_DBFS: Final = -24.0
NOISE_ALONE_DBFS: Final = -30.0
NOISE_ALONE_S: Final = 4.0

Samples = NDArray[np.float32]


def render(turn: GoldenTurn, rng: Generator) -> Samples:
    """The sound of a turn at 16 kHz: speech at a seeded level between two seeded pauses, noise under all of it."""
    if not turn.voice:
        assert turn.noise, f"{turn.wav} has neither voice nor noise"
        return at_level(background(turn.noise, round(NOISE_ALONE_S * RATE), rng), NOISE_ALONE_DBFS + rng.uniform(-4, 4))
    said = voice(turn.voice, turn.speed).synthesize(turn.spoken)
    speech = trimmed(soxr.resample(said.samples, said.rate, RATE))
    speech = at_level(speech, SPEECH_DBFS + rng.uniform(-3, 3))
    before, after = (rng.uniform(0.25, 0.6, 2) * RATE).astype(int)
    sound = np.pad(speech, (before, after))
    if not turn.noise:
        return sound
    noise = background(turn.noise, len(sound), rng)
    gain = level(speech) / level(noise) / 10 ** (SNR_DB[turn.condition] / 20)
    return sound + noise * gain


def level(samples: Samples) -> float:
    """RMS over the active 20 ms frames: those within 30 dB of the loudest."""
    frames = samples[: len(samples) // 320 * 320].reshape(-1, 320)
    power = np.mean(frames.astype(np.float64) ** 2, axis=1)
    return float(np.sqrt(power[power >= power.max() * 1e-3].mean()))


def at_level(samples: Samples, dbfs: float) -> Samples:
    return (samples * (10 ** (dbfs / 20) / level(samples))).astype(np.float32)


def trimmed(speech: Samples) -> Samples:
    """Without the silence a voice begins and ends with."""
    loud = np.flatnonzero(np.abs(speech) > 0.01 * np.abs(speech).max())
    return speech[max(0, loud[0] - RATE // 50) : loud[-1] + RATE // 20]


def background(kind: str, length: int, rng: Generator) -> Samples:
    if kind == "silence":
        return rng.standard_normal(length).astype(np.float32) * 1e-3
    if kind == "music":
        return music(length, rng)
    noise = recording(kind)
    start = int(rng.integers(max(1, len(noise) - length)))
    return np.resize(noise[start:], length)


def music(length: int, rng: Generator) -> Samples:
    """Plucked chords, one every half second, I-V-vi-IV in a seeded key."""
    tonic = 220 * 2 ** (rng.integers(12) / 12)
    chords = [(0, 4, 7), (7, 11, 14), (9, 12, 16), (5, 9, 12)]
    beat, out = RATE // 2, np.zeros(length, np.float32)
    t = np.arange(2 * beat) / RATE
    for n, start in enumerate(range(0, length, beat)):
        for step in chords[n // 2 % 4]:
            tone = sum(np.sin(2 * np.pi * tonic * 2 ** (step / 12) * k * t) / k**1.5 for k in range(1, 6))
            note = tone * np.exp(-3 * t) * rng.uniform(0.6, 1)
            out[start : start + len(note)] += note[: length - start]
    return out


@cache
def voice(name: str, speed: float) -> Kokoro:
    return Kokoro(weights_root() / "kokoro-82m", weights_root() / "kokoro-voices-zh", name, speed)


@cache
def recording(kind: str) -> Samples:
    file = AUDIO / "noise" / f"{kind}.flac"
    samples, rate = soundfile.read(file, dtype="float32")
    assert rate == RATE, f"{file} is not at {RATE} Hz"
    return np.asarray(samples)


def recipe(scene: Scene, turn: GoldenTurn) -> str:
    made_of = (VERSION, scene.name, turn.wav, turn.spoken, turn.condition, turn.voice, turn.speed, turn.noise)
    return hashlib.sha256(repr(made_of).encode()).hexdigest()


def is_current(file: Path, digest: str) -> bool:
    return file.is_file() and soundfile.SoundFile(file).comment == digest


def write(file: Path, samples: Samples, digest: str) -> None:
    peak = float(np.abs(samples).max())
    part = file.with_suffix(".part")
    with soundfile.SoundFile(part, "w", RATE, 1, "PCM_16", format="FLAC") as sound:
        sound.comment = digest
        sound.write(samples * min(1.0, 0.95 / peak))
    part.replace(file)


def main(names: list[str]) -> None:
    todo: list[tuple[Any, ...]] = []
    for scene in load_scenes(AUDIO):
        for turn in scene.turns:
            file, digest = scene.sound(turn), recipe(scene, turn)
            rendered = turn.condition != "human" and (not names or scene.name in names)
            if rendered and not is_current(file, digest):
                todo.append((turn, file, digest))
    for turn, file, digest in track(todo, "rendering turns"):
        write(file, render(turn, default_rng(int(digest[:16], 16))), digest)
    size = sum(f.stat().st_size for f in AUDIO.rglob("*") if f.is_file())
    print(f"{len(todo)} files made, {size / 1e6:.1f} MB in all")


if __name__ == "__main__":
    main(sys.argv[1:])
