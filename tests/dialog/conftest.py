"""A conversation whose understanding is scripted, over the real mock carrier: policy, memory and effects are real."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from courier_voice.agent import Agent
from courier_voice.core.parcels import Day
from courier_voice.core.turn import Draft, NluContext, Turn, Understanding
from courier_voice.core.words import Utterance
from courier_voice.knowledge.accounts import AccountRules
from courier_voice.logistics.client import HttpLogistics
from courier_voice.logistics.mock.carrier import Carrier
from courier_voice.logistics.mock.serve import in_process_client
from courier_voice.logistics.mock.world import load_world
from courier_voice.logistics.outbox import Outbox
from courier_voice.nlu.controls import control

WORLD = Path(__file__).parents[2] / "fixtures" / "worlds" / "beihu.json"


class Scripted:
    """Understands exactly what it was told to expect."""

    def __init__(self) -> None:
        self.drafts: tuple[Draft, ...] = ()

    def reflex(self, utterance: Utterance) -> Understanding | None:
        draft = control(utterance)
        return Understanding((draft,), "control") if draft else None

    def glance(self, utterance: Utterance, context: NluContext) -> Understanding | None:
        return None

    def understand(self, utterance: Utterance, context: NluContext) -> Understanding:
        return Understanding(self.drafts, "llm")


class Plain:
    def polish(self, spoken: str, day: Day) -> str:
        return f"您好，快递员：{spoken}。"


class Quiet:
    def say(self, text: str) -> None:
        pass


class Talk:
    """``talk(text, Draft…)``: one turn, understood as the drafts given (control words and direct answers need none)."""

    def __init__(self, home: Path) -> None:
        self.carrier = Carrier(load_world(WORLD), frozen=True)
        api = HttpLogistics(in_process_client(self.carrier))
        self.outbox = Outbox(home / "outbox.sqlite3", api)
        self.nlu = Scripted()
        self.agent = Agent(self.nlu, api, self.outbox, AccountRules(), Plain(), Quiet())

    def __call__(self, text: str, *drafts: Draft) -> Turn:
        self.nlu.drafts = drafts or (Draft("none"),)
        return self.agent.take_text(text)

    def effects(self) -> list[tuple[str, str]]:
        """What really happened at the carrier: (op, waybill)."""
        return [(row.op, row.waybill) for row in self.carrier.ledger().effects]


@pytest.fixture
def talk(tmp_path: Path) -> Iterator[Talk]:
    conversation = Talk(tmp_path)
    yield conversation
    conversation.outbox.close()


@pytest.fixture
def draft() -> Callable[..., Draft]:
    def make(intent: str, **slots: object) -> Draft:
        return Draft(intent, slots)

    return make
