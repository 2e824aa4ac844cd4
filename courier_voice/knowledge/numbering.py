"""The numbers Word shows before list items and articles and does not write into their text: 第一条, （二）, 3.2."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import cn2an
from docx.oxml.ns import qn

CIRCLED = "⓪①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳"
ROMAN = ((10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I"))
LEVELS = 9


class Numbers:
    """Counts along one document: ask for every paragraph, in order."""

    def __init__(self, document: Any) -> None:
        part = next((r.target_part for r in document.part.rels.values() if r.reltype.endswith("/numbering")), None)
        root = part.element if part is not None else None
        self.abstract: dict[str, Any] = {}
        self.of_list: dict[str, str] = {}
        if root is not None:
            self.abstract = {a.get(qn("w:abstractNumId")): a for a in root.iter(qn("w:abstractNum"))}
            for num in root.iter(qn("w:num")):
                self.of_list[num.get(qn("w:numId"))] = num.find(qn("w:abstractNumId")).get(qn("w:val"))
        self.counts: dict[str, list[int | None]] = {}

    def next(self, paragraph: Any, styles: Sequence[Any]) -> str:
        """The number of this paragraph as shown, with a blank behind it; empty for none and for bullets."""
        for owner in (paragraph, *(style.element for style in styles)):
            chosen = owner.find(f"{qn('w:pPr')}/{qn('w:numPr')}")
            if chosen is not None and chosen.find(qn("w:numId")) is not None:
                break
        else:
            return ""
        kind = self.of_list.get(chosen.find(qn("w:numId")).get(qn("w:val")), "")
        depth = chosen.find(qn("w:ilvl"))
        return self._shown(kind, int(depth.get(qn("w:val"))) if depth is not None else 0)

    def _shown(self, kind: str, depth: int) -> str:
        if kind not in self.abstract:
            return ""
        levels = {int(level.get(qn("w:ilvl"))): level for level in self.abstract[kind].iter(qn("w:lvl"))}
        if depth not in levels:
            return ""
        counts = self.counts.setdefault(kind, [None] * LEVELS)
        for above in range(depth):
            counts[above] = _start(levels.get(above)) if counts[above] is None else counts[above]
        before = counts[depth]
        counts[depth] = _start(levels[depth]) if before is None else before + 1
        counts[depth + 1 :] = [None] * (LEVELS - depth - 1)
        text = levels[depth].find(qn("w:lvlText"))
        form = _form(levels[depth])
        if text is None or form in ("bullet", "none"):
            return ""

        def number(found: re.Match[str]) -> str:
            level = int(found[1]) - 1
            return written(
                counts[level] or 0, _form(levels.get(level)) if level == depth else _inner(levels, level, depth)
            )

        return re.sub(r"%([1-9])", number, text.get(qn("w:val"), "")) + " "


def written(number: int, form: str) -> str:
    """``number`` in one of Word's forms; those that are not known are decimal."""
    if form in (
        "chineseCounting",
        "chineseCountingThousand",
        "japaneseCounting",
        "taiwaneseCounting",
        "ideographDigital",
    ):
        return str(cn2an.an2cn(number)).removeprefix("一") if 10 <= number < 20 else str(cn2an.an2cn(number))
    if form in ("decimalEnclosedCircle", "decimalEnclosedCircleChinese") and number < len(CIRCLED):
        return CIRCLED[number]
    if form in ("upperLetter", "lowerLetter") and 1 <= number <= 26:
        return chr((ord("A") if form == "upperLetter" else ord("a")) + number - 1)
    if form in ("upperRoman", "lowerRoman"):
        roman = ""
        for value, sign in ROMAN:
            roman += sign * (number // value)
            number %= value
        return roman if form == "upperRoman" else roman.lower()
    return str(number)


def _form(level: Any) -> str:
    form = level.find(qn("w:numFmt")) if level is not None else None
    return form.get(qn("w:val")) if form is not None else "decimal"


def _inner(levels: dict[int, Any], level: int, depth: int) -> str:
    """A level named in a deeper one's number: decimal where that one asks for legal numbers (3.2 below 第三条)."""
    return "decimal" if levels[depth].find(qn("w:isLgl")) is not None else _form(levels.get(level))


def _start(level: Any) -> int:
    start = level.find(qn("w:start")) if level is not None else None
    return int(start.get(qn("w:val"))) if start is not None else 1
