"""Whatever is understood, in whatever order: nothing that needs a yes happens without a read-back and a yes to it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from courier_voice.agent import Agent
from courier_voice.core.intent import Risk
from courier_voice.core.parcels import Day, Effect, Entry, Parcel, Receipt
from courier_voice.core.turn import Draft, NluContext, Understanding
from courier_voice.core.words import Utterance
from courier_voice.intents import BY_NAME
from courier_voice.knowledge.accounts import AccountRules
from courier_voice.logistics.client import HttpLogistics
from courier_voice.logistics.mock.carrier import Carrier
from courier_voice.logistics.mock.serve import in_process_client
from courier_voice.logistics.mock.world import load_world
from courier_voice.nlu.controls import control

WORLD = Path(__file__).parent / "conversations" / "jincheng.json"
CONFIRMED = ("sms", "sign_off", "exception")

YES = "好 对 发吧 确认 提交 嗯可以".split()
TELLING_NOTHING = "呃这个我看看"
"""Words that no rule reads: what they mean is what the model says."""
SAID = st.sampled_from(
    YES
    + "取消 不对 错了 说错了 再说一遍 帮助 第二个 最后一个呢 前两个呢 女士那个 不是第一个 那单呢 地址呢 "
    "下一单 上一单 然后呢 放门口吧 还是放驿站 换一句，说我到了 再加一句谢谢 三零九八 六六八八 黄女士 师傅让一下 您好，您的快递 "
    "除了黄女士 黄女士不用发 给他们都发 这栋楼的都发 三号楼除了王女士都发 拒收 改到明天 放鞋柜了 好的您慢走 行那我放这儿 先别提交".split()
)
TARGETS = st.sampled_from(
    [
        {"tail": "6688"}, {"tail": "3098"}, {"tail": "4420"}, {"tail": "1111"}, {"tail": "4407"}, {"name": "王女士"},
        {"name": "黄女士"}, {"name": "王先生", "address": "3号楼"}, {"address": "3号楼", "ref": "all"}, {"ref": "all"},
        {"ref": "current"}, {"ref": "next"}, {"ref": "previous"}, {"address": "这栋楼"},
    ]
)  # fmt: skip
VALUES: Mapping[str, st.SearchStrategy[Any]] = {
    "target": TARGETS,
    "message": st.sampled_from(["我到楼下了", "放门口了", "二十分钟到"]),
    "place": st.sampled_from(["本人", "门口", "驿站"]),
    "reason": st.sampled_from(["rejected", "no_answer", "rescheduled"]),
    "note": st.sampled_from(["明天上午", "下午三点"]),
    "aspect": st.sampled_from(["status", "remark"]),
    "measure": st.sampled_from(["count", "list", "next"]),
    "question": st.just("易碎品怎么包"),
    "weight_kg": st.just(2.0),
    "item": st.just("文件"),
}


@st.composite
def drafts(draw: st.DrawFn) -> Draft:
    """Any intent with most of its slots, those that act on customers as often as all others."""
    intent = draw(st.sampled_from(["send_sms", "sign_off", "report_exception"]) | st.sampled_from(sorted(BY_NAME)))
    allowed = VALUES if intent == "correct" else VALUES.keys() & BY_NAME[intent].model_fields.keys()
    slots = {slot: draw(VALUES[slot]) for slot in sorted(allowed) if draw(st.integers(0, 4))}
    if intent == "ask_knowledge":
        slots["question"] = draw(VALUES["question"])
    return Draft(intent, slots)


TURNS = st.lists(
    st.tuples(st.just(TELLING_NOTHING) | SAID, st.lists(drafts(), min_size=1, max_size=2)), min_size=2, max_size=7
)


class Outside:
    """The carrier and the outbox in one, that keep what they are told."""

    def __init__(self, today: Day) -> None:
        self.today = today
        self.done: list[Effect] = []
        self.forms: dict[str, dict[str, object]] = {}

    def day(self) -> Day:
        return self.today

    def waybill(self, number: str) -> Parcel:
        return next(p for p in self.today.parcels if p.waybill == number)

    def edit_pickup(self, number: str, fields: Mapping[str, object]) -> Mapping[str, object]:
        return self.forms.setdefault(number, {}) | dict(fields)

    def send(self, effect: Effect) -> None:
        raise AssertionError("effects go through the outbox")

    def perform(self, effect: Effect, *, attempt: bool = True) -> Receipt:
        self.done.append(effect)
        return Receipt(effect.key, "sent")

    def renew(self, key: str) -> Receipt:
        raise AssertionError("nothing was held")

    def drop(self, key: str) -> None:
        raise AssertionError("nothing was held")

    def flush(self) -> tuple[Receipt, ...]:
        return ()

    def pending(self) -> tuple[Entry, ...]:
        return ()

    def history(self, limit: int = 20) -> tuple[Entry, ...]:
        return ()

    def notices(self) -> tuple[str, ...]:
        return ()


class Told:
    """Understands what it is told to, after the control words."""

    drafts: tuple[Draft, ...] = ()

    def reflex(self, utterance: Utterance) -> Understanding | None:
        draft = control(utterance)
        return Understanding((draft,), "control") if draft else None

    def understand(self, utterance: Utterance, context: NluContext) -> Understanding:
        return Understanding(self.drafts, "llm")


class Plain:
    def polish(self, spoken: str, day: Day) -> str:
        return f"您好，{spoken}。"


class Quiet:
    def say(self, text: str) -> None:
        pass


@pytest.fixture(scope="module")
def today() -> Day:
    return HttpLogistics(in_process_client(Carrier(load_world(WORLD), frozen=True))).day()


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(turns=TURNS)
def test_no_effect_without_a_read_back_and_a_yes(turns: list[tuple[str, list[Draft]]], today: Day) -> None:
    outside, nlu = Outside(today), Told()
    agent = Agent(nlu, outside, outside, AccountRules(), Plain(), Quiet())
    for said, understood in turns:
        nlu.drafts = tuple(understood)
        waiting, before = agent.memory.proposals, len(outside.done)
        turn = agent.take_text(said)
        done = [(e.op, e.waybill, e.args) for e in outside.done[before:] if e.op in CONFIRMED]
        agreed = [(p.op, parcel.waybill, p.args) for p in waiting for parcel in p.parcels]
        assert not done or done == agreed, "only what was read back, and all of it"
        assert not done or said in YES, "to a yes"
        assert not done or not agent.memory.proposals, "once"
        for proposal in agent.memory.proposals:
            assert proposal.said in agent.memory.reply, "what waits for a yes is what was said last"
        if turn.understanding.drafts == (Draft("none"),) and turn.kind == "reject":
            assert agent.memory.proposals == waiting, "talk to others loses nothing"


def test_every_intent_that_acts_on_a_customer_waits_for_a_yes() -> None:
    assert {name for name, intent in BY_NAME.items() if intent.risk is Risk.CONFIRM} == {
        "send_sms",
        "sign_off",
        "report_exception",
    }
