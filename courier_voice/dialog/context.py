"""A draft's place in the dialogue: corrections of what waits, ordinals over a list just read, places around him."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from courier_voice.core.parcels import Day
from courier_voice.core.turn import Draft, Outcome, Proposal
from courier_voice.core.words import Utterance
from courier_voice.dialog.addresses import SOUNDS_ALIKE, by_address, parts
from courier_voice.dialog.answers import FREE_TEXT, TO_OTHERS, amends, others, reasons, with_target
from courier_voice.dialog.choice import positions
from courier_voice.dialog.corrections import redated, revalued
from courier_voice.dialog.memory import CHANGE, Asking, Memory
from courier_voice.dialog.places import around, pointed
from courier_voice.dialog.resolve import resolve
from courier_voice.intents import BY_NAME
from courier_voice.text.normalize import normalize
from courier_voice.text.phonetics import find_by_sound

_SUBMIT: Final = re.compile(r"提交|填完了|录完了")
_NOT_SUBMIT: Final = re.compile(r"(别|不|先别|没|未)[^，。]{0,3}提交")
_BACKS_OUT: Final = re.compile(r"取消|撤|算了|作废|不[发签报要办用]|别[发签报办]|先不|停|打住")
"""While an effect waits, any of these without new slots lets it go: to drop one too many does no harm."""
_ASSENT: Final = re.compile(
    r"对|好|行|可以|确[认定]|没问题|没错|没毛病|照|就[这按]|发|报|签|提交|办|是[她他它的这]|同意|[oO][kK]|嗯|成|填完|录完"
)
_NO_ASSENT: Final = re.compile(r"[不别您？?]|吗|没有|师傅|老板|大[爷妈姐哥叔]|阿姨|美女|帅哥|等")
_CORRECTS: Final = re.compile(r"不[对是]|错|改|换|应该|更正|[弄搞记看念说听]反|混|岔|走眼|重[新来说写]")
"""Words without which talk is no new wording of a text, place or note: it may be meant for somebody else."""
_DENIES: Final = re.compile(
    r"^(?:哎|诶|欸|呃|嗯|不)*(?:不对|不是|错了|[弄搞说记看念听写]错|有问题|改一?[下改]|等等?改|换一?[下个句])"
)
"""So begins a correction: if nobody can tell what of, what waits is not what he wants."""
_THEM: Final = re.compile(
    r"[他她]们|这[几些两三四五六]|那[几些两三四五六]|(?:上面|刚才|刚念)的?[这那几]?[几些个]|名单上"
)
_EXCEPT: Final = re.compile(r"除了?(?P<whom>[^，。]{2,12}?)(?:以外|之外|外)?[，]?(?=都|全|其他|其余|所有|每|剩|别的)")
_GROUND: Final = re.compile(
    r"(?:这|那|本|该|同|一|个|的|我|里|儿)*(?:小区|单元|楼|栋|座|路|街|院|附近|周围|周边|片|带)*"
)
_AGREES_TO: Final = {
    "sms": re.compile("短信|发[送吧了]|发出去|发过去"),
    "sign_off": re.compile("签[收了掉吧]|妥投"),
    "exception": re.compile("上报|报上去|报异常|异常"),
}
LONGEST_YES: Final = 14
LONG_TEXTS: Final = frozenset(["message", "place", "note", "item"])
_QUOTED: Final = ("message", "place", "note", "item", "question")


def affirms(said: str) -> bool:
    """Whether words can be a yes to a read-back: short, with a word of assent, to nobody else, not a question.

    A model may think so of any sentence; an effect goes out only when the words bear it.
    """
    return len(said) <= LONGEST_YES and bool(_ASSENT.search(said)) and not _NO_ASSENT.search(said)


def _of_another(said: str, waiting: Sequence[Proposal]) -> bool:
    """Whether a yes names what does not wait: 对，签收吧 while an exception does."""
    named = {op for op, words in _AGREES_TO.items() if words.search(said)}
    return bool(named and waiting) and not named & {proposal.op for proposal in waiting}


def wants_submit(utterance: Utterance) -> bool:
    """提交 was said, and not 先别提交."""
    return bool(_SUBMIT.search(utterance.text)) and not _NOT_SUBMIT.search(utterance.text)


def pinned(proposal: Proposal) -> Draft:
    """What was read back, aimed at the very parcels it was read back for, whatever the dialogue turned to since."""
    waybills = tuple(parcel.waybill for parcel in proposal.parcels)
    one: dict[str, object] = {"tail": waybills[0]}
    return with_target(proposal.draft, one if len(waybills) == 1 else {"ref": "all", "among": waybills})


def in_context(draft: Draft, utterance: Utterance, memory: Memory, day: Day) -> tuple[Draft, bool]:
    """The draft to act on, and whether it is a correction of what waits."""
    said = utterance.heard
    if memory.proposals and not draft.slots and _BACKS_OUT.search(said):
        return Draft("cancel"), False
    if memory.form and not memory.proposals and not draft.slots and _NOT_SUBMIT.search(utterance.text):
        return Draft("fill_pickup", {"target": {"tail": memory.form}}), False
    denies = bool(memory.proposals) and bool(_DENIES.search(said)) and not TO_OTHERS.search(said)
    if draft.intent in ("confirm", "none") and denies:
        return Draft("correct"), False
    if draft.intent == "confirm" and (not affirms(said) or _of_another(said, memory.proposals)):
        return Draft("none"), False
    draft = _around(_area(_ordinal(draft, utterance, memory), utterance, day), utterance, memory, day)
    draft = _spared(draft, utterance, day)
    if draft.intent == "correct":
        asked = memory.asking is not None and memory.asking.slot == CHANGE
        rewords = asked or _CORRECTS.search(said) or amends(utterance.text.strip("，。！？ "))
        if LONG_TEXTS & draft.slots.keys() and not rewords:
            return Draft("none"), False
        return _corrected(draft, utterance, memory, day)
    waiting = memory.proposals[0].draft if memory.proposals else None
    if waiting and waiting.intent == draft.intent and not draft.slots.get("target"):
        return Draft(draft.intent, {**pinned(memory.proposals[0]).slots, **draft.slots}), True
    if memory.asking and memory.asking.draft.intent == draft.intent:
        return _merged(memory.asking, draft), memory.asking.slot == CHANGE
    return draft, False


def _outside(draft: Draft, text: str) -> str:
    """A text without what the draft only quotes from it."""
    for slot in _QUOTED:
        if quoted := str(draft.slots.get(slot) or ""):
            text = text.replace(quoted, "。").replace(normalize(quoted).text, "。")
    return text


def _area(draft: Draft, utterance: Utterance, day: Day) -> Draft:
    """A text to all of a place goes to that place: 给幸福新村的客户群发."""
    target = draft.slots.get("target")
    if draft.intent != "send_sms" or target != {"ref": "all"}:
        return draft
    said = _outside(draft, utterance.text)
    places = {place for p in day.parcels for place in parts(p.address).places if len(place) > 1}
    named = [place for place in places if (found := find_by_sound(place, said)) and found[2] <= SOUNDS_ALIKE]
    return with_target(draft, {"ref": "all", "address": max(named, key=len)}) if named else draft


def _around(draft: Draft, utterance: Utterance, memory: Memory, day: Day) -> Draft:
    """这栋楼, 这个小区, 附近: the place where the parcel at hand is."""
    here = day.by_waybill(memory.focus) or day.by_id(day.current)
    said = pointed(_outside(draft, utterance.text))
    if here is None or said is None:
        return draft
    place = around(said[0], here.address)
    if draft.intent == "query_tasks" and _GROUND.fullmatch(str(draft.slots.get("area") or "")):
        return Draft(draft.intent, {**draft.slots, "area": place})
    target = draft.slots.get("target")
    if not isinstance(target, dict) or "tail" in target or "among" in target:
        return draft
    if target == {"ref": "all"} or ("address" in target and _GROUND.fullmatch(target["address"])):
        return with_target(draft, {**target, "address": place})
    return draft


def _spared(draft: Draft, utterance: Utterance, day: Day) -> Draft:
    """三号楼除了王女士都发: all of a place but those named. What is excepted is never the place itself."""
    said = _outside(draft, utterance.text)
    match = _EXCEPT.search(said)
    if draft.intent != "send_sms" or match is None:
        return draft
    target = draft.slots.get("target")
    known = target if isinstance(target, dict) else {}
    if (place := str(known.get("address", ""))) and place in match["whom"]:
        before = said[: match.start()].strip("，。给跟向对通知叫让发短信")
        known = {"address": before} if before and by_address(before, day.parcels) else {}
    everybody = resolve({k: v for k, v in known.items() if k in ("address", "among")} | {"ref": "all"}, day, None)
    meant = others(match["whom"], everybody.parcels, day)
    return with_target(draft, {"ref": "all", "among": tuple(p.waybill for p in meant)}) if meant else draft


def following(draft: Draft, outcomes: Sequence[Outcome]) -> Draft:
    """The second of two commands in a breath that names nobody is about whom the first was about."""
    about = any(outcome.focus for outcome in outcomes)
    silent = "target" in BY_NAME[draft.intent].model_fields and not draft.slots.get("target")
    return with_target(draft, {"ref": "current"}) if about and silent and draft.intent != "fill_pickup" else draft


def _merged(asking: Asking, draft: Draft) -> Draft:
    """What was known before the question plus what the answer told; a query's defaults tell nothing."""
    told = {k: v for k, v in draft.slots.items() if not (k == "aspect" and v == "status")}
    target = told.get("target")
    another = asking.by_yes and isinstance(target, dict) and target.keys() == {"ref"}
    # 下一单 after 是尾号6688的李先生吗 is more likely another command than somebody else to call: asked about in turn
    return Draft(draft.intent, {**asking.draft.slots, **told}, 0.0 if another else 1.0)


def _ordinal(draft: Draft, utterance: Utterance, memory: Memory) -> Draft:
    """第二户, 前两个, 他们几个 over the list just read."""
    target = draft.slots.get("target")
    named = isinstance(target, dict) and ("tail" in target or "name" in target or "among" in target)
    if not memory.listed or named or "target" not in BY_NAME[draft.intent].model_fields:
        return draft
    said = _outside(draft, utterance.heard)
    texts = draft.intent == "send_sms"
    places = positions(said, len(memory.listed))
    if places is None and texts and target in (None, {"ref": "all"}) and _THEM.search(said):
        places = tuple(range(len(memory.listed)))
    if places is None or (len(places) > 1 and draft.intent == "fill_pickup"):
        return draft
    meant = tuple(memory.listed[place] for place in places)
    if len(meant) == 1:
        return with_target(draft, {"tail": meant[0]})
    return with_target(draft, {"ref": "all", "among": meant} if texts and meant else {"among": meant})


def _corrected(draft: Draft, utterance: Utterance, memory: Memory, day: Day) -> tuple[Draft, bool]:
    proposal = _meant(draft, memory)
    base = pinned(proposal) if proposal else memory.asking.draft if memory.asking else None
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
    if not slots:
        return draft, False
    target = slots.get("target")
    if isinstance(target, dict):
        slots["target"] = _retargeted(proposal, target, day)
    if base.intent == "send_sms" and "message" in slots:
        slots["message"] = revalued(str(base.slots.get("message") or ""), str(slots["message"]))
    told = _reported(base, slots, utterance) if base.intent == "report_exception" else {**base.slots, **slots}
    return Draft(base.intent, told), True


def _meant(draft: Draft, memory: Memory) -> Proposal | None:
    """Which of what waits a correction is of: the first that has all its slots, else the first."""
    fits = [p for p in memory.proposals if draft.slots.keys() <= BY_NAME[p.draft.intent].model_fields.keys()]
    return next(iter(fits or memory.proposals), None)


def _retargeted(proposal: Proposal | None, new: dict[str, object], day: Day) -> dict[str, object]:
    """Who is meant now: what was not put right still holds, as long as somebody fits it (不是五楼是六楼 of 三号楼)."""
    old = proposal.draft.slots.get("target") if proposal else None
    if proposal is None or not isinstance(old, dict) or "tail" in new or "ref" in new:
        return new
    if len(proposal.parcels) > 1 and "name" not in new:
        return {**new, "ref": "all"}
    known = {k: v for k, v in old.items() if k in ("name", "address")}
    tries: list[dict[str, object]] = [{**known, **new}]
    if len(proposal.parcels) == 1 and "address" in new:
        house = around("building", proposal.parcels[0].address)
        tries.insert(0, {"address": f"{house}{new['address']}"})
    return next((one for one in tries if resolve(one, day, None).parcels), new)


def _reported(base: Draft, slots: dict[str, object], utterance: Utterance) -> dict[str, object]:
    """An exception put right: 不是拒收是破损, 改成上午十点 of a day already told."""
    rather = re.search(r"不是[^，。]+?[，,]?(?:而)?是(?P<new>.+)$", utterance.text)
    if rather and len(named := reasons(rather["new"])) == 1:
        slots["reason"] = named[0]
    known = dict(base.slots)
    if slots.get("reason", known.get("reason")) != known.get("reason"):
        known.pop("note", None)
    if "note" in slots:
        slots["note"] = redated(str(known.get("note") or ""), str(slots["note"]))
    return {**known, **slots}


def still_wanted(memory: Memory, draft: Draft) -> tuple[Draft, ...]:
    """What waited besides what a correction was of, and is to be read back with it."""
    if len(memory.proposals) < 2:
        return ()
    others = [p for p in memory.proposals if p.draft.intent != draft.intent]
    kept = []
    for proposal in others:
        target = proposal.draft.slots.get("target")
        kept.append(proposal.draft if target == {"ref": "current"} else pinned(proposal))
    return tuple(kept)
