"""Numbers as couriers say them, in Chinese numerals: what is spoken is what has to be written."""

from __future__ import annotations

from random import Random

DIGITS = "零一二三四五六七八九"
_UNITS = ("", "十", "百", "千")


def number(value: int, *, liang: bool = True) -> str:
    """A whole number from 0 to 99,999,999 in words: 120 → 一百二十, 2050 → 两千零五十.

    `liang` says 两百, 两千, 两万 instead of 二百, 二千, 二万. Raises ValueError outside the range.
    """
    if not 0 <= value < 10**8:
        raise ValueError(f"a number from 0 to 99,999,999 is needed, not {value}")
    if value == 0:
        return "零"
    high, low = divmod(value, 10000)
    if not high:
        return _below_10000(low, liang)
    head = "两" if liang and high == 2 else _below_10000(high, liang)
    tail = "" if not low else ("零" if low < 1000 else "") + _inner(low, liang)
    return head + "万" + tail


def _below_10000(value: int, liang: bool) -> str:
    said = _inner(value, liang)
    return said.removeprefix("一") if said.startswith("一十") else said


def _inner(value: int, liang: bool) -> str:
    said, gap = "", False
    for place in (3, 2, 1, 0):
        digit = value // 10**place % 10
        if not digit:
            gap = bool(said)
            continue
        two = liang and digit == 2 and place >= 2
        said += ("零" if gap else "") + ("两" if two else DIGITS[digit]) + _UNITS[place]
        gap = False
    return said


def count(value: int) -> str:
    """A number before a measure word: 2 → 两 (两件), otherwise as `number`."""
    return "两" if value == 2 else number(value)


def spelled(digits: str, *, yao: bool, slang: Random | None = None) -> str:
    """Digits one by one. `yao` says 幺 for 1; `slang` now and then says 洞 0, 拐 7, 勾 9, 两 2."""
    said = "".join(DIGITS[int(digit)] for digit in digits)
    if yao:
        said = said.replace("一", "幺")
    if slang is not None:
        for plain, radio in zip("零七九二", "洞拐勾两", strict=True):
            if slang.random() < 0.5:
                said = said.replace(plain, radio)
    return said


def decimal(value: str) -> str:
    """A decimal figure, "3.5" → 三点五; whole parts as `number`."""
    whole, _, part = value.partition(".")
    return number(int(whole)) + (f"点{spelled(part, yao=False)}" if part else "")
