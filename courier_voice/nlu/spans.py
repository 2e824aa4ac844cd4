"""From a tag a character to the values of slots."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from courier_voice.nlu.labels import TAGS

Floats = NDArray[np.float32]
_SLOT_OF: Final = tuple(tag[2:] for tag in TAGS)
_INSIDE: Final = np.array([number for number, tag in enumerate(TAGS) if tag[0] == "I"])
"""Their beginnings stand right before them in TAGS."""


def best_tags(scores: Floats, slots: frozenset[str]) -> NDArray[np.int64]:
    """The likeliest tags, shape ``[n]``, by log-probabilities ``[n, len(TAGS)]``: slots of the intent only, and none
    goes on that has not begun (Viterbi)."""
    barred = np.array([bool(slot) and slot not in slots for slot in _SLOT_OF])
    scores = np.where(barred, -1e4, scores).astype(np.float64)
    came = np.zeros(scores.shape, np.int64)
    total = scores[0].copy()
    total[_INSIDE] = -1e5
    for at in range(1, len(scores)):
        before = np.full(len(TAGS), total.argmax())
        before[_INSIDE] = np.where(total[_INSIDE] >= total[_INSIDE - 1], _INSIDE, _INSIDE - 1)
        came[at] = before
        total = total[before] + scores[at]
    found = [int(total.argmax())]
    for at in range(len(scores) - 1, 0, -1):
        found.append(int(came[at, found[-1]]))
    return np.array(found[::-1])


def spans_of(tags: NDArray[np.int64], offset: int) -> list[tuple[str, int, int]]:
    """(slot, start, end) of every value, in order."""
    spans: list[tuple[str, int, int]] = []
    for at, number in enumerate(tags, offset):
        tag = TAGS[number]
        if tag[0] == "B":
            spans.append((tag[2:], at, at + 1))
        elif tag[0] == "I":
            spans[-1] = (*spans[-1][:2], at + 1)
    return spans
