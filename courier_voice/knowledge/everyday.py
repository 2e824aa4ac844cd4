"""Everyday words put as the documents put them: 邮管局 for 邮政管理部门, 闯红灯 for 不按交通信号灯指示通行."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files


@cache
def _terms() -> tuple[re.Pattern[str], Mapping[str, str]]:
    """The words as one pattern, longest first, and what each is called in rules. Written by hand from the texts' own
    terms, not from the development questions."""
    lines = (files(__package__) / "data" / "everyday.tsv").read_text(encoding="utf-8").splitlines()
    rows = (line.split("\t") for line in lines)
    terms = {word: term for term, words in rows for word in words.split()}
    longest = sorted(terms, key=len, reverse=True)
    return re.compile("|".join(map(re.escape, longest))), terms


def formal(question: str) -> str:
    """The question in the words of rules; as it is where it has none of the everyday ones."""
    pattern, terms = _terms()

    def put(match: re.Match[str]) -> str:
        term = terms[match.group()]
        return match.group() if term in question else term

    return pattern.sub(put, question)
