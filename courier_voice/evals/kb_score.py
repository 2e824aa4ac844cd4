"""Scoring of questions over documents, as the development set's README says."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from courier_voice.text.normalize import comparable

Item = Mapping[str, Any]
Place = tuple[str, str]

_NO: Final = re.compile(
    "不能|不可以|不得|不行|不予|不用|不必|不需|无需|不是|不会|不承担|不担|不赔|禁止|不要|没有|不应|不准|不许|不可"
)
_YES: Final = re.compile("可以|能|要|是的|会|应当|有权|必须|需要|允许|准许|得|须|承担")


def places(item: Item) -> frozenset[Place]:
    """The articles that answer a question; none for one that is not answered in the documents."""
    if not item.get("article"):
        return frozenset()
    return frozenset((one["doc"], one["article"]) for one in (item, *item.get("also", ())))


def rank(item: Item, found: Sequence[Iterable[Place]]) -> int | None:
    """At which place, counted from 1, a right article first stands; None when it does not."""
    right = places(item)
    return next((n for n, each in enumerate(found, 1) if right & set(each)), None)


@dataclass(frozen=True)
class AnswerScore:
    """How an answer does. ``missing`` are the key facts it lacks; ``polarity`` is None where none is asked."""

    declined: bool
    missing: tuple[str, ...]
    polarity: bool | None
    invented: tuple[str, ...]

    def right(self, answerable: bool) -> bool:
        if not answerable:
            return self.declined
        return not (self.declined or self.missing or self.invented or self.polarity is False)


def score_answer(item: Item, answer: str, answered: bool, invented: Sequence[str]) -> AnswerScore:
    """``invented``: what of the answer stands nowhere in the passages, from the product's own check."""
    flat = comparable(answer)
    missing = tuple(fact for fact in item["key_facts"] if not any(comparable(one) in flat for one in fact.split("|")))
    meant = item.get("polarity")
    said = polarity(answer) if meant else None
    return AnswerScore(not answered, missing, said == meant if meant else None, tuple(invented))


def polarity(answer: str) -> str | None:
    """Yes or no, by the answer's first clause that says either."""
    for clause in re.split("[，。：；,;:]", answer):
        if _NO.search(clause):
            return "no"
        if _YES.search(re.sub("《.*?》", "", clause)):
            return "yes"
    return None
