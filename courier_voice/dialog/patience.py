"""How long a silence ends an utterance, by what has been said so far: complete commands are acted on at once, numbers,
addresses and messages being dictated are waited for.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from pydantic import ValidationError

from courier_voice.core.turn import Draft, NluContext, Understanding
from courier_voice.core.words import Utterance
from courier_voice.intents import BY_NAME

SURE: Final = 0.5
"""Confidence from which on a reading is believed to be whole."""
TAIL: Final = 4

_HANGS: Final = re.compile(
    "(?:给|跟|和|把|对|向|让|叫|说|问|告诉|发|打|寄|重|长|宽|高|乘|保价|代收|尾号|后四位|单号|改成|改到|不对|不是|然后|还有|再|那个|就是|嗯|呃|因为|放在?|的|第|号|楼|点|零|[^\\w\\s]*、)$"
)
"""What nobody ends a command with."""
_GOES_ON: Final = re.compile("(?:有多少|有几|今天|明天|应该|怎么|帮我|麻烦|能不能|是不是|有没有|可不可以)$")
"""What may be all, and mostly is not: a measure, a verb follows."""
_DIGIT: Final = "[\\d零一二三四五六七八九幺两洞拐勾]"
_SPELLING: Final = re.compile(rf"(?<!{_DIGIT})(?<!\.){_DIGIT}{{1,3}}$")
_TAIL: Final = re.compile(rf"(?<!{_DIGIT}){_DIGIT}{{{TAIL}}}$")
_DOOR: Final = re.compile("[座栋幢楼层室]$|单元$")
_PLACE: Final = re.compile("(?:路|街|巷|弄|村|庄|苑|排|栋|幢|座|院|小区|大厦|大楼|花园|公寓|广场|家园|新城|号楼|单元)$")
"""Where an address seldom ends: a door, a name, a verb follows."""
_FOR_WHOM: Final = re.compile(
    "^(?:那|再|先|麻烦|帮我|你)*(?:给|跟|和|让|通知|告诉)[^，。打拨呼发说讲回叫问签报送放]{1,8}$"
)
"""What is to be done for him comes next."""
_SIDES: Final = frozenset(["length_cm", "width_cm", "height_cm"])
_DICTATION_OVER: Final = re.compile("(?:发送|发出去|就这样|就这些|就这么[发说]|说完了|完毕|发吧)[吧了啊。！]*$")
_OPENS_DICTATION: Final = re.compile("(?:发(?:个|条|一条)?(?:短信|消息|信息)|留言|短信)[，,]?(?:说|写|就说|内容)?$")


@dataclass(frozen=True)
class Waits:
    """Seconds of silence: ``quick`` after a complete command, ``usual`` when nothing is known, ``patient`` inside
    numbers, addresses and half sentences, ``dictating`` inside a message.
    """

    quick: float = 0.28
    usual: float = 0.65
    patient: float = 1.9
    dictating: float = 1.7


def patience_s(said: Utterance, meant: Understanding | None, context: NluContext, waits: Waits = Waits()) -> float:
    """Seconds of silence after which this is all he says. ``meant`` is a quick reading of it, None without one."""
    text = said.text.rstrip("。，！？、,.!? ")
    if not text:
        return waits.usual
    if _dictating(text, meant, context):
        return waits.quick if _DICTATION_OVER.search(text) else waits.dictating
    if meant and meant.route == "control":
        return waits.quick
    last = meant.drafts[-1] if meant else Draft("none", confidence=0.0)
    if last.slots.keys() >= _SIDES:  # 四十三十二十 is no number begun
        return waits.usual
    if _HANGS.search(text) or _half_a_number(text, context):
        return waits.patient
    if context.waiting.endswith(".target") and _TAIL.search(text):
        return waits.quick
    known = last.confidence >= SURE and last.intent != "none"
    if known and _complete(last, context) and not _GOES_ON.search(text):
        return waits.patient if _only_a_building(text, last) else waits.quick
    # Of a number, a place or a person nothing has been said about yet: what to do follows.
    begun = text[-1].isdigit() and last.intent != "correct"
    begun = begun or bool(not context.waiting and (_PLACE.search(text) or _FOR_WHOM.match(text)))
    return waits.patient if begun else waits.usual


def _dictating(text: str, meant: Understanding | None, context: NluContext) -> bool:
    if context.waiting == "send_sms.message" or _OPENS_DICTATION.search(text):
        return True
    return bool(meant and meant.drafts[-1].intent == "send_sms" and meant.drafts[-1].slots.get("message"))


def _half_a_number(text: str, context: NluContext) -> bool:
    """One to three digits at the end: a tail has four, and measures have units. A door may have three."""
    found = _SPELLING.search(text)
    if found is None:
        return False
    door = _DOOR.search(text[: found.start()]) and not context.waiting.endswith(".target")
    return not (door and len(found[0]) == 3)


def _only_a_building(text: str, draft: Draft) -> bool:
    """Whether it ends with an address that has no door yet: several customers may live there."""
    target = draft.slots.get("target")
    address = str(target.get("address") or "") if isinstance(target, dict) else ""
    return bool(address) and text.endswith(address) and not address[-1].isdigit()


def _complete(draft: Draft, context: NluContext) -> bool:
    """Whether nothing is missing that would have to be asked for, and nothing is likely to follow."""
    intent = BY_NAME.get(draft.intent)
    if intent is None or draft.intent in ("fill_pickup", "correct"):
        return False
    target = draft.slots.get("target")
    if isinstance(target, dict):
        tail = str(target.get("tail", ""))
        if tail and len(tail) != TAIL:
            return False
    try:
        intent.model_validate(draft.slots)
    except ValidationError:
        return False
    return True
