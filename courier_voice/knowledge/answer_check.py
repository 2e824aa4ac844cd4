"""Whether an answer says only what the passages say: every number, name and term is looked up in them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from courier_voice.dialog.facts import Fact, facts_of
from courier_voice.knowledge.answer_claims import contradictions
from courier_voice.knowledge.answer_places import displaced
from courier_voice.text.numerals import value

CHECK: Final = 2
"""Version of the check: what a model's words passed under another one is asked for again."""
_GIVEN: Final = frozenset(
    "文件 规定 要求 快递 快件 客户 包裹 情况 时候 公司 快递员 不能 可以 应当 应该 必须 需要 不用 不会 "
    "最高 最低 最多 最少 至少 至多 超过 超出 低于 高于 少于 多于 不足 以内 之内 天内 日内".split()
)
_CITED: Final = re.compile(r"《[^》]*》|第[零一二三四五六七八九十百千\d]+[条章节款项]")
_NUMERAL: Final = re.compile(
    "(?<![\\d.])[零一二两三四五六七八九十百千万亿]+(?=[个小分天日年月周元块角倍米厘公千克升次层件箱岁万台瓶份票人名家项种工点时度]|以[上下内外])"
)
_CHARS_KEPT: Final = 0.7


def unsupported(answer: str, passages: Sequence[str], question: str = "") -> list[str]:
    """What of an answer stands in no passage; empty when it may be said.

    Numbers must be there with their units, however they are written (一万元 and 10000元 are one); names, places and
    things word for word, there or in the question; of other words most of the characters. Titles and article numbers
    quoted in 《》 and 第…条 must be there as they are. What the facts are said to be (at most, not, must, who) must be
    what the passage says of them (``contradictions``), where it says it (``displaced``).
    """
    source = "\n".join(passages)
    known = frozenset(fact for passage in passages for fact in _facts(passage))
    wrong = [quoted for quoted in _CITED.findall(answer) if quoted.strip("《》") not in source]
    for fact in sorted(_facts(_CITED.sub("　", answer)), key=lambda fact: (fact.kind, fact.value)):
        if not _stands(fact, known, source, question):
            wrong.append(fact.value)
    plain = _CITED.sub("　", answer)
    wrong += contradictions(plain, passages, question) + displaced(plain, passages, question)
    return list(dict.fromkeys(wrong))


def _facts(text: str) -> frozenset[Fact]:
    return facts_of(_NUMERAL.sub(_arabic, re.sub("[～—]", "-", text)))


def _arabic(match: re.Match[str]) -> str:
    try:
        return f"{value(match.group()):f}"
    except ValueError:  # 万千家庭
        return match.group()


def _stands(fact: Fact, known: frozenset[Fact], source: str, question: str) -> bool:
    if fact.kind in ("number", "clock", "span", "day"):
        return any(fact.same(other) for other in known)
    if fact.value in source or fact.value in _GIVEN:
        return True
    if fact.kind in ("name", "place", "thing"):
        return fact.value in question
    there = sum(char in source or char in question for char in fact.value)
    return there >= _CHARS_KEPT * len(fact.value)
