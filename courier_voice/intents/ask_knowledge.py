from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from courier_voice.core.intent import Example, Intent, Tools
from courier_voice.core.parcels import Call, Parcel
from courier_voice.core.turn import Outcome


class AskKnowledge(Intent):
    """Ask the rules: packing, prohibited goods, procedures, law."""

    name: ClassVar[str] = "ask_knowledge"
    summary: ClassVar[str] = "问规定、流程、法律、包装、能不能寄、怎么赔"
    question: str = Field(description="整句问题", min_length=1)

    questions: ClassVar = {"question": "想问什么规定？"}
    examples: ClassVar[tuple[Example, ...]] = (
        Example("易碎品怎么包", {"question": "易碎品怎么包"}),
        Example("充电宝能不能寄", {"question": "充电宝能不能寄"}),
        Example("客户不在家能不能放门口", {"question": "客户不在家能不能放门口"}),
        Example("这家公司的件打包有啥讲究", {"question": "这家公司的件打包有啥讲究"}),
        Example("电话打了好几遍没人，后面该走什么流程", {"question": "电话打了好几遍没人，后面该走什么流程"}),
        Example("人不在，他家人能代领吗", {"question": "人不在，他家人能代领吗"}),
        Example("请问丢件了按什么标准赔", {"question": "丢件了按什么标准赔"}),
        Example("生鲜打包有什么要求", {"question": "生鲜打包有什么要求"}),
        Example("客户拒收以后件怎么退", {"question": "客户拒收以后件怎么退"}),
        Example("香水收不收", {"question": "香水收不收"}),
        Example("寄酒要用什么箱子", {"question": "寄酒要用什么箱子"}),
        Example("快递员能看客户的身份证吗", {"question": "快递员能看客户的身份证吗"}),
        Example("这家公司的手机交接要注意什么", {"question": "这家公司的手机交接要注意什么"}),
        Example("代收点签收算不算签收", {"question": "代收点签收算不算签收"}),
        Example("电动车闯红灯扣不扣分", {"question": "电动车闯红灯扣不扣分"}),
        Example("一岁品要垫几层泡膜", {"question": "一岁品要垫几层泡膜"}),
        Example("联系不上客户三次该怎么办", {"question": "联系不上客户3次该怎么办"}),
        Example("保价没写清楚，坏了赔多少", {"question": "保价没写清楚，坏了赔多少"}),
        Example("那个，冷冻海鲜要放几个冰袋", {"question": "冷冻海鲜要放几个冰袋"}),
        Example("他们家的件可以让物业代签不", {"question": "他们家的件可以让物业代签不"}),
        Example("农药算不算违禁品", {"question": "农药算不算违禁品"}),
    )

    def perform(self, parcels: tuple[Parcel, ...], tools: Tools) -> Outcome:
        advice = tools.knowledge.ask(self.question, tools.focus, tools.day)
        call = Call("knowledge", None, {"question": self.question})
        return Outcome("answer", advice.text, (call,), details=advice.details, prompt=advice.prompt)
