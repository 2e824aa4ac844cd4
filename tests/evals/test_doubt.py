"""What asking costs and catches is counted by what was heard."""

from __future__ import annotations

import numpy as np

from courier_voice.app import data_dir
from courier_voice.core.words import RATE, Audio, Hypothesis, Transcript
from courier_voice.dialog.hearings import UNSURE
from courier_voice.evals.doubt import figures, in_noise, recorded, tails_in
from courier_voice.evals.goldens import load_scenes
from courier_voice.evals.recorded import load_transcripts

AUDIO = data_dir("fixtures") / "audio"


class Ear:
    def __init__(self, *readings: tuple[str, float]) -> None:
        nbest = tuple(Hypothesis(text, logprob) for text, logprob in readings)
        self.heard = Transcript(nbest[0].text, nbest[0].text, 0.9, nbest)

    def transcribe(self, audio: Audio, hints: object = ()) -> Transcript:
        return self.heard


def _told(*readings: tuple[str, float]) -> dict[str, object]:
    noise = {"hiss": np.random.default_rng(0).standard_normal(RATE).astype(np.float32)}
    clips = [("打给六六八八", lambda: Audio(np.ones(RATE, np.float32)))]
    (row,) = figures(list(in_noise(clips, noise, Ear(*readings), (5.0,), lambda: None)))
    return row


def test_a_wrong_tail_heard_unsurely_is_caught_and_a_right_one_asked_about() -> None:
    used = f"{UNSURE:g}"
    wrong = _told(("打给六六八九", UNSURE - 0.05))
    assert (wrong["wrong"], wrong["right"]) == (1, 0)
    assert wrong["caught"] == {"-0.15": 1, "-0.2": 1, "-0.25": 1, used: 1, "-0.35": 0, "-0.45": 0}
    right = _told(("打给六六八八", UNSURE + 0.08))
    assert (right["right"], right["asked_though_right"]) == (
        1,
        {"-0.15": 1, "-0.2": 1, "-0.25": 0, used: 0, "-0.35": 0, "-0.45": 0},
    )


def test_readings_near_the_first_that_name_another_tail_are_rivals() -> None:
    assert _told(("打给六六八九", -0.1), ("打给六六八八", -0.2))["rivals_caught"] == 1
    assert _told(("打给六六八九", -0.1), ("打给六六八八", -0.9))["rivals_caught"] == 0
    assert _told(("打给六六八八", -0.1), ("打六六八八", -0.12))["rivals_though_right"] == 0


def test_the_recorded_turns_name_tails() -> None:
    (row,) = figures(list(recorded(load_scenes(AUDIO), load_transcripts(AUDIO))))
    assert row["tails_heard"] == row["right"] + row["wrong"] > 15
    assert 0 < row["right_calls"] <= row["right"]


def test_tails_are_whole_numbers_of_four_digits() -> None:
    assert tails_in("给六六八八打电话，说两点零五分到，再打一二三四五") == {"6688"}
