"""The sound card that takes what is said block by block, with PortAudio made up."""

from __future__ import annotations

import sys
import types
from typing import Any

import numpy as np
import pytest

from courier_voice.core.errors import SpeechError
from courier_voice.core.words import RATE, Audio
from courier_voice.speech.mouth import FRAME, Mouth
from courier_voice.speech.player import VOICE_RATE, output_rate, sounding


class PortAudioError(Exception):
    pass


class Card:
    """Takes only ``rate``; ``played`` is what its callback was given."""

    def __init__(self, rate: int) -> None:
        self.rate, self.active = rate, False
        self.played: list[np.ndarray] = []

    def check(self, *, samplerate: int, **_: Any) -> None:
        if samplerate != self.rate:
            raise PortAudioError("Invalid sample rate")

    def stream(self, *, samplerate: int, callback: Any, **_: Any) -> Any:
        self.check(samplerate=samplerate)

        def start() -> None:
            self.active = True
            for _ in range(3):
                block = np.zeros((480, 1), np.float32)
                callback(block, 480, None, None)
                self.played.append(block[:, 0])

        self.start = start
        return self

    def close(self) -> None:
        self.active = False


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Card:
    made = Card(request.param)
    module = types.ModuleType("sounddevice")
    module.__dict__.update(
        PortAudioError=PortAudioError,
        OutputStream=made.stream,
        check_output_settings=made.check,
        query_devices=lambda *_: {"default_samplerate": float(made.rate)},
    )
    monkeypatch.setitem(sys.modules, "sounddevice", module)
    return made


@pytest.mark.parametrize("card", [VOICE_RATE, 48_000], indirect=True)
def test_a_card_takes_what_is_said_at_its_own_rate_while_it_is_open(card: Card) -> None:
    rate = output_rate()
    assert rate == card.rate
    mouth = Mouth(lambda _: Audio(np.full(2400, 0.5, np.float32), VOICE_RATE), rate=rate, in_step=True)
    mouth.say("好。")
    with sounding(mouth.take, rate) as plays:
        assert plays()
    assert not plays()
    assert np.abs(np.concatenate(card.played)[480:]).min() > 0.4
    mouth.close()


@pytest.mark.parametrize("card", [48_000], indirect=True)
def test_a_card_that_refuses_names_the_fix(card: Card) -> None:
    card.rate = 0  # nothing is good enough
    with pytest.raises(SpeechError, match="plug in or choose a speaker"), sounding(np.zeros, VOICE_RATE):
        pass
    assert not card.active


@pytest.mark.parametrize("card", [8_000, 16_000, 44_100], indirect=True)
def test_a_card_that_has_another_rate_by_now_is_given_it_without_seams(card: Card) -> None:
    played = 0

    def take(count: int) -> np.ndarray:
        nonlocal played
        t = np.arange(played, played + count) / VOICE_RATE
        played += count
        return np.asarray(0.5 * np.sin(2 * np.pi * 300 * t), np.float32)

    with sounding(take, VOICE_RATE):
        pass
    heard = np.concatenate(card.played)
    steady = heard[len(heard) // 3 :]
    assert np.abs(steady).max() == pytest.approx(0.5, abs=0.02)
    assert np.abs(np.diff(steady)).max() < 0.5 * 2 * np.pi * 300 / card.rate * 1.05


def test_what_was_played_at_another_rate_is_known_at_16_khz_without_seams() -> None:
    t = np.arange(48_000) / 48_000
    mouth = Mouth(
        lambda _: Audio(np.sin(2 * np.pi * 440 * t).astype(np.float32) / 2, 48_000), rate=48_000, in_step=True
    )
    mouth.say("好。")
    for _ in range(40):
        mouth.take(480)
    heard = np.concatenate([mouth.reference() for _ in range(8)])
    steady = heard[FRAME : 8 * FRAME]
    assert np.abs(steady).max() == pytest.approx(0.5, abs=0.02)
    assert np.abs(np.diff(steady)).max() < 0.5 * 2 * np.pi * 440 / RATE * 1.05
    mouth.close()
