"""The sentence of the passages that answers a question, cut to a length that can be said."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from courier_voice.knowledge.answer_asked import asked, asks_amount, stance
from courier_voice.knowledge.base import sentences, wording
from courier_voice.knowledge.find import Found
from courier_voice.knowledge.grams import grams

LOOKED_AT: Final = 3
"""Passages a sentence is taken from."""

_CLAUSE: Final = re.compile(r"(?<=[，；：,;])")
_MARKER: Final = re.compile(
    r"^\s*(?:[（(][一二三四五六七八九十\d]+[）)]|[一二三四五六七八九十]+、|\d+[.、．)]|[①-⑳]|[-•●])\s*"
)
_QUANTITY: Final = re.compile(
    r"(?:\d|[零一二三四五六七八九十百千万两半]+)(?:\.\d+)?\s*(?:个|小时|分钟|天|日|年|月|周|元|角|倍|米|厘米|公里|公斤|千克|kg|克|吨|"
    r"升|ml|%|％|％|分|次|层|件|箱|岁|周岁|万|块|台|瓶|cm|m|点|时|工作日|个月)"
)
_GOES_ON: Final = re.compile(r"^(?:情节|逾期|但|其中|经|拒不|造成|构成|前款|并|不足|超过|否则|有前)")


@dataclass(frozen=True)
class Pick:
    """A statement in a document's words. ``context`` is what it stands under (a list's opening line), ``whole`` the
    chunk's text without its number."""

    found: Found
    statement: str
    context: str
    whole: str


def pick(question: str, found: Sequence[Found], room: int) -> Pick:
    """The best statement of at most ``room`` characters, word for word out of one of the first passages.

    Longer only where a single clause is longer. ``found`` must not be empty.
    """
    best: tuple[float, Found, int] | None = None
    for each in found[:LOOKED_AT]:
        lines = sentences(wording(each.chunk))
        for place, line in enumerate(lines, 1):
            score = _score(question, each, place, line) + 0.5 * (each.passage.score - found[0].passage.score)
            if best is None or score > best[0]:
                best = (score, each, place)
    assert best is not None
    _, chosen, place = best
    lines = sentences(wording(chosen.chunk))
    statement = _fitted(question, lines, place - 1, room)
    return Pick(chosen, statement, _context(lines, place - 1), wording(chosen.chunk))


def _score(question: str, found: Found, place: int, line: str) -> float:
    near = found.lines.get(place)
    if near is None:  # a chunk of one sentence, or one that was not near
        near = (
            found.near if found.near is not None and not found.lines else min(found.lines.values(), default=0.0) - 0.02
        )
    score = near + 0.2 * _shared(question, line)
    if asks_amount(question):
        score += 0.06 * bool(_QUANTITY.search(line))
    elif asked(question) != "open":
        score += 0.03 * (stance(question, line) is not None)
    return score - 0.1 * line.endswith(("：", ":"))


def _shared(question: str, line: str) -> float:
    wanted = set(grams(question)) | set(re.findall("[一-鿿]", question))
    return len(wanted & (set(grams(line)) | set(line))) / len(wanted) if wanted else 0.0


def _fitted(question: str, lines: Sequence[str], at: int, room: int) -> str:
    """The sentence, with those that go on from it while there is room; or the part of it that says most."""
    chosen = _MARKER.sub("", lines[at])
    if len(chosen) > room:
        return _window(question, chosen, room)
    for following in lines[at + 1 :]:
        more = _MARKER.sub("", following)
        if len(chosen) + len(more) > room or not (_GOES_ON.match(more) or chosen.endswith(("；", ";", "：", ":"))):
            break
        chosen += more
    return chosen.rstrip("；;：:，,")


def _window(question: str, sentence: str, room: int) -> str:
    clauses = [clause for clause in _CLAUSE.split(sentence) if clause]
    worth = [_worth(question, clause) for clause in clauses]
    best = (-1.0, 0, "")
    for start in range(len(clauses)):
        for end in range(start + 1, len(clauses) + 1):
            text = "".join(clauses[start:end]).rstrip("；;：:，,")
            if len(text) > room and end > start + 1:
                break
            best = max(best, (sum(worth[start:end]), len(text), text))
    return best[2]


def _worth(question: str, clause: str) -> float:
    worth = 0.05 + _shared(question, clause)
    if asks_amount(question):
        worth += 0.6 * len(_QUANTITY.findall(clause)) ** 0.5
    elif asked(question) != "open":
        worth += 0.4 * (stance(question, clause) is not None)
    return worth


def _context(lines: Sequence[str], at: int) -> str:
    """The opening line of the list an item stands in, or nothing."""
    if not _MARKER.match(lines[at]):
        return ""
    return next((line for line in reversed(lines[:at]) if line.endswith(("：", ":")) and not _MARKER.match(line)), "")
