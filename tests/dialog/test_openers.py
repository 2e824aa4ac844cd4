"""What the voice prepares is how replies really begin."""

from __future__ import annotations

from typing import Any

import pytest

from courier_voice.core.turn import Draft
from courier_voice.dialog.openers import openers
from courier_voice.speech.spoken import clauses, streamed


@pytest.mark.parametrize(
    ("intent", "slots"),
    [
        ("dial", {}),
        ("query_waybill", {}),
        ("send_sms", {"message": "我到了"}),
        ("sign_off", {"place": "门口"}),
        ("report_exception", {"reason": "no_answer"}),
        ("fill_pickup", {"weight_kg": "3公斤"}),
    ],
)
def test_a_reply_about_a_parcel_begins_with_something_prepared(talk: Any, intent: str, slots: dict[str, Any]) -> None:
    day = talk.agent.api.day()
    kind = "pickup" if intent == "fill_pickup" else "delivery"
    tail = next(p.tail for p in day.parcels if p.kind == kind and p.state == "pending")
    begins_ready(talk, Draft(intent, {"target": {"tail": tail}, **slots}))


@pytest.mark.parametrize(
    "draft",
    [
        Draft("query_tasks", {"kind": "delivery", "measure": "count"}),
        Draft("query_tasks", {"measure": "next"}),
        Draft("dial"),
        Draft("dial", {"target": {"tail": "0000"}}),
        Draft("query_tasks", {"state": "overdue", "measure": "list"}),
        Draft("none"),
        Draft("help"),
        Draft("confirm"),
        Draft("cancel"),
        Draft("correct"),
    ],
)
def test_other_replies_do_so_too(talk: Any, draft: Draft) -> None:
    begins_ready(talk, draft)


def begins_ready(talk: Any, draft: Draft) -> None:
    turn = talk("这一单三公斤，放门口，说我到了", draft)
    prepared = {clause for text in openers(talk.agent.api.day()) for clause in clauses(text)}
    assert next(streamed(turn.reply, prepared.__contains__)) in prepared, turn.reply


def test_the_next_parcels_come_before_rare_questions(talk: Any) -> None:
    day = talk.agent.api.day()
    told = list(openers(day))
    assert told.index("正在打给") < told.index(f"{day.in_route_order()[0].called}，") < told.index("是尾号")
