"""What is said over replies and in them, to learn from: sentences of many blended voices, and each voice's 嗯."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import soundfile
from numpy.random import default_rng

from courier_voice.core.words import RATE
from courier_voice.training import clips
from courier_voice.training.clips import Clip
from courier_voice.training.noises import Samples
from courier_voice.training.speakers import Speaker

HUM: Final = "hum"
_SENTENCES: Final = 330
_DEV_SENTENCES: Final = 80
_HUMS: Final = ("嗯", "嗯嗯", "嗯。嗯")


def plan(count: int, world: Path, seed: int) -> tuple[list[Clip], dict[str, Speaker]]:
    """``count`` clips to speak and their speakers by name, first a 嗯 of every sixth. Raises WeightsMissing."""
    spoken, cast = clips.plan(_SENTENCES, _DEV_SENTENCES, world, seed)
    rng = default_rng([seed, 1])
    hums = [
        replace(clip, file=f"{clip.split}/hum/{number:05}.flac", text=str(rng.choice(_HUMS)), kind=HUM, keys=())
        for number, clip in enumerate(spoken[::6])
    ]
    return [*hums, *spoken][:count], cast


def read(directory: Path, of: Sequence[Clip], split: str) -> tuple[list[Samples], list[Samples]]:
    """The sentences and the hums of one split, float32 at 16 kHz. Raises FileNotFoundError for what was not spoken."""
    sounds: dict[bool, list[Samples]] = {False: [], True: []}
    for clip in sorted(of, key=lambda clip: clip.file):
        if clip.split == split:
            samples, rate = soundfile.read(directory / clip.file, dtype="float32")
            assert rate == RATE
            sounds[clip.kind == HUM].append(samples)
    return sounds[False], sounds[True]
