"""The sentence of the passages that answers a question, cut to a length that can be said."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from courier_voice.knowledge.answer_asked import asked, asks_amount, stance
from courier_voice.knowledge.asked_for import kind_asked
from courier_voice.knowledge.base import is_row, sentences, wording
from courier_voice.knowledge.find import Found
from courier_voice.knowledge.grams import grams

LOOKED_AT: Final = 3
"""Passages a sentence is taken from."""
_RANKED: Final = 2.0
"""What a passage's lead over another counts against the fit of its sentences."""

_CLAUSE: Final = re.compile(r"(?<=[，；：。,;])")
_MARKER: Final = re.compile(
    r"^\s*(?:[（(][一二三四五六七八九十\d]+[）)]|[一二三四五六七八九十]+、|\d+[.、．)]|[①-⑳]|[-•●])\s*"
)
_QUANTITY: Final = re.compile(
    r"(?:\d|[零一二三四五六七八九十百千万两半]+)(?:\.\d+)?\s*(?:个|小时|分钟|天|日|年|月|周|元|角|倍|米|厘米|公里|公斤|千克|kg|克|吨|"
    r"升|ml|%|％|％|分|次|层|件|箱|岁|周岁|万|块|台|瓶|cm|m|点|时|工作日|个月)"
)
_LEANS: Final = re.compile("但是|但|前款|该|前述|其中|上述|有前")
_CASE: Final = re.compile("的[，,；;]?$")
_RULE: Final = re.compile("应当|可以|不得|必须|有权|禁止|不予|不承担|承担|由|处以?|予以|须|不超过|责令|按照|记|享有")
_EXCEPT: Final = re.compile("除外|不包括|不适用|不免除")


@dataclass(frozen=True)
class Pick:
    """A statement in a document's words. ``telling`` is what says yes or no: with the opening of the list it stands in,
    or of a table's row the field asked about. ``whole`` is the chunk's text without its number."""

    found: Found
    statement: str
    telling: str
    whole: str


def pick(question: str, found: Sequence[Found], room: int) -> Pick:
    """The best statement of at most ``room`` characters, word for word out of one of the first passages.

    Longer only where a single clause is longer. ``found`` must not be empty.
    """
    best: tuple[float, Found, int] | None = None
    for each in found[:LOOKED_AT]:
        lines = sentences(wording(each.chunk))
        for at, line in enumerate(lines):
            score = _score(question, each, at, _context(lines, at) + line) + _RANKED * (
                each.passage.score - found[0].passage.score
            )
            if best is None or score > best[0]:
                best = (score, each, at)
    assert best is not None
    _, chosen, at = best
    lines = sentences(wording(chosen.chunk))
    context, item = _context(lines, at), _MARKER.sub("", lines[at]).rstrip("；;。：:，,")
    if is_row(lines[at]):
        statement = _fields(question, lines[at], room)
    elif not context:
        statement = _fitted(question, lines, at, room)
    elif asks_amount(question) and not _QUANTITY.search(item):
        short = item if len(item) <= room // 2 else ""
        statement = f"{short}：" * bool(short) + _window(question, context, room - len(short), 0, len(context))
    elif len(context) + len(item) <= room:
        statement = context + item
    else:
        statement = item if len(item) <= room else _window(question, item, room, 0, len(item))
    statement = statement.rstrip("；;：:，,")
    telling = _telling(question, statement) if is_row(lines[at]) else context + statement
    return Pick(chosen, statement, telling, wording(chosen.chunk))


def _score(question: str, found: Found, at: int, line: str) -> float:
    near = found.lines.get(at + 1)
    if near is None:  # a chunk of one sentence, or one that was not near
        lowest = min(found.lines.values(), default=0.0) - 0.02
        near = found.near if found.near is not None and not found.lines else lowest
    score = near + 0.2 * _shared(question, line)
    if wanted := kind_asked(question):
        score += 0.05 * bool(wanted.search(line))
    if asks_amount(question):
        score += 0.06 * bool(_QUANTITY.search(line))
    elif asked(question) != "open":
        score += 0.03 * (stance(question, line) is not None)
    return score - 0.1 * line.endswith(("：", ":")) - 0.04 * bool(_LEANS.match(line))


def _shared(question: str, line: str) -> float:
    wanted = set(grams(question)) | set(re.findall("[一-鿿]", question))
    return len(wanted & (set(grams(line)) | set(line))) / len(wanted) if wanted else 0.0


def _fitted(question: str, lines: Sequence[str], at: int, room: int) -> str:
    """The sentence, with what goes on after it while there is room; or the part of it that says most."""
    text = lines[at]
    for following in lines[at + 1 : at + 3]:
        if following.endswith(("：", ":")) or _MARKER.match(following):
            break
        text += following
    return _window(question, text, room, 0, len(lines[at]))


def _fields(question: str, row: str, room: int) -> str:
    """A table's row; where it is too long, its first field and those worth most, in their order."""
    fields = row.rstrip("。；").split("；")
    kept = {0}
    for n in sorted(range(1, len(fields)), key=lambda n: -_worth(question, fields[n])):
        if sum(len(fields[k]) + 1 for k in (*kept, n)) <= room:
            kept.add(n)
    return "；".join(fields[n] for n in sorted(kept))


def _telling(question: str, row: str) -> str:
    fields = row.split("；")
    return max(fields[1:] or fields, key=lambda field: _shared(question, field))


def _window(question: str, text: str, room: int, start: int, end: int) -> str:
    """The run of clauses worth most of at most ``room`` characters; it holds the best clause of ``text[start:end]``.

    It never ends in a mere case (…的，): what follows from it is the answer.
    """
    clauses = [clause for clause in _CLAUSE.split(text) if clause]
    ends = list(accumulate(map(len, clauses)))
    worth = [
        _worth(question, clause) * (1.0 if stop <= end else 0.6) for clause, stop in zip(clauses, ends, strict=True)
    ]
    inside = [n for n, stop in enumerate(ends) if start < stop <= end] or [0]
    core = max(inside, key=lambda n: (worth[n] + _concluding(clauses, n), -n))
    best = (-1.0, 0, clauses[core])
    for first in range(core + 1):
        for last in range(core, len(clauses)):
            told = "".join(clauses[first : last + 1])
            if len(told.rstrip("。；;：:，,")) > room:
                break
            if not _CASE.search(clauses[last]):
                best = max(best, (sum(worth[first : last + 1]), len(told), told))
    return best[2].rstrip("；;：:，,")


def _concluding(clauses: Sequence[str], at: int) -> float:
    """More for a clause that follows a case in its sentence, less for the case itself."""
    if _CASE.search(clauses[at]):
        return -2.0
    begin = max((n + 1 for n in range(at) if clauses[n].endswith(("。", "；"))), default=0)
    return 0.5 * any(_CASE.search(clause) for clause in clauses[begin:at])


def _worth(question: str, clause: str) -> float:
    """What a clause says of an answer: rules and amounts; the question tells the case itself, so that counts less."""
    worth = 0.05 + _shared(question, clause) * (0.3 if _CASE.search(clause) else 1.0)
    worth += 0.5 * bool(_RULE.search(clause)) + 0.3 * bool(_EXCEPT.search(clause))
    if wanted := kind_asked(question):
        worth += bool(wanted.search(clause))
    if asks_amount(question):
        worth += 0.6 * len(_QUANTITY.findall(clause)) ** 0.5
    return worth


def _context(lines: Sequence[str], at: int) -> str:
    """The opening of the list an item stands in, from where its sentence begins; or nothing."""
    if not _MARKER.match(lines[at]):
        return ""
    last = next(
        (n for n in range(at - 1, -1, -1) if lines[n].endswith(("：", ":")) and not _MARKER.match(lines[n])), None
    )
    if last is None:
        return ""
    first = last
    while first > 0 and not lines[first - 1].endswith(("。", "：", ":")) and not _MARKER.match(lines[first - 1]):
        first -= 1
    return "".join(lines[first : last + 1])
