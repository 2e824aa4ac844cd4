from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Literal

from pydantic import Field

from courier_voice.core.intent import Example, Intent, Target, Tools
from courier_voice.core.parcels import Call, Parcel
from courier_voice.core.turn import Outcome

Aspect = Literal["status", "address", "eta", "fee", "remark", "weight", "cod", "phone", "item"]
STATES = {"pending": "还没送", "done": "已完成", "exception": "已报异常"}


class QueryWaybill(Intent):
    """Ask one thing about one waybill."""

    name: ClassVar[str] = "query_waybill"
    summary: ClassVar[str] = (
        "查某一单：status 到哪了/物流/卡住、address 地址、eta 几点前送/时段、fee 运费、remark 备注/交代、"
        "weight 重量、cod 代收货款、phone 电话号码、item 里面是什么"
    )
    target: Target = Field(description="哪一单")
    aspect: Aspect = Field(default="status", description="问什么")

    questions: ClassVar = {"target": "查哪一单？"}
    examples: ClassVar[tuple[Example, ...]] = (
        Example("零五七八到哪了", {"target": {"tail": "0578"}, "aspect": "status"}),
        Example("何先生那单送到哪个地址", {"target": {"name": "何先生"}, "aspect": "address"}),
        Example("这单有什么备注", {"target": {"ref": "current"}, "aspect": "remark"}),
        Example("他说放哪里了没", {"target": {"ref": "current"}, "aspect": "remark"}),
        Example("翠湖小区五栋三零一最晚几点送", {"target": {"address": "翠湖小区5栋301"}, "aspect": "eta"}),
        Example("下一单备注念一下", {"target": {"ref": "next"}, "aspect": "remark"}),
        Example("尾号二九四四几点之前要送", {"target": {"tail": "2944"}, "aspect": "eta"}),
        Example("六一一八多重", {"target": {"tail": "6118"}, "aspect": "weight"}),
        Example("这单要收多少钱货款", {"target": {"ref": "current"}, "aspect": "cod"}),
        Example("周女士的电话是多少", {"target": {"name": "周女士"}, "aspect": "phone"}),
        Example("七七三零运费多少", {"target": {"tail": "7730"}, "aspect": "fee"}),
        Example("翠湖小区五栋三零一那个寄的是啥", {"target": {"address": "翠湖小区5栋301"}, "aspect": "item"}),
        Example("查一下五五零三，不对，五三零五的物流", {"target": {"tail": "5305"}, "aspect": "status"}),
        Example("上一单地址是哪儿来着", {"target": {"ref": "previous"}, "aspect": "address"}),
        Example("丁总的件怎么三天了还没到", {"target": {"name": "丁总"}, "aspect": "status"}),
        Example("查韵单八八零一", {"target": {"tail": "8801"}, "aspect": "status"}),
        Example("他有没有交代什么", {"target": {"ref": "current"}, "aspect": "remark"}),
        Example("里面装的什么", {"target": {"ref": "current"}, "aspect": "item"}),
        Example("下一家住哪儿", {"target": {"ref": "next"}, "aspect": "address"}),
        Example("马女士那个包裹是不是坏了", {"target": {"name": "马女士"}, "aspect": "status"}),
        Example("到付的运费收他几块", {"target": {"ref": "current"}, "aspect": "fee"}),
        Example("幺零九四是几斤的", {"target": {"tail": "1094"}, "aspect": "weight"}),
        Example("三二幺零送哪洞楼", {"target": {"tail": "3210"}, "aspect": "address"}),
        Example("尤女士约的什么时段", {"target": {"name": "尤女士"}, "aspect": "eta"}),
        Example("下一个客户手机号念念", {"target": {"ref": "next"}, "aspect": "phone"}),
        Example("那单呢，清关了吗", {"target": {"ref": "current"}, "aspect": "status"}),
        Example("五零二三代收款有没有", {"target": {"tail": "5023"}, "aspect": "cod"}),
        Example("解放路十五号那票有没有特别要求", {"target": {"address": "解放路15号"}, "aspect": "remark"}),
    )

    def perform(self, parcels: tuple[Parcel, ...], tools: Tools) -> Outcome:
        (parcel,) = parcels
        parcel = tools.api.waybill(parcel.waybill)
        call = Call("waybill", parcel.waybill, {"aspect": self.aspect})
        said = f"{parcel.called}，尾号{parcel.tail}，{told(parcel, self.aspect, tools.day.now)}。"
        return Outcome("answer", said, (call,), focus=parcel.waybill, age_s=parcel.age_s)


def told(parcel: Parcel, aspect: Aspect, now: datetime) -> str:
    """One aspect of a parcel in words. A phone number is only ever shown masked."""
    match aspect:
        case "address":
            return parcel.address
        case "eta":
            start, end = parcel.window.split("-")
            late = "，已经超时" if parcel.overdue else ""
            return f"时段{start}到{end}{late}"
        case "fee":
            return f"运费{parcel.fee_yuan:g}元" if parcel.fee_yuan else "不用收运费"
        case "remark":
            return f"备注：{parcel.remark}" if parcel.remark and parcel.remark != "无" else "没有备注"
        case "weight":
            return f"重{parcel.weight_kg:g}公斤" if parcel.weight_kg is not None else "还没有重量"
        case "cod":
            return f"代收货款{parcel.cod_yuan:g}元" if parcel.cod_yuan else "没有代收货款"
        case "phone":
            return f"号码是保密的，{parcel.phone_masked}，说打电话我就替你拨"
        case "item":
            return f"里面是{parcel.item}" if parcel.item else "还没登记物品"
        case "status":
            return STATES[parcel.state] + tracked(parcel, now)


def tracked(parcel: Parcel, now: datetime) -> str:
    """The last scan, and how long ago it was when that is over a day."""
    if not parcel.track:
        return f"，备注：{parcel.remark}" if parcel.state == "exception" and parcel.remark else ""
    last = parcel.track[-1]
    at = datetime.strptime(last.time, "%Y-%m-%d %H:%M").replace(tzinfo=now.tzinfo)
    day = "今天" if at.date() == now.date() else f"{at.month}月{at.day}日"
    said = f"，最后一条是{day}{at:%H:%M}，{last.place}，{last.event}"
    hours = int((now - at).total_seconds() // 3600)
    return said + (f"，已经{hours}小时没有新扫描" if hours >= 24 and parcel.state != "done" else "")
