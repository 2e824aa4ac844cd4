from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from courier_voice.core.intent import Example, Intent, Risk, Target, Tools
from courier_voice.core.parcels import Parcel
from courier_voice.core.turn import Proposal

SAID = {
    "rejected": "拒收",
    "no_answer": "联系不上，没人应答",
    "wrong_address": "地址不对",
    "damaged": "破损",
    "rescheduled": "改约时间",
    "missing": "货不见了",
    "other": "其他异常",
}


class ReportException(Intent):
    """Report that a parcel cannot be delivered or picked up as planned."""

    name: ClassVar[str] = "report_exception"
    summary: ClassVar[str] = (
        "报异常：拒收 rejected、没人/打不通 no_answer、地址错 wrong_address、破损 damaged、改时间 rescheduled、找不到货 missing、其他 other"
    )
    risk: ClassVar[Risk] = Risk.CONFIRM
    target: Target = Field(description="哪一单")
    reason: Literal["rejected", "no_answer", "wrong_address", "damaged", "rescheduled", "missing", "other"] = Field(
        description="原因"
    )
    note: str | None = Field(default=None, description="改约的新时间，或其他原因的原话")

    questions: ClassVar = {
        "target": "哪一单有异常？",
        "reason": "什么情况？拒收、没人、地址错、破损、改时间，还是别的？",
    }
    examples: ClassVar[tuple[Example, ...]] = (
        Example("尾号三一零七报拒收", {"target": {"tail": "3107"}, "reason": "rejected"}),
        Example("报个异常"),
        Example("小区里没有这栋楼，三三零七没法送", {"target": {"tail": "3307"}, "reason": "wrong_address"}),
        Example("这单客户不要了，退回去", {"target": {"ref": "current"}, "reason": "rejected"}),
        Example("二二五八家里没人，电话也没人接，登记一下", {"target": {"tail": "2258"}, "reason": "no_answer"}),
        Example("何先生地址写错了，根本没这个门牌，报一下", {"target": {"name": "何先生"}, "reason": "wrong_address"}),
        Example("这件压扁了，报破损", {"target": {"ref": "current"}, "reason": "damaged"}),
        Example(
            "周女士改到明天下午三点再送", {"target": {"name": "周女士"}, "reason": "rescheduled", "note": "明天下午3点"}
        ),
        Example(
            "六零幺二客户说周六上午再来取", {"target": {"tail": "6012"}, "reason": "rescheduled", "note": "周六上午"}
        ),
        Example("七七三零车上找不着，可能丢了，上报", {"target": {"tail": "7730"}, "reason": "missing"}),
        Example(
            "幸福里八号楼二零一在装修进不去，报异常",
            {"target": {"address": "幸福里8号楼201"}, "reason": "other", "note": "在装修进不去"},
        ),
        Example("尤女士嫌来得太晚不肯收了", {"target": {"name": "尤女士"}, "reason": "rejected"}),
        Example("上一单漏液了，记个异常", {"target": {"ref": "previous"}, "reason": "damaged"}),
        Example(
            "马女士说人在外地，下周一再送", {"target": {"name": "马女士"}, "reason": "rescheduled", "note": "下周一"}
        ),
        Example("五零二三搬家了早就不住这儿，报地址问题", {"target": {"tail": "5023"}, "reason": "wrong_address"}),
        Example("一八八零客户巨收", {"target": {"tail": "1880"}, "reason": "rejected"}),
        Example("按了半天门铃没人开，打电话关机，报无人", {"target": {"ref": "current"}, "reason": "no_answer"}),
        Example(
            "骆先生的上门件报异常，他说东西还没包好",
            {"target": {"name": "骆先生"}, "reason": "other", "note": "东西还没包好"},
        ),
        Example(
            "位号九一零四该明天晚上七点", {"target": {"tail": "9104"}, "reason": "rescheduled", "note": "明天晚上7点"}
        ),
        Example("玻璃碎了，三三二幺破损登记", {"target": {"tail": "3321"}, "reason": "damaged"}),
        Example("少了一箱，八零零六没装上车，报上去", {"target": {"tail": "8006"}, "reason": "missing"}),
    )

    def propose(self, parcels: tuple[Parcel, ...], tools: Tools) -> Proposal:
        (parcel,) = parcels
        note = f"，{self.note}" if self.note else ""
        said = f"{parcel.called}，尾号{parcel.tail}，报异常：{SAID[self.reason]}{note}"
        args = {"reason": self.reason} | ({"note": self.note} if self.note else {})
        return Proposal("exception", parcels, args, said, self.draft())
