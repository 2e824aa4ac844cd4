from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from courier_voice.core.errors import AudioError
from courier_voice.core.parcels import Call
from courier_voice.core.turn import Draft, Turn, Understanding
from courier_voice.core.words import Transcript
from courier_voice.evals.goldens import GoldenTurn, Scene, load_scenes
from courier_voice.evals.marks import Row, as_hanzi, failed_row, is_effect, transcript_row, turn_row
from courier_voice.evals.summary import figures, percentiles, summary
from courier_voice.text.normalize import normalize

SCENES = {s.name: s for s in load_scenes(Path(__file__).parents[2] / "fixtures" / "audio")}


def golden(scene: str, wav: str) -> tuple[Scene, GoldenTurn]:
    return SCENES[scene], next(turn for turn in SCENES[scene].turns if turn.wav == wav)


CALL = golden("calls", "tail.flac")  # 帮我接通零五七八的收件人 → a call to 王, 0578
WAYBILL = "JD0415520360578"


def taken(heard: str = "帮我接通零五七八的收件人", **changes: Any) -> Turn:
    draft = Draft("dial", {"target": {"tail": "0578"}})
    turn = Turn(
        normalize(heard),
        Understanding((draft,), "llm", "nlu/understand@1:00000000"),
        "act",
        (Call("dial", WAYBILL, {}),),
        "正在打给王女士，尾号0578。",
        {"asr": 0.25, "nlu": 1.0},
    )
    return replace(turn, **changes)


def marked(**changes: Any) -> Row:
    return turn_row(*CALL, taken(**changes))


def test_a_turn_that_is_right() -> None:
    row = marked()
    assert (row.success, row.failures, row.cer) == (True, (), 0.0)
    assert (row.tail, row.intent, row.slots, row.slot_counts) == (True, True, True, (1, 0, 0))
    assert row.ms == {"asr": 250.0, "nlu": 1000.0, "total": 1250.0}


@pytest.mark.parametrize(
    ("changes", "failures"),
    [
        ({"understanding": Understanding((Draft("none"),), "llm")}, ("intent",)),
        ({"kind": "ask"}, ("action",)),
        ({"calls": ()}, ("calls",)),
        ({"calls": (Call("dial", "JD0415520376688", {}),)}, ("calls",)),
        ({"calls": (Call("dial", WAYBILL, {}), Call("dial", "JD0415520376688", {}))}, ("calls",)),
        ({"reply": "正在打。"}, ("reply_has",)),
    ],
)
def test_what_fails_is_named(changes: dict[str, Any], failures: tuple[str, ...]) -> None:
    row = marked(**changes)
    assert row.failures == failures
    assert row.success is False


def test_a_misheard_word_is_forgiven_and_counted() -> None:
    row = marked(heard="帮我揭通零五七八的收件人。")
    assert row.success is True
    assert row.edits == row.hanzi_edits == 1
    assert row.chars == len("帮我接通0578的收件人")
    assert row.tail is True


def test_a_tail_is_heard_whole_or_not() -> None:
    assert marked(heard="帮我接通零五七的收件人").tail is False
    assert marked(heard="帮我接通六零五七八的收件人").tail is False


def test_choices_and_numbers_of_a_read_back_must_be_right() -> None:
    torn = golden("exceptions", "torn.flac")
    slots = {"target": {"name": "黄女士"}, "reason": "missing"}
    said = "黄女士，尾号5569，报异常：货不见了。报上去吗？"
    turn = taken(
        understanding=Understanding((Draft("report_exception", slots),), "llm"), kind="confirm", calls=(), reply=said
    )
    assert turn_row(*torn, turn).failures == ("values",)
    right = Draft("report_exception", slots | {"reason": "damaged"})
    assert turn_row(*torn, replace(turn, understanding=Understanding((right,), "llm"))).success is True


def test_effects_nobody_asked_for_are_counted() -> None:
    other = Call("dial", "JD0415520376688", {})
    assert marked(calls=(other, other)).unasked_effects == 2
    assert marked().unasked_effects == 0


def test_anything_called_on_noise_is_a_false_action() -> None:
    noise = golden("no_speech", "rain_1.flac")
    quiet = taken(heard="", understanding=Understanding((Draft("none"),), "control"), kind="reject", calls=(), reply="")
    assert turn_row(*noise, quiet).success is True
    assert turn_row(*noise, quiet).cer is None
    read = replace(quiet, calls=(Call("tasks", None, {}),))
    assert turn_row(*noise, read).false_action is True


def test_only_a_submitted_pickup_is_an_effect() -> None:
    assert not is_effect({"op": "pickup", "args": {"weight_kg": 3}})
    assert is_effect({"op": "pickup", "args": {"weight_kg": 3, "submit": True}})
    assert not is_effect({"op": "waybill", "args": {}})


def test_an_exception_is_a_row_without_phone_numbers() -> None:
    row = failed_row(*CALL, AudioError("cannot call 13812345678"))
    assert row.failures == ("error",)
    assert row.error == "AudioError: cannot call 138****5678"


def test_a_transcript_alone_is_not_called_right_or_wrong() -> None:
    row = transcript_row(*CALL, Transcript("帮我接通零五七八的收件人", "", 0.9), 0.5)
    assert (row.success, row.intent, row.tail, row.cer) == (None, None, True, 0.0)


def test_texts_as_they_are_written() -> None:
    assert as_hanzi("尾號０５幺8，三点五") == "尾号零五一八三点五"


def test_the_summary_adds_up() -> None:
    noise = golden("no_speech", "rain_1.flac")
    heard = taken(heard="喂", understanding=Understanding((Draft("none"),), "llm"), kind="reject", calls=(), reply="")
    rows = [marked(), marked(heard="帮我揭通零五七八的收剑人", calls=()), turn_row(*noise, heard)]
    parts = summary(rows)
    assert list(parts) == ["clean", "negative", "all"]
    assert parts["clean"]["cer"] == round(2 / 24, 4)
    assert parts["clean"]["success"] == 0.5
    assert parts["clean"]["slot_f1"] == parts["clean"]["tail_exact"] == 1.0
    assert (parts["negative"]["cer"], parts["negative"]["heard_in_silence"]) == (None, 1)
    assert parts["all"]["turns"] == 3
    assert parts["all"]["ms"]["total"] == {"p50": 1250.0, "p95": 1250.0}


def test_known_failures_that_pass_are_counted() -> None:
    known = [replace(marked(), xfail="noise"), replace(marked(kind="ask"), xfail="noise")]
    assert (figures(known)["xfail"], figures(known)["xpassed"]) == (2, 1)


def test_percentiles() -> None:
    assert percentiles([float(n) for n in range(101)]) == {"p50": 50.0, "p95": 95.0}
