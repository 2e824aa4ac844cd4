from __future__ import annotations

from typing import ClassVar

from courier_voice.core.intent import Example, Intent, Risk


class NoIntent(Intent):
    """Talk not meant for the assistant, or a wish it cannot fulfil."""

    name: ClassVar[str] = "none"
    summary: ClassVar[str] = (
        "不是对助手说的（跟客户、同事、路人说话，广播，自言自语），或助手办不到的事（放歌、导航、订餐）"
    )
    risk: ClassVar[Risk] = Risk.CONTROL
    examples: ClassVar[tuple[Example, ...]] = (
        Example("您好，您的快递，麻烦签个字"),
        Example("师傅让一让，借过一下"),
        Example("大爷您慢点走", waiting="confirm:sign_off"),
        Example("今天天气真热"),
        Example("老板，箱子我先搁您门边上", waiting="confirm:sign_off"),
        Example("放首歌听听"),
        Example("行，那我放门口了啊"),
        Example("前方路口左转"),
        Example("老李，你那边送完了吗"),
        Example("帮我导航回家"),
        Example("一共三十五，您扫这个码"),
        Example("哎呀这破楼又没电梯"),
        Example("喂，你到哪儿了，我在门口呢"),
        Example("姐，您看看东西有没有坏"),
        Example("买二送一，走过路过不要错过"),
        Example("帮我叫个外卖"),
        Example("昨晚那场球你看了没"),
        Example("电话我已经打过了，没事"),
        Example("您这个要拿身份证我核一下"),
        Example("把空调打开"),
        Example("门口有人吗，开下门"),
        Example("你们这儿寄到北京多少钱啊"),
        Example("我下班去接孩子"),
        Example("大爷小心台阶"),
        Example("那个，就是，嗯"),
        Example("我跟你说，三号楼那个保安可凶了"),
    )
