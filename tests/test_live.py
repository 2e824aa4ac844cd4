"""Hands-free turns over the real agent and carrier; only voice and words are made up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Event

import numpy as np
import pytest

from courier_voice.agent import Agent
from courier_voice.audio.endpoint import FRAME, FRAME_S
from courier_voice.audio.mic import Frame
from courier_voice.audio.partials import Partials
from courier_voice.core.errors import TranscriptionError
from courier_voice.core.parcels import Day
from courier_voice.core.turn import Draft, NluContext, Understanding
from courier_voice.core.words import Audio, Hypothesis, Transcript, Utterance
from courier_voice.knowledge.accounts import AccountRules
from courier_voice.live import Listener, in_time
from courier_voice.logistics.client import HttpLogistics
from courier_voice.logistics.mock.carrier import Carrier
from courier_voice.logistics.mock.serve import in_process_client
from courier_voice.logistics.mock.world import load_world
from courier_voice.logistics.outbox import Outbox
from courier_voice.nlu.controls import control

WORLD = Path(__file__).parents[1] / "fixtures" / "worlds" / "beihu.json"
TAIL = "5083"


class Words:
    """A recogniser of frames that carry their word's number: 0 is silence."""

    def __init__(self, *words: str) -> None:
        self.words = ("", *words)
        self.heard: list[str] = []
        self.broken = False

    def transcribe(self, audio: Audio, hints: object = ()) -> Transcript:
        if self.broken:
            raise TranscriptionError("no model")
        numbers = [int(n) for n in audio.samples[::FRAME]]
        said = [n for n, before in zip(numbers, [0, *numbers[:-1]], strict=True) if n and n != before]
        text = "".join(self.words[n] for n in said)
        self.heard.append(text)
        return Transcript(text, text, 0.9, (Hypothesis(text, -0.1),), audio.seconds)


class Fast:
    """Understands a call with a whole tail, surely; half of one, too."""

    def reflex(self, utterance: Utterance) -> Understanding | None:
        draft = control(utterance)
        return Understanding((draft,), "control") if draft else None

    def understand(self, utterance: Utterance, context: NluContext) -> Understanding:
        digits = "".join(filter(str.isdigit, utterance.text))
        if "短信" in utterance.text:
            slots = {"target": {"tail": TAIL}, "message": utterance.text.partition("说")[2]}
            return Understanding((Draft("send_sms", slots),), "fast")
        if "打给" not in utterance.text:
            return Understanding((Draft("none"),), "fast")
        return Understanding((Draft("dial", {"target": {"tail": digits}} if digits else {}),), "fast")

    def glance(self, utterance: Utterance, context: NluContext) -> Understanding:
        return self.reflex(utterance) or self.understand(utterance, context)


class Plain:
    def polish(self, spoken: str, day: Day) -> str:
        return spoken


class Quiet:
    def say(self, text: str) -> None:
        pass


class Counted:
    """A streaming recogniser whose words are the number of frames it has had."""

    def __init__(self) -> None:
        self.frames, self.finished = 0, Event()

    def accept(self, frame: Frame) -> str:
        self.frames += 1
        return str(self.frames)

    def finish(self) -> Transcript:
        self.finished.set()
        return Transcript("", "", 0.0)


def frames(*stretches: tuple[int, float]) -> Iterator[Frame]:
    for word, seconds in stretches:
        for _ in range(round(seconds / FRAME_S)):
            yield np.full(FRAME, word, np.float32)


@pytest.fixture
def carrier() -> Carrier:
    return Carrier(load_world(WORLD), frozen=True)


@pytest.fixture
def listener(tmp_path: Path, carrier: Carrier) -> Iterator[Listener]:
    api = HttpLogistics(in_process_client(carrier))
    fast = Fast()
    with Outbox(tmp_path / "outbox.sqlite3", api) as outbox:
        words = Words("打给", "五零", "八三", "确认", "七四六一", "发短信说我到了", "在楼下")
        agent = Agent(fast, api, outbox, AccountRules(), Plain(), Quiet(), words)
        yield Listener(agent, fast.glance, in_step=True, probability=lambda frame: float(frame[0] > 0))


def _dialled(carrier: Carrier) -> list[str]:
    return [row.waybill[-4:] for row in carrier.ledger().effects if row.op == "dial"]


def test_a_whole_command_ends_quickly_and_is_done_once(listener: Listener, carrier: Carrier) -> None:
    told = list(listener.turns(frames((0, 1), (1, 0.5), (5, 1), (0, 2))))
    assert [turn.turn.intent for turn in told] == ["dial"]
    assert told[0].endpoint_s <= 0.4
    assert _dialled(carrier) == ["7461"]
    assert len(listener.agent.asr.heard) == 1  # type: ignore[union-attr]


def test_a_pause_inside_digits_is_no_end(listener: Listener, carrier: Carrier) -> None:
    told = list(listener.turns(frames((0, 1), (1, 0.5), (2, 0.5), (0, 1.5), (3, 0.5), (0, 3))))
    assert [turn.turn.utterance.text for turn in told] == ["打给5083"]
    assert told[0].thrown_away == 1
    assert told[0].turn.kind == "ask"  # two parcels end so


def test_without_speculation_the_usual_silence_is_waited_through(listener: Listener) -> None:
    listener.speculate = False
    told = list(listener.turns(frames((0, 1), (1, 0.5), (5, 1), (0, 2))))
    assert [turn.turn.intent for turn in told] == ["dial"]
    assert told[0].endpoint_s >= listener.waits.usual - FRAME_S


def test_utterances_follow_each_other(listener: Listener, carrier: Carrier) -> None:
    began: list[bool] = []
    spoken = frames((0, 1), (1, 0.5), (5, 1), (0, 2), (1, 0.5), (5, 0.5), (0, 2))
    listener.began = lambda: began.append(True)
    told = list(listener.turns(spoken))
    assert len(told) == len(began) == 2
    assert _dialled(carrier) == ["7461", "7461"]


def test_a_recogniser_that_fails_says_so_and_the_next_turn_is_heard(listener: Listener, carrier: Carrier) -> None:
    words = listener.agent.asr
    assert isinstance(words, Words)
    words.broken = True
    broken = list(listener.turns(frames((0, 1), (1, 0.5), (5, 1), (0, 2))))
    assert broken[0].turn.kind == "reject"
    assert broken[0].turn.reply
    words.broken = False
    assert [turn.turn.kind for turn in listener.turns(frames((0, 1), (1, 0.5), (5, 1), (0, 2)))] == ["act"]
    assert _dialled(carrier) == ["7461"]


class Signing(Fast):
    def understand(self, utterance: Utterance, context: NluContext) -> Understanding:
        if "签收" not in utterance.text:
            return super().understand(utterance, context)
        return Understanding((Draft("sign_off", {"target": {"tail": "7461"}, "place": "本人"}),), "fast")


@pytest.mark.parametrize(("silence_s", "kinds"), [(10, ["confirm", "act"]), (40, ["confirm", "answer", "act"])])
def test_a_yes_long_after_the_read_back_has_it_read_again(
    listener: Listener, carrier: Carrier, silence_s: float, kinds: list[str]
) -> None:
    listener.agent.asr, listener.agent.nlu = Words("七四六一本人签收", "确认"), Signing()
    yes = ((2, 0.5), (0, 2)) * (len(kinds) - 1)
    told = list(listener.turns(frames((0, 1), (1, 1), (0, silence_s), *yes)))
    assert [turn.turn.kind for turn in told] == kinds
    assert all("7461" in turn.turn.reply for turn in told)
    assert [row.op for row in carrier.ledger().effects] == ["sign_off"]


def test_words_are_told_while_he_speaks_and_turns_are_the_same(listener: Listener, carrier: Carrier) -> None:
    streams, some = [Counted(), Counted()], Event()
    left = iter(streams)
    listener.partials = Partials(lambda: next(left), lambda words: some.set())
    told = list(listener.turns(frames((0, 1), (1, 0.5), (5, 1), (0, 2), (1, 0.5), (5, 0.5), (0, 2))))
    assert [turn.turn.intent for turn in told] == ["dial", "dial"]
    assert _dialled(carrier) == ["7461", "7461"]
    assert all(stream.finished.wait(10) for stream in streams)
    assert some.is_set()


def test_frames_come_at_the_pace_of_a_microphone() -> None:
    now = 0.0

    def clock() -> float:
        nonlocal now
        now += 1.0  # always late: nothing is waited for
        return now

    given = list(frames((1, 0.3)))
    paced = list(in_time(given, FRAME_S, clock))
    assert len(paced) == len(given)


def test_a_dictated_message_is_told_of_at_each_pause_and_nothing_is_sent(listener: Listener, carrier: Carrier) -> None:
    told: list[str] = []
    listener.foresee = lambda message, day: told.append(message)
    listener.in_step = True
    (live,) = listener.turns(frames((6, 0.5), (0, 1.0), (7, 0.5), (0, 3.0)))
    assert told == ["我到了", "我到了在楼下"]
    assert live.turn.intent == "send_sms"
    assert carrier.ledger().effects == ()


def test_where_a_second_reader_was_asked_all_readings_are_read_before_the_end(
    listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    fast = Fast()

    def doubtful(utterance: Utterance, context: NluContext) -> Understanding:
        read.append(utterance.text)
        return replace(fast.glance(utterance, context), route="llm")

    nbest = (Hypothesis("在楼下", -0.4), Hypothesis("再楼下", -0.5))
    monkeypatch.setattr(listener.agent.asr, "transcribe", lambda *_: Transcript("在楼下", "在楼下", 0.7, nbest, 0.5))
    listener.glance = doubtful
    ended: list[int] = []
    listener.instead = lambda said: ended.append(len(read))  # type: ignore[func-returns-value, assignment]
    assert len(list(listener.turns(frames((7, 0.5), (0, 3.0))))) == 1
    assert read == ["在楼下", "在楼下", "再楼下"]
    assert ended == [3]
