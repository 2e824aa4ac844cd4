"""The guard between a model and the customer."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from courier_voice.dialog.facts import Fact, facts_of
from courier_voice.dialog.guard import check


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("四点一刻", "16:15"),
        ("四点一刻", "4点15分"),
        ("两点五十", "14：50"),
        ("五点半", "17:30"),
        ("六点", "18点整"),
        ("俩钟头", "2小时"),
        ("一个半小时", "90分钟"),
        ("半小时", "30分钟"),
        ("一刻钟", "15分钟"),
        ("两百一十九块", "219元"),
        ("四十二块五", "42.5元"),
        ("二十来斤", "20多斤"),
        ("三成", "30%"),
        ("三成", "百分之三十"),
        ("取件码八零二六", "取件码8026"),
        ("零五七八", "0578"),
        ("昨儿", "昨天"),
        ("明儿早上", "明早"),
        ("星期天", "周日"),
        ("十二层", "12楼"),
        ("六栋", "6号楼"),
        ("五公斤", "5kg"),
    ],
)
def test_one_fact_in_two_spellings(one: str, other: str) -> None:
    kinds = ("number", "clock", "span", "day")
    assert {f for f in facts_of(one) if f.kind in kinds} == {f for f in facts_of(other) if f.kind in kinds} != set()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("0578", "578"),
        ("四点一刻", "四点半"),
        ("二十斤", "二十公斤"),
        ("六栋", "6楼"),
        ("今天", "明天"),
        ("1小时", "1分钟"),
    ],
)
def test_two_facts_are_not_one(one: str, other: str) -> None:
    assert not facts_of(one) & facts_of(other)


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ("跟胡大姐说一声", Fact("name", "胡大姐")),
        ("老程签的收条", Fact("name", "老程")),
        ("欧阳女士在家", Fact("name", "欧阳女士")),
        ("放值班室了", Fact("place", "值班室")),
        ("空气炸锅到了，肥料也到了", Fact("thing", "肥料")),
    ],
)
def test_who_where_and_what(text: str, fact: Fact) -> None:
    assert fact in facts_of(text)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 11), st.integers(10, 59))
def test_any_clock_time_reads_alike(hour: int, minute: int) -> None:
    want = Fact("clock", f"{hour}:{minute}")
    assert want in facts_of(f"{hour}点{minute}到")
    assert want in facts_of(f"{hour + 12}:{minute}到")


SPOKEN = "跟齐先生说两箱石榴放文化宫传达室了，取件码四零九幺，传达室六点一刻锁门，让他尽快拿"


@pytest.mark.parametrize(
    ("sms", "complaint"),
    [
        ("两箱石榴放在文化宫传达室了，取件码4091，传达室6点一刻锁门，请您尽快取。", ""),
        ("2箱石榴在文化宫传达室，取件码4091，18:15锁门，请您尽快拿。", ""),
        ("两箱石榴放在文化宫传达室了，取件码4097，传达室6点一刻锁门，请您尽快取。", "少了4091"),
        ("两箱石榴放在文化宫传达室了，取件码4091，传达室6点半锁门，请您尽快取。", "少了6:15"),
        ("两箱石榴放在文化宫传达室了，传达室6点一刻锁门，请您尽快取。", "少了4091"),
        ("两箱水果放在文化宫传达室了，取件码4091，传达室6点一刻锁门，请您尽快取。", "少了石榴"),
        ("两箱石榴放在文化宫门卫了，取件码4091，6点一刻锁门，请您尽快取。", "少了传达室"),
        ("两箱石榴放在文化宫传达室了，取件码4091，传达室6点一刻锁门，取件费2元，请您尽快取。", "多了"),
        ("两箱石榴放在文化宫传达室了，取件码4091，传达室明天6点一刻锁门，请您尽快取。", "多了明天"),
        ("两箱石榴放在文化宫传达室了，取件码4091，传达室6点一刻锁门，请您尽快取，电话13812345678。", "多了13812345678"),
        ("两箱石榴放在文化宫传达室了，取件码4091，传达室6点一刻锁门，请您尽快取，详见www.example.com", "有网址或外文"),
        ("两箱石榴放在文化宫传达室了，取件码4091，传达室6点一刻锁门，请您尽快取，丢失包赔。", "许诺了赔"),
        ("两箱石榴放在文化宫传达室了，取件码4091，传达室6点一刻锁门，请您尽快取，保证新鲜。", "许诺了保证"),
        ("两箱石榴放在文化宫传达室了，取件码4091，传达室6点一刻锁门，请您尽快取，否则退回。", "没说过退回"),
        ("两箱石榴放在文化宫传达室了，取件码4091，传达室6点一刻锁门，请您尽快取，甭磨蹭。", "不礼貌：甭磨蹭"),
        ("两箱石榴放在文化宫传达室了，取件码4091，传达室6点一刻不锁门，请您尽快取。", "否定变了"),
        ("两箱石榴放在文化宫传达室了，取件码4091，传达室6点一刻锁门，请他尽快拿。", "不是对客户说的"),
        ("您放两箱石榴在文化宫传达室了，取件码4091，传达室6点一刻锁门，请您尽快拿。", "不是您放的"),
    ],
)
def test_the_guard(sms: str, complaint: str) -> None:
    found = check(SPOKEN, f"齐先生您好，我是快递员。{sms}谢谢！")
    assert any(complaint in one for one in found) if complaint else found == []


@pytest.mark.parametrize(
    ("spoken", "sms", "complaint"),
    [
        ("昨天给他打了三回都没通", "昨天您打了三回电话没通", "不是您打的"),
        ("老程签的收条", "请老程签收条", "多了请求"),
        ("问他下午在不在家", "您下午不在家", "没有提问"),
        ("让他走到公交站接一下", "我走到公交站接您", "不是我走的"),
        ("肥料二十来斤到了", "您的肥料20公斤到了", "少了20"),
        ("前台不能代收", "前台可以代收", "否定变了"),
        ("货款两百一，不对，两百一十九", "货款210元", "多了210"),
        ("钥匙在保洁那，刘嫂电话一五零别写", "钥匙在保洁那，电话150", "多了150"),
        ("单元密码三三八八打不开", "单元密码3388打不开", "多了3388"),
    ],
)
def test_the_guard_on_what_models_do(spoken: str, sms: str, complaint: str) -> None:
    found = check(spoken, f"您好，我是快递员。{sms}。谢谢！")
    assert any(complaint in one for one in found)


def test_the_name_must_be_there() -> None:
    assert check("跟齐先生说石榴到了", "您好，我是快递员。石榴到了。谢谢！") == ["少了齐先生"]
