"""Places named by where the courier stands: 这栋楼, 这个单元, 这个小区, 这条路, 附近. Around the parcel at hand."""

from __future__ import annotations

import re
from typing import Final

from courier_voice.dialog.addresses import numbered

_THIS: Final = r"(?:这|本|该|同一?|我在的?|咱)(?:里|儿|边)?"
_KINDS: Final[tuple[tuple[str, re.Pattern[str]], ...]] = tuple(
    (kind, re.compile(words))
    for kind, words in (
        ("unit", rf"{_THIS}(?:一?个|一)?(?:单元|门洞|楼门|楼道)"),
        ("building", rf"{_THIS}(?:一?[个座]|一)?(?:[栋幢]|楼|座楼|大楼)(?:楼|里)?"),
        ("estate", rf"{_THIS}(?:一?[个座]|一)?(?:小区|院子?|大院|园区?|大厦|广场|村子?|社区|厂区?|学校)"),
        ("street", rf"{_THIS}(?:一?条|一|个)?(?:路|街|巷子?|胡同)"),
        ("near", r"附近|周围|周边|这一?(?:片|带|块儿?)|旁边"),
    )
)


def pointed(text: str) -> tuple[str, str] | None:
    """The kind of place a text points at and the words that do so; None when it names none so."""
    for kind, words in _KINDS:
        if match := words.search(text):
            return kind, match.group()
    return None


def around(kind: str, address: str) -> str:
    """The part of an address that a kind of place (see ``pointed``) means: 金城小区3号楼, 金城小区, 长江路."""
    marks = numbered(address)
    houses = [end for end, _, number_kind in marks if number_kind == "b"] or [e for e, _, k in marks if k == "n"]
    building = address[: houses[-1]] if houses else address
    if kind == "building":
        return building
    if kind == "unit":
        units = [end for end, _, number_kind in marks if number_kind == "u"]
        return address[: units[-1]] if units else building
    street = re.match(r".*?[路街巷道]", address)
    if kind == "street" and street:
        return street.group()
    yard = next((end for end, word, _ in marks if word.endswith("号院")), None)
    if yard and kind == "estate":
        return address[:yard]
    return address[: marks[0][0] - len(marks[0][1])] if marks else address
