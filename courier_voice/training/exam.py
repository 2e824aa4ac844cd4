"""The fast model on held-out seed lines: what it gets right, how sure it is, and from where on it may be believed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from courier_voice.core.errors import ModelOutputError
from courier_voice.core.turn import Draft
from courier_voice.core.words import Utterance
from courier_voice.nlu import frames
from courier_voice.nlu.fast import FEATURES, FastUnderstander
from courier_voice.nlu.labels import CHOICES, INTENTS, QUESTIONS, STATES, TAGS
from courier_voice.text.normalize import comparable
from courier_voice.training.generate import Example

BELIEVED: Final = 0.5
"""The confidence from which on the fast model is believed: where it is more likely right than wrong. Above it the
language model reads no better (``eval nlu --nlu llm`` beside ``--nlu fast``)."""
RIGHT_IN_KEPT: Final = 0.995
"""What the cautious threshold keeps is right so often."""
_CONTAINED: Final = frozenset(["place", "message", "item"])
"""Slots that are right when one side contains the other, as the development sets score them."""
_MEASURE: Final = list(CHOICES).index("measure")
UNASKED: Final = 1.7
"""From 2 on a fast model without a second reader would lose one command in ten."""
_GATES: Final = (0.5, 0.4, 0.3, 0.2, 0.15, 0.1, 0.07, 0.05, 0.03, 0.02)
_BINS: Final = 10
_RIDGE: Final = 1e-2
_ROUNDS: Final = 50


@dataclass(frozen=True)
class Answer:
    """One held-out example answered: ``features`` in the order of FEATURES; ``nothing``: how likely it is none;
    ``advised``: whether a second reader was asked."""

    example: Example
    said: tuple[Draft, ...]
    meant: tuple[Draft, ...]
    features: tuple[float, ...]
    nothing: float = 0.0
    advised: bool = False

    @property
    def right(self) -> bool:
        """Every intent and every slot."""
        return self.intents_right and all(map(_alike, self.said, self.meant))

    @property
    def intents_right(self) -> bool:
        return [draft.intent for draft in self.said] == [draft.intent for draft in self.meant]


def answers(fast: FastUnderstander, examples: Sequence[Example]) -> list[Answer]:
    """What the model, its slots settled as in use, makes of examples."""
    return [_answer(fast, one) for one in examples]


def _answer(fast: FastUnderstander, one: Example) -> Answer:
    utterance, waiting = Utterance(one.text, one.text), STATES[one.state]
    reading = fast.read(one.text, waiting)
    try:
        said = fast.drafts(reading, utterance, waiting)
    except ModelOutputError:
        said = ()
    meant = tuple(frames.draft(frame, utterance, part, settled=False) for frame, part in meant_frames(one))
    return Answer(
        one, said, meant, tuple(reading.features[name] for name in FEATURES), reading.nothing, reading.advised
    )


def meant_frames(one: Example) -> list[tuple[dict[str, str], str]]:
    """The flat frames an example holds, each with its part of the text."""
    bounds = [0, one.split, len(one.text)] if one.split else [0, len(one.text)]
    found = []
    for number, intent in enumerate(one.intents):
        frame = {"intent": INTENTS[intent]}
        if CHOICES["measure"][one.choices[number][_MEASURE]] == "cod_total":
            frame["state"] = "all"  # what is not said of sums
        for (slot, values), chosen in zip(CHOICES.items(), one.choices[number], strict=True):
            if chosen and slot in QUESTIONS[INTENTS[intent]]:
                frame[slot] = values[chosen]
        first, last = bounds[number], bounds[number + 1]
        for at in range(first, last):
            mark, _, slot = TAGS[one.tags[at]].partition("-")
            if mark == "B":
                frame[slot] = one.text[at]
            elif mark == "I":
                frame[slot] += one.text[at]
        found.append((frame, one.text[first:last]))
    return found


def _alike(said: Draft, meant: Draft) -> bool:
    a, b = _flat(said.slots), _flat(meant.slots)
    return a.keys() == b.keys() and all(_same(slot, a[slot], b[slot]) for slot in a)


def _flat(slots: Mapping[str, object]) -> dict[str, object]:
    target = slots.get("target")
    flat = dict(target) if isinstance(target, dict) else {}
    flat |= {name: value for name, value in slots.items() if name != "target"}
    if flat.get("reason") not in (None, "other", "rescheduled"):
        flat.pop("note", None)  # the development sets do not score it
    return flat


def _same(slot: str, said: object, meant: object) -> bool:
    if isinstance(said, float | int) and isinstance(meant, float | int):
        return math.isclose(said, meant)
    a, b = comparable(str(said)), comparable(str(meant))
    return a == b or (slot in _CONTAINED and bool(a) and bool(b) and (a in b or b in a))


@dataclass(frozen=True)
class Calibration:
    """Confidence is the logistic function of ``bias`` and FEATURES times ``weights``; ``cautious`` is a threshold that
    keeps only what is right nearly always."""

    weights: Mapping[str, float]
    bias: float
    cautious: float


def none_from(found: Sequence[Answer]) -> float:
    """How likely none an utterance must be to count as none: where the share of commands lost and, weighing ``UNASKED``
    times as much, the share of other talk acted on are least together (Youden 1950, Cancer 3:32)."""
    none = np.array([answer.meant[0].intent == "none" for answer in found])
    nothing = np.array([answer.nothing for answer in found])
    if none.all() or not none.any():
        return 0.5
    costs = [float((nothing[~none] >= at).mean() + UNASKED * (nothing[none] < at).mean()) for at in _GATES]
    return _GATES[int(np.argmin(costs))]


def calibrated(found: Sequence[Answer], right_in_kept: float = RIGHT_IN_KEPT) -> Calibration:
    """Scales, a temperature for each reading, by which the confidence is how often answers like it are right (logistic
    regression, Newton's method)."""
    features = np.array([answer.features for answer in found])
    right = np.array([answer.right for answer in found], float)
    rows = np.column_stack((features, np.ones(len(features))))
    weights = np.zeros(rows.shape[1])
    ridge = np.diag([*[_RIDGE] * features.shape[1], 0.0])
    for _ in range(_ROUNDS):
        chance = _logistic(rows @ weights)
        slope = rows.T @ (right - chance) - ridge @ weights
        bend = (rows * (chance * (1 - chance))[:, None]).T @ rows + ridge + 1e-6 * np.eye(len(weights))
        weights = weights + np.linalg.solve(bend, slope)
    chance = _logistic(rows @ weights)
    named = dict(zip(FEATURES, map(float, weights[:-1]), strict=True))
    return Calibration(named, float(weights[-1]), threshold(chance, right, right_in_kept))


def confidences(scale: Calibration, found: Sequence[Answer]) -> NDArray[np.float64]:
    """Of each answer, 0..1."""
    weights = np.array([scale.weights[name] for name in FEATURES])
    return _logistic(np.array([answer.features for answer in found]) @ weights + scale.bias)


def threshold(chance: NDArray[np.float64], right: NDArray[np.float64], wanted: float = RIGHT_IN_KEPT) -> float:
    """The lowest confidence from which on at least this share is right; 1.0 when there is none."""
    order = np.argsort(-chance, kind="stable")
    share = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    good = np.flatnonzero(share >= wanted)
    return float(chance[order[good[-1]]]) if len(good) else 1.0


def reliability(chance: NDArray[np.float64], right: NDArray[np.float64]) -> list[tuple[float, float, int]]:
    """(mean confidence, share right, how many) in ten bins of confidence, empty ones left out."""
    bins = np.minimum((chance * _BINS).astype(int), _BINS - 1)
    return [
        (float(chance[bins == at].mean()), float(right[bins == at].mean()), int((bins == at).sum()))
        for at in range(_BINS)
        if (bins == at).any()
    ]


def figures(found: Sequence[Answer]) -> dict[str, float]:
    """Shares right, and of those that are no command, how many were taken for one that acts."""
    nones = [answer for answer in found if answer.meant[0].intent == "none"]
    acted = sum(bool(answer.said) and answer.said[0].intent != "none" for answer in nones)
    return {
        "examples": len(found),
        "intents": float(np.mean([answer.intents_right for answer in found])),
        "frames": float(np.mean([answer.right for answer in found])),
        "nones": len(nones),
        "false_actions": acted / max(1, len(nones)),
    }


def _logistic(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    return 1 / (1 + np.exp(-np.clip(scores, -60, 60)))
