"""Reminders: the right words at the right moment, once, and never over a question that waits."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from courier_voice.core.parcels import Day, KeyAccount, Parcel
from courier_voice.dialog.tips import (
    account_rules,
    asks_for_more,
    building_of,
    keys,
    on_reaching,
    on_time,
    timetable,
    window_end,
)


@pytest.fixture
def day(talk: Any) -> Day:
    told: Day = talk.agent.api.day()
    return told


def _task(day: Day, task_id: str, **changes: Any) -> Parcel:
    parcel = day.by_id(task_id)
    assert parcel
    return replace(parcel, **changes)


def test_a_key_accounts_rules_are_those_for_the_kind_of_task(day: Day) -> None:
    pickup, delivery = on_reaching(_task(day, "P02"), day), on_reaching(_task(day, "D12"), day)
    assert pickup
    assert delivery
    assert pickup.moment == "open"
    assert delivery.moment == "arrive"
    assert "月结" in pickup.said
    assert "盖章" not in pickup.said
    assert "盖章" in delivery.said
    assert "月结" not in delivery.said


def test_two_sentences_of_the_rules_are_read_and_the_rest_is_kept(day: Day) -> None:
    tip = on_reaching(_task(day, "D20", remark="无"), day)
    assert tip
    account = day.key_accounts["KA7105"]
    assert tip.said.count("。") == 2
    for sentence in re.split("[。]", tip.said.split("的件，")[1] + tip.details):
        assert any(sentence in rule for rule in account.rules)
    assert tip.details


def test_money_and_remark_are_told_and_nothing_twice(day: Day) -> None:
    tip = on_reaching(_task(day, "D03"), day)
    assert tip
    assert tip.said == "提醒，代收219元。客户备注：可扫码。"
    both = on_reaching(_task(day, "D11"), day)
    assert both
    assert both.said == "提醒，代收85元，到付运费18元。"
    assert on_reaching(_task(day, "D22"), day) is None


@pytest.mark.parametrize(
    ("remark", "item", "check"),
    [
        ("退货件，屏幕碎了", "手机", "IMEI"),
        ("售后维修", "电磁炉", "序列号"),
        ("换货", "童鞋", "吊牌"),
        ("退货件", None, "封条"),
    ],
)
def test_after_sales_pickups_say_what_to_check(day: Day, remark: str, item: str | None, check: str) -> None:
    tip = on_reaching(_task(day, "P04", remark=remark, item=item), day)
    assert tip
    assert check in tip.said
    assert "拍照" in tip.said
    delivery = on_reaching(_task(day, "D07", remark=remark, item=item), day)
    assert delivery
    assert check not in delivery.said


def test_deadlines_are_grouped_by_building_and_told_once(day: Day) -> None:
    tip = on_time(day)
    assert tip
    assert set(tip.waybills) == {p.waybill for p in day.parcels if p.state == "pending" and p.due_soon}
    assert "金桂花园6栋1件，15点前" in tip.said
    assert on_time(day, keys(tip)) is None
    later = on_time(replace(day, now=day.now + timedelta(minutes=45)), keys(tip))
    assert later
    assert not set(later.waybills) & set(tip.waybills)


@given(minutes=st.lists(st.integers(0, 700), min_size=1, max_size=12))
def test_no_parcel_is_told_twice_however_often_the_clock_is_looked_at(minutes: list[int]) -> None:
    day = _invented()
    told: frozenset[str] = frozenset()
    said: list[str] = []
    for minute in sorted(minutes):
        tip = on_time(replace(day, now=day.now + timedelta(minutes=minute)), told)
        if tip:
            said += tip.waybills
            told |= keys(tip)
            ends = [window_end(p, day.now) for p in day.parcels if p.waybill in tip.waybills]
            assert all(end and day.now + timedelta(minutes=minute) <= end for end in ends)
    assert len(said) == len(set(said))


def _invented() -> Day:
    from datetime import datetime

    parcels = tuple(
        Parcel(f"D{n}", "delivery", f"JD{n:013}", "王某", "先生", "男", "", f"新河路{n % 3}号楼{n}", window, "pending")
        for n, window in enumerate(["08:00-10:00", "09:00-12:30", "10:00-12:00", "14:00-18:00", "全天", "08:00-25:99"])
    )
    return Day("秦师傅", datetime(2025, 5, 1, 8, 0), None, None, tuple(p.id for p in parcels), parcels)


def test_every_tip_of_the_day_holds_only_what_the_day_holds(day: Day) -> None:
    for tip in timetable(day):
        assert tip.said.startswith("提醒，")
        assert not re.search(r"\d{7,}", tip.said)
        assert all(day.by_waybill(waybill) for waybill in tip.waybills)
    told = [w for tip in timetable(day) if tip.moment == "deadline" for w in tip.waybills]
    assert len(told) == len(set(told))


def test_a_building_is_an_address_without_its_door() -> None:
    assert building_of("金桂花园6栋1502") == "金桂花园6栋"
    assert building_of("瑞丰广场C座2208") == "瑞丰广场C座"
    assert building_of("八一路117号院2号楼401") == "八一路117号院2号楼"
    assert building_of("七里桥村村委会") == "七里桥村村委会"


@pytest.mark.parametrize(
    "text", ["要听详细的", "详细点", "详细说说", "展开讲讲", "听详细的吧", "说具体点", "要详细的。"]
)
def test_more_is_told_to_who_asks(text: str) -> None:
    assert asks_for_more(text)


@pytest.mark.parametrize("text", ["详细地址发我", "这单的具体地址", "要打电话", "好", "具体几点送的六六八八"])
def test_other_talk_is_not_asking_for_more(text: str) -> None:
    assert not asks_for_more(text)


def test_opening_a_key_accounts_pickup_reminds_once_and_more_on_request(talk: Any, draft: Any, day: Day) -> None:
    pickup = _task(day, "P06")
    fill = draft("fill_pickup", target={"tail": pickup.tail}, weight_kg=2)
    first = talk("开单", fill)
    assert "康和医药的件" in first.reply
    assert "保温箱" in first.reply
    assert "康和医药" not in talk("再改", fill).reply
    assert "封签" in talk("要听详细的").reply
    assert talk.effects() == []


def test_between_turns_he_is_reminded_once_and_not_over_a_question(talk: Any, draft: Any, day: Day) -> None:
    here = day.by_id(day.current)
    talk("发短信", draft("send_sms", target={"tail": day.parcels[1].tail}, message="到了"))
    assert talk.agent.catch_up() is None
    talk("取消")
    news = talk.agent.catch_up()
    assert news
    assert here
    assert "先发短信再上门" in news.reply
    assert "快到点了" in news.reply
    assert talk.agent.catch_up() is None


def test_rules_of_no_kind_are_for_both() -> None:
    day = replace(_invented(), key_accounts={"KA1": KeyAccount("KA1", "长青花店", ("鲜花不得倒置。",))})
    for kind in ("delivery", "pickup"):
        tip = on_reaching(replace(day.parcels[0], kind=kind, ka_code="KA1"), day)
        assert tip
        assert "鲜花不得倒置" in tip.said


def test_rules_in_fewer_words_leave_the_whole_of_them_for_those_who_ask(day: Day) -> None:
    tip = on_reaching(_task(day, "P02"), day, lambda rules: "月结，当天十八点前交站。")
    assert tip
    assert "月结，当天十八点前交站。" in tip.said
    assert tip.details == account_rules(_task(day, "P02"), day)
    assert "签字" in tip.details
    assert on_reaching(_task(day, "P02"), day, str) == on_reaching(_task(day, "P02"), day)
