"""Somebody nobody has, who sounds like somebody on today's list: asked about (是尾号6688的李先生吗), never swapped."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence, Set
from dataclasses import replace
from typing import Final

from courier_voice.core.parcels import Day, Parcel, surname
from courier_voice.core.turn import Draft, Understanding
from courier_voice.core.words import Utterance
from courier_voice.dialog.addresses import by_address, parts
from courier_voice.dialog.context import affirms
from courier_voice.dialog.hearings import UNSURE, Choice
from courier_voice.dialog.memory import Asking, Memory
from courier_voice.dialog.names import split_name
from courier_voice.dialog.phrasing import choice_question, is_it
from courier_voice.dialog.policy import Action, Ask, Perform, Say
from courier_voice.dialog.resolve import resolve
from courier_voice.text.numerals import TO_DIGIT
from courier_voice.text.phonetics import pinyin, sound_distance

CONFUSED: Final = frozenset(frozenset(pair) for pair in ("17", "69", "06", "34", "02", "28", "01"))
"""Digits taken for each other: 一/七, 六/九, 零/六, 三/四, 零/二, 二/八 in noise, and 洞/幺 on bad lines."""
NAME_ALIKE: Final = 0.16
"""One syllable, confused in one half: 陈 and 程, 彭 and 盆."""
ADDRESS_ALIKE: Final = 0.2
RIVALS: Final = 0.2
"""Two names within this distance of what was heard: neither is written for it (长宁路 may be read like 常宁路)."""
MOST: Final = 3
"""More than so many parcels are no question."""


SURE_CALL: Final = 0.5
"""A call goes out without a yes: to a name, place or 下一单 read less surely than this, it is asked about first."""


def nearly(said: str, tail: str) -> bool:
    """Whether a tail may be misheard as another: one digit confused, one too many, or one of a double digit lost."""
    if len(said) == len(tail):
        differ = [frozenset(pair) for pair in zip(said, tail, strict=True) if pair[0] != pair[1]]
        return len(differ) == 1 and differ[0] in CONFUSED
    if len(said) == len(tail) + 1:
        return any(said[:n] + said[n + 1 :] == tail for n in range(len(said)))
    doubled = [n for n in range(1, len(tail)) if tail[n] == tail[n - 1]]
    return any(tail[:n] + tail[n + 1 :] == said for n in doubled)


def alike(target: Mapping[str, object], day: Day) -> tuple[Parcel, ...]:
    """Parcels that sound like the one named; all else that is said of it (a name beside a tail) must fit."""
    if target.keys() & {"ref", "among"}:
        return ()
    found: tuple[Parcel, ...] = day.in_route_order()
    for slot, value in target.items():
        exact = resolve({slot: value}, day, None).parcels
        near = exact or _NEAR[slot](str(value), found)
        found = tuple(p for p in found if p in near)
    return found


def _near_tail(said: str, parcels: Sequence[Parcel]) -> tuple[Parcel, ...]:
    return tuple(p for p in parcels if nearly(said, p.tail))


def _near_name(said: str, parcels: Sequence[Parcel]) -> tuple[Parcel, ...]:
    bare, gender = split_name(said)
    fits = [p for p in parcels if gender is None or p.gender == gender]
    return tuple(p for p in fits if any(_alike(bare, name) for name in (p.customer, surname(p.customer))))


def _alike(one: str, other: str) -> bool:
    return len(one) == len(other) and sound_distance(one, other) * len(one) <= NAME_ALIKE


def _near_address(said: str, parcels: Sequence[Parcel]) -> tuple[Parcel, ...]:
    return by_address(said, parcels, ADDRESS_ALIKE)


_NEAR: Final = {"tail": _near_tail, "name": _near_name, "address": _near_address}


def in_doubt(choice: Choice, asked: Asking | None) -> bool:
    """Whether a number was heard unsurely. Not where he answers 是尾号6688的李先生吗, or it would be asked for ever."""
    if asked is not None and asked.draft.slots.get("target"):
        return False
    sure, text = choice.hearing.logprob, choice.hearing.utterance.text
    return sure is not None and sure < UNSURE and bool(re.search(r"\d{3}", text))


def question(draft: Draft, choice: Choice, action: Action, day: Day, *, unsure: bool = False) -> Ask | None:
    """What to ask instead of doing ``action``: which of those the words may mean, or whether somebody alike is meant;
    or None.

    ``unsure``: the numbers were heard badly; a call to a tail then is asked about."""
    among: Sequence[Parcel] = choice.among
    target = draft.slots.get("target")
    if not isinstance(target, Mapping):
        return None
    if len(among) > 1:
        waybills = tuple(parcel.waybill for parcel in among)
        return Ask(choice_question(among, numbered=False), Asking(draft, "target", waybills))
    refused = isinstance(action, Say) and action.kind == "reject" and not resolve(target, day, None, "any", 3).parcels
    if isinstance(action, Perform) and draft.intent == "dial":
        said = choice.hearing.utterance.text
        doubted = unsure if "tail" in target else draft.confidence < SURE_CALL or _remains(said, target, action.parcels)
        among = action.parcels if doubted else among
    parcels = tuple(among) or (alike(target, day) if refused else ())
    if len(parcels) != 1:
        return _which(draft, parcels, action)
    (parcel,) = parcels
    meant = Draft(draft.intent, {**draft.slots, "target": {"tail": parcel.waybill}})
    before = action.said if isinstance(action, Say) else ""
    return Ask(before + is_it(parcel), Asking(meant, "target"))


def _remains(said: str, target: Mapping[str, object], parcels: Sequence[Parcel]) -> bool:
    """Whether digits beside the name are nobody's of these: what is left of a tail the name was heard for."""
    name = re.escape(str(target.get("name") or ""))
    beside = re.findall(rf"{name}的?(\d{{2,}})|(\d{{2,}})的?{name}", said.translate(TO_DIGIT)) if name else ()
    return any(not all(run in p.waybill or run in p.address for p in parcels) for run in map("".join, beside))


def _which(draft: Draft, parcels: Sequence[Parcel], action: Action) -> Ask | None:
    if not 1 < len(parcels) <= MOST or not isinstance(action, Say):
        return None
    waybills = tuple(parcel.waybill for parcel in parcels)
    said = action.said + choice_question(parcels, numbered=False)
    return Ask(said, Asking(draft, "target", waybills))


def spelled(understanding: Understanding, day: Day) -> Understanding:
    """The same with names and places written as on today's list, where one alone sounds the same: 丰林里 for 枫林里."""
    return replace(understanding, drafts=tuple(_spelled(draft, day) for draft in understanding.drafts))


def _spelled(draft: Draft, day: Day) -> Draft:
    slots = dict(draft.slots)
    if isinstance(slots.get("area"), str):
        slots["area"] = _place_as_listed(str(slots["area"]), day)
    target = slots.get("target")
    if isinstance(target, Mapping):
        target = dict(target)
        if "name" in target:
            target["name"] = _name_as_listed(target["name"], day)
        if "address" in target:
            target["address"] = _place_as_listed(target["address"], day)
        slots["target"] = target
    return replace(draft, slots=slots)


def _name_as_listed(said: str, day: Day) -> str:
    bare, _ = split_name(said)
    names = {name for p in day.parcels for name in (p.customer, surname(p.customer))}
    return said.replace(bare, _only_alike(bare, names), 1)


def _place_as_listed(said: str, day: Day) -> str:
    places = {place for p in day.parcels for place in parts(p.address).places}
    for place in parts(said).places:
        if not any(place in known for known in places):
            said = said.replace(place, _only_alike(place, places), 1)
    return said


def _only_alike(said: str, known: Set[str]) -> str:
    """The one of ``known`` that sounds the same, if no other nearly does; ``said`` itself else."""
    if said in known or not pinyin(said):
        return said
    near = {word: sound_distance(word, said) for word in known}
    alike = [word for word, distance in near.items() if distance <= RIVALS]
    return alike[0] if len(alike) == 1 and near[alike[0]] == 0 else said


def settled(utterance: Utterance, memory: Memory) -> Draft | None:
    """What a yes to 是尾号6688的李先生吗 says; None when no such question is open."""
    asking = memory.asking
    if asking is None or not asking.by_yes or memory.proposals:
        return None
    return asking.draft if affirms(utterance.heard) else None
