"""Devices as they are in the street: other rates, plugged in late, pulled out, refused; and a reader that is late."""

from __future__ import annotations

import sys
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
import soxr

from courier_voice.audio import mic
from courier_voice.audio.endpoint import FRAME
from courier_voice.audio.mic import open_microphone
from courier_voice.audio.ring import Both, Ring
from courier_voice.audio.wav import read_audio
from courier_voice.core.errors import MicrophoneError

WORD = read_audio(Path(__file__).resolve().parents[2] / "fixtures/audio/real/cmn_call.wav").samples


class PortAudioError(Exception):
    pass


class Card:
    """Stands for sounddevice: one device with rates of its own, giving a recording when it is started."""

    def __init__(self, *rates: int, sound: np.ndarray = WORD) -> None:
        self.rates, self.sound = rates, sound
        self.opened: list[int] = []
        self.plugged = True
        self.finished: Callable[[], None] = lambda: None
        self.rescans = 0

    def install(self, monkeypatch: pytest.MonkeyPatch) -> Card:
        module = ModuleType("sounddevice")
        module.__dict__.update(
            PortAudioError=PortAudioError,
            InputStream=self.stream,
            query_devices=lambda *_: {"default_samplerate": float(self.rates[0]), "name": "headset"},
            _terminate=lambda: None,
            _initialize=self.rescan,
        )
        monkeypatch.setitem(sys.modules, "sounddevice", module)
        return self

    def rescan(self) -> None:
        self.rescans += 1
        self.plugged = True

    def stream(
        self, *, samplerate: int, blocksize: int, callback: Any, finished_callback: Callable[[], None], **_: Any
    ) -> Any:
        if not self.plugged:
            raise PortAudioError("Error querying device -1")
        if samplerate not in self.rates:
            raise PortAudioError("Error opening InputStream: Invalid sample rate [PaErrorCode -9997]")
        self.opened.append(samplerate)
        self.finished = finished_callback
        given = soxr.resample(self.sound, 16000, samplerate)

        def start() -> None:
            for at in range(0, len(given) - blocksize, blocksize):
                callback(given[at : at + blocksize, None], blocksize, None, None)

        return SimpleNamespace(start=start, close=lambda: None)


@pytest.mark.parametrize("rate", [48_000, 44_100, 8_000])
def test_a_device_with_a_rate_of_its_own_is_resampled(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, rate: int
) -> None:
    Card(rate).install(monkeypatch)
    with open_microphone() as frames:
        heard = np.concatenate(list(islice(frames, 50)))
        assert frames.rate == rate
        assert frames.ring.dropped == 0
    want = soxr.resample(soxr.resample(WORD, 16000, rate), rate, 16000)[: len(heard)]
    assert np.corrcoef(heard, want)[0, 1] > 0.99
    assert ("8000 Hz" in caplog.text) is (rate == 8_000)


def test_a_headset_plugged_in_late_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    card = Card(16_000).install(monkeypatch)
    card.plugged = False
    with open_microphone() as frames:
        assert len(next(frames)) == FRAME
    assert card.rescans == 1


def test_a_device_pulled_out_is_told_at_once_after_what_it_gave(monkeypatch: pytest.MonkeyPatch) -> None:
    card = Card(16_000, sound=WORD[: 10 * FRAME + 1]).install(monkeypatch)
    with open_microphone() as frames:
        card.finished()
        assert len(list(islice(frames, 10))) == 10
        with pytest.raises(MicrophoneError, match="plug it in again"):
            next(frames)


def test_a_refusal_that_gives_zeros_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    Card(16_000, sound=np.zeros(6 * 16000, np.float32)).install(monkeypatch)
    with open_microphone() as frames, pytest.raises(MicrophoneError, match="Privacy & Security"):
        list(frames)


def test_silence_after_sound_is_no_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mic, "_DEAD_AFTER_S", 0.01)
    quiet = np.zeros(6 * 16000, np.float32)
    quiet[:2000] = 0.1
    Card(16_000, sound=quiet).install(monkeypatch)
    with open_microphone() as frames:
        given = list(islice(frames, 180))
    assert len(given) == 180


def test_what_was_played_comes_with_its_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    Card(16_000).install(monkeypatch)
    count = iter(range(1000))
    with open_microphone(reference=lambda: np.full(FRAME, next(count), np.float32)) as frames:
        pairs = list(islice(frames.pairs(), 5))
    assert [int(pair.played[0]) for pair in pairs] == [0, 1, 2, 3, 4]
    np.testing.assert_array_equal(np.concatenate([pair.heard for pair in pairs]), WORD[: 5 * FRAME])


def test_a_full_ring_loses_the_oldest_and_counts() -> None:
    ring = Ring(3)
    for number in range(5):
        ring.put(Both(np.full(FRAME, number, np.float32), np.zeros(FRAME, np.float32)))
    assert (ring.dropped, ring.most) == (2, 3)
    taken = [ring.take(0) for _ in range(4)]
    assert [int(both.heard[0]) for both in taken if both] == [2, 3, 4]
    assert taken[-1] is None
