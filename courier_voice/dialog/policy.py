"""What to do about a draft. Risk is enforced here: a CONFIRM intent only ever becomes a read-back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from pydantic import ValidationError

from courier_voice.core.intent import Intent, Risk
from courier_voice.core.parcels import Day, Parcel
from courier_voice.core.turn import Draft, Proposal
from courier_voice.dialog.addresses import by_address
from courier_voice.dialog.context import pinned
from courier_voice.dialog.memory import CHANGE, Asking, Memory
from courier_voice.dialog.phrasing import choice_question, is_it, missing_question, read_back
from courier_voice.dialog.resolve import Resolved, resolve
from courier_voice.intents import BY_NAME

MOST_TRIES = 3
NUMBERED = 3
"""The question from which on choices are read with numbers."""


@dataclass(frozen=True)
class Ask:
    """A question back. ``focus``: the parcel already settled, if one is."""

    said: str
    asking: Asking
    focus: str | None = None


@dataclass(frozen=True)
class Confirm:
    """Read back and wait for a yes."""

    intent: Intent
    parcels: tuple[Parcel, ...]


@dataclass(frozen=True)
class Perform:
    """Do a SAFE intent now."""

    intent: Intent
    parcels: tuple[Parcel, ...]


@dataclass(frozen=True)
class Commit:
    """Carry out what was read back in the turn before and has now got its yes."""

    proposals: tuple[Proposal, ...]


@dataclass(frozen=True)
class Say:
    """Nothing but words. ``drop``: what waited is given up."""

    kind: Literal["answer", "reject"]
    said: str
    drop: bool = False


Action = Ask | Confirm | Perform | Commit | Say

HELP = (
    "你可以说：给尾号六六八八打电话；跟王女士说我十分钟后到；三公斤半，寄特快，保价两千；"
    "九零二一到哪了；今天还有几件没送；这单本人签收；客户拒收，报异常。说“取消”就停。"
)
NOT_UNDERSTOOD = "这个我没听懂，换个说法？说“帮助”可以听我会什么。"
NOTHING_ASKED = "现在没有要确认的。"
NOTHING_TO_CANCEL = "好，没有要取消的。"
NOTHING_TO_CORRECT = "没有可以改的，请从头说一遍。"
CANCELLED = "好，取消了。"
SMS_CANCELLED = "好，取消了，短信不发。"
WHAT_IS_WRONG = "哪里不对？"
STOCK = (NOT_UNDERSTOOD, CANCELLED, SMS_CANCELLED, WHAT_IS_WRONG, NOTHING_ASKED, NOTHING_TO_CANCEL, NOTHING_TO_CORRECT)
"""Replies that are always the same."""


def decide(draft: Draft, memory: Memory, day: Day, *, submit: bool = False) -> Action:
    """One action for one draft whose place in the dialogue is already settled (see ``context``).

    ``submit``: 提交 was said. Never touches an effect: only ``Commit`` and ``Perform`` lead to one, and
    ``Commit`` holds nothing but proposals read back before. Whatever else is said while they wait ends in their
    read-back, so that a yes never answers other words.
    """
    action = _decided(draft, memory, day, submit)
    if isinstance(action, Say) and not action.drop and memory.proposals and draft.intent != "repeat":
        return replace(action, said=f"{action.said}还有一步等您确认：{read_back(memory.proposals)}")
    if isinstance(action, Say) and draft.intent in ("none", "help") and (guess := _guess(memory, day)):
        return replace(action, said=action.said + is_it(guess))
    return action


def _guess(memory: Memory, day: Day) -> Parcel | None:
    """Whose name waits for a yes."""
    target = memory.asking.draft.slots["target"] if memory.asking and memory.asking.by_yes else None
    return day.by_waybill(str(target.get("tail"))) if isinstance(target, dict) else None


def turned_away(memory: Memory, draft: Draft) -> Memory:
    """After a command that was refused: a yes is none to what was asked before it."""
    if draft.intent in ("none", "repeat", "help", "confirm"):
        return memory
    asking = None if memory.asking and memory.asking.by_yes else memory.asking
    return replace(memory, asking=asking, last=draft if draft.slots.get("target") else memory.last)


def _decided(draft: Draft, memory: Memory, day: Day, submit: bool) -> Action:
    intent_type = BY_NAME[draft.intent]
    if intent_type.risk is Risk.CONTROL:
        return _control(draft, memory, day, submit)
    slots = dict(draft.slots)
    parcels: tuple[Parcel, ...] = ()
    if "target" in intent_type.model_fields:
        target = slots.get("target") or _default_target(draft.intent, memory, day)
        if isinstance(target, dict) and target:
            found = _found(target, draft.intent, memory, day)
            if not found.parcels:
                return Say("reject", f"{found.why}。")
            if len(found.parcels) > 1 and not (found.group and draft.intent == "send_sms"):
                return _which(draft, found.parcels, memory)
            parcels = found.parcels
            slots["target"] = {k: v for k, v in target.items() if k != "among"} or {"tail": parcels[0].waybill}
    area = slots.get("area")
    if draft.intent == "query_tasks" and area:
        parcels = by_address(str(area), day.in_route_order())
    try:
        intent = intent_type.model_validate(
            slots | ({"submit": True} if submit and draft.intent == "fill_pickup" else {})
        )
    except ValidationError as error:
        missing = [str(e["loc"][0]) for e in error.errors()]
        return _missing(Draft(draft.intent, slots), missing, parcels, memory)
    if draft.intent == "fill_pickup" and not parcels:
        return _missing(draft, ["target"], parcels, memory)
    refusal = _refused(draft.intent, parcels)
    if refusal:
        return Say("reject", refusal)
    return Confirm(intent, parcels) if intent.risk is Risk.CONFIRM else Perform(intent, parcels)


def _found(target: Mapping[str, object], intent: str, memory: Memory, day: Day) -> Resolved:
    """Who is meant: of those he is choosing from, if one fits; a pickup form is about a pickup."""
    wants = BY_NAME[intent].wants
    # What is read back or only looked up may be found by three digits; a call goes out at once.
    shortest = 4 if intent == "dial" else 3
    found = resolve(target, day, memory.focus, wants, shortest)
    if intent == "fill_pickup" and memory.form and target.keys() == {"ref"}:
        fits = [p for p in found.parcels if p.kind == "pickup"]
        return found if fits else resolve({"tail": memory.form}, day, memory.focus)
    choice = memory.asking.candidates if memory.asking and memory.asking.draft.intent == intent else ()
    if not choice or "among" in target:
        return found
    among = tuple(p for p in day.in_route_order() if p.waybill in choice)
    if target.keys() == {"ref"}:
        return Resolved(tuple(p for p in found.parcels if p in among) or among)
    inside = resolve(target, replace(day, parcels=among), memory.focus, wants, shortest)
    if inside.parcels or "tail" in target or "name" in target:
        return inside if inside.parcels else found
    return Resolved(among)


def _default_target(intent: str, memory: Memory, day: Day) -> dict[str, str] | None:
    """A pickup form goes on with the pickup it is about; a question over a parcel with the one just spoken of."""
    if intent == "query_waybill" and memory.last and memory.last.intent == intent and memory.focus:
        return {"ref": "current"}
    if intent != "fill_pickup":
        return None
    if memory.form:
        return {"tail": memory.form}
    here = day.by_waybill(memory.focus)
    return {"tail": here.waybill} if here and here.kind == "pickup" and here.state == "pending" else None


def _which(draft: Draft, parcels: tuple[Parcel, ...], memory: Memory) -> Action:
    """Ask which; the same choice a third time by number, and no fourth time."""
    before, choice = memory.asking, tuple(p.waybill for p in parcels)
    tries = before.tries + 1 if before and set(before.candidates) == set(choice) else 1
    if tries > MOST_TRIES:
        return Say("reject", "还是没对上，这一步先不办了。", drop=True)
    again = "没对上。" if tries == NUMBERED - 1 else ""
    return Ask(again + choice_question(parcels, numbered=tries >= NUMBERED), Asking(draft, "target", choice, tries))


def _missing(draft: Draft, missing: list[str], parcels: tuple[Parcel, ...], memory: Memory) -> Action:
    before = memory.asking
    again = before is not None and before.draft == draft and before.slot == missing[0]
    tries = before.tries + 1 if again and before else 1
    if tries > MOST_TRIES:
        return Say("reject", "那这一步先不办了。", drop=True)
    question = missing_question(BY_NAME[draft.intent], missing, parcels)
    focus = parcels[0].waybill if len(parcels) == 1 else None
    return Ask(question, Asking(draft, missing[0], tries=tries), focus)


def _refused(intent: str, parcels: tuple[Parcel, ...]) -> str:
    """Why an intent makes no sense for its parcel; empty when it does."""
    if len(parcels) != 1:
        return ""
    (parcel,) = parcels
    who = f"{parcel.called}，尾号{parcel.tail}"
    if intent in ("sign_off", "report_exception") and parcel.state == "done":
        return f"{who}，已经{'签收' if parcel.kind == 'delivery' else '取件'}过了。"
    if intent == "sign_off" and parcel.kind == "pickup":
        return f"{who}，是取件，不用签收。"
    if intent == "fill_pickup" and parcel.kind != "pickup":
        return f"{who}，是派件，不能录揽收。"
    if intent == "fill_pickup" and parcel.state == "done":
        return f"{who}，已经取过件了。"
    return ""


def _control(draft: Draft, memory: Memory, day: Day, submit: bool) -> Action:
    match draft.intent:
        case "confirm" if memory.proposals and submit and memory.form:
            return Say("reject", "取件单先不提交。")  # 提交 is a yes to the form, not to what was read back
        case "confirm" if memory.proposals:
            return Commit(memory.proposals)
        case "confirm" if submit and memory.form:
            return decide(Draft("fill_pickup", {"target": {"tail": memory.form}}), memory, day, submit=True)
        case "confirm":
            return Say("reject", NOTHING_ASKED)
        case "cancel":
            waiting = bool(memory.proposals or memory.asking or memory.form)
            return Say("answer", _cancelled(memory) if waiting else NOTHING_TO_CANCEL, drop=True)
        case "repeat":
            return Say("answer", memory.reply or "我还没说过话。")
        case "help":
            return Say("answer", HELP)
        case "correct" if memory.proposals:
            first, *rest = map(pinned, memory.proposals)
            return Ask(WHAT_IS_WRONG, Asking(first, CHANGE, rest=tuple(rest)))
        case "correct":
            return Say("reject", NOTHING_TO_CORRECT)
        case _:
            return Say("reject", NOT_UNDERSTOOD)


def _cancelled(memory: Memory) -> str:
    if memory.proposals and memory.proposals[0].op == "sms":
        return SMS_CANCELLED
    return CANCELLED


def dropped(memory: Memory) -> Memory:
    """Nothing waits any more; a pickup form does, when it was something else that was given up."""
    beside = memory.proposals or (memory.asking and memory.asking.draft.intent != "fill_pickup")
    return replace(memory, proposals=(), asking=None, form=memory.form if beside else None)
