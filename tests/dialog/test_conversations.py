"""Conversations as couriers have them, one a row of conversations/*.yaml, through the whole agent but its ears.

Understanding is the control words, the dialogue itself and the shipped fast model. A turn with ``means`` is read as the
drafts written there instead, because the fast model misreads it: it then tests the dialogue alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from courier_voice.agent import Agent
from courier_voice.core.privacy import find_phones
from courier_voice.core.turn import Draft, NluContext, Turn, Understanding
from courier_voice.core.words import Utterance
from courier_voice.knowledge.accounts import AccountRules
from courier_voice.logistics.client import HttpLogistics
from courier_voice.logistics.mock.carrier import Carrier
from courier_voice.logistics.mock.serve import in_process_client
from courier_voice.logistics.mock.world import load_world
from courier_voice.logistics.outbox import Outbox
from courier_voice.nlu.cascade import Cascade
from courier_voice.nlu.fast import FastUnderstander
from courier_voice.nlu.polish import TemplatePolisher

HERE = Path(__file__).parent / "conversations"
WORLD = load_world(HERE / "jincheng.json")
WAYBILL = {task.id: task.waybill for task in WORLD.tasks}
CONFIRMED = ("sms", "sign_off", "exception")
LONGEST = 180
"""Characters of a reply, lists read aloud and the help text aside."""
Row = Mapping[str, Any]


def _rows() -> list[Any]:
    return [
        pytest.param(row, id=f"{file.stem}-{number:02}")
        for file in sorted(HERE.glob("*.yaml"))
        for number, row in enumerate(yaml.safe_load(file.read_text("utf-8")), 1)
    ]


class Reader:
    """The fast route, but for turns whose meaning is written down."""

    def __init__(self, fast: Cascade) -> None:
        self.fast = fast
        self.means: list[Row] | None = None

    def reflex(self, utterance: Utterance) -> Understanding | None:
        return self.fast.reflex(utterance)

    def understand(self, utterance: Utterance, context: NluContext) -> Understanding:
        if self.means is None:
            return self.fast.understand(utterance, context)
        drafts = ({**meant} for meant in self.means)
        return Understanding(tuple(Draft(meant.pop("intent"), meant) for meant in drafts), "llm")


class Fresh:
    """A carrier at the start of its day, again and again behind one app."""

    def __init__(self) -> None:
        self.carrier = Carrier(WORLD, frozen=True)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.carrier, name)


class Quiet:
    def say(self, text: str) -> None:
        pass


@pytest.fixture(scope="module")
def fast() -> Cascade:
    return Cascade(None, FastUnderstander())


@pytest.fixture(scope="module")
def served() -> tuple[Fresh, HttpLogistics]:
    fresh = Fresh()
    return fresh, HttpLogistics(in_process_client(fresh))  # type: ignore[arg-type]


@pytest.mark.parametrize("row", _rows())
def test_conversation(row: Row, fast: Cascade, served: tuple[Fresh, HttpLogistics], tmp_path: Path) -> None:
    (fresh, api), reader = served, Reader(fast)
    carrier = fresh.carrier = Carrier(WORLD, frozen=True)
    outbox = Outbox(tmp_path / "outbox.sqlite3", api)
    agent = Agent(reader, api, outbox, AccountRules(), TemplatePolisher(), Quiet())
    asked: list[str] = []
    done: list[tuple[str, str | None]] = []
    try:
        for expected in row["turns"]:
            reader.means = expected.get("means")
            turn = agent.take_text(expected["say"])
            where = f"{expected['say']} → {turn.kind} {turn.intent} {turn.calls} {turn.reply}"
            assert _told(turn) == (expected["is"], sorted(expected.get("does", []))), where
            assert all(_has(turn, words) for words in expected.get("says", [])), where
            assert not any(words in turn.reply for words in expected.get("unsaid", [])), where
            for slot, value in expected.get("with", {}).items():
                assert all(_fits(call.args.get(slot), value) for call in turn.calls), where
            assert not find_phones(turn.reply), where
            assert len(turn.reply) <= LONGEST or turn.intent in ("query_tasks", "help", "repeat"), where
            effects = [(c.op, c.waybill) for c in turn.calls if c.op in CONFIRMED]
            assert not effects or (turn.intent == "confirm" and asked), where
            done += effects
            asked = [turn.reply] if "吗？" in turn.reply else asked if turn.kind in ("reject", "answer") else []
    finally:
        outbox.close()
    sent = [(e.op, e.waybill) for e in carrier.ledger().effects if e.op in CONFIRMED]
    assert sorted(sent) == sorted(done), "what the agent said it did is what happened"


def _told(turn: Turn) -> tuple[str, list[str]]:
    """``act dial`` and what was called: ``dial D01``; tasks and knowledge are about no waybill."""
    task = {waybill: task_id for task_id, waybill in WAYBILL.items()}
    calls = [f"{c.op} {task[c.waybill]}" if c.waybill else c.op for c in turn.calls]
    return f"{turn.kind} {turn.intent}", sorted(calls)


def _has(turn: Turn, words: str) -> bool:
    return any(re.sub(r"\s", "", one) in re.sub(r"\s", "", turn.reply) for one in words.split("|"))


def _fits(value: object, expected: object) -> bool:
    return expected in value if isinstance(expected, str) and isinstance(value, str) else value == expected


def test_there_are_enough_of_them() -> None:
    """Four wordings at least of everything a colleague understands."""
    covered: dict[str, int] = {}
    for param in _rows():
        covered[param.values[0]["covers"]] = covered.get(param.values[0]["covers"], 0) + 1
    assert sum(covered.values()) >= 60
    assert min(covered.values()) >= 4, covered
