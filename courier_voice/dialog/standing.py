"""刚才的发了吗, 还有什么没发出去: questions over what was done, answered from the durable record. Never an effect."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Final, Literal

from courier_voice.core.parcels import Day, Entry
from courier_voice.dialog.resolve import mentioned, resolve

READ_ALOUD: Final = 4
JUST_NOW: Final = timedelta(minutes=10)
SAME_SHIFT: Final = timedelta(hours=12)
NAMES: Final = {"dial": "电话", "sms": "短信", "pickup": "揽收", "sign_off": "签收", "exception": "异常"}
OPS: Final = {
    "短信": "sms",
    "信息": "sms",
    "消息": "sms",
    "异常": "exception",
    "签收": "sign_off",
    "电话": "dial",
} | dict.fromkeys(("揽收", "取件单", "取件"), "pickup")

_LEAD: Final = re.compile(r"^(?:哎|诶|欸|嗯|呃|那个|喂|请问|问一下|我问你|帮我|给我|看一下|看看|查一下|查查|你说)+")
_END: Final = r"(?:没有|没|吗|嘛|么|不|是不是)(?:啊|呀|呢|哦)?"
_ADVERB: Final = r"(?:都|全|全部|已经|到底|究竟|你)*"
_VERB: Final = r"(?:发送|上传|提交|同步|发|传|报|打|弄|办)"
_WELL: Final = r"(?:出去|上去|过去|成功|好|完|成|走|掉|通)*"
_EITHER: Final = rf"(?:有没有{_VERB}|是不是{_VERB}|发没发|传没传|报没报|打没打|弄没弄|办没办)"
_DONE: Final = (
    rf"{_ADVERB}(?:{_EITHER}{_WELL}了?(?:{_END})?|{_VERB}{_WELL}了?{_END}|是?{_VERB}{_WELL}了?还是没有?{_VERB}{_WELL})"
)
_WHAT: Final = r"(?:短信|信息|消息|异常|签收|揽收|取件单|取件|电话)"
_LAST: Final = re.compile(
    rf"(?:我|咱|你)?(?:刚才|刚刚|方才|前面|上一?[条个]|之前)(?:让你|叫你|说|要|发|报|录|提交|打)*的?(?:那|这)?[几一两]?[条个些]?的?"
    rf"(?:(?P<what>{_WHAT})?(?:的?事)?{_DONE}|(?<=[的个条])(?P<sent>{_WHAT})(?:{_WELL})了?{_END})"
)
_NAMED: Final = re.compile(rf"(?:给|跟|发给)?(?P<whom>.{{0,14}}?)(?:的|那条|那个|的那条)?(?P<what>{_WHAT}){_DONE}")
_BARE: Final = re.compile(_DONE)
_NOT_OUT: Final = rf"(?:还没|没有?){_VERB}{_WELL}"
_WAITING: Final = re.compile(
    rf"(?:{_NOT_OUT}|还有没有|有没有|还剩|剩下|还|有|剩|哪些|哪几条|哪个|什么|啥|几条|多少条?|几个|现在|目前|刚才|刚刚|记下|记着|存着|攒着|待发|排队|队列|"
    rf"积压|等着?发|在|没网的?时?候?|断网的?时?候?|离线|那些|这些|的|都|是|我|咱|{_WHAT}|操作|记录|东西|里面?|条|些|念一下|念念|说一下|听听|"
    rf"吗|嘛|么|没有|呢|啊|呀|了)+"
)
_WAITS: Final = re.compile(rf"{_NOT_OUT}|待发|排队|队列|积压|攒着|存着|等着?发")
_ASKS: Final = re.compile(
    r"还有|还剩|有没有|哪些|哪几|哪个|什么|啥|几条|几个|多少|念一下|念念|说一下|听听|(?:吗|嘛|么)[啊呀呢]?$"
)
_ALL_OUT: Final = re.compile(
    rf"(?:刚才|刚刚|没网的?时?候?|断网的?时?候?|离线|记下?|存着?|的|我|那些|这些|{_WHAT})*(?:都|全|全部)?(?P<all>(?<=[都全部])|(?<=那些)|(?<=这些)|"
    rf"(?<=离线的))(?:{_EITHER}{_WELL}了?(?:{_END})?|{_VERB}{_WELL}了?{_END})"
)
_OTHERS: Final = re.compile(r"[您你他她](?!们?那条)|客户|师傅|老板")
_ASSISTANT: Final = re.compile(r"[让叫]你|你(?=刚才|刚刚|都|到底|发了?没|报了?没|打了?没)")
LONGEST: Final = 22


@dataclass(frozen=True)
class Question:
    """``last``: what became of the latest; ``waiting``: what has not gone out. ``bare``: so short that it counts only
    soon after an effect."""

    about: Literal["last", "waiting"]
    op: str = ""
    whom: str = ""
    bare: bool = False


def question(text: str) -> Question | None:
    """The question over the outbox an utterance (normalised) is; None for all else."""
    plain = _LEAD.sub("", re.sub(r"[\s，。！？、,.!?]", "", text))
    if len(plain) > LONGEST or _OTHERS.search(_ASSISTANT.sub("", plain)):
        return None
    if match := _LAST.fullmatch(plain):
        return Question("last", OPS.get(match["what"] or match["sent"] or "", ""))
    if _ALL_OUT.fullmatch(plain):
        return Question("waiting")
    if _WAITS.search(plain) and _ASKS.search(plain) and _WAITING.fullmatch(plain):
        return Question("waiting")
    if (match := _NAMED.fullmatch(plain)) and not re.search(_NOT_OUT, plain):
        return Question("last", OPS[match["what"]], match["whom"])
    return Question("last", bare=True) if _BARE.fullmatch(plain) else None


def answered(asked: Question, history: Sequence[Entry], day: Day | None) -> str:
    """The answer; empty when the question turns out to be none. ``history`` is newest first."""
    if asked.about == "waiting":
        return _told_waiting([e for e in reversed(history) if e.status in ("queued", "held")], day)
    entries = [e for e in history if _age(e) < (JUST_NOW if asked.bare else SAME_SHIFT)]
    if asked.op:
        entries = [e for e in entries if e.effect.op == asked.op]
    if asked.whom:
        if day is None or not (target := mentioned(asked.whom, day)):
            return ""
        meant = {p.waybill for p in resolve(target, day, None).parcels}
        entries = [e for e in entries if e.effect.waybill in meant]
    if not entries:
        return "" if asked.bare else "没有发过。" if asked.whom or asked.op else "刚才没有要发的。"
    turn = entries[0].effect.key.split(":")[0]
    return _told_last([e for e in entries if e.effect.key.split(":")[0] == turn] or entries[:1], day)


def _told_last(entries: Sequence[Entry], day: Day | None) -> str:
    groups = {status: [e for e in entries if e.status == status] for status in ("sent", "queued", "held")}
    failed = [e for e in entries if e.status in ("refused", "dropped")]
    parts = []
    if sent := groups["sent"]:
        parts.append(f"{_listed(sent, day)}，{'已经打了' if sent[0].effect.op == 'dial' else '已发送'}。")
    if queued := groups["queued"]:
        parts.append(f"{_listed(queued, day)}，还没发，没网，先记下了，有网自动发。")
    if held := groups["held"]:
        parts.append(f"{_listed(held, day)}，没发，放太久了，要您再确认一次。")
    if failed:
        verb = "没打成" if failed[0].effect.op == "dial" else "没发成"
        parts.append(f"{_listed(failed, day)}，{verb}，原因：{failed[0].detail.rstrip('。')}。")
    return "".join(parts)


def _told_waiting(entries: Sequence[Entry], day: Day | None) -> str:
    if not entries:
        return "都发出去了，没有积压的。"
    held = sum(e.status == "held" for e in entries)
    end = "，有网自动发" if held < len(entries) else ""
    again = f"，其中{held}条放太久了，要您再确认" if held else ""
    return f"还有{len(entries)}条没发出去：{_listed(entries, day)}{end}{again}。"


def _listed(entries: Sequence[Entry], day: Day | None) -> str:
    told = []
    for entry in entries[:READ_ALOUD]:
        parcel = day.by_waybill(entry.effect.waybill) if day else None
        who = f"{parcel.called}，" if parcel else ""
        told.append(f"{who}尾号{entry.effect.waybill[-4:]}的{NAMES[entry.effect.op]}")
    return "；".join(told) + (f"等{len(entries)}条" if len(entries) > READ_ALOUD else "")


def _age(entry: Entry) -> timedelta:
    return datetime.now(timezone.utc) - entry.written_at
