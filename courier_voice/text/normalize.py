"""Heard text to normalised text: simplified script, half width, no stray spaces, digits where digits are meant."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from courier_voice.core.words import Edit, Utterance
from courier_voice.text.numerals import ANY, NONZERO, SPELLING
from courier_voice.text.spotting import rewrite

_HAN = r"\u3007\u3400-\u9fff"
_KEPT = "，。！？：；（）、…—～“”‘’《》【】·"
"""Chinese punctuation that keeps its width: it reads better, and NFKC would break ``……`` into six dots."""
_WIDE_RUN = re.compile(rf"[^{_KEPT}]+")
_SPACES_AT_HAN = re.compile(rf"(?<=[{_HAN}{_KEPT}]) | (?=[{_HAN}{_KEPT}])")
_PAUSE = re.compile(
    rf"(?:(?<=[十百])|(?<=[十百][{NONZERO}])) (?=[{NONZERO}两]?[十百])|(?<=[0-9]) (?=[{ANY}])|(?<=[{ANY}]) (?=[0-9])"
)
_SPACED_DIGITS = re.compile(rf"(?<![{ANY}.])[{SPELLING}](?: [{SPELLING}]){{3,}}(?![{ANY}.])")
_VARIANTS = str.maketrans({"妳": "你", "麽": "么", "〇": "零"})
_ZHE = re.compile("(?<![显名原专巨论编卓昭土合拙译遗所])著(?![名作称述书者有])")
"""Taiwan's 著 for 着 (曬著), which Whisper likes to write and t2s leaves; 著名 and 名著 stay."""
_FINAL = re.compile(r"[啊吧了]+$")
_REST = str.maketrans("零一二三四五六七八九两", "01234567892")


@lru_cache(maxsize=1)
def _converter() -> Any:
    import opencc  # only when text comes in

    return opencc.OpenCC("t2s")  # tw2s would spoil simplified text: 什么 becomes 什幺, 抬 becomes 擡


def to_simplified(text: str) -> str:
    """``text`` in simplified characters; words and everything that is not Chinese stay."""
    simplified: str = _converter().convert(text)
    return _ZHE.sub("着", simplified.translate(_VARIANTS).replace("甚么", "什么"))


def _tidy(heard: str) -> str:
    text = to_simplified(_WIDE_RUN.sub(lambda m: unicodedata.normalize("NFKC", m.group()), heard))
    text = " ".join(text.replace("\0", " ").split())
    text = _SPACED_DIGITS.sub(lambda m: m.group().replace(" ", ""), text)
    text = _PAUSE.sub("\0", text)  # 四十 三十 二十, 7416 两箱: without the pause two numbers would be one
    return _SPACES_AT_HAN.sub("", text).replace("\0", " ")


def normalize(heard: str, nbest: Sequence[str] = ()) -> Utterance:
    """What was heard beside its normalised text; ``nbest`` are other readings, best first, normalised alike.

    Both texts are simplified and free of stray spaces; they differ in numerals only, as ``edits`` say.
    """
    tidy = _tidy(heard)
    text, edits = _with_digits(tidy)
    others = dict.fromkeys(_with_digits(_tidy(other))[0] for other in nbest)
    others.pop(text, None)
    return Utterance(heard=tidy, text=text, edits=edits, nbest=tuple(others))


def _with_digits(text: str) -> tuple[str, tuple[Edit, ...]]:
    parts: list[str] = []
    edits: list[Edit] = []
    done = length = 0
    for start, end, digits in rewrite(text):
        length += start - done
        parts += text[done:start], digits
        edits.append(Edit(start, end, length, length + len(digits)))
        length += len(digits)
        done = end
    parts.append(text[done:])
    return "".join(parts), tuple(edits)


def comparable(text: str) -> str:
    """``text`` as scoring compares it: simplified, Arabic numerals, half width, no punctuation or spaces,
    no final 啊/吧/了.

    Every numeral becomes Arabic here, those of proper names and idioms too, so that 一楼, 1楼, 八一路 and 81路
    compare alike whoever wrote them.
    """
    flat = unicodedata.normalize("NFKC", normalize(text).text)
    bare = "".join(char for char in flat if unicodedata.category(char)[0] in "LNM" or char in ".%")
    bare = re.sub(r"(?<!\d)\.|\.(?!\d)", "", bare)
    return _FINAL.sub("", bare).translate(_REST)
