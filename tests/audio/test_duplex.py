"""Beside a reply: a headset has no echo to take out, a loudspeaker has."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from courier_voice.audio.duplex import Bleed, Duplex
from courier_voice.audio.endpoint import FRAME
from courier_voice.audio.ring import Both
from courier_voice.audio.wav import read_audio

AUDIO = Path(__file__).parents[2] / "fixtures" / "audio"
REPLY = read_audio(AUDIO / "calls" / "tail.flac").samples
SAID = read_audio(AUDIO / "waybills" / "status.flac").samples


class Silent:
    """An output that only notes that it was stopped."""

    stopped = False
    heard_out = False

    def stop(self) -> None:
        self.stopped = True

    def duck(self, on: bool) -> None:
        pass


def _pairs(echo: float, said_from: int = 10**9) -> Iterator[Both]:
    rng = np.random.default_rng(0)
    reply = np.resize(REPLY, 90 * FRAME)
    for number in range(90):
        played = reply[number * FRAME :][:FRAME]
        heard = echo * played + 3e-4 * rng.standard_normal(FRAME)
        if number >= said_from:
            heard = heard + np.resize(SAID[(number - said_from) * FRAME :], FRAME)
        yield Both(np.asarray(heard, np.float32), np.asarray(played, np.float32))


def test_whether_anything_comes_back_is_soon_known() -> None:
    headset, speaker = Bleed(), Bleed()
    for quiet, loud in zip(_pairs(0.0), _pairs(0.3), strict=True):
        headset.hear(quiet)
        speaker.hear(loud)
    assert headset.none
    assert not speaker.none


def test_whoever_speaks_does_not_make_an_echo() -> None:
    headset = Bleed()
    for both in _pairs(0.0, said_from=40):
        headset.hear(both)
    assert headset.none


def test_over_a_headset_he_is_heeded_and_heard_as_he_speaks() -> None:
    pytest.importorskip("pywebrtc_audio")
    output = Silent()
    duplex = Duplex(output)
    pairs = list(_pairs(0.0, said_from=20))
    heard = []
    for frame in duplex.frames(iter(pairs)):
        duplex.probability(frame)
        heard.append(frame)
    assert output.stopped
    assert duplex.reaction_s is not None
    assert all(np.array_equal(a, b.heard) for a, b in zip(heard[30:], pairs[30:], strict=True))


def _frames_to_heed(near: np.ndarray) -> int:
    """How many frames of a sound over a reply on a headset, each probably a voice, until the reply stops."""
    output = Silent()
    duplex = Duplex(output, clean=lambda both: both.heard, voiced=lambda: lambda _: 0.6)
    reply = np.resize(REPLY, 60 * FRAME)
    began = 40

    def pairs() -> Iterator[Both]:
        for number in range(60):
            heard = near[(number - began) * FRAME :][:FRAME] if number >= began else np.zeros(FRAME)
            yield Both(np.asarray(heard, np.float32), np.asarray(reply[number * FRAME :][:FRAME], np.float32))

    for number, frame in enumerate(duplex.frames(pairs())):
        duplex.probability(frame)
        if output.stopped:
            return number - began
    return 60


def test_what_has_no_pitch_must_last_longer_to_be_heeded() -> None:
    rng = np.random.default_rng(1)
    t = np.arange(20 * FRAME) / 16000
    vowel = 0.05 * np.sum([np.sin(2 * np.pi * 150 * n * t) for n in range(1, 20)], 0)
    assert _frames_to_heed(vowel) < _frames_to_heed(0.1 * rng.standard_normal(20 * FRAME)) < 10
