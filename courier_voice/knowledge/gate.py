"""Whether the documents tell what is asked: a few signs, weighed (``courier-voice train kb-gate``).

The nearest passage is not yet an answer: 快递柜押金交多少 lies near every rule about lockers. So besides nearness it
counts whether the passage holds what the question wants at all.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from math import exp
from typing import Final

from courier_voice.knowledge.asked_for import asks_where, kind_asked, strangers
from courier_voice.knowledge.base import wording
from courier_voice.knowledge.find import Found
from courier_voice.knowledge.find_named import place_match

FILE: Final = "gate.json"
WORDS_ENOUGH: Final = 0.2
"""The share of the question's words that is asked for where there is no embedder."""


@dataclass(frozen=True)
class Gate:
    """A logistic regression over ``signs``; open from ``least`` on, a chance between 0 and 1."""

    bias: float
    weights: Mapping[str, float]
    least: float = 0.5

    def chance(self, seen: Mapping[str, float]) -> float:
        """That the documents tell it."""
        return 1 / (1 + exp(-self.bias - sum(weight * seen[name] for name, weight in self.weights.items())))


@cache
def shipped() -> Gate:
    """The gate as trained with EmbeddingGemma's cosines."""
    told = json.loads((files(__package__) / "data" / FILE).read_text(encoding="utf-8"))
    return Gate(told["bias"], told["weights"], told["least"])


def signs(question: str, found: Sequence[Found], chosen: Found) -> dict[str, float]:
    """What speaks for and against the passage ``chosen`` among those found.

    near: the best cosine of all (0 without an embedder); covered: its share of the question's words; no_kind: the
    question wants an amount, a time, a number of … and it holds none; where: a place or shop is wanted; elsewhere: it
    is a rule of another province; strangers: sorts of money, companies and countries of the question it does not name.
    """
    text = f"{chosen.chunk.title} {' '.join(chosen.chunk.path)} {chosen.chunk.section} {wording(chosen.chunk)}"
    wanted = kind_asked(question)
    return {
        "near": max((each.near for each in found if each.near is not None), default=0.0),
        "covered": chosen.covered,
        "no_kind": float(wanted is not None and not wanted.search(text)),
        "where": float(asks_where(question)),
        "elsewhere": float(place_match(question, chosen.chunk.title) < 0),
        "strangers": float(strangers(question, text)),
    }


def enough(question: str, found: Sequence[Found], chosen: Found) -> bool:
    """Whether a question is answered at all, out of ``chosen``."""
    seen = signs(question, found, chosen)
    if all(each.near is None for each in found):
        return max(each.covered for each in found[:3]) >= WORDS_ENOUGH and not seen["no_kind"]
    return shipped().chance(seen) >= shipped().least
