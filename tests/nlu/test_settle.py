"""What code knows better than a small model: digits, units, who is named, which words bear a reference."""

from __future__ import annotations

import pytest

from courier_voice.intents import BY_NAME
from courier_voice.nlu.frames import slots_of
from courier_voice.nlu.settle import settle

CASES = [
    # (intent, sentence, as the model wrote it, as it should be)
    ("dial", "我给7416打个电话", {"name": "7416"}, {"tail": "7416"}),
    ("dial", "敲不开门，跟住户打个电话", {"name": "住户", "ref": "current"}, {"ref": "current"}),
    ("dial", "给6118打电话", {"ref": "current"}, {"tail": "6118"}),
    ("dial", "给6118打电话", {"tail": "6118", "ref": "previous"}, {"tail": "6118"}),
    ("dial", "打给6688不是8866", {"tail": "8866"}, {"tail": "6688"}),
    ("dial", "不是6688是8866", {"tail": "6688"}, {"tail": "8866"}),
    ("sign_off", "6688、8866都签收", {"tail": "6688"}, {"tail": "6688"}),
    ("dial", "给他打电话", {"ref": "current"}, {"ref": "current"}),
    ("dial", "短信她没回，打她手机", {}, {"ref": "current"}),
    ("send_sms", "发短信问他在不在家", {"message": "他在不在家"}, {"message": "他在不在家"}),
    ("query_waybill", "0329是不是丢了", {"tail": "0329", "address": "是不是丢了"}, {"tail": "0329"}),
    ("fill_pickup", "价不保了", {}, {"declared_value_yuan": "0"}),
    ("fill_pickup", "保价500", {"declared_value_yuan": "500"}, {"declared_value_yuan": "500"}),
    ("fill_pickup", "35乘30乘28，提交", {"weight_kg": "28"}, {"length_cm": "35", "width_cm": "30", "height_cm": "28"}),
    ("fill_pickup", "正方的，边长40厘米", {}, {"length_cm": "40厘米", "width_cm": "40厘米", "height_cm": "40厘米"}),
    ("fill_pickup", "里头12瓶酒，打成一个箱子", {"quantity": "12瓶"}, {"quantity": "1"}),
    ("fill_pickup", "寄方付，提交", {"item": "方付"}, {"payment": "sender"}),
    ("fill_pickup", "让对方付", {"payment": "sender"}, {"payment": "receiver"}),
    (
        "query_tasks",
        "马上要过点的有哪些",
        {"kind": "delivery", "state": "overdue", "measure": "list"},
        {"kind": "all", "state": "due_soon", "measure": "list"},
    ),
    (
        "query_tasks",
        "货款合计多少",
        {"measure": "cod_total", "state": "done"},
        {"measure": "cod_total", "state": "all", "kind": "all"},
    ),
    ("sign_off", "9021搁鞋贵了签收", {"tail": "9021", "place": "鞋贵了"}, {"tail": "9021", "place": "鞋柜"}),
    ("dial", "联系陶老师", {}, {"name": "陶老师"}),
    ("dial", "和平路1200号打过去", {"address": "和平路1200号"}, {"address": "和平路1200号"}),
    (
        "send_sms",
        "留言给柏小姐，问她要不要拆箱",
        {"message": "问她要不要拆箱"},
        {"name": "柏小姐", "message": "要不要拆箱"},
    ),
    ("send_sms", "发短信说王先生在门口等", {"message": "王先生在门口等"}, {"message": "王先生在门口等"}),
    (
        "send_sms",
        "跟3号楼的王女士说到了",
        {"name": "王女士", "message": "到了"},
        {"name": "王女士", "address": "3号楼", "message": "到了"},
    ),
    ("dial", "给翠湖小区5栋的何先生打电话", {"name": "何先生"}, {"name": "何先生", "address": "翠湖小区5栋"}),
    ("send_sms", "给6688编一条短信", {"tail": "6688", "message": "编一条短信"}, {"tail": "6688"}),
    ("send_sms", "都通知一遍", {"ref": "all"}, {"ref": "all"}),
    ("send_sms", "给9021发短信", {"tail": "9021", "ref": "all"}, {"tail": "9021"}),
    (
        "fill_pickup",
        "保价3000，2.5斤",
        {"declared_value_yuan": "3000"},
        {"declared_value_yuan": "3000", "weight_kg": "2.5斤"},
    ),
    ("fill_pickup", "毛重15公斤走特快", {"weight_kg": "15公斤", "declared_value_yuan": "0"}, {"weight_kg": "15公斤"}),
    ("fill_pickup", "不保价", {"declared_value_yuan": "0"}, {"declared_value_yuan": "0"}),
    (
        "fill_pickup",
        "茶叶2.5斤",
        {"declared_value_yuan": "2.5", "item": "茶叶2.5斤"},
        {"item": "茶叶", "weight_kg": "2.5斤"},
    ),
    ("fill_pickup", "填上3公斤", {"ref": "current", "weight_kg": "3公斤"}, {"weight_kg": "3公斤"}),
    ("fill_pickup", "打成1个箱子", {"quantity": "1", "product": "箱子"}, {"quantity": "1"}),
    ("sign_off", "9排4号，院墙里头，签收", {"place": "9排4号，院墙里头"}, {"address": "9排4号", "place": "院墙里头"}),
    ("query_waybill", "8095为啥不动了", {"tail": "8095", "ref": "previous"}, {"tail": "8095"}),
    ("query_waybill", "下一单的备注", {"ref": "next"}, {"ref": "next"}),
    ("correct", "挨错了是9021", {"message": "挨错了是9021"}, {"tail": "9021"}),
    ("correct", "短信改成我20分钟后到", {"message": "我20分钟后到"}, {"message": "我20分钟后到"}),
    ("query_tasks", "今天还有几件", {"kind": "all", "tail": "6688"}, {"kind": "all"}),
]


@pytest.mark.parametrize(("intent", "text", "written", "right"), CASES, ids=[c[1] for c in CASES])
def test_settle(intent: str, text: str, written: dict[str, str], right: dict[str, str]) -> None:
    slots = frozenset(slots_of(BY_NAME[intent]))
    settled = settle(intent, written, text, slots)
    assert settled == right
    assert settle(intent, settled, text, slots) == right
