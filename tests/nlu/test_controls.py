"""Control words, and talk that only looks like them."""

from __future__ import annotations

import pytest

from courier_voice.nlu.controls import control
from courier_voice.text.normalize import normalize

CONTROLS = [
    ("确认", "confirm"), ("好的", "confirm"), ("嗯，好的，发吧", "confirm"), ("对对对", "confirm"), ("行，发吧", "confirm"),
    ("就这样，发走", "confirm"), ("没错", "confirm"), ("是的没问题", "confirm"), ("提交", "confirm"), ("OK", "confirm"),
    ("取消", "cancel"), ("算了，不发了", "cancel"), ("等一下，先不发", "cancel"), ("停停停", "cancel"), ("别发", "cancel"),
    ("不对", "cancel"), ("取消吧，不用了", "cancel"),
    ("再说一遍", "repeat"), ("啊？没听清，再说一遍", "repeat"), ("请重复一下", "repeat"),
    ("去笑", "cancel"), ("曲消，曲消", "cancel"), ("雀定", "confirm"), ("缺人", "confirm"),
    ("帮助", "help"), ("你会做什么", "help"), ("怎么用啊", "help"),
]  # fmt: skip
OTHERS = [
    "好的我放门口了", "对面那家", "取消订单找客服", "行李箱多重", "不对，是六六八九", "是不是坏了", "确认一下地址在哪", "发短信",
    "别打电话，发短信", "好像不在家", "停车场怎么走", "可以放门口吗", "提交了没有", "什么备注", "嗯", "啊", "", "。",
    "不用签了改放驿站", "是王女士的",
]  # fmt: skip


@pytest.mark.parametrize(("said", "intent"), CONTROLS)
def test_control_words(said: str, intent: str) -> None:
    draft = control(normalize(said))
    assert draft is not None
    assert draft.intent == intent


@pytest.mark.parametrize("said", OTHERS)
def test_longer_talk_is_no_control(said: str) -> None:
    assert control(normalize(said)) is None
