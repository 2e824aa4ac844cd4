"""From lines to blocks: which headings stand above a line, and which article or clause it belongs to."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import cn2an

from courier_voice.knowledge.parts import LINE_END, Part
from courier_voice.knowledge.words import Block

HAN = "一二三四五六七八九十百千零〇两"
ARTICLE = re.compile(rf"第\s?([{HAN}\d]+)\s?条(?:之[{HAN}]+)?")
NO_ARTICLE = re.compile(r"(规定|所称|所列|所述|第|和|及|与|或|至|的|中|、第)")
DIVISION = re.compile(rf"第\s?[{HAN}\d]+\s?(编|分编|部分|篇|章|节)(?=[\s:：]|[^的、，。和至]{{1,30}}$)")
CHINESE = re.compile(rf"([{HAN}]{{1,3}})、")
BRACKETED = re.compile(rf"[（(]([{HAN}]{{1,3}})[）)]")
DECIMAL = re.compile(r"(\d{1,2}(?:\.\d{1,2}){1,4})(?![\d.%]|\s?[a-zA-Z元天小公千万日岁])[.．、]?\s?")
SINGLE = re.compile(r"(\d{1,2})(?:[.．、](?!\d)|\s+(?=[\u4e00-\u9fff]))\s?")
APPENDED = re.compile(
    rf"((?:附件|附录|附表)\s?(?:[{HAN}\d]{{1,3}}|[A-Z])?)(?=[\s:：、]|$)|(表\s?\d+(?:[-.]\d+)?)(?=[\s:：、]|$)"
)
DEPTHS = {"编": 10, "篇": 10, "部分": 10, "分编": 11, "章": 12, "节": 13}
SPREAD = re.compile(r"(?<![^ ])[\u4e00-\u9fff](?: [\u4e00-\u9fff])+(?![^ ])")
"""Letters set wide: 总 则."""
APPENDIX, CLAUSE, NUMBERED = 12, 14, 16
"""Depths of headings that are known by their words alone: below every heading the format itself marks (1 to 9)."""
LONGEST_HEADING = 40


@dataclass
class _Place:
    """Where reading has got to."""

    headings: list[tuple[int, str]] = field(default_factory=list)
    section: str = ""
    article: int = 0
    item: int = 0
    bare: Part | None = None
    titled: bool = False


def blocks_of(parts: Sequence[Part], title: str) -> tuple[Block, ...]:
    """Blocks in reading order. The heading that is the title is in no path; a heading with nothing below it is a block
    of its own, so that no words are lost."""
    place = _Place()
    blocks: list[Block] = []
    for part in parts:
        if part.row:
            _add(blocks, place, part)
            continue
        level = part.level or _worded_level(part.text)
        heading = SPREAD.sub(lambda found: found[0].replace(" ", ""), part.text)
        short = len(part.text) <= LONGEST_HEADING and part.text[-1] not in LINE_END.replace("：", "")
        if level is None or not short:
            _number(place, part.text, heading=level is not None)
            _add(blocks, place, part)
            continue
        _flush(blocks, place, level)
        while place.headings and place.headings[-1][0] >= level:
            place.headings.pop()
        place.item = 0
        if part.text == title and not place.headings and not place.titled:
            place.titled = True
            continue
        if not _number(place, heading, heading=True):
            place.section = ""
        place.headings.append((level, heading))
        place.bare = part
    _flush(blocks, place, 0)
    return tuple(blocks)


def _add(blocks: list[Block], place: _Place, part: Part) -> None:
    place.bare = None
    path = tuple(text for _, text in place.headings)
    blocks.append(Block(part.text, path, place.section, part.page, part.row))


def _flush(blocks: list[Block], place: _Place, level: int) -> None:
    """A heading that is followed by one no deeper says something itself."""
    if place.bare is not None and place.headings and place.headings[-1][0] >= level:
        bare = place.bare
        place.headings.pop()
        _add(blocks, place, bare)


def _worded_level(text: str) -> int | None:
    """The depth of a line that is a heading by its words: 第三章, a short 一、… or 3.2 … without an end of sentence."""
    if found := DIVISION.match(text):
        return DEPTHS[found[1]]
    if len(text) > LONGEST_HEADING // 2 or text[-1] in LINE_END or re.search(r"[，。；]", text):
        return None
    if APPENDED.match(text) and not text.startswith("表"):
        return APPENDIX
    if CHINESE.match(text):
        return CLAUSE
    if BRACKETED.match(text):
        return None
    if found := DECIMAL.match(text):
        return NUMBERED + found[1].count(".")
    return None


def _number(place: _Place, text: str, heading: bool) -> bool:
    """Move to the article or clause ``text`` begins; whether it begins one.

    Articles outrank everything: （一） and 1. below one are its items. Below 3.2 or 一、 a 1. is an item too; （一）
    below 一、 is a clause of its own, 一（一）. A 1. at the top is a section, as is the number after the section's own.
    """
    if found := ARTICLE.match(text):
        number = _value(found[1])
        rest = text[found.end() :]
        in_order = number == place.article + 1 and not NO_ARTICLE.match(rest)
        if heading or not rest or rest[0] in " :：【（(" or in_order:
            place.section, place.article, place.item = found[0].replace(" ", ""), number, 0
            return True
        return False
    if place.section.startswith("第") and not heading:
        return False
    return _clause(place, text, heading)


def _clause(place: _Place, text: str, heading: bool) -> bool:
    numbered = re.fullmatch(r"\d+(\.\d+)*", place.section)
    if found := APPENDED.match(text):
        if found[2] and place.section and not place.section.startswith("表"):
            return False
        place.section = found[0].replace(" ", "")
    elif found := CHINESE.match(text):
        if numbered and not heading:
            return False
        place.section = found[1]
    elif found := BRACKETED.match(text):
        above = re.match(rf"[{HAN}]+|附件\w*", place.section)
        if numbered and not heading:
            return False
        place.section = f"{above[0] if above else ''}（{found[1]}）"
    elif found := DECIMAL.match(text):
        place.section = found[1]
    elif found := SINGLE.match(text):
        number = int(found[1])
        follows = numbered and number == int(place.section.split(".")[0]) + 1 and number != place.item + 1
        first = number == 1 and not place.section
        if not (heading or follows or first):
            place.item = number
            return False
        place.section = found[1]
    else:
        return False
    place.item = 0
    return True


def _value(number: str) -> int:
    return int(number) if number.isdecimal() else int(cn2an.cn2an(number.replace("〇", "零"), "smart"))
