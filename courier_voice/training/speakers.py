"""Training speakers: Kokoro's Chinese voices blended with each other and with voices of other languages."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from courier_voice.core.errors import WeightsMissing
from courier_voice.speech.kokoro import read_styles

CHINESE: Final = ("zf_xiaoxiao", "zf_xiaoni", "zm_yunxia", "zm_yunyang")
"""Four more are reserved for tests of others and never pulled."""

KEPT_FOR_DEV: Final = ("af_kore", "am_puck", "bf_emma", "bm_george", "hf_alpha", "im_nicola", "jm_kumo", "pf_dora")
"""Timbres only the development speakers have."""

_TIMBRE: Final = 128
"""A style vector is 128 numbers of timbre for the decoder, then 128 of prosody (StyleTTS 2's two encoders)."""


@dataclass(frozen=True)
class Speaker:
    """A blend: ``timbre`` and ``prosody`` are (voice, weight) pairs, each summing to 1."""

    name: str
    timbre: tuple[tuple[str, float], ...]
    prosody: tuple[tuple[str, float], ...]

    def styles(self, chinese: Path, world: Path) -> NDArray[np.float32]:
        """Style vectors ``[510, 256]``. Raises WeightsMissing, WeightsCorrupt."""
        half = {"timbre": self.timbre, "prosody": self.prosody}
        mixed = {
            part: sum(weight * read_styles(chinese if voice in CHINESE else world, voice) for voice, weight in blend)
            for part, blend in half.items()
        }
        timbre, prosody = np.asarray(mixed["timbre"]), np.asarray(mixed["prosody"])
        return np.concatenate([timbre[:, :_TIMBRE], prosody[:, _TIMBRE:]], axis=1).astype(np.float32)


def speakers(count: int, world: Path, rng: Generator, *, dev: bool = False) -> list[Speaker]:
    """``count`` different speakers; development ones share no foreign timbre with the others.

    Prosody stays mostly Chinese: a foreign one flattens the tones. Raises WeightsMissing without the world's voices.
    """
    foreign = sorted(file.stem for file in world.glob("*.bin"))
    if not foreign:
        raise WeightsMissing("no voices to blend; run: courier-voice models pull kokoro-voices-world")
    pool = [voice for voice in foreign if (voice in KEPT_FOR_DEV) == dev]
    return [_speaker(n, pool, rng, "dev" if dev else "train") for n in range(count)]


def _speaker(number: int, pool: list[str], rng: Generator, split: str) -> Speaker:
    first, second = rng.choice(CHINESE, 2, replace=False)
    third = str(rng.choice(pool))
    share = rng.uniform(0.3, 0.7)
    strange = rng.uniform(0.25, 0.6)
    accent = rng.uniform(0.0, 0.15)
    return Speaker(
        f"{split}-{number:03}",
        ((str(first), (1 - strange) * share), (str(second), (1 - strange) * (1 - share)), (third, strange)),
        ((str(first), (1 - accent) * (1 - share)), (str(second), (1 - accent) * share), (third, accent)),
    )
