"""What a spoken numeral is worth: 两千, 三千八, 一万二, 零点四, 七四幺六. For where one stands see ``spotting``.

The plain reading is cn2an's. WeTextProcessing's grammar was tried for the whole job: it knows no 两公斤三, 三斤半 or
四十三十二十, reads 四点一刻 as 4.1, rewrites units, and keeps no alignment with what was heard.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from functools import lru_cache
from itertools import pairwise

SPELLED = {"幺": "1", "洞": "0", "两": "2", "拐": "7", "勾": "9"}
"""Digits as couriers spell them, beside the plain ones."""

DIGIT = "零一二三四五六七八九0-9"
"""As part of a character class: one plain digit. The classes below likewise."""
NONZERO = "一二三四五六七八九"
SPELLING = DIGIT + "幺洞拐勾两"
CARDINAL = DIGIT + "两十百千万亿"
ANY = CARDINAL + "幺"
"""What makes its neighbour part of the same numeral; 洞, 拐 and 勾 do so only among digits."""

_PLAIN = dict(zip("零一二三四五六七八九", "0123456789", strict=True))
TO_DIGIT = str.maketrans({**_PLAIN, **SPELLED, **dict(zip("壹贰叁肆伍陆柒捌玖", "123456789", strict=True))})
_TO_HAN = str.maketrans("0123456789", "零一二三四五六七八九")
_POWER = {"百": 100, "千": 1000, "万": 10_000, "亿": 100_000_000}

_DECIMAL = re.compile(rf"([{CARDINAL}]+)[点.]([{DIGIT}]+)([百千万亿]?)")
_SPELLED = re.compile(rf"[{SPELLING}]+")
_ROUND = re.compile(r"(\d{2,})([百千万亿])([1-9一二三四五六七八九]?)")  # 12万, and 12万5 as a recogniser writes it
_NO_CARDINAL = re.compile(
    r"\d{2}|[零一二三四五六七八九两]{3}|[一二三四五六七八九两]{2}|^[百千万亿零]|[百千万亿]两$|两十|十两"
)


@lru_cache(maxsize=4096)
def value(numeral: str) -> Decimal:
    """The number one numeral stands for, spoken or Arabic or mixed (3千8, 1.2万); ValueError if it is not one."""
    if match := _DECIMAL.fullmatch(numeral):
        whole, part, power = match.groups()
        return Decimal(f"{value(whole):f}.{part.translate(TO_DIGIT)}") * _POWER.get(power, 1)
    if _SPELLED.fullmatch(numeral):
        return Decimal(numeral.translate(TO_DIGIT))
    if match := _ROUND.fullmatch(numeral):
        power = _POWER[match[2]]
        return Decimal(match[1]) * power + Decimal((match[3] or "0").translate(TO_DIGIT)) * power / 10
    han = numeral.translate(_TO_HAN)
    if _NO_CARDINAL.search(han):
        raise ValueError("not one spoken number")
    import cn2an  # 0.1 s to import: only when a numeral is there

    try:
        return Decimal(cn2an.cn2an(han, "smart"))
    except (ValueError, KeyError):  # KeyError: cn2an on 一亿二
        raise ValueError("not one spoken number") from None


def written(number: Decimal) -> str:
    """A number in plain digits, without trailing zeros: 3.50 -> 3.5, 1E+2 -> 100."""
    return f"{number.normalize():f}"


_ELEMENT = re.compile(
    r"[一二三四五六七八九两]百(?:零[一二三四五六七八九]|[一二三四五六七八九]?十[一二三四五六七八九]?|[一二三四五六七八九])?"
    r"|[一二三四五六七八九]?十[一二三四五六七八九]?"
)


def split_list(run: str) -> list[str]:
    """Two or three numbers said in one breath (四十三十二十: 40, 30, 20); empty if the run is no such list.

    Of all ways to cut, the one most like the sides of a box: three numbers, falling, none a bare 十 or 十几,
    since whoever says 四十三十二十 means no 43.
    """
    ways = [way for way in _cuts(run) if 2 <= len(way) <= 3]
    return min(ways, key=_oddness, default=[])


def _cuts(run: str) -> Iterator[list[str]]:
    if not run:
        yield []
    for end in range(1, min(len(run), 5) + 1):
        if _ELEMENT.fullmatch(run[:end]):
            yield from ([run[:end], *rest] for rest in _cuts(run[end:]))


def _oddness(way: list[str]) -> float:
    sizes = [value(part) for part in way]
    rises = [after / before for before, after in pairwise(sizes) if after > before]
    bare = [part[0] == "十" for part in way]
    rising = 1.2 * len(rises) + 0.6 * sum(ratio > 2 for ratio in rises)
    return 2 * (len(way) != 3) + rising + sum(bare) + sum(bare[1:-1]) + 0.5 * sum(size % 5 != 0 for size in sizes)
