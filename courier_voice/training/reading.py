"""How a sentence has to be spelled for a synthesiser that takes the commoner reading of a character."""

from __future__ import annotations

import re
from functools import cache

from courier_voice.training.slots import lines

# Surnames read otherwise than the character alone, and a character of the same sound and tone.
_SURNAMES = {"曾": "增", "覃": "秦", "翟": "宅", "卜": "补", "仇": "求", "乐": "月"}
_NUMERAL = "零一二三四五六七八九十百两幺半"
_LENGTH = re.compile(rf"(?:(?<=[很全超太最])|(?<![\u4e00-\u9fff])|(?<=尺寸))长(?!一智)(?=[{_NUMERAL}是的])")
_WEIGHT = re.compile(rf"(?<=[{_NUMERAL}洞拐勾])重(?=[{_NUMERAL}])")


def respelled(text: str) -> str:
    """The text to hand to the synthesiser so that `text` is what is heard; as long as `text`, often the same.

    曾 before a title or a given name becomes 增 (zēng, not céng), 长 before a measure 常 (cháng, not zhǎng),
    重 after digits 众 (zhòng, not chóng).
    """
    text = _surname().sub(lambda match: _SURNAMES[match.group()], text)
    return _WEIGHT.sub("众", _LENGTH.sub("常", text))


@cache
def _surname() -> re.Pattern[str]:
    words = sorted((*lines("titles"), *lines("given_names")), key=len, reverse=True)
    return re.compile(rf"[{''.join(_SURNAMES)}](?={'|'.join(words)})|(?<=[小老阿大姓])[{''.join(_SURNAMES)}]")
