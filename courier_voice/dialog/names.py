"""Matching a customer as called (王女士, 李哥, 老程, 张伟) against the names on the list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from courier_voice.core.parcels import Parcel, surname
from courier_voice.text.phonetics import pinyin

FEMALE: Final = (
    "女士",
    "小姐",
    "大姐",
    "阿姨",
    "大娘",
    "大妈",
    "奶奶",
    "太太",
    "大婶",
    "姐",
    "姨",
    "婶",
    "妹",
    "嫂",
    "嫂子",
)
MALE: Final = ("先生", "大哥", "大爷", "大叔", "爷爷", "大伯", "哥", "叔", "伯", "爷", "弟")
EITHER: Final = (
    "师傅",
    "老板",
    "经理",
    "老师",
    "主任",
    "医生",
    "律师",
    "总",
    "工",
    "家",
    "同学",
    "店长",
    "站长",
    "会计",
)
HONORIFICS: Final = tuple(sorted(FEMALE + MALE + EITHER, key=len, reverse=True))


def split_name(name: str) -> tuple[str, str | None]:
    """The bare name and the gender its honorific tells: 胡姐 → (胡, female), 老程 → (程, None)."""
    for honorific in HONORIFICS:
        if name.endswith(honorific) and len(name) > len(honorific):
            gender = "female" if honorific in FEMALE else "male" if honorific in MALE else None
            return name[: -len(honorific)], gender
    if name[:1] in "老小阿姓" and len(name) > 1 and len(name) - 1 == len(surname(name[1:] + "氏")):
        return name[1:], None
    return name, None


def by_name(name: str, parcels: Sequence[Parcel]) -> tuple[Parcel, ...]:
    """Whose customer is called so; written alike goes before sounding alike, never both."""
    bare, gender = split_name(name)
    fits = [p for p in parcels if gender is None or p.gender == gender]
    sound = pinyin(bare)
    levels = (
        lambda p: p.customer == bare,
        lambda p: surname(p.customer) == bare,
        lambda p: len(bare) > 1 and bare in p.customer,
        lambda p: pinyin(p.customer) == sound,
        lambda p: pinyin(surname(p.customer)) == sound,
    )
    for same in levels:
        found = tuple(p for p in fits if same(p))
        if found:
            return found
    return ()
