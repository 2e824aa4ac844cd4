"""Documents that contradict each other: the one in force since later wins."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Final

from courier_voice.knowledge.base import sentences, wording
from courier_voice.knowledge.editions import edition
from courier_voice.knowledge.find import Found
from courier_voice.knowledge.find_named import provinces_in
from courier_voice.knowledge.words import Chunk

ALIKE: Final = 0.6
"""Share of common character pairs from which on two sentences are about the same, numbers left out."""

_NUMBERS: Final = re.compile(
    r"\d+(?:\.\d+)?|[零一二三四五六七八九十百千万两半]+(?=[个小分天日年月周元角倍米厘公千克升次层件岁万块])"
)
_DENIED: Final = re.compile("不得|禁止|严禁|不予|不能|不准|不可|不需|无需|不必")


@dataclass(frozen=True)
class Rivals:
    """A contradiction that was decided: the document kept, in force since, and the one left out."""

    kept: str
    since: date
    dropped: str


def newest(found: Sequence[Found]) -> tuple[list[Found], Rivals | None]:
    """What was found without the passages that a later document overrules, and the first such case.

    Overruled is an earlier edition of the same document, and a passage of which one sentence says the same as another
    with other numbers, or its contrary.
    """
    left = list(found)
    decided: Rivals | None = None
    for each in found:
        for other in found:
            if each in left and other in left and _overrules(each.chunk, other.chunk):
                left.remove(other)
                since = each.chunk.effective
                assert since is not None
                decided = decided or Rivals(each.chunk.doc, since, other.chunk.doc)
    return left, decided


def _overrules(newer: Chunk, older: Chunk) -> bool:
    if (
        newer.doc == older.doc
        or newer.effective is None
        or older.effective is None
        or newer.effective <= older.effective
    ):
        return False
    if edition(newer.title) == edition(older.title):
        return True
    if provinces_in(newer.title) != provinces_in(older.title):
        return False  # each holds where it holds
    return contradict(wording(newer), wording(older))


def contradict(one: str, other: str) -> bool:
    """Whether a sentence of one text and a sentence of the other are alike but for their numbers or a denial."""
    return any(_contrary(a, b) for a in sentences(one) for b in sentences(other))


def _contrary(one: str, other: str) -> bool:
    bags = [_pairs(_NUMBERS.sub("", text)) for text in (one, other)]
    if min(map(len, bags)) < 6 or len(bags[0] & bags[1]) < ALIKE * len(bags[0] | bags[1]):
        return False
    numbers = [_NUMBERS.findall(text) for text in (one, other)]
    return numbers[0] != numbers[1] or bool(_DENIED.search(one)) != bool(_DENIED.search(other))


def _pairs(text: str) -> frozenset[str]:
    return frozenset(a + b for a, b in pairwise(re.sub(r"[^\w]", "", text)))
