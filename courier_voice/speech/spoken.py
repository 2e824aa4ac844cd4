"""Display text to the words a voice says: digits one by one where they name, as quantities where they count."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from typing import Final

import cn2an

_DIGITS: Final = dict(zip("0123456789", "零一二三四五六七八九", strict=True))
_LETTERS: Final = dict(
    zip(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        "诶 必 西 弟 义 艾弗 记 诶曲 艾 杰 开 艾欧 艾姆 恩 欧 批 克由 阿尔 艾斯 踢 优 维 达不溜 艾克斯 歪 贼德".split(),
        strict=True,
    )
)
_UNITS: Final = {
    "kg": "公斤",
    "cm": "厘米",
    "km": "公里",
    "mm": "毫米",
    "g": "克",
    "m": "米",
    "h": "小时",
    "min": "分钟",
}
_PAIRED: Final = tuple(
    "公斤 斤 克 吨 元 块 件 单 票 户 家 个 箱 包 袋 瓶 份 条 次 天 小时 分钟 点 位 人 米 公里 厘米 遍 趟".split()
)
"""Units before which two is 两, not 二."""


def digit_by_digit(digits: str, *, radio: bool = False) -> str:
    """``2703`` as 二七零三; with ``radio`` 1 is 幺, as numbers are read over the phone."""
    words = "".join(_DIGITS.get(d, d) for d in digits)
    return words.replace("一", "幺") if radio else words


def quantity(number: str) -> str:
    """``2.8`` as 二点八, ``219`` as 二百一十九, ``2000`` as 两千."""
    if len(number.split(".")[0]) > 12:
        return digit_by_digit(number)
    whole, _, fraction = number.partition(".")
    words = str(cn2an.an2cn(whole, "low"))
    words = re.sub(r"^二(?=[千万亿])", "两", words)
    return f"{words}点{digit_by_digit(fraction)}" if fraction else words


def _radio(found: re.Match[str]) -> str:
    return found["before"] + digit_by_digit(found["n"], radio=True)


def _clock(found: re.Match[str]) -> str:
    hour, minute = quantity(str(int(found["h"]))), int(found["m"])
    hour = "两" if hour == "二" else hour
    if not minute:
        return f"{hour}点"
    return f"{hour}点{'零' if minute < 10 else ''}{quantity(str(minute))}分"


def _counted(found: re.Match[str]) -> str:
    unit = found["unit"]
    return ("两" if found["n"] == "2" and unit in _PAIRED else quantity(found["n"])) + unit


def _bare(found: re.Match[str]) -> str:
    digits = found["n"]
    named = "." not in digits and (len(digits) > 3 or (digits[0] == "0" and len(digits) > 1))
    return digit_by_digit(digits, radio=True) if named else quantity(digits)


_NUMBER: Final = r"(?P<n>\d+(?:\.\d+)?)"
_RULES: Final[tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...]] = tuple(
    (re.compile(pattern), to)
    for pattern, to in (
        (r"(?<=\d),(?=\d{3}(?!\d))", ""),
        (r"[¥￥]\s*(\d+(?:\.\d+)?)", r"\1元"),
        (r"(?<=\d)\s*(kg|cm|km|mm|min|g|m|h)(?![A-Za-z])", lambda m: _UNITS[m[1]]),
        (r"℃|°C", "摄氏度"),
        (r"(?<!\d)(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?!\d)", r"\1年\2月\3日"),
        (r"(?P<n>\d{4})(?=年)", lambda m: digit_by_digit(m["n"])),
        (r"(?<!\d)0(?=\d[月日])", ""),
        (r"(?<!\d)(?P<h>\d{1,2})[:：](?P<m>[0-5]\d)(?!\d)", _clock),
        (r"\d+(?:-\d+){2,}", lambda m: digit_by_digit(m[0], radio=True).replace("-", "杠")),
        (r"(?<=[\d点分度])\s*[-–—~～至]\s*(?=[\d零一二两三四五六七八九十])", "到"),
        (r"(?P<before>1[3-9]\d)\*{2,}(?P<n>\d+)", lambda m: digit_by_digit(f"{m['before']}，{m['n']}", radio=True)),
        (r"(?P<before>(?:尾号|后四位|单号|运单号?|号码|电话|手机号?|取件码|验证码)[是为:：\s]*)(?P<n>\d+)", _radio),
        (r"(?P<before>[A-Za-z])(?P<n>\d{4,})", _radio),
        (r"(?<=[楼栋幢座元排层号])(?P<n>\d{3,4})(?![\d.号楼栋幢座排米])", lambda m: digit_by_digit(m["n"])),
        (r"(?<![\d.])(?P<n>\d{3,4})(?=[室房])", lambda m: digit_by_digit(m["n"])),
        (r"(?<=\d)\s*[×xX*]\s*(?=\d)", "乘"),
        (rf"{_NUMBER}%", lambda m: "百分之" + quantity(m["n"])),
        (rf"(?<=第){_NUMBER}", lambda m: quantity(m["n"])),
        (rf"{_NUMBER}(?P<unit>{'|'.join(sorted(_PAIRED, key=len, reverse=True))})(?<!单(?=元))", _counted),
        (r"(?P<n>\d+)(?=[号楼栋幢座层排月日年条款项期路巷弄摄单])", lambda m: quantity(m["n"])),
        (_NUMBER, _bare),
        (r"[A-Za-z]", lambda m: _LETTERS[m[0].upper()]),
    )
)


def spoken(text: str) -> str:
    """The words to say for a text to show. Says the same when given its own result."""
    text = "".join(unicodedata.normalize("NFKC", c) if c.isalnum() else c for c in text)
    for pattern, to in _RULES:
        text = pattern.sub(to, text)
    return text


def clauses(text: str, limit: int = 60) -> Iterator[str]:
    """Cut a text at its sentence ends, and where that leaves more than ``limit`` characters at commas or anywhere."""
    for sentence in re.findall(r"[^。！？!?；;\n]+[。！？!?；;\n]*", text):
        piece = ""
        for part in re.findall(rf"[^，、：]{{1,{limit}}}[，、：]*", sentence):
            if piece and len(piece) + len(part) > limit:
                yield piece
                piece = ""
            piece += part
        if piece.strip():
            yield piece


def streamed(text: str, ready: Callable[[str], bool] = lambda piece: False, first: int = 14) -> Iterator[str]:
    """The clauses of a reply, the first one in pieces, so that its sound is there sooner: beginnings of it whose sound
    is ``ready`` (正在打给, 李先生，), the longest first; what is then left is cut at its first comma if it is long.
    """
    for number, clause in enumerate(clauses(text)):
        if not number:
            while piece := _beginning(clause, ready):
                yield piece
                clause = clause[len(piece) :]
            cut = re.match(r"[^，：]{2,}?[，：]", clause) if len(clause) > first else None
            if cut and cut.end() < len(clause):
                yield clause[: cut.end()]
                clause = clause[cut.end() :]
        if clause:
            yield clause


def _beginning(clause: str, ready: Callable[[str], bool]) -> str:
    """The longest beginning, or all of it, whose sound is ready; empty when there is none of two characters."""
    return next((clause[:end] for end in range(len(clause), 1, -1) if ready(clause[:end])), "")
