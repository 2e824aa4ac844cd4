"""How replies are going to begin: what the voice makes before it is needed."""

from __future__ import annotations

from collections.abc import Iterator

from courier_voice.core.parcels import Day
from courier_voice.dialog.policy import STOCK
from courier_voice.intents import ALL


def openers(day: Day) -> Iterator[str]:
    """Beginnings of replies, those needed soonest first: who the next parcels are for comes before rare questions."""
    yield from (opener for intent in ALL for opener in intent.openers)
    yield from dict.fromkeys(name for parcel in day.in_route_order() for name in _names(parcel.called, parcel.kind))
    yield from ("没有尾号", "是尾号", "有2个：", "有3个：", *STOCK)
    yield from (question for intent in ALL for question in intent.questions.values())


def _names(called: str, kind: str) -> Iterator[str]:
    yield f"{called}，"
    if kind == "pickup":
        yield f"{called}的件，"
        yield f"{called}的取件"
