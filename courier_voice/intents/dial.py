from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from courier_voice.core.intent import Example, Intent, Target, Tools
from courier_voice.core.parcels import Call, Effect, Parcel
from courier_voice.core.turn import Outcome


class Dial(Intent):
    """Call the customer of one parcel."""

    name: ClassVar[str] = "dial"
    summary: ClassVar[str] = "给客户打电话（拨、呼、接通、联系、通个话）"
    target: Target = Field(description="打给谁")

    openers: ClassVar = ("正在打给",)
    questions: ClassVar = {"target": "打给谁？尾号、名字、地址都行。"}
    examples: ClassVar[tuple[Example, ...]] = (
        Example("给尾号零五七八打电话", {"target": {"tail": "0578"}}),
        Example("打个电话"),
        Example("拨三三洞九", {"target": {"tail": "3309"}}),
        Example("帮我呼一下何先生", {"target": {"name": "何先生"}}),
        Example("给住二号楼的孙阿姨去个电话", {"target": {"address": "2号楼", "name": "孙阿姨"}}),
        Example("联系一下翠湖小区五栋三零一", {"target": {"address": "翠湖小区5栋301"}}),
        Example("给他打过去", {"target": {"ref": "current"}}),
        Example("她短信没回，直接打电话问问", {"target": {"ref": "current"}}),
        Example("下一家先打个电话说我快到了", {"target": {"ref": "next"}}),
        Example("上一单那个客户给我拨回去", {"target": {"ref": "previous"}}),
        Example("一一八拐的客户接通一下", {"target": {"tail": "1187"}}),
        Example("尾号六二三四，不对，六二四三，打过去", {"target": {"tail": "6243"}}),
        Example("给顾师傅拨一个，照顾的顾", {"target": {"name": "顾师傅"}}),
        Example("我找一下解放路十五号的人，电话拨过去", {"target": {"address": "解放路15号"}}),
        Example("波打位号八零二五", {"target": {"tail": "8025"}}),
        Example("给潘女是打点话", {"target": {"name": "潘女士"}}),
        Example("和诸葛先生通个电话", {"target": {"name": "诸葛先生"}}),
        Example("那个叫孟凡的，替我连线", {"target": {"name": "孟凡"}}),
        Example("敲门没人应，打他手机试试", {"target": {"ref": "current"}}),
        Example("不用发短信，直接呼四四幺七", {"target": {"tail": "4417"}}),
        Example("刚刚没接的那位马女士再拨一遍", {"target": {"name": "马女士"}}),
        Example("枫林苑C座的丁总，电话给我接上", {"target": {"address": "枫林苑C座", "name": "丁总"}}),
    )

    def perform(self, parcels: tuple[Parcel, ...], tools: Tools) -> Outcome:
        (parcel,) = parcels
        receipt = tools.effects.perform(
            Effect("dial", parcel.waybill, {}, f"{tools.key}:dial:{parcel.waybill}", tools.day.now)
        )
        if receipt.status != "sent":
            return Outcome("reject", receipt.detail or "电话没打出去。", focus=parcel.waybill)
        call = Call("dial", parcel.waybill, {})
        return Outcome("act", f"正在打给{parcel.called}，尾号{parcel.tail}。", (call,), focus=parcel.waybill)
