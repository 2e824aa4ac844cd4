"""listen on what is no microphone: recordings in every mode, and a pipe, with the real recogniser."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import soundfile

from courier_voice.audio.endpoint import FRAME, FRAME_S
from courier_voice.audio.wav import read_audio
from courier_voice.commands import listen
from courier_voice.core.words import Audio
from courier_voice.speech.earcons import Earcon, earcon
from courier_voice.speech.speaker import VoiceSpeaker

Run = Callable[..., Any]
EARCONS: tuple[Earcon, ...] = ("listening", "done", "queued", "error")
WORLD = Path(__file__).resolve().parents[2] / "fixtures" / "worlds" / "demo.json"
PAUSE = np.zeros(round(1.6 * 16000), np.float32)


@pytest.fixture(autouse=True)
def _by_the_fast_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COURIER_NLU__ROUTE", "fast")


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    replies: list[str] = []
    monkeypatch.setattr(listen, "build_speaker", lambda *_: SimpleNamespace(say=replies.append))
    return replies


def street(sounds: Path, *names: str) -> np.ndarray:
    parts = [part for name in names for part in (PAUSE, read_audio(sounds / name).samples)]
    return np.concatenate([*parts, PAUSE])


def raw(samples: np.ndarray) -> bytes:
    return (np.clip(samples, -1, 32767 / 32768) * 32768).round().astype("<i2").tobytes()


@pytest.mark.usefixtures("recogniser", "language_model")
def test_a_recording_is_listened_to_as_a_microphone_is(
    run: Run, monkeypatch: pytest.MonkeyPatch, sounds: Path, tmp_path: Path, said: list[str]
) -> None:
    monkeypatch.delenv("COURIER_NLU__ROUTE")
    soundfile.write(tmp_path / "street.wav", street(sounds, "calls/tail.flac"), 16000)
    ran = run("listen", "--input", str(tmp_path / "street.wav"), "--json")
    assert ran.code == 0
    (command,) = ran.rows
    assert [call["op"] for call in command["calls"]] == ["dial"]
    assert said == [command["reply"]]


@pytest.mark.usefixtures("recogniser")
@pytest.mark.parametrize("pace", [(), ("--realtime",)])
def test_a_recording_in_wake_mode_does_what_comes_behind_the_phrase_only(
    run: Run, sounds: Path, tmp_path: Path, said: list[str], pace: tuple[str, ...]
) -> None:
    soundfile.write(tmp_path / "street.wav", street(sounds, "calls/tail.flac", "wake/called.flac"), 16000)
    ran = run("listen", "--mode", "wake", "--input", tmp_path / "street.wav", "--json", *pace)
    assert ran.code == 0
    other, called = ran.rows
    assert (other["heard"], other["calls"]) == ("", [])
    assert [call["op"] for call in called["calls"]] == ["dial"]
    assert "小哥" not in called["heard"]
    assert said == [called["reply"]]


class Card:
    """A voice and a card that keep which sounds are played: earcons by their names, all else as words."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def synthesize(self, text: str) -> Audio:
        return Audio(np.full(100 + len(text), 0.1, np.float32))

    def play(self, audio: Audio) -> None:
        names = [name for name in EARCONS if np.array_equal(earcon(name).samples, audio.samples)]
        self.heard += names or ["words"]

    def wait(self) -> None:
        pass


@pytest.mark.usefixtures("recogniser")
@pytest.mark.parametrize(
    ("faults", "names", "sounds_played"),
    [
        ("[]", ["calls/tail.flac"], ["done"]),
        ('["drop:method=POST"]', ["calls/tail.flac"], ["error"]),
        ("[]", ["sign_offs/phone.flac", "sign_offs/right.flac"], ["done"]),
        ('["drop:method=POST"]', ["sign_offs/phone.flac", "sign_offs/right.flac"], ["queued"]),
    ],
)
def test_a_sound_tells_what_came_of_it_before_the_words_do(
    run: Run,
    sounds: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    faults: str,
    names: list[str],
    sounds_played: list[str],
) -> None:
    card = Card()
    monkeypatch.setattr(listen, "build_speaker", lambda *_: VoiceSpeaker(card, card))
    monkeypatch.setenv("COURIER_API__FAULTS", faults)
    soundfile.write(tmp_path / "street.wav", street(sounds, *names), 16000)
    ran = run("listen", "--input", tmp_path / "street.wav", "--json", "--world", WORLD)
    assert ran.code == 0
    assert [heard for heard in card.heard if heard in EARCONS] == sounds_played
    assert "words" in card.heard[card.heard.index(sounds_played[0]) :], "before the words"
    assert len(ran.rows) == len(names)


@pytest.mark.usefixtures("recogniser")
def test_a_recording_in_push_mode_is_one_push(run: Run, sounds: Path, said: list[str]) -> None:
    ran = run("listen", "--mode", "push", "--input", sounds / "calls/tail.flac", "--json")
    assert ran.code == 0
    (command,) = ran.rows
    assert [call["op"] for call in command["calls"]] == ["dial"]
    assert said == [command["reply"]]


@pytest.mark.parametrize("pace", [(), ("--realtime",)])
def test_a_pipe_is_answered_while_it_goes_on(sounds: Path, pace: tuple[str, ...]) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "courier_voice.cli", "listen", "--input", "-", "--json", *pace],
        env=os.environ | {"COURIER_NLU__PINYIN": "false"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdin
    assert process.stdout
    into, answered = process.stdin, threading.Event()

    def speak() -> None:
        into.write(raw(street(sounds, "calls/tail.flac")))
        while not answered.is_set():  # the street goes on; who waits for the end of the pipe waits for ever
            into.write(bytes(2 * FRAME))
            into.flush()
            time.sleep(FRAME_S)
        into.close()

    speaker = threading.Thread(target=speak)
    speaker.start()
    try:
        row = json.loads(process.stdout.readline())
    finally:
        answered.set()
        speaker.join()
    assert [call["op"] for call in row["calls"]] == ["dial"]
    assert process.stdout.read() == b""
    process.stdout.close()
    assert process.wait(60) == 0


@pytest.mark.usefixtures("recogniser")
def test_a_pipe_of_a_wav_is_known_by_its_header(
    run: Run, sounds: Path, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = io.BytesIO()
    soundfile.write(file, street(sounds, "calls/tail.flac"), 16000, format="WAV", subtype="PCM_16")
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(file.getvalue()), isatty=lambda: False))
    ran = run("listen", "--input", "-", "--json")
    assert ran.code == 0
    (command,) = ran.rows
    assert [call["op"] for call in command["calls"]] == ["dial"]


@pytest.mark.parametrize(
    ("data", "terminal", "code", "why"),
    [
        (b"", False, 1, "the stream is empty"),
        (b"fLaC\x00\x00\x00\x22", False, 1, "the stream is FLAC"),
        (b"", True, 2, "is for a pipe"),
    ],
)
def test_what_is_no_sound_is_said_before_any_model_is_waited_for(
    run: Run, monkeypatch: pytest.MonkeyPatch, data: bytes, terminal: bool, code: int, why: str
) -> None:
    def never(_: object) -> None:
        raise AssertionError("a model was waited for")

    monkeypatch.setattr(listen, "ready_asr", never)
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(data), isatty=lambda: terminal))
    ran = run("listen", "--input", "-")
    assert (ran.code, ran.out) == (code, "")
    assert why in ran.err
