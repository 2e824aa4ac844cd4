"""Commands in noise: what is chosen, how it is mixed and counted. The recogniser is a stand-in."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from courier_voice.audio.wav import read_audio
from courier_voice.core.words import Audio, Hypothesis, Transcript
from courier_voice.evals.clips import read_noises
from courier_voice.evals.goldens import load_scenes
from courier_voice.evals.loud import Place, commands, heard_in, loud_figures, loud_rows, places
from courier_voice.nlu.polish import TemplatePolisher
from courier_voice.settings import Settings
from courier_voice.understanding import build_nlu

AUDIO = Path(__file__).parents[2] / "fixtures" / "audio"
SCENES = load_scenes(AUDIO)


class Says:
    def __init__(self, words: str) -> None:
        self.words = words
        self.heard: list[Audio] = []

    def transcribe(self, audio: Audio, hints: Sequence[str] = ()) -> Transcript:
        self.heard.append(audio)
        return Transcript(self.words, self.words, 0.9, (Hypothesis(self.words, -0.1),), audio.seconds)


def test_the_places_are_quiet_and_three_noises_at_four_ratios() -> None:
    names = [place.name for place in places(("engine", "rain", "train"))]
    assert len(names) == 13
    assert names[0] == "clean"
    assert {"car 15 dB", "rain 5 dB", "train 0 dB"} <= set(names)


def test_commands_and_talk_recorded_cleanly_are_chosen() -> None:
    chosen = commands(SCENES)
    assert len(chosen) >= 40
    assert all(golden.noise is None and golden.spoken for _, golden in chosen)
    intents = {golden.expect.intent for _, golden in chosen}
    assert "none" in intents
    assert not intents & {"confirm", "cancel", "correct"}


def test_a_place_sounds_the_same_for_the_same_seed() -> None:
    clip, noises = read_audio(AUDIO / "calls" / "tail.flac"), read_noises(AUDIO / "noise")
    assert heard_in(Place(), clip, noises, 3) is clip
    once, again = (heard_in(Place("rain", 5.0), clip, noises, 3).samples for _ in range(2))
    assert np.array_equal(once, again)
    assert not np.array_equal(once, heard_in(Place("rain", 5.0), clip, noises, 4).samples)


@pytest.fixture(scope="module")
def settings() -> Settings:
    return Settings.model_validate({"nlu": {"route": "fast"}})


def test_right_commands_and_unasked_effects_are_counted(settings: Settings) -> None:
    calls = next(scene for scene in SCENES if scene.name == "calls")
    talk = next((s, t) for s, t in commands(SCENES) if t.expect.intent == "none")
    noises = {"rain": np.full(1000, 0.01, np.float32)}
    ear = Says(calls.turns[0].spoken)
    steps: list[None] = []
    rows = loud_rows(
        [(calls, calls.turns[0]), talk],
        noises,
        settings,
        nlu=build_nlu(settings, None),
        polisher=TemplatePolisher(),
        asr=ear,
        step=lambda: steps.append(None),
    )
    table = loud_figures(list(rows))
    assert len(table) == 5
    assert len(steps) == len(ear.heard) == 10
    for row in table:
        assert row["right"] == row["tails"] == [1, 1]
        assert row["false_actions"] == [1, 1]
        assert row["unasked_effects"] == 1
