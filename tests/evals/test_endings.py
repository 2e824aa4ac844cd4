"""Endings of recordings with pauses in them: what is told of them, and where the pauses go."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from courier_voice.core.turn import Draft, Turn, Understanding
from courier_voice.core.words import RATE, Audio, Utterance
from courier_voice.evals.endings import Heard, Trial, ending_figures, ending_row, middles, trials, waited
from courier_voice.evals.goldens import GoldenTurn, Scene, load_scene

AUDIO = Path(__file__).parents[2] / "fixtures" / "audio"
CALLS = load_scene(AUDIO / "calls" / "scene.yaml")
DIALLED = Turn(Utterance("", ""), Understanding((Draft("dial"),), "fast"), "act", (), "", {})


def trial(kind: str, end_s: float, resumed_s: float = 0.0) -> Trial:
    sound = Audio(np.zeros(10 * RATE, np.float32))
    return Trial(CALLS, CALLS.turns[0], kind, sound, end_s, resumed_s)  # type: ignore[arg-type]


def test_a_turn_in_the_pause_is_a_cut_off() -> None:
    row = ending_row(trial("digits", 5.0, 3.0), "ours", Heard((2.5, 5.4), (0.3, 0.4)))
    assert (row["cut_off"], row["missed"], row["wait_s"]) == (True, False, 0.4)
    whole = ending_row(trial("digits", 5.0, 3.0), "ours", Heard((5.4,), (0.4,), last=DIALLED))
    assert (whole["cut_off"], whole["complete"], whole["right"]) == (False, True, True)


@pytest.mark.parametrize("heard", [Heard(), Heard((9.9,), (4.9,), open_end=True), Heard((2.0,), (0.3,))])
def test_what_is_never_ended_is_missed(heard: Heard) -> None:
    row = ending_row(trial("whole", 5.0), "ours", heard)
    assert row["missed"]
    assert row["wait_s"] is None


def test_figures_count_by_kind_and_wait_only_after_complete_commands() -> None:
    asked = Turn(Utterance("", ""), Understanding((Draft("dial"),), "fast"), "ask", (), "", {})
    rows = [
        ending_row(trial("whole", 5.0), "ours", Heard((5.3,), (0.28,), last=DIALLED)),
        ending_row(trial("whole", 5.0), "ours", Heard((5.9,), (0.9,), last=DIALLED)),
        ending_row(trial("whole", 5.0), "ours", Heard((6.9,), (1.9,), last=asked)),
        ending_row(trial("digits", 5.0, 3.0), "ours", Heard((2.0, 5.3), (0.3, 0.3), last=DIALLED)),
        ending_row(trial("digits", 5.0, 3.0), "1.7 s", Heard((6.7,), (1.7,))),
    ]
    ours, fixed = ending_figures(rows)
    assert ours["cut_off"] == {"whole": [0, 3], "digits": [1, 1]}
    assert ours["over"] == [1, 2]
    assert fixed["cut_off"] == {"digits": [0, 1]}
    assert fixed["wait_s"] is None


def test_pauses_go_into_the_middle_of_what_is_spelled() -> None:
    found = dict(middles(CALLS.turns[0]))
    assert set(found) == {"digits"}
    assert 0.4 < found["digits"] < 0.6


def test_a_recording_is_tried_whole_and_with_each_pause() -> None:
    whole, stopped = trials([(CALLS, CALLS.turns[0])])
    assert (whole.kind, stopped.kind) == ("whole", "digits")
    assert stopped.sound.seconds == pytest.approx(whole.sound.seconds + 1.5)
    assert stopped.end_s == pytest.approx(whole.end_s + 1.5)
    short, patient = waited(stopped.sound, 0.5), waited(stopped.sound, 2.0)
    assert len(short.ends_s) == 2
    assert len(patient.ends_s) == 1
    assert ending_row(stopped, "0.5 s", short)["cut_off"]
    assert not ending_row(stopped, "2 s", patient)["cut_off"]


def test_nothing_is_tried_where_nobody_speaks() -> None:
    scene = load_scene(AUDIO / "no_speech" / "scene.yaml")
    silent: list[tuple[Scene, GoldenTurn]] = [(scene, turn) for turn in scene.turns if turn.noise == "silence"]
    assert silent
    assert list(trials(silent)) == []
