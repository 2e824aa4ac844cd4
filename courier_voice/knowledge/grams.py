"""Texts as the words index has them: pairs of characters, codes and numbers whole, article numbers in one spelling."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Final

from courier_voice.text.numerals import value

_RUN: Final = re.compile(r"[一-鿿]+|[a-z0-9]+(?:[.-][a-z0-9]+)*")
_ARTICLE: Final = re.compile(
    r"(?:第(?P<number>[零〇一二三四五六七八九十百千\d]+)|(?P<digits>\d+))条(?:之(?P<more>[一二三四五六七八九]))?"
)
_HOLLOW: Final = frozenset("的了吗呢么吧啊呀嘛")


def grams(text: str) -> tuple[str, ...]:
    """Every pair of neighbouring Hanzi, every code or number, every article number as ``art22``; repetitions stay."""
    found: list[str] = []
    for run in _RUN.findall(text.lower()):
        if run[0] < "一" or len(run) == 1:
            found.append(run)
        else:
            found.extend(a + b for a, b in pairwise(run) if a not in _HOLLOW and b not in _HOLLOW)
    return (*found, *articles(text))


def articles(text: str) -> tuple[str, ...]:
    """The article numbers a text names: 第二十二条 and 22条 are ``art22``, 第三条之一 is ``art3-1``."""
    found = []
    for match in _ARTICLE.finditer(text):
        try:
            number = int(value(match["number"] or match["digits"]))
        except ValueError:  # 第千条
            continue
        more = f"-{value(match['more'])}" if match["more"] else ""
        found.append(f"art{number}{more}")
    return tuple(found)


_CODE: Final = re.compile(
    r"(?<![a-z0-9])(?:[a-z]+[.-]?\d[a-z0-9.-]*|\d{4,}[a-z0-9-]*|[a-z]{2,}(?:-[a-z0-9]+)*)(?![a-z0-9])"
)


def codes(text: str) -> frozenset[str]:
    """Codes and long numbers a text names, in small letters: un1845, ka-003, ems."""
    return frozenset(_CODE.findall(text.lower()))
