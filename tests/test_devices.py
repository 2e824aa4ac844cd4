"""Devices that come, go and change while listen runs: real capture, ring, output, mouth and loop over a made-up PortAudio.

A headset gives the sentences of `test_overtalk` as tones; when it goes over to its telephone profile, microphone and
speaker end, and are there again at other rates.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from functools import partial
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import soxr

from courier_voice.audio import mic
from courier_voice.audio.endpoint import FRAME, FRAME_S
from courier_voice.audio.mic import open_microphone
from courier_voice.commands import listen, overtalk
from courier_voice.commands.aloud import Trouble
from courier_voice.commands.overtalk import on_device
from courier_voice.core.errors import MicrophoneError
from courier_voice.core.turn import Turn
from courier_voice.core.words import RATE, Audio
from courier_voice.live import Listener
from courier_voice.logistics.mock.carrier import Carrier
from courier_voice.speech.earcons import earcon
from courier_voice.speech.player import VOICE_RATE
from courier_voice.speech.speaker import VoiceSpeaker
from tests.test_overtalk import CALL, STEP, Loop, carrier, listener, voiced  # noqa: F401 (fixtures)

SPEED = 20
"""How much faster than time the headset is."""


class PortAudioError(Exception):
    pass


class Headset:
    """Stands for sounddevice. ``profile``: the rates of its microphone and speaker, None while it is away; ``spoken``:
    what is said into it, profile after profile, with what happens at its end."""

    def __init__(self, *spoken: tuple[tuple[int, int] | None, np.ndarray]) -> None:
        self.left = list(spoken)
        self.profile: tuple[int, int] | None = spoken[0][0]
        self.opened: list[tuple[str, int, Any]] = []
        self.played: list[np.ndarray] = []
        self.rescans = self.streams = 0
        self.rescanned_while_open = False

    def install(self, monkeypatch: pytest.MonkeyPatch) -> Headset:
        module = ModuleType("sounddevice")
        module.__dict__.update(
            PortAudioError=PortAudioError,
            InputStream=partial(Stream, self, "in"),
            OutputStream=partial(Stream, self, "out"),
            query_devices=self.query,
            check_output_settings=self.check,
            _terminate=lambda: None,
            _initialize=self.rescan,
        )
        monkeypatch.setitem(sys.modules, "sounddevice", module)
        return self

    def rate(self, way: str) -> int:
        if self.profile is None:
            raise PortAudioError("Error querying device -1")
        return self.profile[way == "out"]

    def query(self, _device: object, way: str) -> dict[str, Any]:
        return {"default_samplerate": float(self.rate(way.removesuffix("put"))), "name": "headset"}

    def check(self, *, samplerate: int, **_: Any) -> None:
        if samplerate != self.rate("out"):
            raise PortAudioError("Invalid sample rate")

    def rescan(self) -> None:
        self.rescans += 1
        assert self.rescans < 100, "it is not taken again"
        self.rescanned_while_open |= self.streams > 0

    def next_profile(self) -> None:
        self.left.pop(0)
        self.profile = self.left[0][0] if self.left else None


class Stream:
    """A stream of it, on a thread of its own."""

    def __init__(
        self,
        headset: Headset,
        way: str,
        *,
        samplerate: int,
        callback: Any,
        device: Any = None,
        finished_callback: Callable[[], None] = lambda: None,
        **_: Any,
    ) -> None:
        if samplerate != headset.rate(way):
            raise PortAudioError("Error opening stream: Invalid sample rate [PaErrorCode -9997]")
        self.headset, self.way, self.rate, self.callback, self.finished = (
            headset,
            way,
            samplerate,
            callback,
            finished_callback,
        )
        headset.opened.append((way, samplerate, device))
        headset.streams += 1
        self.active = True
        self.thread = threading.Thread(target=self.run)

    def start(self) -> None:
        self.thread.start()

    def close(self) -> None:
        if self.active or self.thread.is_alive():
            self.active = False
            self.thread.join()
        self.headset.streams -= 1

    def run(self) -> None:
        size = round(FRAME * self.rate / 16_000)
        sound = soxr.resample(self.headset.left[0][1], 16_000, self.rate) if self.way == "in" else np.zeros(0)
        for at in range(0, len(sound) - size, size) if self.way == "in" else range(10**9):
            if not self.active:
                return
            if self.way == "in":
                self.callback(sound[at : at + size, None].astype(np.float32), size, None, None)
            else:
                block = np.zeros((size, 1), np.float32)
                self.callback(block, size, None, None)
                self.headset.played.append(block[:, 0])
            time.sleep(FRAME_S / SPEED)
        self.headset.next_profile()
        self.active = False
        self.finished()


class Voice(VoiceSpeaker):
    """Keeps what is said and played."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def say(self, text: str) -> None:
        self.heard.append(text)

    def play(self, tone: Audio) -> None:
        self.heard.append("error" if np.array_equal(tone.samples, earcon("error").samples) else "sound")


def spoken(*stretches: tuple[int, float]) -> np.ndarray:
    """Sines, which are as loud at any rate."""
    sine = np.sin(2 * np.pi * 1000 * np.arange(FRAME) / 16_000).astype(np.float32)
    return np.concatenate([sine * word * STEP for word, seconds in stretches for _ in range(round(seconds / FRAME_S))])


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overtalk, "RETRY_S", 0.01)
    monkeypatch.setattr(listen, "RETRY_S", 0.01)


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(("microphone", "speaker"), [(8_000, 8_000), (16_000, 16_000), (44_100, 44_100)])
def test_a_headset_that_changes_its_profile_is_told_and_heard_again(
    listener: Listener,  # noqa: F811
    carrier: Carrier,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    microphone: int,
    speaker: int,
) -> None:
    music, telephone = (48_000, RATE), (microphone, speaker)
    talk = spoken((0, 1), (CALL, 1.2), (0, 3))
    headset = Headset((music, talk), (telephone, talk)).install(monkeypatch)
    voice, loop = Voice(), Loop(listener, carrier, clean=lambda both: both.heard)  # nothing comes back in a headset
    moved: list[int] = []
    monkeypatch.setattr(loop.over.duplex, "moved", lambda: moved.append(len(headset.opened)))
    turns: Any = on_device(loop.over, partial(open_microphone, "headset"), Trouble(voice), "headset")
    with closing(turns):
        told = [turn for turn in (next(turns), next(turns)) if isinstance(turn, Turn)]
    loop.mouth.close()
    assert [turn.intent for turn in told] == ["dial", "dial"]
    assert [rate for way, rate, _ in headset.opened if way == "in"] == [48_000, microphone]
    assert [rate for way, rate, _ in headset.opened if way == "out"] == [RATE, speaker]
    assert {device for _, _, device in headset.opened} == {"headset"}
    assert moved[-1] == len(headset.opened), "what was learnt of the room is forgotten with the profile"
    assert headset.rescans >= 1
    assert not headset.rescanned_while_open
    assert voice.heard == ["error", MicrophoneError.said]
    assert capsys.readouterr().err.count("好了，请说") == 1


@pytest.mark.usefixtures("quick")
def test_another_default_device_is_taken_when_the_first_is_lost(
    listener: Listener,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    listener.probability = voiced()
    talk = spoken((0, 1), (CALL, 1.2), (0, 3))
    headset = Headset(((16_000, VOICE_RATE), spoken((0, 1))), (None, talk), ((44_100, 44_100), talk))
    headset.install(monkeypatch)
    away = headset.rescan

    def plugged_in_later() -> None:
        away()
        if headset.rescans == 4:
            headset.next_profile()

    monkeypatch.setattr(sys.modules["sounddevice"], "_initialize", plugged_in_later)
    voice = Voice()
    turn = next(listen.spoken(listener, open_microphone, Trouble(voice)))
    assert turn is not None
    assert turn.intent == "dial"
    assert voice.heard == ["error", MicrophoneError.said, "sound"], "told once, and that it is back"
    assert [rate for _, rate, _ in headset.opened] == [16_000, 44_100]


@pytest.mark.parametrize(("late_s", "dropped"), [(29, 0), (35, round(5 / FRAME_S))])
def test_a_listener_that_is_late_loses_nothing_for_half_a_minute_and_is_told_what_it_lost(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, late_s: float, dropped: int
) -> None:
    monkeypatch.setattr(mic, "_DEAD_AFTER_S", 0.5)
    numbered = np.repeat(np.arange(1, round(late_s / FRAME_S) + 2) / 2000, FRAME).astype(np.float32)
    headset = Headset(((16_000, 16_000), numbered)).install(monkeypatch)
    monkeypatch.setattr(time, "sleep", lambda _: None)  # the recording thread does not wait; this one does
    with open_microphone() as capture:
        while headset.left:
            threading.Event().wait(0.01)
        heard: list[int] = []
        with pytest.raises(MicrophoneError):
            heard += (round(float(frame[0]) * 2000) for frame in capture)
        assert capture.ring.dropped == pytest.approx(dropped, abs=2)
        lost = capture.ring.dropped
        assert (f"{lost} frames of 32 ms were dropped" in caplog.text) is (lost > 0), "told when it has caught up"
        assert caplog.text.count("were dropped") == (lost > 0)
