"""A turn from sound to reply around stand-ins: what goes wrong outside is said, and nothing is done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
import pytest

from courier_voice.agent import Agent
from courier_voice.core.errors import ApiUnavailable, CourierVoiceError, ModelError, OutboxError, TranscriptionError
from courier_voice.core.intent import Advice
from courier_voice.core.parcels import Day, Effect, Entry, Parcel, Receipt
from courier_voice.core.turn import Draft, NluContext, Understanding
from courier_voice.core.words import Audio, Hypothesis, Transcript, Utterance

PARCEL = Parcel(
    "D01",
    "delivery",
    "JD0000000006688",
    "王秀兰",
    "女士",
    "female",
    "137****0000",
    "枫林里3号楼",
    "09:00-12:00",
    "pending",
)
DAY = Day("段师傅", datetime(2025, 5, 14, 9, 0), "D01", None, ("D01",), (PARCEL,))
SOUND = Audio(np.zeros(16000, np.float32))


@dataclass
class Outside:
    """All of an agent's outside in one, each part of which can be told to fail."""

    heard: Transcript | CourierVoiceError = field(default_factory=lambda: Transcript("给六六八八打电话", "", 0.9))
    drafts: tuple[Draft, ...] | CourierVoiceError = (Draft("dial", {"target": {"tail": "6688"}}),)
    api_error: CourierVoiceError | None = None
    outbox: Receipt | CourierVoiceError = field(default_factory=lambda: Receipt("", "sent"))
    said: list[str] = field(default_factory=list)
    effects: list[Effect] = field(default_factory=list)

    def transcribe(self, audio: Audio, hints: Sequence[str] = ()) -> Transcript:
        if isinstance(self.heard, CourierVoiceError):
            raise self.heard
        return self.heard

    def reflex(self, utterance: Utterance) -> Understanding | None:
        return None

    def glance(self, utterance: Utterance, context: NluContext) -> Understanding | None:
        return None

    def understand(self, utterance: Utterance, context: NluContext) -> Understanding:
        if isinstance(self.drafts, CourierVoiceError):
            raise self.drafts
        return Understanding(self.drafts, "llm")

    def day(self) -> Day:
        if self.api_error:
            raise self.api_error
        return DAY

    def waybill(self, number: str) -> Parcel:
        return PARCEL

    def edit_pickup(self, number: str, fields: Mapping[str, object]) -> Mapping[str, object]:
        return fields

    def send(self, effect: Effect) -> None:
        raise AssertionError("effects leave through the outbox only")

    def perform(self, effect: Effect, *, attempt: bool = True) -> Receipt:
        if isinstance(self.outbox, CourierVoiceError):
            raise self.outbox
        self.effects.append(effect)
        return self.outbox

    def flush(self) -> tuple[Receipt, ...]:
        return ()

    def renew(self, key: str) -> Receipt:
        raise AssertionError("nothing is held")

    def drop(self, key: str) -> None:
        raise AssertionError("nothing is held")

    def pending(self) -> tuple[Entry, ...]:
        return ()

    def history(self, limit: int = 20) -> tuple[Entry, ...]:
        return ()

    def notices(self) -> tuple[str, ...]:
        return ()

    def ask(self, question: str, about: Parcel | None, day: Day) -> Advice:
        return Advice("", answered=False)

    def polish(self, spoken: str, day: Day) -> str:
        return spoken

    def say(self, text: str) -> None:
        self.said.append(text)


def agent(outside: Outside) -> Agent:
    return Agent(outside, outside, outside, outside, outside, outside, outside)


def test_a_command_is_heard_done_and_answered() -> None:
    outside = Outside()
    turn = agent(outside).take_turn(SOUND)
    assert (turn.kind, turn.intent, turn.utterance.text) == ("act", "dial", "给6688打电话")
    assert [(e.op, e.waybill) for e in outside.effects] == [("dial", PARCEL.waybill)]
    assert outside.said == [turn.reply]
    assert list(turn.timings) == ["asr", "day", "nlu", "act", "speak"]


def test_other_readings_are_kept_beside_the_best() -> None:
    nbest = (Hypothesis("给六六八八打电话", -0.1), Hypothesis("给六六八九打电话", -0.4))
    turn = agent(Outside(heard=Transcript("给六六八八打电话", "", 0.9, nbest))).take_turn(SOUND)
    assert turn.utterance.nbest == ("给6689打电话",)


def test_silence_does_nothing_and_says_nothing() -> None:
    outside = Outside(heard=Transcript("", "", 0.0))
    turn = agent(outside).take_turn(SOUND)
    assert (turn.kind, turn.intent, turn.reply) == ("reject", "none", "")
    assert outside.said == []
    assert outside.effects == []


@pytest.mark.parametrize(
    ("outside", "said"),
    [
        (Outside(heard=TranscriptionError("engine")), "没听清"),
        (Outside(api_error=ApiUnavailable("down")), "连不上"),
        (Outside(drafts=ModelError("timeout")), "再说一遍"),
        (Outside(outbox=OutboxError("full")), "没有办"),
    ],
    ids=["recogniser", "api", "model", "disk"],
)
def test_what_fails_outside_is_said_and_nothing_happens(outside: Outside, said: str) -> None:
    turn = agent(outside).take_turn(SOUND)
    assert turn.kind == "reject"
    assert said in turn.reply
    assert outside.said == [turn.reply]
    assert outside.effects == []


def test_a_refused_call_is_no_call() -> None:
    turn = agent(Outside(outbox=Receipt("", "refused", "没网，电话没打出去"))).take_turn(SOUND)
    assert (turn.kind, turn.calls) == ("reject", ())
    assert "没打出去" in turn.reply


def test_a_bug_stays_loud() -> None:
    outside = Outside(drafts=(Draft("dance"),))
    with pytest.raises(KeyError):
        agent(outside).take_turn(SOUND)


def test_an_agent_without_a_recogniser_says_so() -> None:
    outside = Outside()
    deaf = Agent(outside, outside, outside, outside, outside, outside)
    with pytest.raises(CourierVoiceError, match="recogniser"):
        deaf.take_turn(SOUND)


def test_every_turn_has_its_own_idempotency_key() -> None:
    outside = Outside()
    one = agent(outside)
    one.take_turn(SOUND)
    one.take_turn(SOUND)
    assert len({effect.key for effect in outside.effects}) == 2
