"""The gate of the knowledge base: a logistic regression over a handful of signs, learned from questions that the
documents answer and questions that they do not (``fixtures/eval/kb_*.jsonl``)."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from courier_voice.knowledge.answer import Answerer
from courier_voice.knowledge.gate import Gate, signs

RIDGE: Final = 0.3
"""On signs of deviation one; not on the bias."""
LEAST: Final = 0.4
"""Below one half: an answer names its document, so that a wrong one can be seen; a lost one cannot."""
FOLDS: Final = 10
_ROUNDS: Final = 50

Item = Mapping[str, Any]


@dataclass(frozen=True)
class Lesson:
    """One question: what was seen, whether the documents tell it, and whether the passage chosen is the right one."""

    question: str
    seen: Mapping[str, float]
    told: bool
    right: bool


def lessons(items: Iterable[Item], answers: Answerer) -> list[Lesson]:
    """What the gate would see of each question; without those that find nothing at all."""
    taken = []
    for item in items:
        looked = answers.look(item["question"])
        if looked is None:
            continue
        found, chosen, _ = looked
        chunk = chosen.found.chunk
        places = {(one["doc"], one["article"]) for one in (item, *item.get("also", ())) if item.get("article")}
        right = any((chunk.doc, section) in places for section in (chunk.section, *chunk.sections))
        taken.append(Lesson(item["question"], signs(item["question"], found, chosen.found), bool(places), right))
    return taken


def fit(taught: Sequence[Lesson], ridge: float = RIDGE, least: float = LEAST) -> Gate:
    """The regression by Newton's method. Questions whose right passage was not chosen teach nothing: that is the
    finder's fault. Raises ValueError when only one kind of question is left."""
    used = [lesson for lesson in taught if lesson.right or not lesson.told]
    told = np.array([lesson.told for lesson in used], np.float64)
    if told.min(initial=1) == told.max(initial=0):
        raise ValueError("the gate needs questions that are answered and questions that are not")
    names = list(used[0].seen)
    raw = np.array([[lesson.seen[name] for name in names] for lesson in used])
    middle, spread = raw.mean(0), np.where(raw.std(0) > 0, raw.std(0), 1.0)
    found = _newton(np.c_[(raw - middle) / spread, np.ones(len(raw))], told, ridge)
    weights = found[:-1] / spread
    rounded = {name: round(float(weight), 3) for name, weight in zip(names, weights, strict=True)}
    return Gate(round(float(found[-1] - weights @ middle), 3), rounded, least)


def _newton(rows: NDArray[np.float64], told: NDArray[np.float64], ridge: float) -> NDArray[np.float64]:
    penalty = np.diag([ridge] * (rows.shape[1] - 1) + [1e-6])
    weights = np.zeros(rows.shape[1])
    for _ in range(_ROUNDS):
        chance = 1 / (1 + np.exp(-rows @ weights))
        slope = rows.T @ (chance - told) + penalty @ weights
        bend = (rows * (chance * (1 - chance))[:, None]).T @ rows + penalty
        step = np.linalg.solve(bend, slope)
        weights = weights - step
        if np.abs(step).max() < 1e-8:
            break
    return weights


def report(judged: Iterable[tuple[Gate, Lesson]]) -> dict[str, float | int]:
    """Shares: questions not in the documents that are declined, questions with the right passage that are lost."""
    shut = [(gate.chance(lesson.seen) < gate.least, lesson) for gate, lesson in judged]
    other = [closed for closed, lesson in shut if not lesson.told]
    right = [closed for closed, lesson in shut if lesson.right]
    return {
        "not_there": len(other),
        "declined": round(sum(other) / max(1, len(other)), 3),
        "right_passage": len(right),
        "lost": round(sum(right) / max(1, len(right)), 3),
    }


def crossed(taught: Sequence[Lesson]) -> list[tuple[Gate, Lesson]]:
    """Each lesson with a gate that learned from the other folds; a question's fold follows from its words."""
    folds = [zlib.crc32(lesson.question.encode()) % FOLDS for lesson in taught]
    gates = [fit([lesson for lesson, fold in zip(taught, folds, strict=True) if fold != n]) for n in range(FOLDS)]
    return [(gates[fold], lesson) for lesson, fold in zip(taught, folds, strict=True)]
