"""Talking over replies, over the real agent, mouth and duplex; only the words and what is a voice are made up. Each
frame is a tone whose level is the number of a sentence, and the replies are such tones too: what is not taken out of
the echo is heard as a command.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from courier_voice.agent import Agent
from courier_voice.audio.duplex import Duplex, Manners
from courier_voice.audio.endpoint import FRAME, FRAME_S
from courier_voice.audio.mic import Capture, Frame
from courier_voice.audio.overspeech import Overlap
from courier_voice.audio.ring import Both, Ring
from courier_voice.commands import overtalk
from courier_voice.commands.aloud import Trouble
from courier_voice.commands.overtalk import Overtalk, beside, mouth_of, on_device
from courier_voice.core.errors import SpeechError
from courier_voice.core.parcels import Day
from courier_voice.core.turn import Draft, NluContext, Turn, Understanding
from courier_voice.core.words import RATE, Audio, Hypothesis, Transcript, Utterance
from courier_voice.knowledge.accounts import AccountRules
from courier_voice.live import Listener, LiveTurn
from courier_voice.logistics.client import HttpLogistics
from courier_voice.logistics.mock.carrier import Carrier
from courier_voice.logistics.mock.serve import in_process_client
from courier_voice.logistics.mock.world import load_world
from courier_voice.logistics.outbox import Outbox
from courier_voice.nlu.controls import control
from courier_voice.speech.console import ConsoleSpeaker
from courier_voice.speech.mouth import Mouth
from courier_voice.speech.speaker import VoiceSpeaker

WORLD = Path(__file__).parents[1] / "fixtures" / "worlds" / "beihu.json"
CALL, SIGN_OFF, YES, AGAIN = range(1, 5)
WORDS = ("", "打给七四六一", "七四六一本人签收", "确认", "再说一遍")
STEP = 1 / 8
TONE = np.tile(np.repeat([1.0, -1.0], 4), FRAME // 8).astype(np.float32)
"""2 kHz: no hum, no wind."""
SURE = 4
"""Frames of voice, of a probability of 0.6, that stop a reply."""
MANNERS = Manners(sure=SURE * 0.6 - 0.01, window=SURE, suspect=0.5)
CLAUSE_S = 1.6
"""Of sound, for each clause of a reply."""


class Words:
    def transcribe(self, audio: Audio, hints: object = ()) -> Transcript:
        text = WORDS[round(float(np.abs(audio.samples).max(initial=0.0)) / STEP)]
        return Transcript(text, text, 0.9, (Hypothesis(text, -0.1),), audio.seconds)


class Fast:
    def reflex(self, utterance: Utterance) -> Understanding | None:
        draft = control(utterance)
        return Understanding((draft,), "control") if draft else None

    def understand(self, utterance: Utterance, context: NluContext) -> Understanding:
        target = {"target": {"tail": "7461"}}
        if "签收" in utterance.text:
            return Understanding((Draft("sign_off", {**target, "place": "本人"}),), "fast")
        return Understanding((Draft("dial", target) if "打给" in utterance.text else Draft("none"),), "fast")

    def glance(self, utterance: Utterance, context: NluContext) -> Understanding:
        return self.reflex(utterance) or self.understand(utterance, context)


class Plain:
    def polish(self, spoken: str, day: Day) -> str:
        return spoken


def voiced() -> Callable[[Frame], float]:
    return lambda frame: 0.6 * float(np.abs(frame).max() > STEP / 10)


def over() -> Callable[[Overlap], float]:
    voice = voiced()
    return lambda overlap: voice(overlap.left)


def clause(_: str) -> Audio:
    return Audio(np.tile(CALL * STEP * TONE, round(CLAUSE_S / FRAME_S)))


def frames(*stretches: tuple[int, float]) -> Iterator[Frame]:
    for word, seconds in stretches:
        for _ in range(round(seconds / FRAME_S)):
            yield word * STEP * TONE


class Loop:
    """The loop as `listen` runs it: turns of a recording are answered by a mouth that is taken in step with it, and
    that is heard by the microphone as loud as it is."""

    def __init__(self, listener: Listener, carrier: Carrier, clean: Callable[[Both], Frame] | None = None) -> None:
        self.carrier, self.agent = carrier, listener.agent
        self.mouth = Mouth(clause, in_step=True)
        duplex = Duplex(
            self.mouth,
            MANNERS,
            clean=lambda: clean or (lambda both: both.heard - both.played),
            voiced=voiced,
            over=over,
        )
        self.spoke = 0
        self.over = Overtalk(listener, self.mouth, self._spoke, duplex)
        self.gains: list[float] = []

    def _spoke(self) -> None:
        self.spoke += 1

    def run(self, *stretches: tuple[int, float]) -> list[LiveTurn | None]:
        told: list[LiveTurn | None] = []
        for live in self.over.turns(beside(frames(*stretches), self.mouth, self._back)):
            told.append(live)
            if live and live.turn.reply:
                self.mouth.say(live.turn.reply)
        return told

    def turns(self, *stretches: tuple[int, float]) -> list[LiveTurn]:
        return [live for live in self.run(*stretches) if live]

    def _back(self, played: np.ndarray) -> np.ndarray:
        self.gains.append(float(np.abs(played).max()))
        return played

    @property
    def effects(self) -> list[str]:
        return [row.op for row in self.carrier.ledger().effects]


@pytest.fixture
def listener(tmp_path: Path, carrier: Carrier) -> Iterator[Listener]:
    api = HttpLogistics(in_process_client(carrier))
    fast = Fast()
    with Outbox(tmp_path / "outbox.sqlite3", api) as outbox:
        agent = Agent(fast, api, outbox, AccountRules(), Plain(), ConsoleSpeaker(lambda _: None), Words())
        yield Listener(agent, fast.glance, in_step=True)


@pytest.fixture
def carrier() -> Carrier:
    return Carrier(load_world(WORLD), frozen=True)


@pytest.fixture
def loop(listener: Listener, carrier: Carrier) -> Iterator[Loop]:
    made = Loop(listener, carrier)
    yield made
    made.mouth.close()


def test_a_reply_is_not_heard_as_a_command(loop: Loop) -> None:
    (call,) = loop.turns((0, 1), (CALL, 1), (0, 12))
    assert call.cut_off_s is None
    assert loop.mouth.heard_out
    assert loop.effects == ["dial"]
    assert loop.spoke * FRAME_S >= CLAUSE_S


def test_without_the_canceller_it_would_be(listener: Listener, carrier: Carrier) -> None:
    loop = Loop(listener, carrier, clean=lambda both: both.heard)
    assert len(loop.turns((0, 1), (CALL, 1), (0, 12))) > 1
    loop.mouth.close()


def test_speaking_stops_the_reply_and_is_heard_from_its_first_word(loop: Loop) -> None:
    first, over = loop.turns((0, 1), (CALL, 1), (0, 0.9), (SIGN_OFF, 1), (0, 6))
    assert first.turn.intent == "dial"
    assert (over.turn.intent, over.turn.kind) == ("sign_off", "confirm")
    assert over.cut_off_s == pytest.approx(SURE * FRAME_S)


def test_a_short_noise_only_ducks_the_reply(loop: Loop) -> None:
    cough = (SURE - 1) * FRAME_S
    assert len(loop.turns((0, 1), (CALL, 1), (0, 0.9), (SIGN_OFF, cough), (0, 6))) == 1
    assert loop.mouth.heard_out
    reply = [gain for gain in loop.gains if gain]
    assert min(reply) < 0.2 * CALL * STEP
    assert reply[-1] == pytest.approx(CALL * STEP)


def test_a_yes_begun_before_the_read_back_was_heard_out_is_not_taken(loop: Loop) -> None:
    asked, hasty = loop.turns((0, 1), (SIGN_OFF, 1), (0, 0.9), (YES, 0.6), (0, 1))
    assert asked.turn.kind == "confirm"
    assert hasty.cut_off_s is not None
    assert hasty.turn.reply == asked.turn.reply
    assert loop.effects == []


def test_a_yes_after_it_is_taken(loop: Loop) -> None:
    asked, sure = loop.turns((0, 1), (SIGN_OFF, 1), (0, 9), (YES, 0.6), (0, 1))
    assert (asked.turn.kind, sure.turn.kind) == ("confirm", "act")
    assert loop.effects == ["sign_off"]


def test_what_was_cut_off_is_said_again(loop: Loop) -> None:
    first, again = loop.turns((0, 1), (CALL, 1), (0, 0.9), (AGAIN, 0.6), (0, 9))
    assert again.cut_off_s is not None
    assert again.turn.intent == "repeat"
    assert again.turn.reply == first.turn.reply
    assert loop.mouth.heard_out
    assert loop.effects == ["dial"]


def test_a_quiet_while_is_told_after_the_reply_not_during_it(loop: Loop) -> None:
    loop.mouth.say("。".join("一二三四五六七八九十甲乙"))  # 19 s
    assert loop.run((0, 19)) == []
    assert loop.run((0, 16)) == [None]


def test_no_voice_no_canceller_or_no_card_keeps_the_microphone_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    voice = VoiceSpeaker(SimpleNamespace(synthesize=clause), SimpleNamespace())  # type: ignore[arg-type]
    mouth = mouth_of(voice, simulated=True)
    assert mouth is not None
    mouth.close()
    assert mouth_of(ConsoleSpeaker(), simulated=True) is None

    def no_card(device: object) -> int:
        raise SpeechError("no usable sound output")

    monkeypatch.setattr(overtalk, "output_rate", no_card)
    assert mouth_of(voice, simulated=False) is None
    monkeypatch.setattr(overtalk, "has_canceller", lambda: False)
    assert mouth_of(voice, simulated=True) is None


def test_a_card_that_goes_away_is_said_once_and_opened_again(
    loop: Loop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(overtalk, "RETRY_S", 0.0)
    opened = 0

    @contextmanager
    def microphone(*, reference: Any) -> Iterator[Capture]:
        ring = Ring(1000)
        for frame in frames((0, 1), (CALL, 1), (0, 2)):
            ring.put(Both(frame, reference()))
        yield Capture(RATE, ring)

    @contextmanager
    def sounding(take: Any, rate: int, device: Any) -> Iterator[Callable[[], bool]]:
        nonlocal opened
        opened += 1
        yield lambda: opened > 2

    monkeypatch.setattr(overtalk, "sounding", sounding)
    turn = next(on_device(loop.over, microphone, Trouble(ConsoleSpeaker(lambda _: None))))
    assert isinstance(turn, Turn)
    assert turn.intent == "dial"
    assert capsys.readouterr().err.count("plug it in again") == 1
    assert opened == 3
