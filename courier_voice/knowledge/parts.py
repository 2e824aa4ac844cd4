"""What a format reader hands on: the lines of a file in reading order, before anybody looked for articles in them."""

from __future__ import annotations

import re
import zipfile
import zlib
from dataclasses import dataclass

BROKEN_PACKAGE = (
    AttributeError, EOFError, LookupError, OSError, RuntimeError, SyntaxError, TypeError, ValueError,
    zipfile.BadZipFile, zlib.error,
)  # fmt: skip
"""What the office libraries raise on opening an archive that is damaged or of another format."""
SENTENCE_END = "。！？；!?;"
LINE_END = SENTENCE_END + "：:"
STARTS_ANEW = re.compile(
    r"第[一二三四五六七八九十百千零〇\d]+[编章节条款项]|[一二三四五六七八九十]+、|[（(][一二三四五六七八九十\d]+[）)]"
    r"|\d+(\.\d+)*[.、．)）\s]|[-•●·▪◆*]\s|附[件录表]|表\s?\d|注[:：]|[①-⑳]"
)


@dataclass(frozen=True)
class Part:
    """One line of text. ``level`` is that of a heading, 1 the highest, or None; ``row`` says it was a table's row."""

    text: str
    level: int | None = None
    page: int | None = None
    row: bool = False


@dataclass(frozen=True)
class Reading:
    """A file as its format tells it. ``title`` and ``version`` come from its properties, ``margin`` is what stands in
    headers and footers: read for version and date, never answered from."""

    parts: tuple[Part, ...]
    title: str = ""
    version: str = ""
    margin: str = ""
    unread: tuple[int, ...] = ()
    warnings: tuple[str, ...] = ()


def clean(text: str) -> str:
    """One line: no control characters, white space of any width and length as one blank."""
    text = re.sub(r"[\x00-\x08\x0b-\x1f\u200b-\u200f\ufeff\u00ad]", " ", text)
    return re.sub(r"[\s\u3000]+", " ", text).strip()


def unwrapped(lines: list[str]) -> list[str]:
    """Paragraphs of lines that may have been broken for width.

    A line goes on with the next unless it ends a sentence, the next begins a number, a bullet or a heading, or it is
    much shorter than the longest: nobody breaks there for width.
    """
    full = max((len(line) for line in lines), default=0) * 0.8
    joined: list[str] = []
    goes_on = False
    for line in map(clean, lines):
        if not line:
            goes_on = False
            continue
        if goes_on and not STARTS_ANEW.match(line):
            between = " " if joined[-1][-1].isascii() and line[0].isascii() else ""
            joined[-1] += between + line
        else:
            joined.append(line)
        goes_on = line[-1] not in LINE_END and len(line) >= full
    return joined
