"""Whether what an answer says stands where the passage has it: a number with its own words, the one who acts ahead of
the one it is done to, before and after. All of it may be in the passage, and the answer be wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from courier_voice.knowledge.answer_claims import CLAUSE, amounts, fits, pairs, role_of, shared
from courier_voice.knowledge.base import is_row

_DIGITS: Final = re.compile(r"[\d.]+")
_FARTHER: Final = 0.25
"""How much less alike the clause that has the number may be than one that has another of its kind,"""
_FARTHER_ROW: Final = 0.1
"""and of rows of one table, where all but a cell or two is the same."""
_BARE: Final = 3
"""Pairs of characters below which a clause says a number and nothing of what it is."""
_PARTY: Final = re.compile(
    "[一-龥]{1,2}?人(?![工员民身群才大])|[一-龥]{2}企业|用户|客户|企业|商家|站长|部门|经营者|[一-龥]{2}员(?!工)"
)
_ACTS: Final = re.compile("应当|应该|必须|可以|不得|有权|无权|须|不再|不予|不必|无需|不用|承担|负责|向|对|给")
_WHEN: Final = re.compile("([一-龥]{2})(?:之|以)?([前后时])(?![一-龥]{0,1}[间限效段])")
_TOWARDS: Final = re.compile("[向对给]")
_DONE: Final = re.compile("已经?([一-龥]{2})")


def displaced(answer: str, passages: Sequence[str], question: str = "") -> list[str]:
    """Clauses of an answer that put a number, a person or a moment where the passages have another one. A mere number
    is one of what was asked about."""
    parts = [part for passage in passages for part in _parts(passage)]
    whole = [sentence for passage in passages for sentence in re.split("[。\n]+", passage)]
    wrong = []
    for clause in (each for each in CLAUSE.split(answer) if each.strip()):
        bare, words = len(pairs(clause)) < _BARE, _DIGITS.sub(" ", clause)
        if (
            _number_of_others(question, clause, whole, _FARTHER_ROW)
            if bare
            else _number_of_others(words, clause, whole, _FARTHER) or _misplaced(clause, parts)
        ):
            wrong.append(clause)
    return wrong


def _parts(passage: str) -> Iterator[str]:
    """Rows of tables whole, sentences clause by clause."""
    for sentence in re.split("[。\n]+", passage):
        yield from [sentence] if is_row(sentence) else (part for part in CLAUSE.split(sentence) if part.strip())


def _misplaced(clause: str, parts: Sequence[str]) -> bool:
    if _number_of_others(_DIGITS.sub(" ", clause), clause, parts, _FARTHER) or _another_time(clause, parts):
        return True
    best = max((shared(clause, part) for part in parts), default=0.0)
    near = [part for part in parts if best >= _FARTHER and shared(clause, part) >= best - 0.05]
    return bool(near) and all(_another_acts(clause, part) or _turned_round(clause, part) for part in near)


def _number_of_others(words: str, clause: str, parts: Sequence[str], farther: float) -> bool:
    """Whether a number of the clause stands in other words, and in these another number of the same unit."""
    for said in amounts(clause):
        own, other = 0.0, 0.0
        for part in parts:
            there = amounts(part)
            if any(fits(said, one) for one in there):
                own = max(own, shared(words, part))
            elif any(said.unit == one.unit for one in there):
                other = max(other, shared(words, part))
                farther = _FARTHER_ROW if is_row(part) else farther
        if other > own + farther:
            return True
    return False


def _parties(text: str) -> list[tuple[str, int]]:
    return [(role_of(match.group()), match.start()) for match in _PARTY.finditer(text)]


def _ahead(text: str) -> str:
    """Who stands before what is to be done; empty for nobody."""
    acts = _ACTS.search(text)
    return next((who for who, at in _parties(text) if acts and at < acts.start()), "")


def _another_acts(clause: str, part: str) -> bool:
    said, told = _ahead(clause), _ahead(part)
    return bool(said and told) and said != told and said not in told and told not in said


def _turned_round(clause: str, part: str) -> bool:
    """Whether two are named in the contrary order around 向, 对, 给."""
    said, told = [who for who, _ in _parties(clause)], [who for who, _ in _parties(part)]
    if len(said) < 2 or not (_TOWARDS.search(clause) and _TOWARDS.search(part)):
        return False
    return said[0] in told and said[1] in told and told.index(said[0]) > told.index(said[1])


def _another_time(clause: str, parts: Sequence[str]) -> bool:
    """Whether something is before what it is after, or done that is told of when it is not."""
    told = {match.groups() for part in parts for match in _WHEN.finditer(part)}
    words = {word for word, _ in told}
    if any(match[1] in words and match.groups() not in told for match in _WHEN.finditer(clause)):
        return True
    return any(_only_undone(match[1], parts) for match in _DONE.finditer(clause))


def _only_undone(deed: str, parts: Sequence[str]) -> bool:
    left = [re.search(f"未[^已]*{deed}", part) for part in parts]
    done = [re.search(f"已经?{deed}", part) for part in parts]
    return any(left) and not any(done)
