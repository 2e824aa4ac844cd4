"""What a message states: numbers, times, names, places, things, however they are written."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, Literal

from courier_voice.dialog.persons import NAME
from courier_voice.text.normalize import normalize
from courier_voice.text.numerals import value

Kind = Literal["number", "clock", "span", "day", "name", "place", "thing", "word"]


@dataclass(frozen=True)
class Fact:
    """One stated thing. ``value`` is canonical: plain digits, times ``4:15`` on twelve hours, spans in minutes."""

    kind: Kind
    value: str
    unit: str = ""
    """What a number counts, where that is a measure; empty fits any."""

    def same(self, other: Fact) -> bool:
        units = not self.unit or not other.unit or self.unit == other.unit
        return self.kind == other.kind and self.value == other.value and units


_SPAN: Final = re.compile(
    r"(?P<half>(?<!个)半)个?来?(?:小时|钟头)|(?P<hours>\d+(?:\.\d+)?|一(?=个半))个?(?P<and>半)?个?(?:小时|钟头)(?P<more>半)?|"
    r"(?P<quarters>[一三123])刻钟|(?P<minutes>\d+)[来多]?(?:分钟|分(?=[后内到]))"
)
_CLOCK: Final = re.compile(
    r"(?<![\d.])(?P<hour>\d{1,2})(?:"
    r"[点时](?!候)(?:(?P<half>半)|(?P<quarter>[一三13])刻|(?P<minute>\d{1,2})分?(?![\d钟.]))?|"
    r"[:：](?P<colon>\d{2})(?!\d))"
)
_DAYS: Final = """
大前天 大前[天日儿]
大后天 大后[天日儿]
前天 (?<!大)前天
昨天 昨[天日儿晚夜]
今天 今[天日儿晚早夜]|当[天日]
明天 明[天日儿早晚晨]
后天 (?<!大)后[天日儿]
清早 早上|早晨|清早|一早|[今明]早|清晨
上午 上午
中午 中午|晌午|正午
下午 下午|后晌|午后
傍晚 傍晚|擦黑
晚上 晚上|[今明当昨]晚|夜里|夜间|半夜
凌晨 凌晨
周日 (?:周|星期|礼拜)[日天末]
"""
_WEEKDAYS: Final = tuple((f"周{day}", f"(?:周|星期|礼拜){day}") for day in "一二三四五六")
_DAY: Final = tuple(
    (name, re.compile(pattern))
    for name, pattern in (*(line.split() for line in _DAYS.strip().splitlines()), *_WEEKDAYS)
)
_DAY_WORD: Final = re.compile("|".join(pattern.pattern for _, pattern in _DAY))
_UNITS: Final = {
    spelling: name
    for name, spellings in {
        "公斤": "公斤 千克 kg",
        "斤": "斤",
        "克": "克",
        "元": "块钱 块 元",
        "毛": "毛 角",
        "厘米": "厘米 公分 cm",
        "公里": "公里",
        "米": "米",
        "度": "度",
        "号楼": "号楼 栋 幢",
        "单元": "单元",
        "楼": "楼 层",
        "室": "室",
        "天": "天 日",
        "周": "周",
        "年": "年",
        "月": "月",
        "折": "折",
        "%": "%",
        "个": "个 件 箱 瓶 袋 包 桶 罐 盒 捆 卷 条 张 只 枝 台 双 套 位 户 家",
    }.items()
    for spelling in spellings.split()
}
_NUMBER: Final = re.compile(
    rf"(?P<value>\d+(?:\.\d+)?)(?P<about>[来多几])?(?P<unit>{'|'.join(sorted(_UNITS, key=len, reverse=True))})?"
)
_SHARE: Final = re.compile(
    r"(?P<tenths>[一二三四五六七八九\d])成(?!本|为|了|功)|百分之(?P<hundredths>[零一二三四五六七八九十\d]+)"
)
_APPROXIMATE: Final = re.compile("[二三四五六七八九]?十(?=[来多几])|[百千](?=[来多])")
_PLACE: Final = re.compile(
    "[路街道巷门楼苑园区站亭柜室间店厅桥村镇院层栋库厂岗台口]$|超市|小卖部|驿站|前台|物业|门卫|架上|消防栓|信箱|奶箱|车棚|快递柜|丰巢"
)
_NOUNS: Final = ("n", "nz", "ns", "nt", "nrt", "nr", "s", "nrfg", "ng")
_CONTENT: Final = (*_NOUNS, "v", "vn", "a", "an", "b", "z", "i", "l", "t", "f", "j")
_EMPTY_NOUNS: Final = frozenset(
    "时候 东西 事情 地方 样子 意思 问题 情况 办法 里头 外头 上头 下头 里面 外面 上面 下面 旁边 "
    "那边 这边 那里 这里 那儿 这儿 以后 以前 之后 之前 往后 左右 先生 女士 小姐 人家 客户 个人 自己 电话 快递 快递员 "
    "包裹 小时 钟头 分钟 公斤 短信 消息 原来 后边 前边 里边 大家 顶上 都行".split()
)
_LEFT_OVER: Final = re.compile("[二三四五六七八九十](?=[回次趟遍口])")
"""Numerals that normalisation leaves in words and that count all the same."""


@lru_cache(maxsize=1)
def _tagger() -> Any:
    import jieba
    import jieba.posseg  # 1 s: only when a text is checked

    jieba.setLogLevel(logging.WARNING)  # it announces its dictionary on stderr otherwise
    return jieba.posseg


@lru_cache(maxsize=512)
def facts_of(text: str) -> frozenset[Fact]:
    """All that a text states, in canonical form: 四点一刻 and 16:15 are one fact, so are 俩钟头 and 2小时."""
    plain = normalize(re.sub("俩", "两个", text)).text
    found = {Fact("day", name) for name, pattern in _DAY if pattern.search(plain)}
    found.update(Fact("name", match.group()) for match in NAME.finditer(plain))
    found.update(_words(_DAY_WORD.sub("　", NAME.sub("　", plain))))
    for pattern, facts in _READERS:
        found.update(fact for match in pattern.finditer(plain) for fact in facts(match))
        plain = pattern.sub("　", plain)  # what a clock time used is no bare number any more
    return frozenset(found)


def _spans(match: re.Match[str]) -> Iterable[Fact]:
    if match["half"]:
        minutes = 30.0
    elif match["hours"]:
        minutes = 60 * float(match["hours"].replace("一", "1")) + (30 if match["and"] or match["more"] else 0)
    elif match["quarters"]:
        minutes = 15.0 * float(value(match["quarters"]))
    else:
        minutes = float(match["minutes"])
    yield Fact("span", f"{minutes:g}")


def _clocks(match: re.Match[str]) -> Iterable[Fact]:
    minute = match["minute"] or match["colon"] or "0"
    if match["half"]:
        minute = "30"
    elif match["quarter"]:
        minute = str(15 * int(value(match["quarter"])))
    if int(match["hour"]) <= 24 and int(minute) < 60:
        yield Fact("clock", f"{int(match['hour']) % 12}:{int(minute):02}")
    else:
        yield Fact("number", match["hour"])


def _spoken(match: re.Match[str]) -> Iterable[Fact]:
    yield Fact("number", f"{value(match.group()):f}")


def _shares(match: re.Match[str]) -> Iterable[Fact]:
    yield Fact("number", f"{value(match['tenths'] or match['hundredths']) * (10 if match['tenths'] else 1):f}", "%")


def _numbers(match: re.Match[str]) -> Iterable[Fact]:
    digits = match["value"]
    if "." in digits:
        digits = digits.rstrip("0").rstrip(".")
    yield Fact("number", digits, _UNITS.get(match["unit"] or "", ""))


_READERS: Final[tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Iterable[Fact]]], ...]] = (
    (_SPAN, _spans),
    (_CLOCK, _clocks),
    (_SHARE, _shares),
    (_APPROXIMATE, _spoken),
    (_LEFT_OVER, _spoken),
    (_NUMBER, _numbers),
)


def _words(text: str) -> Iterable[Fact]:
    for token in _tagger().lcut(re.sub(r"[\d:.]+", " ", text)):
        word, tag = str(token.word), str(token.flag)
        if len(word) < 2 or word in _EMPTY_NOUNS or not re.fullmatch("[一-龥]+", word):
            continue
        if tag in _NOUNS or _PLACE.search(word):
            yield Fact("place" if tag in ("ns", "s") or _PLACE.search(word) else "thing", word)
        elif tag in _CONTENT:
            yield Fact("word", word)
