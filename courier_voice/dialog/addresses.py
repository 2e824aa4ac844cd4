"""Matching an address as said (翠湖小区5栋301, 5栋, C座22楼) against the addresses on the list."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from courier_voice.core.parcels import Parcel
from courier_voice.text.normalize import normalize
from courier_voice.text.phonetics import find_by_sound

_PART: Final = re.compile(r"(\d+|[A-Za-z])(号楼|号院|单元|栋|幢|座|排|楼|层|室|弄|号)?")
_CLASS: Final = {
    "号楼": "b",
    "栋": "b",
    "幢": "b",
    "座": "b",
    "号院": "n",
    "号": "n",
    "弄": "n",
    "单元": "u",
    "排": "r",
    "楼": "f",
    "层": "f",
}
_FILLER: Final = re.compile(r"那个|那家|那户|那边|这边|那里|住|的|在|里头|里面|[\s，,。]")
SOUNDS_ALIKE: Final = 0.12


@dataclass(frozen=True)
class Parts:
    """An address taken apart: place names, and numbers with the class of the word behind them."""

    places: tuple[str, ...]
    numbers: tuple[tuple[str, str], ...]


def parts(address: str) -> Parts:
    text = _FILLER.sub("", normalize(address).text)
    numbers = tuple((m[1].upper(), _CLASS.get(m[2] or "", "")) for m in _PART.finditer(text))
    places = tuple(piece for piece in re.split(r"\s+", _PART.sub(" ", text)) if piece)
    return Parts(places, numbers)


def numbered(address: str) -> tuple[tuple[int, str, str], ...]:
    """Where each number of an address ends, the number with its word, and the class of that word: (8, 3号楼, b)."""
    return tuple((m.end(), m.group(), _CLASS.get(m[2] or "", "")) for m in _PART.finditer(address))


def door(address: str) -> str:
    """An address without its place name: 4号楼1单元602."""
    first = _PART.search(address)
    return address[first.start() :] if first else ""


def by_address(address: str, parcels: Sequence[Parcel], alike: float = SOUNDS_ALIKE) -> tuple[Parcel, ...]:
    """Which parcels go there; a place written alike goes before one that sounds so, as near as ``alike``."""
    said = parts(address)
    if not said.places and not said.numbers:
        return ()
    fits = [p for p in parcels if _numbers_fit(said.numbers, parts(p.address).numbers)]
    written = tuple(p for p in fits if all(place in p.address for place in said.places))
    if written:
        return written
    return tuple(p for p in fits if all(_sounds_in(place, p.address, alike) for place in said.places))


def _sounds_in(place: str, address: str, alike: float) -> bool:
    found = find_by_sound(place, address)
    return found is not None and found[2] <= alike


def _numbers_fit(said: Sequence[tuple[str, str]], there: Sequence[tuple[str, str]]) -> bool:
    """Every number said is there, in the same order, under a word of the same class."""
    rest = list(there)
    for number, kind in said:
        while rest:
            other, other_kind = rest.pop(0)
            if _same(number, kind, other, other_kind):
                break
        else:
            return False
    return True


def _same(number: str, kind: str, other: str, other_kind: str) -> bool:
    if kind == "f" and other_kind in ("", "f") and len(other) == len(number) + 2:
        return other.startswith(number)  # 22楼 is where 2208 is
    loose = {kind, other_kind} <= {"b", "n", "f", ""}  # 4号 and 4楼 are said for 4号楼
    return number == other and (kind == other_kind or kind == "" or other_kind == "" or loose)
