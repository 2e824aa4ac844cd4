"""What the fast model tells: an intent a command, choices a command, and which characters belong to which slot."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from courier_voice.intents import ALL
from courier_voice.nlu.frames import QUOTED, slots_of

INTENTS: Final = tuple(intent.name for intent in ALL)
QUESTIONS: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {intent.name: slots_of(intent) for intent in ALL}
"""Intent → its flat slots → the values they choose from (empty: words of the sentence)."""


def _choices() -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for slots in QUESTIONS.values():
        for slot, values in slots.items():
            if values and slot not in QUOTED:
                found[slot] = ("", *values)
    return found


CHOICES: Final[Mapping[str, tuple[str, ...]]] = _choices()
"""Slot → its values, the first being that nothing was said of it."""
SPANS: Final = tuple(
    dict.fromkeys(slot for slots in QUESTIONS.values() for slot, values in slots.items() if not values)
)
"""Slots whose values are words of the sentence."""
TAGS: Final = ("O", *(f"{mark}-{slot}" for slot in SPANS for mark in "BI"))
"""One a character: outside, the beginning of a value, its inside."""
STATES: Final = (
    "", "form", "confirm:send_sms", "confirm:sign_off", "confirm:report_exception", "confirm:fill_pickup",
    *(f"{intent.name}.{slot}" for intent in ALL for slot in intent.questions), "other",
)  # fmt: skip
"""Dialogue states (NluContext.waiting) the model tells apart; any it does not know is the last."""
