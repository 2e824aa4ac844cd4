"""A draft's place in the dialogue: answers to questions, corrections, ellipsis, ordinals over a list just read."""

from __future__ import annotations

import re
from typing import Final

from courier_voice.core.parcels import Day
from courier_voice.core.turn import Draft
from courier_voice.core.words import Utterance
from courier_voice.dialog.addresses import SOUNDS_ALIKE, door, parts
from courier_voice.dialog.memory import Asking, Memory
from courier_voice.dialog.resolve import choose, mentioned, ordinal
from courier_voice.intents import BY_NAME
from courier_voice.text.phonetics import find_by_sound

_ELLIPSIS: Final = re.compile(r"^(?:那|那么|还有)?(.{2,16}?)(?:的)?呢[？?。]?$")
_SUBMIT: Final = re.compile(r"提交|填完了|录完了")
_NOT_SUBMIT: Final = re.compile(r"(别|不|先别|没|未)[^，。]{0,3}提交")
_BACKS_OUT: Final = re.compile(r"取消|撤|算了|作废|不[发签报要办用]|别[发签报办]|先不|停|打住")
"""While an effect waits, any of these without new slots lets it go: to drop one too many does no harm."""
_SAME_DOOR: Final = re.compile(r"(同|一样)[^，。]{0,3}(门牌|门号|房号|楼号|号)")
_ASSENT: Final = re.compile(
    r"对|好|行|可以|确[认定]|没问题|没错|没毛病|照|就[这按]|发|报|签|提交|办|是[她他它的这]|同意|[oO][kK]|嗯|成|填完|录完"
)
_NO_ASSENT: Final = re.compile(r"[不别您？?]|吗|没有|师傅|老板|大[爷妈姐哥叔]|阿姨|美女|帅哥|等")
_CORRECTS: Final = re.compile(r"不[对是]|错|改|换|应该|更正|[弄搞记看念说听]反|混|岔|走眼|重[新来说写]")
"""Words without which talk is no new wording of a text, place or note: it may be meant for somebody else."""
_AROUND: Final = re.compile(r"尾号|运单|单号|[给是的就吧呢那这个单件家户位，。！？]")
LONGEST_AROUND: Final = 2
LONGEST_YES: Final = 14
LONGEST_CHOICE: Final = 14
FREE_TEXT: Final = {"send_sms": "message", "sign_off": "place", "report_exception": "note"}
LONG_TEXTS: Final = frozenset(["message", "place", "note", "item"])


def affirms(said: str) -> bool:
    """Whether words can be a yes to a read-back: short, with a word of assent, to nobody else, not a question.

    A model may think so of any sentence; an effect goes out only when the words bear it.
    """
    return len(said) <= LONGEST_YES and bool(_ASSENT.search(said)) and not _NO_ASSENT.search(said)


def wants_submit(utterance: Utterance) -> bool:
    """提交 was said, and not 先别提交."""
    return bool(_SUBMIT.search(utterance.text)) and not _NOT_SUBMIT.search(utterance.text)


def answer(utterance: Utterance, memory: Memory, day: Day) -> Draft | None:
    """The draft a direct answer to the open question completes, without any model; None when it is no such answer."""
    asking = memory.asking
    text = utterance.text.strip("，。！？ ")
    if asking is None:
        return _ellipsis(text, memory, day)
    if asking.candidates and len(text) <= LONGEST_CHOICE:
        parcels = [p for w in asking.candidates if (p := day.by_waybill(w))]
        picked = choose(text, parcels)
        return _with_target(asking.draft, {"tail": picked[0].waybill}) if len(picked) == 1 else None
    if asking.slot == "target" and len(text) <= LONGEST_CHOICE:
        target = mentioned(text, day)
        return _with_target(asking.draft, target) if target and _only(text, target) else None
    if asking.slot in ("message", "place") and text:
        said = utterance.heard.strip("，。！？ ") if asking.slot == "message" else text
        return Draft(asking.draft.intent, {**asking.draft.slots, asking.slot: said})
    return None


def _only(text: str, target: dict[str, str]) -> bool:
    """Whether an answer holds little but its target: 发给廖女士 does, 九零二一到哪了 is another question."""
    for named in target.values():
        text = text.replace(named, "")
    return "ref" in target or len(_AROUND.sub("", text)) <= LONGEST_AROUND


def _ellipsis(text: str, memory: Memory, day: Day) -> Draft | None:
    """那单呢, 文景苑的呢: the last question over another parcel."""
    match = _ELLIPSIS.match(text)
    if match is None or memory.last is None or memory.last.intent != "query_waybill":
        return None
    target = mentioned(match[1], day)
    here = day.by_waybill(memory.focus)
    if "address" in target and here and (same := _SAME_DOOR.search(target["address"])):
        target["address"] = target["address"][: same.start()] + door(here.address)
    return _with_target(memory.last, target) if target else None


def _with_target(draft: Draft, target: dict[str, str]) -> Draft:
    return Draft(draft.intent, {**draft.slots, "target": target})


def in_context(draft: Draft, utterance: Utterance, memory: Memory, day: Day) -> tuple[Draft, bool]:
    """The draft to act on, and whether it is a correction of what waits."""
    if memory.proposals and not draft.slots and _BACKS_OUT.search(utterance.heard):
        return Draft("cancel"), False
    if draft.intent == "confirm" and not affirms(utterance.heard):
        return Draft("none"), False
    draft = _area(_ordinal(draft, utterance, memory), utterance, day)
    if draft.intent == "correct" and LONG_TEXTS & draft.slots.keys() and not _CORRECTS.search(utterance.heard):
        return Draft("none"), False
    if draft.intent == "correct":
        return _corrected(draft, memory)
    waiting = memory.proposals[0].draft if memory.proposals else None
    if waiting and waiting.intent == draft.intent and not draft.slots.get("target"):
        return Draft(draft.intent, {**waiting.slots, **draft.slots}), True
    if memory.asking and memory.asking.draft.intent == draft.intent:
        return _merged(memory.asking, draft), False
    return draft, False


def _area(draft: Draft, utterance: Utterance, day: Day) -> Draft:
    """A text to all of a place goes to that place: 给幸福新村的客户群发."""
    target = draft.slots.get("target")
    if draft.intent != "send_sms" or target != {"ref": "all"}:
        return draft
    said = utterance.heard.replace(str(draft.slots.get("message", "　")), "。")
    places = {place for p in day.parcels for place in parts(p.address).places if len(place) > 1}
    named = [place for place in places if (found := find_by_sound(place, said)) and found[2] <= SOUNDS_ALIKE]
    return _with_target(draft, {"ref": "all", "address": max(named, key=len)}) if named else draft


def _merged(asking: Asking, draft: Draft) -> Draft:
    """What was known before the question plus what the answer told; a query's defaults tell nothing."""
    told = {k: v for k, v in draft.slots.items() if not (k == "aspect" and v == "status")}
    return Draft(draft.intent, {**asking.draft.slots, **told})


def _ordinal(draft: Draft, utterance: Utterance, memory: Memory) -> Draft:
    """第二户 over the list just read."""
    place = ordinal(utterance.heard, len(memory.listed)) if memory.listed else None
    target = draft.slots.get("target")
    named = isinstance(target, dict) and (target.get("tail") or target.get("name"))
    if place is None or named or "target" not in BY_NAME[draft.intent].model_fields:
        return draft
    return _with_target(draft, {"tail": memory.listed[place]})


def _corrected(draft: Draft, memory: Memory) -> tuple[Draft, bool]:
    base = memory.proposals[0].draft if memory.proposals else memory.asking.draft if memory.asking else None
    if base is None and memory.form:
        base = Draft("fill_pickup", {"target": {"tail": memory.form}})
    if base is None:
        base = memory.last
    if base is None or not draft.slots:
        return draft, False
    fields = BY_NAME[base.intent].model_fields
    slots = {k: v for k, v in draft.slots.items() if k in fields}
    stray = [str(v) for k, v in draft.slots.items() if k not in fields and k in LONG_TEXTS]
    free = FREE_TEXT.get(base.intent)
    if stray and free and free not in slots:
        slots[free] = stray[0]
    return (Draft(base.intent, {**base.slots, **slots}), True) if slots else (draft, False)
