"""Version and effective date of a document, from its words, its file name and its properties."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date

DATE = r"(\d{4})\s?(?:年|[-./])\s?(\d{1,2})\s?(?:月|[-./])\s?(\d{1,2})\s?日?"
STATED = re.compile(rf"(?:生效|施行|实施|执行|启用)(?:日期|时间)\s?(?:[:：为]|自)?\s?{DATE}")
OWN = re.compile(rf"(?:本[^，。；自]{{1,12}}|^[（(]?)自\s?{DATE}\s?起(?:正式)?(?:施行|实施|执行|生效|启用)")
PASSED = re.compile(rf"^[（(]?{DATE}.{{0,80}}?(?:通过|公布|发布|修订|修正|施行|生效|印发)")
IN_NAME = re.compile(rf"[（(_-]?{DATE}[）)]?")
VERSION = re.compile(r"版\s?本\s?号?\s?(?:[:：]\s?|(?=[Vv]))([Vv]?\d+(?:\.\d+)*)")
MARK = re.compile(r"(?<![A-Za-z0-9])([Vv]\d+(?:\.\d+)*)|[（(]?((?:19|20)\d{2})年?(?:修订)?版[）)]?")
HEAD = 8
TAIL = 6


def effective_date(name: str, lines: Sequence[str], margin: str = "") -> date | None:
    """When these rules came to hold, or None.

    A stated 生效日期 (施行, 实施, 执行) decides. Else the latest of: the document's own 自…起施行, the dates of its
    adoption and amendments at its head, the date in its file name: a law amended in 2019 is in force as of 2019,
    though its last article still tells the day of 2018.
    """
    head = [margin, *lines[:HEAD]]
    for line in [*head, *lines[-TAIL:]]:
        if (stated := STATED.search(line)) and (day := _day(stated.groups())):
            return day
    found = [_day(own.groups()) for line in [*head, *lines[-TAIL:]] for own in OWN.finditer(line)]
    found += [_day(passed.groups()) for line in head for passed in PASSED.finditer(line)]
    found += [_day(dated.groups()) for dated in IN_NAME.finditer(name)]
    return max((day for day in found if day), default=None)


def version_of(name: str, title: str, lines: Sequence[str], stated: str = "", margin: str = "") -> str:
    """版本 as the text or the margins state it, else as the title, the file name or the properties (``stated``) do.

    V2.1, 2024版, or the date in the name; empty if nothing tells.
    """
    for line in (margin, *lines[:HEAD], *lines[-TAIL:]):
        if found := VERSION.search(line):
            return found[1].upper()
    for line in (title, name):
        if found := MARK.search(line):
            return found[1].upper() if found[1] else f"{found[2]}版"
    dated = IN_NAME.search(name)
    day = _day(dated.groups()) if dated else None
    return stated or (day.isoformat() if day else "")


def dateless(stem: str) -> str:
    """A file's stem without its date and version: a title for want of a better one."""
    return re.sub(r"[\s_-]+$", "", MARK.sub("", IN_NAME.sub("", stem))).strip() or stem


def _day(numbers: Iterable[str]) -> date | None:
    year, month, day = map(int, numbers)
    try:
        return date(year, month, day)
    except ValueError:
        return None
