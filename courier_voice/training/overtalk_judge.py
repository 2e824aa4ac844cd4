"""What the network makes of held-out scenes by one rule of stopping or another, and which rule is the best of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from itertools import product
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from courier_voice.audio.endpoint import FRAME_S
from courier_voice.training.overtalk import Lesson
from courier_voice.training.overtalk_scenes import ECHO, WORDS

MARK_S: Final = 0.2
COLD_S: Final = 3.0
COLD: Final = "words, canceller cold"
DEAR: Final = 2.0
"""What a false stop costs, in words not heard in time;"""
DEAREST: Final = 8.0
"""and one by a second of nothing but the reply's own echo, of which replies mostly consist."""
_AFTER: Final = 8
"""Frames after a sound that still count as its own; after words they count for nothing."""
_FAINT: Final = 0.1

Probabilities = Sequence[NDArray[np.float32]]


@dataclass(frozen=True)
class Rule:
    """Stop when the probabilities over `_FAINT` of the last ``window`` frames add up to ``sure``."""

    window: int
    sure: float


@dataclass(frozen=True)
class Told:
    """What came of one event. ``stopped_s``: from its first frame to the end of the one that stopped, None: never."""

    kind: str
    stopped_s: float | None


def outcomes(lessons: Sequence[Lesson], heard: Sequence[Probabilities], rule: Rule) -> Iterator[Told]:
    """Of each event under a reply; and of each whole second of a reply in which nothing is heard beside it."""
    for lesson, probabilities in zip(lessons, heard, strict=True):
        for reply, each in zip(lesson.replies, probabilities, strict=True):
            counted = np.where(each >= _FAINT, each, 0.0)
            sums = np.convolve(counted, np.ones(rule.window))[: len(each)]
            stops, busy = sums >= rule.sure, np.zeros(len(each), bool)
            spoken = np.zeros(len(each), bool)
            for event in lesson.events:
                if event.kind == WORDS:
                    start = max(0, event.start - reply.first)
                    spoken[start : max(0, event.end - reply.first + _AFTER + rule.window)] = True
            for event in lesson.events:
                start, end = event.start - reply.first, event.end - reply.first
                if start < 0 or start >= len(each):
                    busy[max(0, start) : max(0, end + _AFTER)] = True
                    continue
                busy[start : end + _AFTER] = True
                if event.kind == WORDS:
                    inside = np.flatnonzero(stops[start:end])
                    kind = COLD if event.learnt_s < COLD_S else WORDS
                else:
                    inside = np.flatnonzero((stops & ~spoken)[start : end + _AFTER])
                    kind = event.kind
                yield Told(kind, (int(inside[0]) + 1) * FRAME_S if len(inside) else None)
            alone = np.flatnonzero(~busy)
            for at in range(0, len(alone) - 31, 31):
                yield Told(ECHO, FRAME_S if stops[alone[at : at + 31]].any() else None)


def figures(told: Sequence[Told]) -> dict[str, dict[str, Any]]:
    """By kind: of how many; of words how many stopped the reply and in time, and the ms; of others the false stops."""
    out: dict[str, dict[str, Any]] = {}
    for kind in sorted({one.kind for one in told}):
        mine = [one.stopped_s for one in told if one.kind == kind]
        stopped = [s for s in mine if s is not None]
        row: dict[str, Any] = {"of": len(mine), "stopped": len(stopped)}
        if kind in (WORDS, COLD):
            row["in_time"] = sum(s <= MARK_S for s in stopped)
            row |= {f"ms_p{p}": round(1000 * float(np.quantile(stopped or [0.0], p / 100))) for p in (50, 95)}
        out[kind] = row
    return out


def best(lessons: Sequence[Lesson], heard: Sequence[Probabilities]) -> Rule:
    """The rule with the least `cost`."""
    rules = [
        Rule(window, round(share * window, 2))
        for window, share in product((1, 2, 3, 4, 5), (0.3, 0.4, 0.5, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95))
    ]
    return min(rules, key=lambda rule: cost(figures(list(outcomes(lessons, heard, rule)))))


def cost(rows: dict[str, dict[str, Any]]) -> float:
    """Share of words not heard in time, and `DEAR` times that of sounds, `DEAREST` times that of seconds of echo, that
    stop a reply."""
    sounds = rows.keys() - {WORDS, COLD, ECHO}
    late = 1 - _share(rows, {WORDS, COLD}, "in_time")
    return late + DEAR * _share(rows, sounds, "stopped") + DEAREST * _share(rows, {ECHO}, "stopped")


def _share(rows: dict[str, dict[str, Any]], kinds: Set[str], what: str) -> float:
    mine = [row for kind, row in rows.items() if kind in kinds]
    return sum(int(row[what]) for row in mine) / max(1, sum(int(row["of"]) for row in mine))
