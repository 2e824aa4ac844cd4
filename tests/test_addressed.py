"""Wake mode over the real agent and carrier: who is not meant does nothing and loses nothing; only the words are made up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from courier_voice.agent import Agent
from courier_voice.asr.second import SecondOpinion
from courier_voice.audio.endpoint import FRAME, FRAME_S
from courier_voice.audio.mic import Frame
from courier_voice.commands.addressed import Doorkeeper, FrameClock, spotter_of
from courier_voice.core.errors import SettingsError
from courier_voice.core.parcels import Day
from courier_voice.core.turn import Draft, NluContext, Turn, Understanding
from courier_voice.core.words import Audio, Hypothesis, Transcript, Utterance
from courier_voice.knowledge.accounts import AccountRules
from courier_voice.live import Listener
from courier_voice.logistics.client import HttpLogistics
from courier_voice.logistics.mock.carrier import Carrier
from courier_voice.logistics.mock.serve import in_process_client
from courier_voice.logistics.mock.world import load_world
from courier_voice.logistics.outbox import Outbox
from courier_voice.nlu.controls import control
from courier_voice.settings import Settings, load_settings

WORLD = Path(__file__).parents[1] / "fixtures" / "worlds" / "beihu.json"
CALL, CALLED, PHRASE, SIGN_OFF, YES, CALLED_YES = range(1, 7)
WORDS = (
    "",
    "打给七四一六",
    "小哥小哥，打给七四一六",
    "小哥，小哥。",
    "小哥小哥，七四一六本人签收",
    "确认",
    "小哥小哥，确认",
)


class Words:
    """A recogniser of frames that carry their sentence's number: 0 is silence."""

    def transcribe(self, audio: Audio, hints: object = ()) -> Transcript:
        text = WORDS[int(audio.samples.max(initial=0.0))]
        return Transcript(text, text, 0.9, (Hypothesis(text, -0.1),), audio.seconds)


class Fast:
    def reflex(self, utterance: Utterance) -> Understanding | None:
        draft = control(utterance)
        return Understanding((draft,), "control") if draft else None

    def understand(self, utterance: Utterance, context: NluContext) -> Understanding:
        target = {"target": {"tail": "7416"}}
        if "签收" in utterance.text:
            return Understanding((Draft("sign_off", {**target, "place": "本人"}),), "fast")
        return Understanding((Draft("dial", target) if "打给" in utterance.text else Draft("none"),), "fast")

    def glance(self, utterance: Utterance, context: NluContext) -> Understanding:
        return self.reflex(utterance) or self.understand(utterance, context)


class Plain:
    def polish(self, spoken: str, day: Day) -> str:
        return spoken


class Quiet:
    def say(self, text: str) -> None:
        pass


@dataclass
class Street:
    """A day on which somebody speaks now and then; replies take no time."""

    agent: Agent
    keeper: Doorkeeper
    clock: FrameClock
    carrier: Carrier

    def turns(self, *spoken: tuple[int, float]) -> list[Turn]:
        """``spoken``: sentences, and the silence before each."""
        frames = self.clock.watch(
            _frames(*((0, 1.0), *((n, s) for said, s in spoken for n, s in ((0, s), (said, 1.0)))), (0, 2.0))
        )
        listener = Listener(
            self.agent, self.agent.nlu.glance, in_step=True, probability=lambda frame: float(frame[0] > 0)
        )
        told = []
        for live in listener.turns(frames):
            told.append(live.turn)
            if self.keeper.called or live.turn.reply:
                self.keeper.answered()
        return told

    @property
    def effects(self) -> list[str]:
        return [row.op for row in self.carrier.ledger().effects]


def _frames(*stretches: tuple[int, float]) -> Iterator[Frame]:
    for word, seconds in stretches:
        for _ in range(round(seconds / FRAME_S)):
            yield np.full(FRAME, word, np.float32)


@pytest.fixture
def street(tmp_path: Path) -> Iterator[Street]:
    carrier = Carrier(load_world(WORLD), frozen=True)
    api = HttpLogistics(in_process_client(carrier))
    with Outbox(tmp_path / "outbox.sqlite3", api) as outbox:
        agent = Agent(Fast(), api, outbox, AccountRules(), Plain(), Quiet(), Words())
        clock = FrameClock()
        yield Street(agent, Doorkeeper(Settings(), agent, Words(), clock), clock, carrier)


def test_talk_does_nothing_until_he_says_the_phrase(street: Street) -> None:
    talk, called = street.turns((CALL, 1.0), (CALLED, 1.0))
    assert (talk.utterance.heard, talk.reply, talk.calls) == ("", "", ())
    assert called.utterance.heard == "打给七四一六"
    assert street.keeper.by_name
    assert street.effects == ["dial"]


@pytest.mark.parametrize(("silence", "effects"), [(5.0, ["dial", "dial"]), (9.0, ["dial"])])
def test_after_a_reply_he_may_go_on_for_eight_seconds(street: Street, silence: float, effects: list[str]) -> None:
    street.turns((CALLED, 1.0), (CALL, silence))
    assert street.effects == effects


def test_the_phrase_alone_lets_him_go_on(street: Street) -> None:
    called, command = street.turns((PHRASE, 1.0), (CALL, 3.0))
    assert (called.utterance.heard, called.reply) == ("", "")
    assert command.kind == "act"
    assert street.effects == ["dial"]


def test_a_yes_long_after_the_question_is_for_somebody_else_and_what_waits_goes_on_waiting(street: Street) -> None:
    asked, other = street.turns((SIGN_OFF, 1.0), (YES, 40.0))
    assert asked.kind == "confirm"
    assert other.reply == ""
    assert street.effects == []
    (proposal,) = street.agent.memory.proposals
    assert proposal.op == "sign_off"
    street.turns((CALLED_YES, 5.0))
    assert street.effects == ["sign_off"]


def test_a_question_is_waited_for_longer_than_a_reply(street: Street) -> None:
    street.turns((SIGN_OFF, 1.0), (YES, 20.0))
    assert street.effects == ["sign_off"]


def test_the_phrase_is_heard_on_this_device_and_once(monkeypatch: pytest.MonkeyPatch) -> None:
    words = Words()
    assert spotter_of(Settings(), words) is words
    assert spotter_of(Settings(), SecondOpinion(words, Words)) is words
    built: list[Settings] = []
    monkeypatch.setattr("courier_voice.commands.addressed.build_asr", lambda settings: built.append(settings) or words)
    monkeypatch.setenv("COURIER_ASR__ENGINE", "openai")
    monkeypatch.setenv("COURIER_ASR__THREADS", "3")
    spotter_of(load_settings(), Words())
    assert (built[0].asr.engine, built[0].asr.second_opinion, built[0].asr.threads) == ("faster-whisper", False, 3)


@pytest.mark.parametrize("phrase", ["小哥", "hello", "小哥小哥小哥小哥小"])
def test_a_phrase_that_cannot_be_spotted_is_refused(monkeypatch: pytest.MonkeyPatch, phrase: str) -> None:
    monkeypatch.setenv("COURIER_LISTEN__PHRASE", phrase)
    with pytest.raises(SettingsError, match="COURIER_LISTEN__PHRASE"):
        load_settings()
