"""Who is meant: a target as said → parcels of today's list. Several is an answer too; a guess is not."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from courier_voice.core.parcels import Day, Parcel, surname
from courier_voice.dialog.addresses import by_address, parts
from courier_voice.dialog.names import HONORIFICS, by_name

_HOUSE: Final = re.compile(
    r"(?:\d+|[A-Za-z])(?:号楼|号院|栋|幢|座|单元|楼|层|排)(?:(?:\d+|[A-Za-z])(?:号楼|号院|栋|幢|座|单元|楼|层|排|号|室)?)*"
)
_DOORS: Final = re.compile(r"的?(?:(?:\d+|[A-Za-z])(?:号楼|号院|栋|幢|座|单元|楼|层|排|号|室)?)+")
_REFS: Final = (
    ("next", ("下一单", "下一家", "下一个", "下一户", "下一件", "下家")),
    ("previous", ("上一单", "上一家", "上一个", "上一户", "上一件", "刚才那", "刚送完")),
    ("current", ("这单", "这件", "这家", "这个", "这户", "他", "她", "那单")),
)


@dataclass(frozen=True)
class Resolved:
    """``parcels``: none (``why`` says so), one, or several to choose from — or, with ``group``, all of them."""

    parcels: tuple[Parcel, ...]
    why: str = ""
    group: bool = False


def resolve(
    target: Mapping[str, object], day: Day, focus: str | None, wants: str = "any", shortest_tail: int = 4
) -> Resolved:
    """Find the parcels a target names; ``wants`` breaks ties (see Intent.wants).

    A tail of fewer than ``shortest_tail`` digits names nobody: it may fit a parcel by chance. Besides what a model may
    fill in a target holds ``among``, waybills the dialogue has narrowed it to (前两个 over a list just read).
    """
    tail, name, address, ref = (str(target.get(k) or "") for k in ("tail", "name", "address", "ref"))
    found: tuple[Parcel, ...] = day.in_route_order()
    among = target.get("among")
    if isinstance(among, tuple):
        found = tuple(p for waybill in among for p in found if p.waybill == waybill)
        if not found:
            return Resolved((), "刚才没念到那么多")
    if ref == "all":
        found = tuple(p for p in found if p.state == "pending" and p.kind == "delivery")
    if 0 < len(tail) < shortest_tail:
        return Resolved((), f"尾号{tail}不全，请说四位")
    if tail:
        found = tuple(p for p in found if p.waybill.endswith(tail))
        if not found:
            return Resolved((), f"没有尾号{tail}的单子")
    if name:
        found = by_name(name, found)
        if not found:
            return Resolved((), f"没找到{name}" + (f"，尾号{tail}" if tail else ""))
    if address:
        found = by_address(address, found)
        if not found:
            nobody = f"{address}没有还没送的件" if ref == "all" else f"没找到{address}" + (f"的{name}" if name else "")
            return Resolved((), nobody)
    if ref == "all":
        return Resolved(found, "" if found else "没有还没送的件", group=True)
    if ref and not (tail or name or address or among):
        return _referred(ref, day, focus)
    if ref and len(found) > 1:
        pointed = _referred(ref, day, focus).parcels
        found = tuple(p for p in found if p in pointed) or found
    return Resolved(_prefer(found, wants))


def _prefer(found: tuple[Parcel, ...], wants: str) -> tuple[Parcel, ...]:
    """Fewer, when some fit what the intent is for better than others."""
    if len(found) > 1 and wants in ("pickup", "delivery"):
        found = tuple(p for p in found if p.kind == wants) or found
    if len(found) > 1:
        found = tuple(p for p in found if p.state == "pending") or found
    return found


def _referred(ref: str, day: Day, focus: str | None) -> Resolved:
    here = day.by_waybill(focus) or day.by_id(day.current)
    order = [p for p in day.in_route_order() if p.id in day.route]
    if ref == "current":
        return Resolved((here,)) if here else Resolved((), "还没说是哪一单")
    at = order.index(here) if here in order else -1
    if ref == "next":
        return Resolved((order[at + 1],)) if at + 1 < len(order) else Resolved((), "后面没有了")
    if at > 0:
        return Resolved((order[at - 1],))
    before = day.by_id(day.previous)
    return Resolved((before,)) if before else Resolved((), "前面没有了")


def mentioned(text: str, day: Day) -> dict[str, str]:
    """A target named in a bare answer (发廖女士, 六六八八那个, 五号楼的王女士, 下一单); empty when none is."""
    for run in re.findall(r"(?<!\d)\d{4}(?![\d多块元])", text):
        return {"tail": run}
    named = _name_in(text, day)
    there = _address_in(text.replace(named, "，", 1) if named else text, day)
    if named or there:
        return ({"name": named} if named else {}) | ({"address": there} if there else {})
    for ref, words in _REFS:
        if any(word in text for word in words):
            return {"ref": ref}
    return {}


def _name_in(text: str, day: Day) -> str:
    for parcel in day.parcels:
        if parcel.customer in text:
            return parcel.customer
    for family in sorted({surname(p.customer) for p in day.parcels}, key=len, reverse=True):
        for honorific in HONORIFICS:
            if family + honorific in text:
                return family + honorific
        if (
            match := re.search(rf"姓{family}|(?:老|小){family}(?![\u4e00-\u9fff])|{family}家(?!具|电|长|属)", text)
        ) is not None:
            return match.group()
    return ""


def _address_in(text: str, day: Day) -> str:
    """A place of the list with the numbers after it, or a house or floor alone (五号楼, 三楼的)."""
    places = {place for p in day.parcels for place in parts(p.address).places if len(place) > 1}
    found = [place for place in places if place in text]
    if found:
        place = max(found, key=len)
        doors = _DOORS.match(text, text.index(place) + len(place))
        return place + (doors.group().lstrip("的") if doors else "")
    house = _HOUSE.search(text)
    return house.group() if house else ""
