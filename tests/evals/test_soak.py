"""The soak on a short street, with a stand-in recogniser that knows what is said."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from courier_voice.core.words import RATE, Audio, Hypothesis, Transcript
from courier_voice.evals.goldens import load_scenes
from courier_voice.evals.replay import in_scene
from courier_voice.evals.soak import COUNTED, Remembering, Soak, soak_figures, street
from courier_voice.live import Listener
from courier_voice.nlu.polish import TemplatePolisher
from courier_voice.settings import Settings
from courier_voice.speech.mouth import Mouth
from courier_voice.understanding import build_nlu

SCENES = load_scenes(Path(__file__).parents[2] / "fixtures" / "audio")
SPOKEN = {f"{scene.name}/{turn.wav}": turn.spoken for scene in SCENES for turn in scene.turns}


class Knows:
    """Hears what is said in the recording the street is at."""

    def __init__(self, walk: Soak) -> None:
        self.walk, self.heard = walk, 0

    def transcribe(self, audio: Audio, hints: Sequence[str] = ()) -> Transcript:
        self.heard += 1
        words = SPOKEN[self.walk.place()[0]]
        return Transcript(words, words, 0.9, (Hypothesis(words, -0.1),) if words else (), audio.seconds)


def test_a_street_has_commands_with_their_yes_talk_and_noise() -> None:
    found = street(SCENES)
    assert all(found.values())
    assert {len(several) for several in found["command"]} == {1, 2}
    yes = [several[1] for several in found["command"] if len(several) == 2]
    assert all(piece.effects for piece in yes)
    assert not any(piece.effects for several in found["talk"] for piece in several)


def test_a_short_walk_is_answered_and_harms_nobody(tmp_path: Path) -> None:
    settings = Settings.model_validate({"nlu": {"route": "fast"}})
    nlu = build_nlu(settings, None)
    noises = {"rain": 0.001 * np.random.default_rng(0).standard_normal(RATE).astype(np.float32)}
    walk = Soak(street(SCENES), noises, hours=0.05, seed=2)
    ear = Remembering(Knows(walk), walk.place)
    polisher = TemplatePolisher()
    wired = in_scene(SCENES[0], settings, tmp_path / "outbox.sqlite3", nlu=nlu, polisher=polisher, asr=ear)
    mouth = Mouth(lambda clause: Audio(np.zeros(RATE, np.float32)), in_step=True)
    looks: list[None] = []
    try:
        with wired.outbox:
            listener = Listener(wired.agent, nlu.glance, in_step=True)
            figures = walk.run(wired, listener, mouth, lambda: looks.append(None))
    finally:
        mouth.close()
    assert figures["hours"] >= 0.05
    assert figures["commands"] >= 3
    assert figures["answered_once"] == figures["commands"]
    assert figures["lost"] == 0
    assert figures["unasked"] == 0
    assert figures["done"] == figures["effects"]
    assert len(looks) == len(walk.samples) >= 2
    assert ear.listened == ear.asr.heard <= ear.asked  # type: ignore[attr-defined]


def test_what_was_heard_at_a_place_is_kept_and_heard_anew_now_and_then() -> None:
    walk = Soak({}, {}, 0.1)
    knows = Knows(walk)
    ear = Remembering(knows, lambda: ("calls/tail.flac", 40), anew=4)
    knows.walk.place = lambda: ("calls/tail.flac", 40)  # type: ignore[method-assign]
    sound = Audio(np.zeros(RATE, np.float32))
    assert {ear.transcribe(sound).text for _ in range(8)} == {SPOKEN["calls/tail.flac"]}
    assert (ear.asked, ear.listened, knows.heard) == (8, 3, 3)


@pytest.mark.parametrize(
    ("counts", "mb", "threads", "done", "failure"),
    [
        ({}, 0.0, 0, 2, None),
        ({}, 50.0, 0, 2, "memory"),
        ({}, 0.0, 2, 2, None),
        ({}, 0.0, 3, 2, "threads"),
        ({"unasked": 1}, 0.0, 0, 2, "unasked effects"),
        ({}, 0.0, 0, 3, "effects told and done differ"),
        ({"lost": 1}, 0.0, 0, 2, "lost utterances"),
        ({"answered_once": 4, "unanswered": 1}, 0.0, 0, 2, None),
    ],
)
def test_what_fails_a_walk(counts: dict[str, int], mb: float, threads: int, done: int, failure: str | None) -> None:
    walked = dict.fromkeys(COUNTED, 0) | {"commands": 5, "answered_once": 5, "effects": 2} | counts
    before = [{"mb": 900.0, "threads": 9.0, "files": 20.0}] * 24
    after = [{"mb": 900.0 + mb, "threads": 9.0 + threads, "files": 20.0}] * 8
    figures = soak_figures(walked, [*before, *after], 1.0, done)
    assert figures["failures"] == ([failure] if failure else [])
    assert figures["passed"] == (failure is None)
