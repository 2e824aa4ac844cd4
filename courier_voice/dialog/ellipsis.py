"""Questions cut short, read without any model: 那单呢, 三号楼呢, 地址呢, 最后一个呢, 下一单, 然后呢."""

from __future__ import annotations

import re
from typing import Final

from courier_voice.core.parcels import Day
from courier_voice.core.turn import Draft
from courier_voice.dialog.addresses import door
from courier_voice.dialog.choice import positions
from courier_voice.dialog.memory import Memory
from courier_voice.dialog.places import around, pointed
from courier_voice.dialog.resolve import mentioned

_ELLIPSIS: Final = re.compile(r"^(?:那么|那(?![单个件家户])|还有|哎|再|还)?(.{1,16}?)(?:的)?呢[？?。]?$")
_SAME_DOOR: Final = re.compile(r"(同|一样)[^，。]{0,3}(门牌|门号|房号|楼号|号)")
_STEP: Final = r"一?(?:单|个|家|户|件|票|站)"
_WHO: Final = r"(?:呢|去哪儿?|在哪儿?|往哪儿?走?|到哪儿?了?|送哪儿?|是?(?:谁|哪家|哪儿|哪里|哪户|哪一?单|什么)的?)?"
_NEXT: Final = re.compile(
    rf"^(?:那|再|好|然后|接着|看看?|报一?下)*(?:下{_STEP}|再?(?:往后|后面)(?:那?{_STEP})?){_WHO}$"
)
_ON: Final = re.compile(r"^(?:那|再)?(?:然后|接着|之后|再?往后|完了|接下来)(?:呢|去哪儿?|往哪儿?走?)?$")
_BACK: Final = re.compile(
    rf"^(?:那|再|好|回到?|退回到?|返回|看看?|报一?下)*(?:刚才)?(?:上|前|往?前面?那?){_STEP}{_WHO}$"
)
_ROUTE: Final = Draft("query_tasks", {"kind": "all", "state": "pending", "measure": "next"})
_ASPECTS: Final = tuple(
    (aspect, re.compile(words))
    for aspect, words in (
        ("address", r"地址|住哪|在哪儿?|哪栋|哪个楼"),
        ("phone", r"电话|号码|手机"),
        ("cod", r"货款|代收|收多少"),
        ("remark", r"备注|交代|要求|留言"),
        ("weight", r"重量|多重|几斤|几公斤"),
        ("fee", r"运费|邮费|到付"),
        ("eta", r"时间|时段|几点|什么时候|最晚"),
        ("item", r"东西|物品|里面|货|内件"),
        ("status", r"状态|物流|到哪|轨迹"),
    )
)
_TASKS: Final = tuple(
    (slot, value, re.compile(words))
    for slot, value, words in (
        ("state", "due_soon", r"[快要]到[点时]|[快要]超时|临期"),
        ("state", "overdue", r"超时|过[了点]|误点|逾期"),
        ("state", "exception", r"异常|问题件"),
        ("state", "done", r"[送签取收]完|完成|[送签]过"),
        ("state", "pending", r"没[送取签完]|剩下"),
        ("kind", "pickup", r"取件|揽[收件]|上门|收件"),
        ("kind", "delivery", r"派[件送]|要送的|送货"),
    )
)
_LONGEST_BARE: Final = 8
_BARE_TAIL: Final = re.compile(r"(?:尾号|单号|运单号?)?(?:是)?\d{4}的?(?:那[个单件家户]|那一?单|这[个单件])?")


def shortened(text: str, memory: Memory, day: Day) -> tuple[Draft, ...]:
    """The drafts a question cut short stands for, by what was asked before; none when it is no such question."""
    last = memory.last
    looked_up = last is not None and last.intent == "query_waybill"
    if _NEXT.match(text) and not (looked_up and text.endswith("呢")):
        return (_ROUTE,)
    if _ON.match(text) and last and last.slots.get("measure") == "next":
        return (last,)
    if _BACK.match(text):
        return (_about(last, {"ref": "previous"}),)
    if (match := _ELLIPSIS.match(text)) is not None:
        return _asked_of(match[1], memory, day)
    tail = re.search(r"\d{4}", text) if _BARE_TAIL.fullmatch(text) else None
    return (Draft("query_waybill", {"target": {"tail": tail[0]}, "aspect": "status"}),) if tail else ()


def _about(last: Draft | None, target: dict[str, object]) -> Draft:
    """The last question over another parcel; how it stands, when the last was none over a parcel."""
    aspect = last.slots.get("aspect", "status") if last and last.intent == "query_waybill" else "status"
    return Draft("query_waybill", {"target": target, "aspect": aspect})


def _asked_of(words: str, memory: Memory, day: Day) -> tuple[Draft, ...]:
    last = memory.last
    places = positions(words, len(memory.listed)) if memory.listed else None
    if places is not None:
        targets: list[dict[str, object]] = [{"tail": memory.listed[place]} for place in places]
        return tuple(_about(last, target) for target in targets or [{"among": ()}])
    if last and last.intent == "query_waybill":
        aspect = next((aspect for aspect, said in _ASPECTS if said.fullmatch(words.lstrip("他她的那这单"))), None)
        if aspect:
            return (Draft("query_waybill", {"target": {"ref": "current"}, "aspect": aspect}),)
    if last and last.intent == "query_tasks" and (changed := _other_tasks(words, memory, day)):
        return (Draft("query_tasks", {**last.slots, **changed}),)
    target: dict[str, str] = mentioned(words, day)
    if "tail" in target and not _BARE_TAIL.fullmatch(words):
        return ()  # 一年要两千多块呢
    here = day.by_waybill(memory.focus)
    if "address" in target and here and _SAME_DOOR.search(words):
        target["address"] += door(here.address)
    spoken_of = last is not None or target.get("ref") != "current" or re.search(r"[这那][单件个票]", words)
    return (_about(last, dict(target)),) if target and spoken_of else ()


def _other_tasks(words: str, memory: Memory, day: Day) -> dict[str, str]:
    """What of a question over tasks is to be another: the place, which of them, or their state."""
    if len(words) > _LONGEST_BARE + 4:
        return {}
    changed = {slot: value for slot, value, said in reversed(_TASKS) if said.search(words)}
    place, here = pointed(words), day.by_waybill(memory.focus) or day.by_id(day.current)
    area = around(place[0], here.address) if place and here else mentioned(words, day).get("address")
    return changed | ({"area": area} if area else {})
