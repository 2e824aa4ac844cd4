from __future__ import annotations

from typing import Any

import pytest

from courier_voice.evals.score import NluScore, dialog_turn_errors, same_calls, same_value

DIAL = {"op": "dial", "waybill": "JD1", "args": {}}
TEXT = {"op": "sms", "waybill": "JD1", "args": {"message": "您好，快递放3号楼门口了。"}}


@pytest.mark.parametrize(
    ("slot", "said", "meant", "same"),
    [
        ("weight_kg", 3.5, 3.5000001, True),
        ("weight_kg", 3.5, 3.6, False),
        ("tail", "0578", "零五七八", True),
        ("tail", "578", "0578", False),
        ("place", "家门口的鞋柜", "鞋柜", True),
        ("place", "", "鞋柜", False),
        ("name", "王女士们", "王女士", False),
        ("address", "３號樓", "3号楼", True),
    ],
)
def test_values(slot: str, said: object, meant: object, same: bool) -> None:
    assert same_value(slot, said, meant) is same


@pytest.mark.parametrize(
    ("meant", "made", "same"),
    [
        ([], [], True),
        ([], [DIAL], False),
        ([DIAL], [], False),
        ([DIAL, TEXT], [TEXT, DIAL], True),
        ([DIAL], [DIAL, DIAL], False),
        ([DIAL | {"waybill": "JD2"}], [DIAL], False),
        ([{"op": "dial"}], [DIAL], True),
        ([{"op": "sms", "args": {"message_contains": ["三号楼|4号楼", "门口"]}}], [TEXT], True),
        ([{"op": "sms", "args": {"message_contains": ["四号楼"]}}], [TEXT], False),
        ([{"op": "sms", "args": {"place": "门口"}}], [TEXT], False),
    ],
)
def test_calls(meant: list[Any], made: list[Any], same: bool) -> None:
    assert same_calls(meant, made) is same


def test_frames_are_counted_by_slot() -> None:
    score = NluScore()
    meant = [{"intent": "dial", "slots": {"target": {"tail": "0578", "name": "王女士"}}}]
    assert score.add(meant, [{"intent": "dial", "slots": {"target": {"tail": "0578"}}}]) is False
    assert score.add(meant, meant) is True
    assert score.add([{"intent": "none"}], [{"intent": "dial", "slots": {}}]) is False
    assert score.f1("target.tail") == 1.0
    assert score.f1("target.name") == pytest.approx(2 / 3)
    whole = score.summary()
    assert (whole["lines"], whole["false_actions"], whole["nones"]) == (3, 1, 1)
    assert whole["slot_f1"] == pytest.approx(6 / 7)


def test_a_note_counts_only_where_the_rules_say_so() -> None:
    meant = [{"intent": "report_exception", "slots": {"reason": "rejected"}}]
    assert NluScore().add(meant, [{"intent": "report_exception", "slots": {"reason": "rejected", "note": "破了"}}])
    late = [{"intent": "report_exception", "slots": {"reason": "rescheduled", "note": "明天"}}]
    assert not NluScore().add(
        late, [{"intent": "report_exception", "slots": {"reason": "rescheduled", "note": "后天"}}]
    )


def test_both_commands_of_two_must_be_there_in_order() -> None:
    one, two = {"intent": "dial", "slots": {}}, {"intent": "query_tasks", "slots": {}}
    assert NluScore().add([one, two], [one, two])
    assert not NluScore().add([one, two], [two, one])
    assert not NluScore().add([one, two], [one])


def test_a_dialogue_turn() -> None:
    expect = {"kind": "act", "intent": "dial", "calls": [DIAL], "must_mention": ["王|0578"], "must_not_call": False}
    turn = {"kind": "act", "intent": "dial", "calls": [DIAL], "reply": "正在打给王女士"}
    assert dialog_turn_errors(expect, turn) == []
    silent = expect | {"calls": [], "must_not_call": True}
    assert dialog_turn_errors(silent, turn) == ["called ['dial']"]
    wrong = dialog_turn_errors(expect, turn | {"kind": "ask", "intent": "none", "calls": [], "reply": "打给谁？"})
    assert [error.split()[0] for error in wrong] == ["kind", "intent", "calls", "reply"]
