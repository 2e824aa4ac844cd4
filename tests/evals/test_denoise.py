"""The denoisers' table over made-up engines, and those that are installed: as long out as in, quieter noise."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from courier_voice.app import data_dir
from courier_voice.core.words import RATE, Audio, Transcript
from courier_voice.evals.denoise import measured, turns_of
from courier_voice.evals.denoisers import PACKAGES, Samples, denoisers
from courier_voice.evals.goldens import load_scenes

CALLS = load_scenes(data_dir("fixtures") / "audio" / "calls")


class Ear:
    """Hears the right tail in silence only."""

    def transcribe(self, audio: Audio, hints: Sequence[str] = ()) -> Transcript:
        text = "" if audio.samples.any() else "给尾号零五七八打电话"
        return Transcript(text, text, 0.9)


def test_a_row_for_each_ratio_and_engine() -> None:
    steps: list[None] = []
    noise = {"hiss": np.random.default_rng(0).standard_normal(RATE).astype(np.float32)}
    engines = {"mute": lambda samples: np.zeros_like(samples)}
    rows = list(measured(CALLS, noise, Ear(), engines, lambda: steps.append(None)))
    assert [(row["denoiser"], row["snr_db"]) for row in rows] == [
        ("none", 5.0),
        ("mute", 5.0),
        ("none", 0.0),
        ("mute", 0.0),
    ]
    assert rows[0]["cer"] == 1.0
    assert rows[1]["cer"] < 1.0
    assert rows[1]["tails"][0] == 1
    assert len(steps) == 2 * len(turns_of(CALLS)) == 2 * rows[0]["turns"]


def test_engines_are_there_or_the_reason_is() -> None:
    ready, missing = denoisers()
    assert set(ready) | set(missing) == set(PACKAGES)
    assert not set(ready) & set(missing)
    assert all(missing.values())


@pytest.mark.parametrize("name", sorted(denoisers()[0]))
def test_what_is_installed_makes_hiss_quieter(name: str) -> None:
    hiss: Samples = (0.05 * np.random.default_rng(1).standard_normal(2 * RATE)).astype(np.float32)
    out = denoisers()[0][name](hiss)
    assert out.shape == hiss.shape
    assert np.std(out[RATE:]) < 0.7 * np.std(hiss[RATE:])
