from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field

from courier_voice.core.intent import Example, Intent, Target, Tools
from courier_voice.core.parcels import Call, Effect, Parcel
from courier_voice.core.turn import Outcome
from courier_voice.text import units

Weight = Annotated[float, BeforeValidator(units.weight_kg), Field(gt=0, le=1000)]
Length = Annotated[float, BeforeValidator(units.length_cm), Field(gt=0, le=500)]
Money = Annotated[float, BeforeValidator(units.money_yuan), Field(ge=0, le=10_000_000)]
Count = Annotated[int, BeforeValidator(units.count), Field(ge=1, le=9999)]

PAYMENTS = {"sender": "寄付", "receiver": "到付", "monthly": "月结"}
LABELS = {
    "item": "{}",
    "quantity": "{}件",
    "weight_kg": "{}公斤",
    "length_cm": "长{}厘米",
    "width_cm": "宽{}厘米",
    "height_cm": "高{}厘米",
    "product": "{}",
    "payment": "{}",
    "declared_value_yuan": "保价{}元",
    "cod_yuan": "代收{}元",
}


class FillPickup(Intent):
    """Enter pickup data into the form of one pickup; 提交 submits it."""

    name: ClassVar[str] = "fill_pickup"
    summary: ClassVar[str] = (
        "揽收录入：重量、长宽高、件数、物品、产品（特快/标快/特惠…）、保价、代收货款、付款方式 sender寄付/receiver到付/monthly月结"
    )
    wants: ClassVar = "pickup"
    target: Target | None = Field(default=None, description="哪个取件")
    weight_kg: Weight | None = Field(default=None, description="重量，连单位抄原话")
    length_cm: Length | None = Field(default=None, description="长")
    width_cm: Length | None = Field(default=None, description="宽")
    height_cm: Length | None = Field(default=None, description="高")
    quantity: Count | None = Field(default=None, description="包裹件数，不是里面的个数")
    item: str | None = Field(default=None, description="托寄物")
    product: str | None = Field(default=None, description="产品名")
    declared_value_yuan: Money | None = Field(default=None, description="保价金额；不保价是0")
    cod_yuan: Money | None = Field(default=None, description="代收货款")
    payment: Literal["sender", "receiver", "monthly"] | None = Field(default=None, description="付款方式")
    submit: bool = Field(default=False, exclude=True)

    questions: ClassVar = {"target": "录哪个取件？", "fields": "重量、尺寸、物品、保价，说哪样填哪样。"}
    examples: ClassVar[tuple[Example, ...]] = (
        Example(
            "三公斤半，五十乘四十乘三十，寄特快，保价一千",
            {
                "weight_kg": "3.5公斤",
                "length_cm": "50",
                "width_cm": "40",
                "height_cm": "30",
                "product": "特快",
                "declared_value_yuan": "1000",
            },
        ),
        Example("录个揽收"),
        Example(
            "到付，六十乘五十乘四十，提交",
            {"payment": "receiver", "length_cm": "60", "width_cm": "50", "height_cm": "40"},
        ),
        Example(
            "尾号二九四四取件，六斤，一箱苹果",
            {"target": {"tail": "2944"}, "weight_kg": "6斤", "quantity": "1", "item": "苹果"},
        ),
        Example("称了，两斤七两", {"weight_kg": "2斤7两"}),
        Example("长六十宽四十五高三十", {"length_cm": "60", "width_cm": "45", "height_cm": "30"}),
        Example("不保价，到付", {"declared_value_yuan": "0", "payment": "receiver"}),
        Example("托寄物是手机壳，寄付现结", {"item": "手机壳", "payment": "sender"}),
        Example("代收货款两百三", {"cod_yuan": "230"}),
        Example(
            "何先生那个上门取件，走标快，月结", {"target": {"name": "何先生"}, "product": "标快", "payment": "monthly"}
        ),
        Example("三个包裹一共二十八斤", {"quantity": "3", "weight_kg": "28斤"}),
        Example("装的二十本书，打了一个包", {"item": "书", "quantity": "1"}),
        Example("高二十五，哎不对，十五", {"height_cm": "15"}),
        Example("一公斤，不，一公斤二", {"weight_kg": "1.2公斤"}),
        Example("七百五十克，文件，寄件人付", {"weight_kg": "750克", "item": "文件", "payment": "sender"}),
        Example("四周都是半米的正方体", {"length_cm": "0.5米", "width_cm": "0.5米", "height_cm": "0.5米"}),
        Example(
            "幸福里八号楼收件，茶具，声明价值两千六",
            {"target": {"address": "幸福里8号楼"}, "item": "茶具", "declared_value_yuan": "2600"},
        ),
        Example("客户说别保价，两件衣裳", {"declared_value_yuan": "0", "item": "衣裳"}),
        Example(
            "冷链特惠，两箱牛肉，十二公斤，收方给钱",
            {"product": "冷链特惠", "quantity": "2", "item": "牛肉", "weight_kg": "12公斤", "payment": "receiver"},
        ),
        Example("帮他收三百五的货款", {"cod_yuan": "350"}),
        Example("保家三千，脱击物是玉器", {"declared_value_yuan": "3000", "item": "玉器"}),
        Example("八一零四懒收，四公金，重货", {"target": {"tail": "8104"}, "weight_kg": "4公斤"}),
        Example("零点八，寄特惠", {"weight_kg": "0.8", "product": "特惠"}),
        Example("运费记月结账上，货是合同", {"payment": "monthly", "item": "合同"}),
        Example("里面六双鞋，分两箱装，九公斤三", {"item": "鞋", "quantity": "2", "weight_kg": "9.3公斤"}),
        Example("宽四十，提交", {"width_cm": "40"}),
        Example("给四四零八开个取件单", {"target": {"tail": "4408"}}),
        Example("接着录，重五斤", {"weight_kg": "5斤"}, waiting="form"),
    )

    def fields(self) -> dict[str, object]:
        """The form's fields given here, by contract slot name."""
        return self.model_dump(exclude_none=True, exclude={"target", "submit"})

    def perform(self, parcels: tuple[Parcel, ...], tools: Tools) -> Outcome:
        (parcel,) = parcels
        fields = self.fields()
        if not fields and not self.submit:
            said = f"{parcel.called}的取件，尾号{parcel.tail}，{parcel.address}。{self.questions['fields']}"
            return Outcome("ask", said, focus=parcel.waybill, form=parcel.waybill)
        whole = tools.api.edit_pickup(parcel.waybill, fields)
        if not self.submit:
            call = Call("pickup", parcel.waybill, fields)
            return Outcome(
                "answer",
                f"{parcel.called}的件，{worded(fields)}，记下了。",
                (call,),
                parcel.waybill,
                form=parcel.waybill,
            )
        # The whole form goes with it: edits made without network are in no draft of the API's.
        effect = Effect("pickup", parcel.waybill, whole, f"{tools.key}:pickup:{parcel.waybill}", tools.day.now)
        receipt = tools.effects.perform(effect)
        if receipt.status == "refused":
            return Outcome("reject", f"没提交成：{receipt.detail}", focus=parcel.waybill, form=parcel.waybill)
        how = "已提交" if receipt.status == "sent" else "没网，先记下了，有网自动发"
        call = Call("pickup", parcel.waybill, {**whole, "submit": True})
        return Outcome("act", f"{parcel.called}的取件{how}：{worded(whole)}。", (call,), parcel.waybill, form="")


def worded(fields: object) -> str:
    """A draft's fields as they are read back: 陶瓷茶壶，1件，2.8公斤."""
    given = dict(fields) if isinstance(fields, dict) else {}
    parts = []
    for slot, label in LABELS.items():
        value = given.get(slot)
        if value is None:
            continue
        if slot == "declared_value_yuan" and value == 0:
            parts.append("不保价")
        elif slot == "payment":
            parts.append(PAYMENTS[str(value)])
        else:
            parts.append(label.format(f"{value:g}" if isinstance(value, float) else value))
    return "，".join(parts)
