"""Whether a text says what was dictated, no less and no more: the guard between a language model and the customer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from courier_voice.dialog.courtesy import LONGEST, THANKS, greeting
from courier_voice.dialog.dictation import Message, read
from courier_voice.dialog.facts import Fact, facts_of
from courier_voice.dialog.manners import manners

KEPT_WORDS: Final = 0.6
"""Share of the plain words (verbs, adjectives) of which a trace must be left; the facts must all be there."""

_LINK: Final = re.compile(r"https?|www|\.(?:com|cn|net)\b|[A-Za-z]{4,}")
_ALIKE: Final = ("盒箱", "钱款费块元", "孩娃", "照图拍", "柜箱", "药剂", "路街", "车轮")
_NEGATION: Final = re.compile("不(?!好意思|便|过|客气|仅|同|久)|没(?!事)|别(?![的人处])|勿|无(?!误)|未|非")
_REQUEST: Final = re.compile("请(?!问|您?(?:谅解|见谅|理解|知悉|放心))")
_QUESTION: Final = re.compile("[？?]|请问|是否|能否|可否|吗|呢$")
_ACT: Final = re.compile(
    "(?<![给为帮替跟和向对让等到])(?P<who>[您我])(?:已经?|将|会|要|先|再|就|昨天|今天|明天|请)*"
    "(?P<verb>[打送放挂等拍带搁退改寄付给补走接取拿签搬])"
)


def check(spoken: str, sms: str) -> list[str]:
    """What is wrong with a text as the polite form of a dictation, in Chinese; empty when it may go out."""
    return problems(read(spoken), sms)


def problems(message: Message, sms: str) -> list[str]:
    """``check`` for a dictation already read."""
    own, body = message.text, sms.removeprefix(greeting(message)).removesuffix(THANKS)
    wrong = [*_lost(message, sms), *_new(message, body), *_uncivil(body), *_turned(message, own, body)]
    if _LINK.search(sms):
        wrong.append("有网址或外文")
    if len(sms) > LONGEST:
        wrong.append("太长")
    return list(dict.fromkeys(wrong))


def _lost(message: Message, sms: str) -> Iterator[str]:
    said, told = facts_of(f"{message.addressee}，{message.text}"), facts_of(sms)
    for fact in sorted(said, key=lambda f: (f.kind, f.value)):
        if fact.kind in ("thing", "place", "name"):
            kept = _written(fact.value, sms)
        else:
            kept = fact.kind == "word" or any(_same(fact, other) for other in told)
        if not kept:
            yield f"少了{fact.value}"
    words = [fact.value for fact in said if fact.kind == "word"]
    if sum(any(char in sms for char in word) for word in words) < KEPT_WORDS * len(words):
        yield "改动太大"


def _new(message: Message, body: str) -> Iterator[str]:
    if not message.clauses:
        return
    own = f"{greeting(message)}{message.text}"
    said, lists = facts_of(own), manners()
    for fact in sorted(facts_of(lists.polite.sub("　", body)), key=lambda f: (f.kind, f.value)):
        if fact.kind in ("thing", "place", "name"):
            known = _written(fact.value, own) or all(char in own for char in fact.value)
        elif fact.kind == "word":
            known = any(char in own for char in fact.value)
        else:
            known = any(_same(fact, other) for other in said)
        if not known:
            yield f"多了{fact.value}"
    yield from (f"许诺了{word}" for word in lists.promises if word in body and word not in own)
    yield from (
        f"没说过{match.group()}" for new, known in lists.claims if (match := new.search(body)) and not known.search(own)
    )


def _uncivil(body: str) -> Iterator[str]:
    for pattern in (manners().rude, manners().gripes):
        yield from (f"不礼貌：{match.group()}" for match in pattern.finditer(body))


def _turned(message: Message, own: str, body: str) -> Iterator[str]:
    """What is neither lost nor new but means something else: yes for no, the customer for the courier."""
    if not message.clauses:
        return
    if re.search("[他她]", body) and not re.search("[他她]", own):
        yield "不是对客户说的"
    if bool(_NEGATION.search(body)) != bool(_NEGATION.search(own)):
        yield "否定变了"
    if _REQUEST.search(body) and not message.requests:
        yield "多了请求"
    if "？" in own and not _QUESTION.search(body):
        yield "没有提问"
    for act in _ACT.finditer(body):
        who, verb = act["who"], act["verb"]
        if verb in own and not re.search(rf"(?<![给为帮替跟和向对]){who}[^，？您我]*{verb}", own):
            yield f"不是{who}{verb}的"


def _same(a: Fact, b: Fact) -> bool:
    if a.same(b):
        return True
    return {a.kind, b.kind} == {"number", "clock"} and a.value == b.value.removesuffix(":00")


def _written(word: str, text: str) -> bool:
    """Whether a noun stands in a text, itself or by a word for the same."""
    if word in text or (len(word) > 2 and word.rstrip("子儿头") in text):
        return True
    return any(
        word[-1] in group and any(word[:-1] + other in text for other in group if other != word[-1])
        for group in _ALIKE
        if len(word) > 1
    )
