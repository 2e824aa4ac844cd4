"""Sounds made before they are needed, and the silence that is cut from around them."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest

from courier_voice.core.errors import SpeechError
from courier_voice.core.words import Audio
from courier_voice.speech.ahead import MOST, Ahead
from courier_voice.speech.speaker import VoiceSpeaker
from courier_voice.speech.spoken import streamed
from courier_voice.speech.trim import trimmed

RATE = 24_000


class Makes:
    def __init__(self) -> None:
        self.made: list[str] = []
        self.threads: set[int] = set()

    def synthesize(self, text: str) -> Audio:
        self.made.append(text)
        self.threads.add(threading.get_ident())
        if text == "坏":
            raise SpeechError("no such sound")
        return Audio(np.full(len(text), 0.1, np.float32), RATE)


class Hears:
    def __init__(self) -> None:
        self.heard: list[int] = []

    def play(self, audio: Audio) -> None:
        self.heard.append(len(audio.samples))

    def wait(self) -> None: ...


def test_what_is_wanted_is_made_once_on_another_thread_and_kept() -> None:
    makes = Makes()
    ahead = Ahead(makes.synthesize)
    ahead.want(["正在打给", "王女士，", "正在打给"])
    ahead.settle(5)
    assert makes.made == ["正在打给", "王女士，"]
    assert threading.get_ident() not in makes.threads
    assert ahead.ready("王女士，")
    sound = ahead.get("王女士，")
    assert sound is not None
    assert len(sound.samples) == 4
    assert not ahead.ready("李先生，")
    assert ahead.get("李先生，") is None
    ahead.close()


def test_nothing_is_made_while_somebody_speaks() -> None:
    makes, quiet = Makes(), threading.Event()
    ahead = Ahead(makes.synthesize, quiet.is_set)
    ahead.want(["发给", "王女士，"])
    time.sleep(0.2)
    assert makes.made == []
    quiet.set()
    ahead.settle(5)
    assert makes.made == ["发给", "王女士，"]
    ahead.close()


def test_closing_waits_for_no_quiet_moment() -> None:
    ahead = Ahead(Makes().synthesize, lambda: False)
    ahead.want(["发给", "王女士，"])
    start = time.monotonic()
    ahead.close()
    assert time.monotonic() - start < 2
    assert ahead.get("发给") is None


def test_a_sound_that_cannot_be_made_is_not_ready_and_no_error() -> None:
    ahead = Ahead(Makes().synthesize)
    ahead.want(["坏"])
    ahead.settle(5)
    assert not ahead.ready("坏")
    assert ahead.get("坏") is None
    ahead.close()


def test_no_more_is_kept_than_a_full_day_needs() -> None:
    ahead = Ahead(Makes().synthesize)
    ahead.want(str(n) for n in range(MOST + 10))
    ahead.settle(5)
    assert ahead.get("0") is None
    assert ahead.get(str(MOST + 9)) is not None
    ahead.close()


def test_a_reply_begins_with_what_is_ready_and_only_the_rest_is_made() -> None:
    makes, hears = Makes(), Hears()
    speaker = VoiceSpeaker(makes, hears)
    speaker.prepare(["正在打给", "李先生，"])
    speaker.ahead.settle(5)
    makes.made.clear()
    speaker.say("正在打给李先生，尾号6688。")
    assert makes.made == ["尾号6688。"]
    assert len(hears.heard) == 3
    speaker.ahead.close()


def test_another_voice_has_nothing_ready() -> None:
    speaker, other = VoiceSpeaker(Makes(), Hears()), VoiceSpeaker(Makes(), Hears())
    speaker.prepare(["发给"])
    speaker.ahead.settle(5)
    assert speaker.ready("发给")
    speaker.speak_as(other)
    assert not speaker.ready("发给")
    speaker.ahead.close()


@pytest.mark.parametrize(
    ("ready", "pieces"),
    [
        ([], ["正在打给李先生，", "尾号6688。", "要我说什么？"]),
        (["正在打给"], ["正在打给", "李先生，尾号6688。", "要我说什么？"]),
        (["正在打给", "李先生，"], ["正在打给", "李先生，", "尾号6688。", "要我说什么？"]),
        (["正在", "正在打给李先生，尾号6688。"], ["正在打给李先生，尾号6688。", "要我说什么？"]),
        (["正", "尾号6688。"], ["正在打给李先生，", "尾号6688。", "要我说什么？"]),
    ],
)
def test_pieces_of_a_reply(ready: list[str], pieces: list[str]) -> None:
    text = "正在打给李先生，尾号6688。要我说什么？"
    told = list(streamed(text, lambda piece: piece in ready))
    assert told == pieces
    assert "".join(told) == text


def spoken_between(before_s: float, behind_s: float) -> Audio:
    t = np.arange(RATE // 2) / RATE
    tone = 0.3 * np.sin(2 * np.pi * 220 * t)
    parts = [np.zeros(round(before_s * RATE)), tone, np.zeros(round(behind_s * RATE))]
    return Audio(np.concatenate(parts).astype(np.float32), RATE)


@pytest.mark.parametrize(("clause", "rest_s"), [("正在打给", 0.02), ("李先生，", 0.14), ("尾号6688。", 0.25)])
def test_silence_around_a_clause_is_cut_to_the_rest_its_end_asks_for(clause: str, rest_s: float) -> None:
    cut = trimmed(spoken_between(0.37, 0.7), clause)
    assert cut.seconds == pytest.approx(0.03 + 0.5 + rest_s, abs=0.025)
    loud = np.flatnonzero(np.abs(cut.samples) > 0.01)
    assert loud[0] / RATE == pytest.approx(0.03, abs=0.015)


def test_no_silence_is_added_and_none_is_cut_from_silence() -> None:
    close = spoken_between(0.0, 0.05)
    assert trimmed(close, "好。").seconds <= close.seconds
    nothing = Audio(np.zeros(RATE, np.float32), RATE)
    assert trimmed(nothing, "好。") is nothing
    assert len(trimmed(Audio(np.zeros(0, np.float32), RATE), "好。").samples) == 0
