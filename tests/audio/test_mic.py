"""Recording from frames, and what is said when there is no microphone."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from courier_voice.audio import mic
from courier_voice.audio.endpoint import FRAME
from courier_voice.audio.mic import frames_of, open_microphone, record_while
from courier_voice.audio.wav import read_audio
from courier_voice.core.errors import MicrophoneError

SOUNDS = Path(__file__).resolve().parents[2] / "fixtures" / "audio"
WORD = read_audio(SOUNDS / "real" / "cmn_call.wav").samples
RAIN = read_audio(SOUNDS / "noise" / "rain.flac")


def silence(seconds: float) -> np.ndarray:
    return np.zeros(round(seconds * 16000), np.float32)


class PortAudioError(Exception):
    pass


def fake(monkeypatch: pytest.MonkeyPatch, stream: Callable[..., Any]) -> None:
    module = ModuleType("sounddevice")
    module.PortAudioError, module.InputStream = PortAudioError, stream  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "sounddevice", module)


def test_push_to_talk_records_while_held() -> None:
    held = iter([True] * 9 + [False])
    heard = record_while(frames_of(RAIN), lambda: next(held))
    np.testing.assert_array_equal(heard.samples, RAIN.samples[: 10 * FRAME])
    assert record_while(frames_of(RAIN), lambda: True, longest_s=2.0).seconds == pytest.approx(2.0, abs=0.05)
    assert record_while(iter(()), lambda: True).seconds == 0


def test_frames_arrive_from_the_callback_in_order_and_the_stream_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[bool] = []

    def stream(*, callback: Callable[..., None], samplerate: int, channels: int, blocksize: int, **_: Any) -> Any:
        assert (samplerate, channels, blocksize) == (16000, 1, FRAME)

        def start() -> None:
            for at in range(0, len(WORD) - FRAME, FRAME):
                callback(WORD[at : at + FRAME, None], FRAME, None, None)

        return SimpleNamespace(start=start, close=lambda: closed.append(True))

    fake(monkeypatch, stream)
    with open_microphone() as frames:
        np.testing.assert_array_equal(record_while(frames, lambda: True, longest_s=1.0).samples, WORD[: 32 * FRAME])
        assert closed == []
    assert closed == [True]


def test_a_microphone_that_falls_silent_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mic, "_DEAD_AFTER_S", 0.01)
    fake(monkeypatch, lambda **_: SimpleNamespace(start=lambda: None, close=lambda: None))
    with open_microphone() as frames, pytest.raises(MicrophoneError, match="plug it in again"):
        next(frames)


@pytest.mark.parametrize(
    ("platform", "fix"), [("linux", "arecord -l"), ("darwin", "Privacy & Security"), ("win32", "desktop apps")]
)
def test_without_a_device_the_fix_is_of_the_platform(monkeypatch: pytest.MonkeyPatch, platform: str, fix: str) -> None:
    def stream(**_: Any) -> Any:
        raise PortAudioError("Error querying device -1")

    fake(monkeypatch, stream)
    monkeypatch.setattr(sys, "platform", platform)
    with pytest.raises(MicrophoneError, match=rf"Error querying device -1.*{fix}"), open_microphone():
        pass


@pytest.mark.parametrize(("platform", "fix"), [("linux", "apt install libportaudio2"), ("darwin", "brew install")])
def test_without_portaudio_the_fix_is_of_the_platform(monkeypatch: pytest.MonkeyPatch, platform: str, fix: str) -> None:
    class Finder:
        def find_spec(self, name: str, *_: Any) -> None:
            if name == "sounddevice":
                raise OSError("PortAudio library not found")

    monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Finder(), *sys.meta_path])
    monkeypatch.setattr(sys, "platform", platform)
    with pytest.raises(MicrophoneError, match=rf"PortAudio is missing: .*{fix}"), open_microphone():
        pass
