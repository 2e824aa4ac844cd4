"""What the outcomes of a turn come to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from courier_voice.core.errors import CourierVoiceError
from courier_voice.core.intent import Knowledge
from courier_voice.core.parcels import Call, Day
from courier_voice.core.turn import Kind, Outcome, Understanding
from courier_voice.dialog.phrasing import aged

NO_DAY: Final = Day("", datetime(2000, 1, 1), None, None, (), ())
"""For questions about rules when nothing is known of today."""


def dated(outcome: Outcome, day: Day) -> Outcome:
    """An answer over the day's work says how old it is when there is no network."""
    reads = outcome.kind == "answer" and any(c.op in ("tasks", "waybill", "knowledge") for c in outcome.calls)
    age_s = outcome.age_s if day.age_s is None else day.age_s
    return replace(outcome, said=aged(age_s) + outcome.said) if reads and outcome.said else outcome


def kind_of(outcomes: Sequence[Outcome]) -> Kind:
    """Of a turn with several outcomes: what waits for the courier goes before what was done, before what was told."""
    kinds = {o.kind for o in outcomes}
    order: tuple[Kind, ...] = ("ask", "confirm", "act", "answer", "reject")
    return next(kind for kind in order if kind in kinds)


def by_rules(meant: Understanding | None, knowledge: Knowledge) -> Outcome | None:
    """The answer to a question over the documents, which need no network; None for all else, and without an answer."""
    question = str(meant.drafts[0].slots.get("question", "")) if meant else ""
    if not meant or len(meant.drafts) > 1 or meant.drafts[0].intent != "ask_knowledge" or not question:
        return None
    try:
        advice = knowledge.ask(question, None, NO_DAY)
    except CourierVoiceError:
        return None
    call = Call("knowledge", None, {"question": question})
    told = Outcome("answer", advice.text, (call,), details=advice.details, prompt=advice.prompt)
    return told if advice.answered else None


def worded(outcomes: Sequence[Outcome]) -> tuple[str, ...]:
    """Stamps of the prompts by which answers were worded, each once."""
    return tuple(dict.fromkeys(outcome.prompt for outcome in outcomes if outcome.prompt))
