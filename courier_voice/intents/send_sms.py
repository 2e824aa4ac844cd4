from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from courier_voice.core.intent import Example, Intent, Risk, Target, Tools
from courier_voice.core.parcels import Parcel
from courier_voice.core.turn import Proposal

READ_ALOUD = 3
FINAL = "。！"


class SendSms(Intent):
    """Text the customer of one parcel, or all customers of a building."""

    name: ClassVar[str] = "send_sms"
    summary: ClassVar[str] = "给客户发短信、带话、留言、通知（跟谁说什么）"
    risk: ClassVar[Risk] = Risk.CONFIRM
    target: Target = Field(description="发给谁；整栋楼的人都发是 ref=all")
    message: str = Field(description="要说的话，照原话抄", min_length=1)

    openers: ClassVar = ("发给", "群发")
    questions: ClassVar = {"target": "发给谁？", "message": "要说什么？"}
    wants: ClassVar = "open"
    examples: ClassVar[tuple[Example, ...]] = (
        Example("跟尾号三四五零说我十分钟后到", {"target": {"tail": "3450"}, "message": "我10分钟后到"}),
        Example("发短信"),
        Example("给周女士发条短信", {"target": {"name": "周女士"}}),
        Example("发个消息说我堵在路上了", {"message": "我堵在路上了"}),
        Example("告诉他我在楼下等", {"target": {"ref": "current"}, "message": "我在楼下等"}),
        Example(
            "通知翠湖小区五栋的所有人，快递车停在南门",
            {"target": {"address": "翠湖小区5栋", "ref": "all"}, "message": "快递车停在南门"},
        ),
        Example("还没送的客户都群发一条，就说下雨了会晚一点", {"target": {"ref": "all"}, "message": "下雨了会晚一点"}),
        Example("跟下一家讲我马上到，让他把狗拴好", {"target": {"ref": "next"}, "message": "我马上到，让他把狗拴好"}),
        Example(
            "给上一单那个人发消息，你的钥匙落我这儿了", {"target": {"ref": "previous"}, "message": "你的钥匙落我这儿了"}
        ),
        Example("问问马先生东西能不能放门口", {"target": {"name": "马先生"}, "message": "东西能不能放门口"}),
        Example("七零三二，发信息，箱子放前台了", {"target": {"tail": "7032"}, "message": "箱子放前台了"}),
        Example(
            "叫幸福里八号楼的何姐下来拿一下",
            {"target": {"address": "幸福里8号楼", "name": "何姐"}, "message": "下来拿一下"},
        ),
        Example(
            "给八八幺二，不是，八八二幺留言，钥匙在门垫下面", {"target": {"tail": "8821"}, "message": "钥匙在门垫下面"}
        ),
        Example(
            "跟邹哥说一声菜放保安亭了让他自己去拎", {"target": {"name": "邹哥"}, "message": "菜放保安亭了让他自己去拎"}
        ),
        Example("给为号二幺九五发段信锅到了", {"target": {"tail": "2195"}, "message": "锅到了"}),
        Example(
            "别打电话吵着人家，给五五零三发短信，鞋放鞋架上了", {"target": {"tail": "5503"}, "message": "鞋放鞋架上了"}
        ),
        Example("回他一句，我吃完饭就过去", {"target": {"ref": "current"}, "message": "我吃完饭就过去"}),
        Example("短信里写电梯坏了请到一楼取", {"message": "电梯坏了请到一楼取"}),
        Example(
            "给尤老师捎个话，书淋湿了一点我用袋子包好了",
            {"target": {"name": "尤老师"}, "message": "书淋湿了一点我用袋子包好了"},
        ),
        Example(
            "三单元的住户统统告诉一遍，今晚不送了明早八点来",
            {"target": {"address": "3单元", "ref": "all"}, "message": "今晚不送了明早8点来"},
        ),
        Example(
            "催一下司马女士，货款麻烦准备六十二块零钱",
            {"target": {"name": "司马女士"}, "message": "货款麻烦准备62块零钱"},
        ),
        Example("我给您搁消防栓里头了", {"message": "我给您搁消防栓里头了"}, waiting="send_sms.message"),
        Example("发给牛女士", {"target": {"name": "牛女士"}}, waiting="send_sms.target"),
    )

    def propose(self, parcels: tuple[Parcel, ...], tools: Tools) -> Proposal:
        text = tools.polisher.polish(self.message, tools.day)
        if len(parcels) == 1:
            said = f"发给{parcels[0].called}，尾号{parcels[0].tail}：{text.rstrip(FINAL)}"
        else:
            who = "、".join(p.called for p in parcels[:READ_ALOUD]) + ("等" if len(parcels) > READ_ALOUD else "")
            said = f"群发{len(parcels)}个客户，{who}，每人一条：{text.rstrip(FINAL)}"
        return Proposal("sms", parcels, {"message": text}, said, self.draft())
