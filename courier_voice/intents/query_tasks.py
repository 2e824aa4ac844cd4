from __future__ import annotations

import re
from typing import ClassVar, Literal

from pydantic import Field

from courier_voice.core.intent import Example, Intent, Tools
from courier_voice.core.parcels import Call, Parcel
from courier_voice.core.turn import Outcome
from courier_voice.text.phonetics import find_by_sound

KINDS = {"delivery": "派件", "pickup": "取件", "all": "任务"}
STATES = {
    "pending": "没完成的",
    "done": "已完成的",
    "overdue": "超时的",
    "due_soon": "快到点的",
    "exception": "异常的",
    "all": "全部",
}
READ_ALOUD = 6


class QueryTasks(Intent):
    """Ask about today's own tasks: how many, which, what next, how much cash."""

    name: ClassVar[str] = "query_tasks"
    summary: ClassVar[str] = (
        "问自己今天的任务。kind 派件delivery/取件pickup/all；state 没送pending/完成done/超时overdue/快到点due_soon/异常exception/all；"
        "measure 多少count/哪些list/下一个next/货款合计cod_total"
    )
    kind: Literal["delivery", "pickup", "all"] = "all"
    state: Literal["pending", "done", "overdue", "due_soon", "exception", "all"] = "pending"
    area: str | None = Field(default=None, description="地方")
    measure: Literal["count", "list", "next", "cod_total"] = "count"

    openers: ClassVar = (
        *(f"{STATES[state]}{kind}有" for state in ("pending", "done") for kind in KINDS.values()),
        "下一个是派件，",
        "下一个是取件，",
        "后面没有了。",
        *(f"{state}任务" for state in STATES.values()),
    )
    examples: ClassVar[tuple[Example, ...]] = (
        Example("今天还有几件没送", {"kind": "delivery", "state": "pending", "measure": "count"}),
        Example("还剩多少活", {"kind": "all", "state": "pending", "measure": "count"}),
        Example("下一单去哪", {"kind": "all", "state": "pending", "measure": "next"}),
        Example("弄完这个往哪边去", {"kind": "all", "state": "pending", "measure": "next"}),
        Example("送完这个接着去谁家", {"kind": "all", "state": "pending", "measure": "next"}),
        Example("下一个取件是哪家", {"kind": "pickup", "state": "pending", "measure": "next"}),
        Example(
            "翠湖小区还有哪些没送", {"kind": "delivery", "state": "pending", "area": "翠湖小区", "measure": "list"}
        ),
        Example("超时的有几单", {"kind": "all", "state": "overdue", "measure": "count"}),
        Example("哪几件快超时了", {"kind": "all", "state": "due_soon", "measure": "list"}),
        Example("今天货款一共要收多少", {"kind": "all", "state": "all", "measure": "cod_total"}),
        Example("还没收的代收款加起来多少", {"kind": "all", "state": "pending", "measure": "cod_total"}),
        Example("上午送完了几件", {"kind": "delivery", "state": "done", "measure": "count"}),
        Example("取件还有几家没去，念一下", {"kind": "pickup", "state": "pending", "measure": "list"}),
        Example("报了异常的是哪些", {"kind": "all", "state": "exception", "measure": "list"}),
        Example("幸福里今天总共几票", {"kind": "all", "state": "all", "area": "幸福里", "measure": "count"}),
        Example("收件收了几个了", {"kind": "pickup", "state": "done", "measure": "count"}),
        Example("换有几见没宋", {"kind": "delivery", "state": "pending", "measure": "count"}),
        Example("已经过点的派件都是谁", {"kind": "delivery", "state": "overdue", "measure": "list"}),
        Example("一个钟头内到期的有多少", {"kind": "all", "state": "due_soon", "measure": "count"}),
        Example("今天我总共多少单", {"kind": "all", "state": "all", "measure": "count"}),
        Example("解放路那片还剩几家", {"kind": "all", "state": "pending", "area": "解放路", "measure": "count"}),
        Example("送好的都念给我听听", {"kind": "delivery", "state": "done", "measure": "list"}),
        Example("出问题的件有几个", {"kind": "all", "state": "exception", "measure": "count"}),
        Example("收到的货款合计报一下", {"kind": "all", "state": "done", "measure": "cod_total"}),
        Example("等下要去收哪几家", {"kind": "pickup", "state": "pending", "measure": "list"}),
    )

    def chosen(self, parcels: tuple[Parcel, ...]) -> tuple[Parcel, ...]:
        """The tasks of a list that this question is about, in the list's order."""
        kept = [p for p in parcels if self.kind in ("all", p.kind)]
        if self.state in ("pending", "done", "exception"):
            kept = [p for p in kept if p.state == self.state]
        elif self.state != "all":
            kept = [p for p in kept if getattr(p, self.state)]
        if self.area:
            exact = [p for p in kept if re.search(rf"(?<!\d){re.escape(self.area)}", p.address)]
            kept = exact or [p for p in kept if find_by_sound(self.area, p.address)]
        return tuple(kept)

    def perform(self, parcels: tuple[Parcel, ...], tools: Tools) -> Outcome:
        # Parcels come with a question over an area: those whose address fits it.
        everywhere = self.model_copy(update={"area": None})
        found = everywhere.chosen(parcels) if parcels else self.chosen(tools.day.in_route_order())
        call = Call("tasks", None, self.model_dump(exclude_none=True))
        what = f"{self.area or ''}{STATES[self.state]}{KINDS[self.kind]}"
        if self.measure == "next":
            return self._next(found, call, tools)
        if self.measure == "cod_total":
            payers = [p for p in found if p.cod_yuan]
            total = sum(p.cod_yuan for p in payers)
            return Outcome("answer", f"{what}，代收货款合计{total:g}元，{len(payers)}单。", (call,))
        if self.measure == "count" or not found:
            return Outcome("answer", f"{what}有{len(found)}件。", (call,))
        read = "；".join(f"{p.called}，尾号{p.tail}，{p.address}" for p in found[:READ_ALOUD])
        more = f"；还有{len(found) - READ_ALOUD}件" if len(found) > READ_ALOUD else ""
        return Outcome(
            "answer", f"{what}{len(found)}件：{read}{more}。", (call,), listed=tuple(p.waybill for p in found)
        )

    def _next(self, found: tuple[Parcel, ...], call: Call, tools: Tools) -> Outcome:
        on_route = [p.waybill for p in tools.day.in_route_order() if p.id in tools.day.route]
        here = tools.focus.waybill if tools.focus else None
        after = on_route[on_route.index(here) + 1 :] if here in on_route else on_route
        step = next((p for p in found if p.waybill in after), None)
        if step is None:
            return Outcome("answer", "后面没有了。", (call,))
        late = "，已经超时" if step.overdue else "，快到点了" if step.due_soon else ""
        said = f"下一个是{'取件' if step.kind == 'pickup' else '派件'}，{step.customer}{step.title}，{step.address}，尾号{step.tail}{late}。"
        return Outcome("answer", said, (call,), focus=step.waybill)
