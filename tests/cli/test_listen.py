"""The loop on recorded sound: what is said is done and answered, street talk is not, and it never hears itself."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from courier_voice.audio.mic import Frame, frames_of
from courier_voice.audio.wav import read_audio
from courier_voice.commands import listen
from courier_voice.commands.aloud import Aloud, Trouble
from courier_voice.core.errors import ApiUnavailable, MicrophoneError
from courier_voice.core.turn import Draft, Turn, Understanding
from courier_voice.core.words import Audio, Transcript, Utterance
from courier_voice.dialog.memory import Memory
from courier_voice.dialog.policy import NOT_UNDERSTOOD
from courier_voice.live import Listener
from courier_voice.speech.earcons import Earcon, earcon
from courier_voice.speech.speaker import VoiceSpeaker

Run = Callable[..., Any]
EARCONS: tuple[Earcon, ...] = ("listening", "done", "queued", "error")
PAUSE = np.zeros(2 * 16000, np.float32)


class FakeMicrophone:
    """Gives one recording each time it is listened to; then Ctrl-C is pressed."""

    def __init__(self, *recordings: np.ndarray) -> None:
        self.left = list(recordings)
        self.open = False

    @contextmanager
    def __call__(self, device: object = None) -> Iterator[Iterator[Frame]]:
        self.open = True
        try:
            yield self._frames()
        finally:
            self.open = False

    def _frames(self) -> Iterator[Frame]:
        if not self.left:
            raise KeyboardInterrupt
        yield from frames_of(Audio(np.concatenate([PAUSE, self.left.pop(0), PAUSE])))


class Voice:
    def __init__(self, microphone: FakeMicrophone) -> None:
        self.microphone = microphone
        self.said: list[str] = []

    def say(self, text: str) -> None:
        assert not self.microphone.open
        self.said.append(text)


@pytest.fixture
def hear(monkeypatch: pytest.MonkeyPatch, sounds: Path) -> Callable[..., Voice]:
    def hearing(*names: str) -> Voice:
        microphone = FakeMicrophone(*(read_audio(sounds / name).samples for name in names))
        voice = Voice(microphone)
        monkeypatch.setattr(listen, "open_microphone", microphone)
        monkeypatch.setattr(listen, "build_speaker", lambda *_: voice)
        return voice

    return hearing


@pytest.mark.usefixtures("recogniser", "language_model")
def test_a_command_is_done_and_answered_while_street_talk_and_rain_are_not(
    run: Run, hear: Callable[..., Voice]
) -> None:
    voice = hear("noise/rain.flac", "street_talk/careful.flac", "calls/tail.flac")
    ran = run("listen", "--json")
    assert ran.code == 0
    reminder, talk, command = ran.rows
    assert reminder["reply"].startswith("提醒")
    assert (talk["kind"], talk["calls"]) == ("reject", [])
    assert [call["op"] for call in command["calls"]] == ["dial"]
    assert command["calls"][0]["waybill"].endswith("0578")
    assert voice.said == [listen.READY, reminder["reply"], command["reply"]]
    assert "再见" in ran.err


@pytest.mark.usefixtures("recogniser")
@pytest.mark.parametrize(
    ("recordings", "reminded"), [(("noise/rain.flac",), True), (("calls/tail.flac", "noise/rain.flac"), False)]
)
def test_nothing_is_said_unasked_into_a_call(
    run: Run, hear: Callable[..., Voice], monkeypatch: pytest.MonkeyPatch, recordings: tuple[str, ...], reminded: bool
) -> None:
    monkeypatch.setenv("COURIER_NLU__ROUTE", "fast")
    voice = hear(*recordings)
    ran = run("listen", "--json")
    ready, *said = voice.said
    assert ready == listen.READY
    assert [row["reply"] for row in ran.rows] == said
    assert [reply.startswith("提醒") for reply in said] == [reminded]


@pytest.mark.usefixtures("recogniser")
def test_who_must_be_called_says_by_what(run: Run, hear: Callable[..., Voice], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COURIER_NLU__ROUTE", "fast")
    voice = hear("noise/rain.flac")
    assert run("listen", "--mode", "wake", "--json").code == 0
    assert voice.said[0] == listen.CALLABLE.format(phrase="小哥小哥")


@pytest.mark.usefixtures("recogniser", "language_model")
def test_push_to_talk_answers_whatever_is_said_and_ends_with_the_input(
    run: Run, hear: Callable[..., Voice], monkeypatch: pytest.MonkeyPatch
) -> None:
    voice = hear("street_talk/careful.flac")
    monkeypatch.setattr(sys, "stdin", io.StringIO("\n"))
    monkeypatch.setattr(listen, "_entered", lambda: False)
    ran = run("listen", "--push")
    assert ran.code == 0
    assert "听到：" in ran.out
    assert len(voice.said) == 1


@pytest.mark.parametrize(
    ("intent", "kind", "reply", "answered"),
    [
        ("none", "reject", NOT_UNDERSTOOD, False),
        ("confirm", "reject", "现在没有要确认的。", False),
        ("cancel", "answer", "好，没有要取消的。", False),
        ("correct", "reject", "没有可以改的，请从头说一遍。", False),
        ("none", "reject", ApiUnavailable.said, True),
        ("correct", "act", "正在打给王女士。", True),
        ("dial", "reject", "没有找到尾号9999。", True),
        ("repeat", "answer", "还有三单。", True),
    ],
)
def test_talk_to_others_is_not_answered_but_trouble_is(intent: str, kind: Any, reply: str, answered: bool) -> None:
    turn = Turn(Utterance("话", "话"), Understanding((Draft(intent),), "control"), kind, (), reply)
    assert listen.is_command(turn) is answered


def test_each_push_is_a_recording_of_its_own(monkeypatch: pytest.MonkeyPatch, word: np.ndarray) -> None:
    presses = iter([False] * 9 + [True] + [False] * 500)
    monkeypatch.setattr(listen, "_entered", lambda: next(presses))
    monkeypatch.setattr(sys, "stdin", io.StringIO("\n\n"))
    microphone = FakeMicrophone(word, word)
    told: list[str] = []
    first, second = listen.pushed(microphone, Trouble(Quiet()), lambda: told.append("recording"))
    assert len(told) == 2
    assert first.seconds == pytest.approx(0.32)
    assert second.seconds == pytest.approx(len(word) / 16000 + 4, abs=0.04)
    assert not microphone.open


class Quiet:
    def say(self, text: str) -> None:
        pass


class Sounding(VoiceSpeaker):
    """Keeps what is said, and which sounds are played."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def say(self, text: str) -> None:
        self.heard.append(text)

    def play(self, tone: Audio) -> None:
        self.heard += [name for name in EARCONS if np.array_equal(earcon(name).samples, tone.samples)]


class Silent:
    """Stands for an agent: what it is told is kept."""

    def __init__(self, microphone: FakeMicrophone | None = None) -> None:
        self.microphone = microphone
        self.memory = Memory()

    def hear(self, audio: Audio) -> Transcript:
        return Transcript("好", "好", 1.0, (), audio.seconds)

    def take_transcript(self, heard: Transcript) -> Turn:
        return Turn(Utterance("好", "好"), Understanding((Draft("none"),), "fast"), "reject", (), "")


def _listener() -> Listener:
    return Listener(Silent(), lambda said, context: None, in_step=True)  # type: ignore[arg-type]


def test_the_microphone_is_closed_between_utterances(word: np.ndarray) -> None:
    microphone = FakeMicrophone(word, np.tile(PAUSE, 10), word)
    heard = [
        (turn is not None, microphone.open)
        for turn in islice(listen.spoken(_listener(), microphone, Trouble(Quiet())), 3)
    ]
    assert heard == [(True, False), (False, False), (True, False)]


def test_a_lost_microphone_is_reported_once_and_opened_again(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], word: np.ndarray
) -> None:
    monkeypatch.setattr(listen, "RETRY_S", 0.0)
    back = FakeMicrophone(word)
    tries = iter(range(10))

    @contextmanager
    def lost() -> Iterator[Iterator[Frame]]:
        if next(tries) >= 3:
            with back() as frames:
                yield frames
            return

        def broken() -> Iterator[Frame]:
            yield np.zeros(512, np.float32)
            raise MicrophoneError("the microphone has given nothing for 3 s: plug it in again, or choose another")

        yield broken()

    voice = Sounding()
    assert next(listen.spoken(_listener(), lost, Trouble(voice))) is not None
    assert capsys.readouterr().err.count("plug it in again") == 1
    assert voice.heard == ["error", MicrophoneError.said, "listening"], "once, and that it is back"


def test_a_microphone_lost_under_the_key_is_told_and_tried_at_the_next_push(
    monkeypatch: pytest.MonkeyPatch, word: np.ndarray
) -> None:
    monkeypatch.setattr(listen, "_entered", lambda: False)
    monkeypatch.setattr(sys, "stdin", io.StringIO("\n\n"))
    back, tries = FakeMicrophone(word), iter(range(10))

    @contextmanager
    def lost() -> Iterator[Iterator[Frame]]:
        if not next(tries):
            raise MicrophoneError("no microphone can be opened: plug one in")
        with back() as frames:
            yield frames

    voice = Sounding()
    assert len(list(listen.pushed(lost, Trouble(voice), lambda: None))) == 1
    assert voice.heard == ["error", MicrophoneError.said, "listening"]


class Waiting:
    """An outbox in which so many effects wait for the network."""

    def __init__(self) -> None:
        self.keys: list[str] = []

    def pending(self) -> tuple[Any, ...]:
        return tuple(SimpleNamespace(status="queued", effect=SimpleNamespace(key=key)) for key in self.keys)


@pytest.mark.parametrize(
    ("kind", "queues", "heard"),
    [
        ("act", False, ["done", "好。"]),
        ("act", True, ["queued", "好。"]),
        ("ask", True, ["queued", "好。"]),
        ("reject", False, ["error", "好。"]),
        ("answer", False, ["好。"]),
        ("confirm", False, ["好。"]),
    ],
)
def test_a_reply_is_said_after_the_sound_of_what_came_of_it(kind: Any, queues: bool, heard: list[str]) -> None:
    voice, outbox = Sounding(), Waiting()
    outbox.keys = ["of a turn before"]
    aloud = Aloud(voice, outbox)  # type: ignore[arg-type]
    aloud.look()
    outbox.keys = ["this turn's"] if queues else outbox.keys  # the other one has gone out meanwhile
    aloud.say(Turn(Utterance("话", "话"), Understanding((Draft("dial"),), "fast"), kind, (), "好。"))
    assert voice.heard == heard


def test_the_sound_that_says_go_on(capsys: pytest.CaptureFixture[str]) -> None:
    voice = Sounding()
    Aloud(voice, Waiting()).called()  # type: ignore[arg-type]
    assert voice.heard == ["listening"]
    assert "在听" in capsys.readouterr().err
