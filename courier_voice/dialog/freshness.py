"""How long an effect may wait for the network and still mean what it meant."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

NEVER_LATE: Final = timedelta(0)
PRESENT: Final = timedelta(minutes=3)
"""A text about this very moment (到楼下了, 马上到)."""
LONGEST_SPAN: Final = timedelta(minutes=15)
APPOINTMENT: Final = timedelta(minutes=30)
"""A text that names a time of day (我三点四十到)."""
TODAY: Final = timedelta(hours=2)
"""Any other text: what was true this morning is news to nobody in the evening."""

_NUMBER: Final = r"(\d+|[一二两三四五六七八九十半几]+)"
_MINUTES: Final = re.compile(rf"{_NUMBER}(?:多|来)?(?:分钟|分(?=[后内到之就]))")
_HOURS: Final = re.compile(rf"{_NUMBER}个?(?:多)?(?:小时|钟头)")
_QUARTERS: Final = re.compile(r"([一二两三123])刻钟")
_CLOCK: Final = re.compile(r"(?:\d{1,2}|[一二两三四五六七八九十]{1,3})(?:点(?!儿?[了东西水吃心])|[:：]\d{2})")
_NOW: Final = re.compile(
    r"马上|立[刻即]|这就|就[来到下上]|快到|刚[到出]|到了|到(?:楼下|门口|路口)|在(?:楼下|门口|路口|门外|大堂)|楼下等|门口等|一会儿?|等[会下]|待会|稍等|"
    r"现在|正在|这会儿|眼下"
)
_HAN: Final = {c: n for n, c in enumerate("零一二三四五六七八九")} | {"两": 2, "几": 3}


def fresh_for(op: str, args: Mapping[str, object]) -> timedelta | None:
    """The time an effect stays good; None: for ever (a sign-off keeps its time of happening, however late it arrives).

    A text that names a span is good for half of it: at most 15 minutes, at least 2.
    """
    if op == "dial":
        return NEVER_LATE
    if op != "sms":
        return None
    message = str(args.get("message", ""))
    minutes = [_value(m[1]) for m in _MINUTES.finditer(message)]
    minutes += [60 * _value(m[1]) for m in _HOURS.finditer(message)]
    minutes += [15 * _value(m[1]) for m in _QUARTERS.finditer(message)]
    if minutes:
        return min(max(timedelta(minutes=min(minutes) / 2), timedelta(minutes=2)), LONGEST_SPAN)
    if _NOW.search(message):
        return PRESENT
    return APPOINTMENT if _CLOCK.search(message) else TODAY


def _value(said: str) -> float:
    """半 0.5, 十五 15, 二十 20, 12."""
    if said.isdigit():
        return float(said)
    if said == "半":
        return 0.5
    tens, ten, ones = said.rpartition("十")
    return float((_HAN.get(tens, 1) * 10 if ten else 0) + _HAN.get(ones[:1], 0)) or 3.0
