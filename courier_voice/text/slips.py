"""Digits misheard as their homophones, put right where what stands around them leaves no doubt."""

from __future__ import annotations

import re

from courier_voice.text.numerals import ANY, NONZERO, SPELLING

_FORMAL = str.maketrans("壹贰叁肆柒捌玖拾佰仟", "一二三四七八九十百千")
"""Cheque numerals, less 伍 and 陆, which are surnames first."""
_LIKE = {"零": "灵铃", "幺": "要腰妖邀么", "三": "散伞", "四": "思斯", "五": "武舞伍", "六": "陆留溜流"}
_LIKE |= {"七": "妻", "八": "巴", "九": "久酒", "拐": "怪", "洞": "冻", "勾": "沟钩"}
_SOUNDS = {like: digit for digit, likes in _LIKE.items() for like in likes}
_MISHEARD = f"[{''.join(_SOUNDS)}]"
_NOT_A_SURNAME = "(?![先女老师小姐哥总经家])"
_TAIL = re.compile(
    rf"(?<![{ANY}洞拐勾])"
    rf"(?:[{SPELLING}]{_MISHEARD}[{SPELLING}]{{2}}|[{SPELLING}]{{2}}{_MISHEARD}[{SPELLING}]"
    rf"|[伍陆][{SPELLING}]{{3}}|[{SPELLING}]{{3}}[武舞伍陆腰妖]{_NOT_A_SURNAME})"
    rf"(?![{ANY}公斤克米块元件箱瓶袋盒个票单])"
)
_SIDE = re.compile(rf"(?<=[长宽高厚])([{NONZERO}])[是时石事]([{NONZERO}]?)(?=$|[，。、,. ]|[长宽高厚])")


def as_meant(heard: str) -> str:
    """``heard`` with misheard digits put right, character for character, so that positions stay.

    六七三武 is 六七三五: three digits and a homophone make a tail. 长三是五 is 长三十五.
    """

    def digits(match: re.Match[str]) -> str:
        return "".join(_SOUNDS.get(char, char) for char in match.group())

    return _SIDE.sub(r"\1十\2", _TAIL.sub(digits, heard.translate(_FORMAL)))
