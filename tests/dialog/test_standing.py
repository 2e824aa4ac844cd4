"""What the courier hears of effects that wait, and asks about them: never an effect by itself."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from courier_voice.core.errors import ApiUnavailable
from courier_voice.core.turn import Draft
from courier_voice.dialog.standing import question
from courier_voice.logistics import gate
from courier_voice.logistics.clock import Moment

TEXT = ("跟六零九四说我十分钟后到", Draft("send_sms", {"target": {"tail": "6094"}, "message": "我十分钟后到"}))
NUMBER = "JD0283370626094"


@pytest.fixture
def lift(talk: Any) -> Any:
    """The network, with a switch."""
    send = talk.outbox._api.send

    def switch(up: bool) -> None:
        def down(effect: object) -> None:
            raise ApiUnavailable("no network in the lift; leave it")

        talk.outbox._api.send = send if up else down

    return switch


@pytest.mark.parametrize(
    ("said", "about"),
    [
        ("刚才的发了吗", "last"),
        ("刚才那条短信发出去没有", "last"),
        ("上一条发了没", "last"),
        ("给王女士的短信发出去了吗", "last"),
        ("刚才的签收报上去了吗", "last"),
        ("还有什么没发出去", "waiting"),
        ("哪些还没发", "waiting"),
        ("都发出去了吗", "waiting"),
        ("没网的时候记下的都发了吗", "waiting"),
    ],
)
def test_these_ask_about_what_was_done(said: str, about: str) -> None:
    asked = question(said)
    assert asked is not None
    assert asked.about == about


@pytest.mark.parametrize(
    "said",
    [
        "给6688发短信", "发吧", "把短信发了", "还有几件没送", "刚才那单签收了吗", "您给我发短信了吗", "发货了吗",
        "跟他说还有什么没发出去", "还有几个没取", "发给王女士", "9021签收了没有", "师傅发了吗",
    ],
)  # fmt: skip
def test_these_do_not(said: str) -> None:
    assert question(said) is None


def test_the_three_states_are_told(talk: Any, lift: Any) -> None:
    assert "没有要发的" in talk("刚才的发了吗").reply
    talk(*TEXT)
    turn = talk("确认")
    assert "已发送" in turn.reply
    assert "已发送" in talk("刚才的发了吗").reply
    assert "没有积压" in talk("还有什么没发出去").reply
    lift(up=False)
    talk("六零九四签收放门口", Draft("sign_off", {"target": {"tail": "6094"}, "place": "门口"}))
    assert "没网，先记下了，有网自动发" in talk("确认").reply
    asked = talk("还有什么没发出去")
    assert "还有1条没发出去" in asked.reply
    assert "6094的签收" in asked.reply
    assert (asked.kind, asked.calls) == ("answer", ())
    assert [op for op, _ in talk.effects()] == ["sms"]


LAST = (
    "刚才的发了吗 刚才那个发出去了没 刚才的短信发成功没有 前面那条发了吗 刚才的有没有发出去 刚才那条到底发没发 发没发 "
    "刚才那条短信是发了还是没发 你刚才发了吗 刚才的事办成了吗 短信发了吗 那条短信发了没"
).split()
WAITING = (
    "还有什么没发出去 还有没发出去的吗 哪些短信还没发出去 积压了几条 没发出去的念一下 还剩什么没发出去 离线的都发了吗 "
    "刚才没网的那些发了吗 还有没同步的吗 队列里还有几条 还有什么在等着发 都传上去了吗"
).split()


def test_however_it_is_asked_the_record_answers(talk: Any, lift: Any) -> None:
    talk(*TEXT)
    talk("确认")
    for asked in LAST:
        turn = talk(asked, Draft("send_sms", {"target": {"tail": "6094"}, "message": "发了吗"}))
        assert (turn.kind, turn.calls) == ("answer", ()), asked
        assert "6094的短信，已发送" in turn.reply, asked
    lift(up=False)
    talk("六零九四签收放门口", Draft("sign_off", {"target": {"tail": "6094"}, "place": "门口"}))
    talk("确认")
    for asked in WAITING:
        turn = talk(asked, Draft("query_tasks"))
        assert (turn.kind, turn.calls) == ("answer", ()), asked
        assert "还有1条没发出去" in turn.reply, asked
    assert talk.effects() == [("sms", NUMBER)]


def test_a_call_is_asked_about_in_its_own_words(talk: Any, lift: Any) -> None:
    lift(up=False)
    talk("给六零九四打电话", Draft("dial", {"target": {"tail": "6094"}}))
    assert "没打成，原因：没网" in talk("刚才的电话打出去了吗").reply
    lift(up=True)
    talk("给六零九四打电话", Draft("dial", {"target": {"tail": "6094"}}))
    assert "电话，已经打了" in talk("刚才那个电话打了吗").reply


def test_asking_does_not_lose_what_waits_and_does_not_do_it(talk: Any) -> None:
    talk(*TEXT)
    turn = talk("刚才的发了吗")
    assert (turn.kind, turn.calls, talk.effects()) == ("confirm", (), [])
    assert "十分钟后到" in turn.reply or "10分钟后到" in turn.reply
    talk("确认")
    assert talk.effects() == [("sms", NUMBER)]


def stale(talk: Any, lift: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A text given in the lift, 18 minutes ago; the turn after the network came back."""
    lift(up=False)
    talk(*TEXT)
    talk("确认")
    monkeypatch.setattr(Moment, "elapsed", lambda self: timedelta(minutes=18))
    assert gate.stale(talk.outbox.pending()[0])
    lift(up=True)
    talk.outbox.flush(now=True)
    return talk("今天还有几件没送", Draft("query_tasks", {"kind": "delivery"}))


def test_a_stale_text_is_asked_about_once_and_sent_after_a_yes(talk: Any, lift: Any, monkeypatch: Any) -> None:
    turn = stale(talk, lift, monkeypatch)
    assert turn.kind == "confirm"
    assert "还发吗" in turn.reply
    assert talk.effects() == []
    monkeypatch.undo()
    assert talk("好的").kind == "act"
    assert talk.effects() == [("sms", NUMBER)]


def test_a_stale_text_is_dropped_by_a_no(talk: Any, lift: Any, monkeypatch: Any) -> None:
    stale(talk, lift, monkeypatch)
    talk("不发了")
    assert talk.effects() == []
    assert talk.outbox.pending() == ()
    assert talk("确认").calls == ()


def test_a_stale_text_nobody_spoke_of_again_stays_held_and_is_told(talk: Any, lift: Any, monkeypatch: Any) -> None:
    stale(talk, lift, monkeypatch)
    turn = talk("今天还有几件没送", Draft("query_tasks", {"kind": "delivery"}))
    assert "还发吗" not in turn.reply
    assert "再确认" in talk("还有什么没发出去").reply
    assert talk.effects() == []
