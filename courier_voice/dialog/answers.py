"""Direct answers, read without any model: to an open question, to a read-back; and questions cut short."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from courier_voice.core.parcels import Day, Parcel
from courier_voice.core.turn import Draft
from courier_voice.core.words import Utterance
from courier_voice.dialog.choice import choose, positions
from courier_voice.dialog.ellipsis import shortened
from courier_voice.dialog.memory import CHANGE, Asking, Memory
from courier_voice.dialog.names import by_name
from courier_voice.dialog.persons import NAME
from courier_voice.dialog.resolve import mentioned, resolve

LONGEST_CHOICE: Final = 14
FREE_TEXT: Final = {"send_sms": "message", "sign_off": "place", "report_exception": "note"}
_AROUND: Final = re.compile(r"尾号|运单|单号|[给是的就吧呢那这个单件家户位发打，。！？]")
LONGEST_AROUND: Final = 2
TO_OTHERS: Final = re.compile(r"您|你[好们]|师傅|老板|大[哥爷妈姐叔][，,你]|美女|帅哥|麻烦|谢谢|[吗？?]$")
"""Words to somebody else: no answer to us."""
_ASKS: Final = re.compile(r"什么|多少|哪|几[个件单点条]|怎么|[报查念看]一?[下遍]|[吗呢？?]$")
_POINTS: Final = re.compile(r"[那这](?:一)?[个家户单件位]|^[就是要选]|的[吧啊]?$|第")
"""How one of several is pointed at, whatever it says."""
_COMMANDS: Final = re.compile(
    r"^(?:先|那|还是|等下|帮我)*(?:给[^，]{1,10}[打拨][^，]{0,3}电话|打给(?!我)|拨打|[下上]一[单家个]|查一?下|今天还有)"
)
_SAYS: Final = re.compile(r"^(?:你|就|那就)*(?:说|写|(?:跟|和)[他她]说|告诉[他她])(?:一声|一下)?[，：:、]?(?=.)")
_PUT: Final = re.compile(
    r"^(?:那|就|还是|已经|我|帮我|都|要不|改成?|换成?|算了)*(?:签收?)?(?:放|搁|塞|挂|存|扔|交|留|投|送|递|是|签)*(?:在|到|给|进|了)?"
)
_PUT_DOWN: Final = re.compile(r"(?:代?收的?了?|签收?的?|[拿领取]走|就[行好]|那[儿里边]|[的了吧啊呢呗])+$")
_MOVES: Final = re.compile(
    r"^(?:那|就|还是|要不|改成?|换成?|算了)*(?:放|搁|塞|挂|存|交给)(?!心|这|那|哪)(?:在|到)?[^，您你]{1,8}$"
)
_REWORDS: Final = re.compile(
    r"^(?:换[一个]?(?:句话?|种?说法)|重新?[说写发](?:一[条句个])?|改成?说|换成?说|别这么[说写])[，：:、]?(?:就|改)?[说写]?"
    r"[，：:]?(?P<new>.{2,})$"
)
_ADDS: Final = re.compile(
    r"^(?:再|后面|另外|最后)*(?:加|补|添|带)(?:上|一?[句个条]|上一句)[，：:]?(?:说|就说)?(?P<more>.{2,})$"
)
_SPARES: Final = re.compile(
    r"(?:那|就)?(?:除了?|去掉|不要?发给?|别发给?|不包括|不算)[^，]{2,10}|[^，]{2,10}(?:除外|不[用要]?发|别发|不算|去掉)了?"
)
"""Some of a group are not to get a text."""
_REASONS: Final = tuple(
    (reason, re.compile(words))
    for reason, words in (
        ("rejected", r"拒收|不[要收](?!钱)|不肯[收要]|退回去|退货"),
        ("no_answer", r"没人|不在|打不通|[不没]接|关机|联系不[上到]|没应|不开门"),
        ("wrong_address", r"地址|门牌|查无"),
        ("damaged", r"破|坏|碎|漏|压扁|[淋弄]湿|裂"),
        (
            "rescheduled",
            r"改[天到约期时在]|延[期到]|推[迟到]|约[到在]|[明后]天|[明后][早晚]|下?周[一二三四五六日天]|再送",
        ),
        ("missing", r"找不[到着]|丢了?|少[了件]|不见|没有?货|错分"),
    )
)
_WHEN: Final = re.compile(
    r"(?:大?后天|[明今后][天早晚]|下?(?:周|星期|礼拜)[一二三四五六日天]|\d+[号日])[^，。再送来取吧]*"
    r"|(?:上午|下午|晚上|早上|中午)[^，。再送来取吧]+"
)


def answer(utterance: Utterance, memory: Memory, day: Day) -> tuple[Draft, ...]:
    """The drafts that a direct answer, or a question cut short, stands for; none when a model has to read it."""
    text = utterance.text.strip("，。！？ ")
    if not text:
        return ()
    if memory.asking:
        told = _to_question(text, utterance, memory.asking, memory, day)
        return (told,) if told else ()
    amended = _to_read_back(text, utterance, memory, day) if memory.proposals else None
    return (amended,) if amended else shortened(text, memory, day)


def amends(text: str) -> bool:
    """Whether words reword, move or add to what was read back without a word of correction."""
    return any(pattern.match(text) for pattern in (_MOVES, _REWORDS, _ADDS))


def reasons(text: str) -> tuple[str, ...]:
    """Which reasons for an exception the words name, the gravest first."""
    return tuple(reason for reason, words in _REASONS if words.search(text))


def _to_question(text: str, utterance: Utterance, asking: Asking, memory: Memory, day: Day) -> Draft | None:
    if asking.candidates:
        return _choice(text, asking, memory, day)
    if asking.slot == "target":
        return _whose(text, utterance, asking, memory, day)
    if asking.slot == CHANGE:
        return _changed(text, asking, day)
    value = _value(asking.slot, text, utterance.heard.strip("，。！？ "))
    return Draft(asking.draft.intent, {**asking.draft.slots, **value}) if value else None


def _choice(text: str, asking: Asking, memory: Memory, day: Day) -> Draft | None:
    if len(text) > LONGEST_CHOICE or TO_OTHERS.search(text) or _ASKS.search(text):
        return None
    parcels = [p for waybill in asking.candidates if (p := day.by_waybill(waybill))]
    if _elsewhere(text, parcels, day):
        return None
    picked = choose(text, parcels, memory.focus)
    if len(picked) == 1:
        return with_target(asking.draft, {"tail": picked[0].waybill})
    if 1 < len(picked) < len(parcels):
        return with_target(asking.draft, {"among": tuple(p.waybill for p in picked)})
    return asking.draft if _POINTS.search(text) else None


def _elsewhere(text: str, parcels: Sequence[Parcel], day: Day) -> bool:
    """Whether somebody is named who is not among these."""
    target = mentioned(text, day)
    if tail := target.get("tail"):
        return not any(p.waybill.endswith(tail) or tail in p.address for p in parcels)
    person = NAME.search(text)
    named = target.get("name") or (person.group() if person and person.group()[0] not in "那和要" else "")
    return bool(named) and not by_name(named, parcels)


def _whose(text: str, utterance: Utterance, asking: Asking, memory: Memory, day: Day) -> Draft | None:
    """发给廖女士; 第二个 over a list; 廖女士，我到楼下了 answers two questions at once."""
    if memory.listed and len(text) <= LONGEST_CHOICE and (places := positions(text, len(memory.listed))):
        return with_target(
            asking.draft,
            {"tail": memory.listed[places[0]]}
            if len(places) == 1
            else {"among": tuple(memory.listed[place] for place in places)},
        )
    head, _, rest = text.partition("，")
    target = mentioned(head, day)
    slot = "reason" if asking.draft.intent == "report_exception" else FREE_TEXT.get(asking.draft.intent, "")
    if rest and slot and slot not in asking.draft.slots and target and _only(head, target):
        told = _value(slot, rest, utterance.heard.strip("，。！？ ").partition("，")[2])
        if told:
            return Draft(asking.draft.intent, {**asking.draft.slots, **told, "target": target})
    target = mentioned(text, day)
    another = asking.by_yes and "ref" in target  # 下一单 is no answer to 是尾号6688的李先生吗
    fits = target and len(text) <= LONGEST_CHOICE and _only(text, target) and not another
    return with_target(asking.draft, dict(target)) if fits else None


def _changed(text: str, asking: Asking, day: Day) -> Draft | None:
    """What is wrong, told bare: 三零九八, 刘女士的, 是破损, 放门卫."""
    target = mentioned(text, day)
    if target and "ref" not in target and len(text) <= LONGEST_CHOICE and _only(text, target):
        return Draft("correct", {"target": dict(target)})
    if asking.draft.intent == "report_exception" and (told := _value("reason", text, text)):
        return Draft("correct", told)
    place = _place(text) if asking.draft.intent == "sign_off" and _MOVES.match(text) else ""
    return Draft("correct", {"place": place}) if place else None


def _place(text: str) -> str:
    """放鞋柜了 is 鞋柜."""
    return _PUT_DOWN.sub("", _PUT.sub("", text, count=1))


def _value(slot: str, text: str, heard: str) -> dict[str, object]:
    """A bare value for an open slot; empty when the words are none."""
    if slot == "message" and not _COMMANDS.search(text):
        return {"message": _SAYS.sub("", heard, count=1)}
    if slot == "place" and len(text) <= LONGEST_CHOICE and not (TO_OTHERS.search(text) or _ASKS.search(text)):
        return {"place": _place(text) or text}
    if slot == "reason" and len(text) <= 2 * LONGEST_CHOICE and not TO_OTHERS.search(text) and (named := reasons(text)):
        when = _WHEN.search(text)
        note = {"note": when.group()} if named[0] == "rescheduled" and when else {}
        return {"reason": named[0], **note}
    return {}


def _only(text: str, target: dict[str, str]) -> bool:
    """Whether an answer holds little but its target: 发给廖女士 does, 九零二一到哪了 is another question."""
    for named in target.values():
        text = text.replace(named, "")
    return not _ASKS.search(text) if "ref" in target else len(_AROUND.sub("", text)) <= LONGEST_AROUND


def others(text: str, parcels: Sequence[Parcel], day: Day) -> tuple[Parcel, ...]:
    """Those of several who are not named in the text; none when nobody of them is, or everybody."""
    target = mentioned(text, day)
    if not target or "ref" in target:
        return ()
    named = resolve(target, replace(day, parcels=tuple(parcels)), None, shortest_tail=3).parcels
    return tuple(p for p in parcels if p not in named) if named else ()


def _to_read_back(text: str, utterance: Utterance, memory: Memory, day: Day) -> Draft | None:
    """A new place, wording or tail for what waits, said without a word of correction: 放门口吧, 换一句，说我快到了."""
    waiting = {proposal.draft.intent: proposal.draft for proposal in memory.proposals}
    heard = utterance.heard.strip("，。！？ ")
    if "sign_off" in waiting and _MOVES.match(text) and not TO_OTHERS.search(text):
        return Draft("correct", {"place": _place(text) or text})
    if "send_sms" in waiting and (match := _REWORDS.match(heard)):
        return Draft("correct", {"message": match["new"]})
    if "send_sms" in waiting and (match := _ADDS.match(heard)):
        return Draft("correct", {"message": f"{waiting['send_sms'].slots.get('message', '')}，{match['more']}"})
    group = next((p.parcels for p in memory.proposals if len(p.parcels) > 1), ())
    if (spares := _SPARES.fullmatch(text)) and (kept := others(spares.group(), group, day)):
        return Draft("correct", {"target": {"ref": "all", "among": tuple(p.waybill for p in kept)}})
    tail = re.fullmatch(r"(?:是|尾号|应该是)*(\d{4})(?:的|那[个单件])?", text)
    return Draft("correct", {"target": {"tail": tail[1]}}) if tail else None


def with_target(draft: Draft, target: dict[str, object]) -> Draft:
    return Draft(draft.intent, {**draft.slots, "target": target})
