"""In a basement: questions out of the cache with its age, effects noted down with their time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from courier_voice.core.errors import ApiUnavailable
from courier_voice.core.intent import Advice
from courier_voice.core.turn import Draft
from courier_voice.logistics import offline
from courier_voice.logistics.clock import Moment
from courier_voice.logistics.offline import DayCache, OfflineLogistics

NUMBER = "JD0283370626094"
HERE = {"target": {"tail": "6094"}}


class Basement:
    """The API behind a door: ``open`` lets it through."""

    def __init__(self, api: Any) -> None:
        self._api, self.open = api, True

    def __getattr__(self, name: str) -> Any:
        if not self.open:
            raise ApiUnavailable("no network in the basement; leave it")
        return getattr(self._api, name)


@pytest.fixture
def door(talk: Any, monkeypatch: pytest.MonkeyPatch) -> Basement:
    """A conversation that asked for the day once and then went downstairs for twelve minutes."""
    monkeypatch.setattr(offline, "DOWN_S", -1.0)
    raw = talk.agent.api
    door = Basement(raw)
    talk.agent.api = OfflineLogistics(door, DayCache(), talk.outbox.pending)  # type: ignore[arg-type]
    talk.outbox._api = door
    talk("今天还有几件没送", Draft("query_tasks", {"kind": "delivery"}))
    door.open = False
    monkeypatch.setattr(Moment, "elapsed", lambda self: timedelta(minutes=12))
    return door


@pytest.mark.parametrize(
    "draft",
    [
        Draft("query_tasks", {"kind": "delivery"}),
        Draft("query_waybill", {**HERE, "aspect": "address"}),
        Draft("ask_knowledge", {"question": "优鲜达拒收怎么办"}),
    ],
    ids=["tasks", "waybill", "knowledge"],
)
def test_answers_come_out_of_the_cache_and_say_how_old_it_is(talk: Any, door: Basement, draft: Draft) -> None:
    turn = talk("这是一个问题", draft)
    assert turn.kind == "answer"
    assert turn.reply.startswith("没网，这是12分钟前的。")
    door.open = True
    assert "分钟前" not in talk("这是一个问题", draft).reply


def test_a_sign_off_keeps_the_time_it_happened(talk: Any, door: Basement) -> None:
    talk("六零九四签收", Draft("sign_off", {**HERE, "place": "门口"}))
    assert "没网，先记下了，有网自动发" in talk("确认").reply
    then = talk.carrier.now() + timedelta(minutes=12)
    door.open = True
    assert "已经发送了" in talk("今天还有几件没送", Draft("query_tasks", {"kind": "delivery"})).reply
    (row,) = talk.carrier.ledger().effects
    assert (row.op, row.waybill, row.happened_at) == ("sign_off", NUMBER, then)
    assert row.at < then  # the mock's clock stands still: what was sent is the courier's time, not the arrival's


def test_a_call_is_not_kept_for_later(talk: Any, door: Basement) -> None:
    assert "没网" in talk("给六零九四打电话", Draft("dial", HERE)).reply
    door.open = True
    talk("今天还有几件没送", Draft("query_tasks", {"kind": "delivery"}))
    assert talk.effects() == []


def test_rules_are_answered_though_nothing_is_known_of_today(talk: Any) -> None:
    class Rules:
        def ask(self, question: str, about: Any, day: Any) -> Advice:
            return Advice(f"{question}：要缓冲三层。", "易碎" in question)

    class Down:
        def __getattr__(self, name: str) -> Any:
            raise ApiUnavailable("no network since the morning; leave the basement")

    talk.agent.api, talk.agent.knowledge = Down(), Rules()
    talk.nlu.glance = talk.nlu.understand
    turn = talk("易碎品怎么包", Draft("ask_knowledge", {"question": "易碎品怎么包"}))
    assert (turn.kind, turn.reply) == ("answer", "易碎品怎么包：要缓冲三层。")
    assert talk("瓷器怎么包", Draft("ask_knowledge", {"question": "瓷器怎么包"})).kind == "reject"
    assert talk("今天还有几件没送", Draft("query_tasks", {})).kind == "reject"
