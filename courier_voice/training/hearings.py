"""From clips to what the recogniser is trained on: sound, the text before it, the text in it; new at every hearing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.random import Generator

from courier_voice.asr.style import TUNED, hint_sentence
from courier_voice.audio.wav import read_audio
from courier_voice.core.words import RATE
from courier_voice.training.clips import Clip
from courier_voice.training.distort import at_level, distorted, echoing
from courier_voice.training.noises import Samples, babble, made, stretch, unit

_EMPTY: Final = 0.06
"""Share of hearings with nothing said in them, or nothing said to us."""

_LONG: Final = 0.07
"""Share of hearings of several sentences in a row: commands are short, and a model that hears only those forgets."""

_LONGEST_S: Final = 22.0


@dataclass(frozen=True)
class Hearing:
    """``samples`` fill their encoder window; ``before`` is a prompt or empty; ``text`` is what is to be written.

    ``general``: speech that is not about parcels.
    """

    samples: Samples
    before: str
    text: str
    general: bool = False


@dataclass(frozen=True)
class Street:
    """What noise is drawn from: recorded stretches, and clips for babble."""

    recorded: Sequence[Samples]
    directory: Path
    voices: Sequence[Clip]

    def noise(self, length: int, rng: Generator) -> Samples:
        """Float32 at 16 kHz, of any level."""
        kind = rng.random()
        if kind < 0.5:
            sound = unit(stretch(self.recorded[int(rng.integers(len(self.recorded)))], length, rng))
            if rng.random() < 0.35:
                sound = sound + unit(made(length, rng)) * np.float32(rng.uniform(0.2, 0.8))
            return sound
        if kind < 0.8:
            return made(length, rng)
        crowd = rng.choice(len(self.voices), int(rng.integers(3, 8)))
        sound = babble([load(self.directory, self.voices[int(n)]) for n in crowd], length, rng)
        return unit(sound) + unit(made(length, rng)) * np.float32(rng.uniform(0.1, 0.6))


def load(directory: Path, clip: Clip) -> Samples:
    """A clip's sound, float32 at 16 kHz, whatever it was recorded at. Raises AudioError."""
    return read_audio(directory / clip.file).samples


def hear(clip: Clip, street: Street, others: Sequence[Clip], rng: Generator) -> Hearing:
    """A training hearing of ``clip``; ``others`` give prompts their distractors."""
    if rng.random() < _EMPTY:
        return Hearing(in_window(nobody(clip, street, rng), rng), prompt(None, others, rng), "")
    said, text = load(street.directory, clip), clip.text
    if rng.random() < _LONG:
        said, text = _in_a_row(clip, street, others, rng)
    snr_db = None if rng.random() < 0.28 else float(rng.uniform(0, 25))
    sound = in_window(distorted(said, street.noise, rng, snr_db), rng)
    return Hearing(sound, prompt(clip, others, rng), text, clip.kind == "general")


def _in_a_row(clip: Clip, street: Street, others: Sequence[Clip], rng: Generator) -> tuple[Samples, str]:
    sounds, texts = [load(street.directory, clip)], [clip.text]
    for n in rng.choice(len(others), int(rng.integers(1, 5))):
        if others[int(n)].kind == clip.kind:
            sounds.append(np.zeros(int(RATE * rng.uniform(0.1, 0.7)), np.float32))
            sounds.append(load(street.directory, others[int(n)]))
            texts.append(others[int(n)].text)
    if sum(map(len, sounds)) > _LONGEST_S * RATE:
        return sounds[0], texts[0]
    return np.concatenate(sounds), "".join(texts)


def nobody(clip: Clip, street: Street, rng: Generator) -> Samples:
    """Silence, noise, or somebody far away: nothing that should be written down."""
    kind, length = rng.random(), int(RATE * rng.uniform(0.6, 5))
    if kind < 0.2:
        return (rng.standard_normal(length) * 10 ** rng.uniform(-5, -2.5)).astype(np.float32)
    if kind < 0.75:
        return at_level(street.noise(length, rng), rng.uniform(-50, -14))
    far = echoing(load(street.directory, clip), rng, direct=0.15)
    sound = at_level(far, rng.uniform(-60, -44))
    return sound + at_level(street.noise(len(sound), rng), rng.uniform(-44, -30))


def prompt(clip: Clip | None, others: Sequence[Clip], rng: Generator) -> str:
    """The text before: mostly none; example sentences; or hints, which hold what is said only some of the time."""
    kind = rng.random()
    if kind < 0.55:
        return ""
    some = [others[int(n)] for n in rng.choice(len(others), int(rng.integers(2, 28)))]
    if kind < 0.68:
        return "".join(other.text for other in some[:6])
    keys = list(dict.fromkeys(key for other in some for key in other.keys))
    if clip and clip.keys and rng.random() < 0.7:
        keys += clip.keys
    return hint_sentence([keys[int(n)] for n in rng.permutation(len(keys))])


def in_window(sound: Samples, rng: Generator) -> Samples:
    """Padded with silence to an encoder window, mostly the smallest that holds it; cut at the largest."""
    fits = [window for window in TUNED.windows_s if window * RATE >= len(sound)] or [TUNED.windows_s[-1]]
    window = fits[min(len(fits) - 1, int(rng.random() < 0.25))]
    wanted = int(window * RATE)
    return np.pad(sound[:wanted], (0, max(0, wanted - len(sound))))
