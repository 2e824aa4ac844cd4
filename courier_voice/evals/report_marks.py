"""What the figures of a report are held against."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from courier_voice.evals.report import at

Row = dict[str, Any]


@dataclass(frozen=True)
class Mark:
    """A figure by its key, the value that passes and the one aimed for; ``less`` is better or more."""

    measure: str
    key: str
    passes: float
    goal: float
    less: bool = False


MARKS: Final = (
    Mark("intent accuracy, text", "sets.nlu.intent_accuracy", 0.97, 0.99),
    Mark("whole frame right, text", "sets.nlu.frame_accuracy", 0.88, 0.95),
    Mark("false actions on labelled talk", "sets.nlu.false_action_rate", 0.01, 0.002, less=True),
    Mark("false actions on other talk", "sets.talk.false_action_rate", 0.01, 0.002, less=True),
    Mark("dialogues right in every turn", "sets.dialogs.dialogs_right", 0.85, 0.97),
    Mark("unconfirmed effects, dialogues", "sets.dialogs.unconfirmed_effects", 0, 0, less=True),
    Mark("unconfirmed effects, audio", "sets.audio.unconfirmed_effects", 0, 0, less=True),
    Mark("fast route, one thread, p95 of CPU time", "sets.talk.route_ms.fast.cpu_p95", 15.0, 5.0, less=True),
    Mark("share kept by the fast route", "sets.nlu.kept", 0.80, 0.92),
    Mark("tail understood, audio, clean", "sets.audio.conditions.clean.tail_understood", 0.97, 0.995),
    Mark("tail understood, audio, 10 dB", "sets.audio.conditions.10dB.tail_understood", 0.93, 0.98),
    Mark("tail understood, audio, 5 dB", "sets.audio.conditions.5dB.tail_understood", 0.85, 0.95),
    Mark("whole turn right, audio, clean", "sets.audio.conditions.clean.success", 0.85, 0.96),
    Mark("whole turn right, audio, 10 dB", "sets.audio.conditions.10dB.success", 0.78, 0.92),
    Mark("whole turn right, audio, 5 dB", "sets.audio.conditions.5dB.success", 0.65, 0.85),
)


def judged(figures: Mapping[str, Any]) -> list[Row]:
    """Every mark with what was measured, and whether it passes or reaches the goal; None where nothing was measured."""
    return [_judged(mark, at(figures, mark.key)) for mark in MARKS]


def _judged(mark: Mark, found: float | None) -> Row:
    row: Row = {"measure": mark.measure, "key": mark.key, "mark": mark.passes, "goal": mark.goal, "measured": found}
    if found is None:
        return row | {"passes": None, "reaches_goal": None}
    sign = -1 if mark.less else 1
    return row | {"passes": sign * found >= sign * mark.passes, "reaches_goal": sign * found >= sign * mark.goal}
