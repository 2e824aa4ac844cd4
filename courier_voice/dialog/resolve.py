"""Who is meant: a target as said → parcels of today's list. Several is an answer too; a guess is not."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from courier_voice.core.parcels import Day, Parcel, surname
from courier_voice.dialog.addresses import by_address, parts
from courier_voice.dialog.names import FEMALE, HONORIFICS, MALE, by_name
from courier_voice.text.phonetics import find_by_sound

ORDINAL: Final = re.compile(r"(?:第\s?|^)([一二三四五六七八九十两\d]+)\s?(?:个|户|家|单|件|票|位|条|号)?")
_LAST: Final = re.compile(r"(最后|末尾)(一|那)?(个|户|家|单|件|票|位)")
_DIGITS: Final = {c: n for n, c in enumerate("零一二三四五六七八九十")} | {"两": 2}
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

    A tail of fewer than ``shortest_tail`` digits names nobody: it may fit a parcel by chance.
    """
    tail, name, address, ref = (str(target.get(k) or "") for k in ("tail", "name", "address", "ref"))
    found: tuple[Parcel, ...] = day.in_route_order()
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
            return Resolved((), f"没找到{address}" + (f"的{name}" if name else ""))
    if ref == "all":
        return Resolved(found, "" if found else "没有还没送的件", group=True)
    if ref and not (tail or name or address):
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


def ordinal(text: str, count: int) -> int | None:
    """The place in a list of ``count`` that an ordinal in the text points to, from 0."""
    if _LAST.search(text):
        return count - 1
    match = re.search(r"第\s?([一二三四五六七八九十两\d]+)\s?(?:个|户|家|单|件|票|位|条)?", text)
    if match is None:
        return None
    said = match[1]
    number = int(said) if said.isdigit() else _DIGITS.get(said, 0)
    return number - 1 if 1 <= number <= count else None


def choose(text: str, candidates: Sequence[Parcel]) -> tuple[Parcel, ...]:
    """Those candidates that the words single out best: 女士那个, 金城小区的, 第二个, 零四结尾的."""
    place = ordinal(text, len(candidates))
    if place is None and re.fullmatch(r"[一二三四五六七八九1-9][号个]?[。吧]?", text):
        number = int(text[0]) if text[0].isdigit() else _DIGITS[text[0]]
        place = number - 1 if number <= len(candidates) else None
    if place is not None:
        return (candidates[place],)
    scores = [_evidence(text, p, candidates) for p in candidates]
    best = max(scores, default=0)
    return tuple(p for p, score in zip(candidates, scores, strict=True) if score == best) if best > 0 else ()


def _features(parcel: Parcel) -> frozenset[str]:
    there = parts(parcel.address)
    words = {parcel.customer, surname(parcel.customer), *there.places, parcel.tail, parcel.item or parcel.tail}
    words |= {number for number, _ in there.numbers}
    words |= set(FEMALE if parcel.gender == "female" else MALE) | {"女" if parcel.gender == "female" else "男"}
    words |= {"取件", "揽收", "收件"} if parcel.kind == "pickup" else {"派件", "送的"}
    return frozenset(words)


def _evidence(text: str, parcel: Parcel, candidates: Sequence[Parcel]) -> int:
    """Length of the words of this parcel in the text that not every candidate shares."""
    shared = frozenset.intersection(*(_features(p) for p in candidates))
    score = 0
    for word in _features(parcel) - shared:
        if word.isdigit():
            score += len(word) * 2 if re.search(rf"(?<!\d){word}(?!\d)", text) else 0
        elif word in text:
            score += len(word) * 2
        elif len(word) > 1 and (found := find_by_sound(word, text)) and found[2] == 0:
            score += len(word)
    tails = [run for run in re.findall(r"\d{2,}", text) if parcel.waybill.endswith(run)]
    return score + 4 * len(tails)


def mentioned(text: str, day: Day) -> dict[str, str]:
    """A target named in a bare answer (发廖女士, 六六八八那个, 下一单); empty when none is."""
    for run in re.findall(r"(?<!\d)\d{4}(?!\d)", text):
        return {"tail": run}
    for parcel in day.parcels:
        if parcel.customer in text:
            return {"name": parcel.customer}
    for family in sorted({surname(p.customer) for p in day.parcels}, key=len, reverse=True):
        for honorific in HONORIFICS:
            if family + honorific in text:
                return {"name": family + honorific}
    for ref, words in _REFS:
        if any(word in text for word in words):
            return {"ref": ref}
    for parcel in day.parcels:
        for place in parts(parcel.address).places:
            if len(place) > 1 and place in text:
                return {"address": text[text.index(place) :].rstrip("的呢吧。，")}
    return {}
