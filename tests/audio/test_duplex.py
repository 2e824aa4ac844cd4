"""Beside a reply: a headset has no echo to take out, a loudspeaker has."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from courier_voice.audio.duplex import Bleed, Duplex, Manners
from courier_voice.audio.endpoint import FRAME, FRAME_S, Attentive
from courier_voice.audio.overspeech import Overlap
from courier_voice.audio.ring import Both, Frame
from courier_voice.audio.wav import read_audio

AUDIO = Path(__file__).parents[2] / "fixtures" / "audio"
REPLY = read_audio(AUDIO / "calls" / "tail.flac").samples
SAID = read_audio(AUDIO / "waybills" / "status.flac").samples


MANNERS = Manners(suspect=0.4, sure=1.7, window=3)


class Silent:
    """An output that only notes what it was told."""

    stopped = False
    heard_out = False

    def __init__(self) -> None:
        self.ducked: list[bool] = []

    def stop(self) -> None:
        self.stopped = True

    def duck(self, on: bool) -> None:
        self.ducked.append(on)


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


def test_over_a_headset_he_is_heeded_soon_and_heard_as_he_speaks() -> None:
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
    assert duplex.reaction_s <= 0.25
    assert all(np.array_equal(a, b.heard) for a, b in zip(heard[30:], pairs[30:], strict=True))


def test_where_nothing_is_played_the_probability_is_plain_sileros() -> None:
    duplex = Duplex(Silent(), clean=lambda: lambda both: both.heard, over=lambda: pytest.fail("nothing is played"))
    silence, alone = np.zeros(FRAME, np.float32), Attentive()
    pairs = [Both(SAID[at : at + FRAME], silence) for at in range(0, len(SAID) - FRAME, FRAME)]
    for frame in duplex.frames(iter(pairs)):
        assert duplex.probability(frame) == alone(frame)


def _made_up(*told: float) -> tuple[Silent, Duplex, list[float]]:
    """A duplex of which the network says what it is told to, frame by frame of a reply, from the 20th on."""
    output = Silent()
    said = iter([0.0] * 20 + list(told))
    duplex = Duplex(output, MANNERS, clean=lambda: lambda both: both.heard, over=lambda: lambda _: next(said, 0.0))
    tone = np.tile(np.float32([0.1, -0.1]), FRAME // 2)
    pairs = [Both(0.3 * tone, tone)] * 60
    return output, duplex, [duplex.probability(frame) for frame in duplex.frames(iter(pairs))]


def test_a_suspicion_ducks_the_reply_for_a_while_and_no_more() -> None:
    output, duplex, heeded = _made_up(0.5)
    assert output.ducked == [True, True, True, False]  # while the frame is among those that count, then let go
    assert not output.stopped
    assert not duplex.ducked
    assert not any(heeded)


def test_enough_in_a_row_stops_it_and_is_voice_from_there_on() -> None:
    output, duplex, heeded = _made_up(0.05, 0.6, 0.6, 0.6)
    assert output.stopped
    assert [p >= 0.5 for p in heeded[20:26]] == [False, False, False, True, True, True]
    assert duplex.reaction_s == pytest.approx(3 * FRAME_S)


def test_the_network_begins_anew_with_each_reply() -> None:
    made = []

    def over() -> Callable[[Overlap], float]:
        made.append(0.0)
        return lambda _: 0.0

    duplex = Duplex(Silent(), clean=lambda: lambda both: both.heard, over=over)
    silence = [Both(np.zeros(FRAME, np.float32), np.zeros(FRAME, np.float32))] * 30
    for frame in duplex.frames(iter([*_pairs(0.3), *silence, *_pairs(0.3)])):
        duplex.probability(frame)
    assert len(made) == 2


def test_of_another_device_nothing_is_known() -> None:
    made, learnt = 0, list[float]()

    def clean() -> Callable[[Both], Frame]:
        nonlocal made
        made += 1
        return lambda both: both.heard

    def over() -> Callable[[Overlap], float]:
        return lambda overlap: learnt.append(overlap.learnt_s) or 0.0

    duplex = Duplex(Silent(), clean=clean, over=over)
    reply = list(_pairs(0.3))
    for moved in (False, True):
        if moved:
            duplex.moved()
        for frame in duplex.frames(iter(reply)):
            duplex.probability(frame)
    again = learnt.index(0.0, 1)
    assert max(learnt[:again]) > 1
    assert learnt[again] == 0.0
    assert made == 2
