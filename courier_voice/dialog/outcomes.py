"""What the outcomes of a turn come to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from courier_voice.core.parcels import Day
from courier_voice.core.turn import Kind, Outcome
from courier_voice.dialog.phrasing import aged


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
