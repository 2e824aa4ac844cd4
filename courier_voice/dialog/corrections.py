"""Self-corrections inside a dictation: of 两百一，不对，两百一十九 only the last value stays."""

from __future__ import annotations

import re
from typing import Final

from courier_voice.text.normalize import normalize

_UNIT: Final = r"(?:号楼|单元|公斤|小时|钟头|分钟|号门|[点块元斤克栋幢楼层号室门件箱包袋瓶天路街])"
_DAY: Final = (
    r"(?:(?:大前|大后|前|昨|今|明|后)(?:天|儿|日)?(?:早上|上午|中午|下午|傍晚|晚上|早|晚)?|"
    r"(?:周|星期|礼拜)[一二三四五六日天]|早上|上午|中午|下午|傍晚|晚上)"
)
_DATE: Final = re.compile(r"大?后天|[明今][天早晚]|(?:下下?个?)?(?:周|星期|礼拜)[一二三四五六日天]|(?:\d+月)?\d+[号日]")
_HOUR: Final = re.compile(r"早上|上午|中午|下午|傍晚|晚上|\d{1,2}点")
_CLOCK: Final = rf"(?:{_DAY})?\d{{1,2}}点(?:半|[一三]刻|\d{{1,2}}分?)?"
_AMOUNT: Final = rf"\d+(?:\.\d+)?{_UNIT}*"
_VALUE: Final = re.compile(rf"{_CLOCK}|{_DAY}|{_AMOUNT}")
_SIGN: Final = (
    r"(?:不对不对|不对|不不不?|不是不是|[哦噢啊呃哎唉诶嗯]不[是对]?|错了错了|错了|说错了|口误|讲错了|记错了|搞错了|看错了|更正一下|"
    r"更正|应该是|改成)"
)
_HESITATION: Final = r"(?:呃|嗯|额|哦|噢|啊)"
_BETWEEN: Final = re.compile(
    rf"[，,。\s]*{_HESITATION}?[，,]?{_SIGN}(?:[，,]?(?:{_SIGN}))*[，,。\s]*(?:应该)?(?:是)?|"
    rf"[，,]不是[，,]+(?:是)?|(?<=[\d点块元半刻分])[，,]+(?:{_HESITATION}|不)[，,]+(?=\d)"
)
_RATHER: Final = re.compile(
    r"^(?:错了|不对|说错了|[，,])*不是(?P<old>[^，,]{1,8}?)[，,]?(?:而)?是(?P<new>[^，,]{1,8})(?=[，,。]|$)"
)


def resolve_corrections(text: str) -> str:
    """``text`` (normalised) with every value that was taken back replaced by the one that followed it."""
    if match := _RATHER.match(text):
        text = match["new"] + text[match.end() :]
    start = 0
    while match := _BETWEEN.search(text, start):
        before, after = text[: match.start()], text[match.end() :]
        if not after or not before or not _is_correction(before, match.group(), after):
            start = match.end()
            continue
        kept = _taken_back(before, after)
        text, start = kept + after, len(kept)
    return text


def revalued(old: str, new: str) -> str:
    """A text put right: a value takes the place of its like (二十分钟到 in 我十分钟到), other words that of all."""
    text, said = normalize(old).text, normalize(new).text
    value = _VALUE.match(said)
    alike = [m for m in _VALUE.finditer(text) if value and _kind(m.group()) == _kind(value.group())]
    if value is None or len(alike) != 1:
        return new
    rest = said[value.end() :]
    if rest and not text[alike[0].end() :].startswith(rest):
        return new
    return text[: alike[0].start()] + value.group() + text[alike[0].end() :]


def redated(old: str, new: str) -> str:
    """A new time of day keeps the day already told: 上午10点 after 明天下午3点 is 明天上午10点."""
    day = _DATE.match(old)
    if day is None or _DATE.search(new) or not _HOUR.match(new):
        return new
    return day.group()[:-1] + "天" + new if day.group()[-1] in "早晚" else day.group() + new


def _is_correction(before: str, sign: str, after: str) -> bool:
    """地址不对，麻烦重发 corrects nothing: a sign stands alone between commas, or between two values."""
    if sign[0] in "，,。 " and (sign[-1] in "，,。 是" or _VALUE.match(after)):
        return True
    return bool(_ends_in_value(before) and _VALUE.match(after))


def _ends_in_value(before: str) -> re.Match[str] | None:
    return next((m for m in _VALUE.finditer(before) if m.end() == len(before)), None)


def _taken_back(before: str, after: str) -> str:
    """What of ``before`` stands: up to the value, or the words, that ``after`` says anew."""
    head = re.split(r"[，,。]", after)[0]
    if new := _VALUE.match(head):
        same_kind = [m for m in _VALUE.finditer(before) if _kind(m.group()) == _kind(new.group())]
        if same_kind:
            old = same_kind[-1]
            rest = before[old.end() :]
            return before[: old.start()] if len(rest) <= 4 else before
    clause = max(before.rfind("，"), before.rfind(","), before.rfind("。")) + 1
    for size in range(min(6, len(head)), 0, -1):  # 放物业，不对，放便利店: said anew from 放 on
        at = before.rfind(head[:size], clause)
        if at >= 0:
            return before[:at]
    for size in range(min(4, len(head)), 0, -1):  # 给王姐，不对，李姐: alike in its end
        if before.endswith(head[-size:]) or (len(head) > size and before.endswith(head[:4][-size:])):
            return before[: max(clause, len(before) - len(head))]
    return before[:clause]


def _kind(value: str) -> str:
    """Clock times, days and bare numbers each replace their own kind; numbers by unit, one without fits all."""
    if "点" in value:
        return "clock"
    if not re.search(r"\d", value):
        return "day"
    return "number"
