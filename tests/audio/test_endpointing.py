"""Beginnings, pauses and ends in streams of made-up voice probabilities."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from courier_voice.audio.endpoint import FRAME, FRAME_S
from courier_voice.audio.endpointing import Began, Ears, Ended, Event, Paused, Resumed, events
from courier_voice.audio.mic import frames_of
from courier_voice.audio.wav import read_audio
from courier_voice.core.words import RATE, Audio

EARS = Ears()
SOUNDS = Path(__file__).resolve().parents[2] / "fixtures" / "audio"
WORD = read_audio(SOUNDS / "real" / "cmn_call.wav").samples
PAUSE = np.zeros(2 * RATE, np.float32)


def _events(voice: list[float], patience_s: float = 0.8) -> list[Event]:
    """Frame n is filled with n, so that what is kept can be told apart."""
    told = iter(voice)
    frames: Iterator[np.ndarray] = (np.full(FRAME, n, np.float32) for n in range(len(voice)))  # type: ignore[type-arg]
    return list(events(frames, lambda: patience_s, EARS, lambda _: next(told)))


def _talk(*stretches: tuple[float, float]) -> list[float]:
    return [p for p, seconds in stretches for _ in range(round(seconds / FRAME_S))]


def test_an_utterance_begins_pauses_and_ends() -> None:
    told = _events(_talk((0, 1), (1, 1), (0, 2)))
    assert [type(event) for event in told] == [Began, Paused, Ended]
    began, paused, ended = told
    assert began.at_s == pytest.approx(1 + 3 * FRAME_S, abs=FRAME_S)
    assert isinstance(paused, Paused)
    assert paused.at_s == pytest.approx(2 + EARS.pause_s, abs=2 * FRAME_S)
    assert isinstance(ended, Ended)
    assert ended.pause == paused.number
    assert ended.spoken_s == pytest.approx(2, abs=2 * FRAME_S)
    assert ended.at_s == pytest.approx(2.8, abs=2 * FRAME_S)


def test_a_pause_that_is_talked_over_is_none() -> None:
    told = _events(_talk((0, 1), (1, 1), (0, 0.5), (1, 0.5), (0, 2)))
    assert [type(event) for event in told] == [Began, Paused, Resumed, Paused, Ended]
    ended = told[-1]
    assert isinstance(ended, Ended)
    assert ended.pause == 2
    assert ended.audio.seconds > 2


def test_patience_decides_what_is_an_end() -> None:
    voice = _talk((0, 0.5), (1, 1), (0, 1.5), (1, 1), (0, 3))
    assert sum(isinstance(event, Ended) for event in _events(voice, 0.3)) == 2
    assert sum(isinstance(event, Ended) for event in _events(voice, 1.8)) == 1


def test_a_click_is_no_beginning_and_no_going_on() -> None:
    assert _events(_talk((0, 1), (1, 0.04), (0, 1))) == []
    told = _events(_talk((0, 0.5), (1, 1), (0, 0.4), (1, 0.04), (0, 1)))
    assert [type(event) for event in told] == [Began, Paused, Ended]


def test_what_was_said_before_the_beginning_was_sure_is_kept() -> None:
    ended = _events(_talk((0, 1), (1, 1), (0, 2)))[-1]
    assert isinstance(ended, Ended)
    assert ended.audio.samples[0] * FRAME_S == pytest.approx(1 - EARS.before_s, abs=2 * FRAME_S)


def test_endless_talk_is_cut_and_an_open_end_is_an_end() -> None:
    told = _events(_talk((1, 70)))
    ends = [event for event in told if isinstance(event, Ended)]
    assert len(ends) == 3
    assert all(event.pause is None for event in ends)
    assert sum(event.audio.seconds for event in ends) == pytest.approx(70, abs=1)


@given(
    voice=st.lists(st.tuples(st.sampled_from([0.0, 0.4, 0.9]), st.floats(0.03, 2)), max_size=30),
    patience_s=st.floats(0.1, 2),
)
def test_every_beginning_has_its_end_and_no_frame_is_in_two_utterances(
    voice: list[tuple[float, float]], patience_s: float
) -> None:
    told = _events(_talk(*voice), patience_s)
    kinds = [type(event) for event in told if isinstance(event, (Began, Ended))]
    assert kinds == [Began, Ended] * (len(kinds) // 2)
    last = -1.0
    for event in told:
        if isinstance(event, Ended):
            frames = event.audio.samples[::FRAME]
            assert frames[0] > last
            assert (np.diff(frames) == 1).all()
            last = frames[-1]
    open_pauses = 0
    for event in told:
        open_pauses += isinstance(event, Paused) - isinstance(event, Resumed)
        if isinstance(event, Ended):
            assert open_pauses == (event.pause is not None)
            open_pauses = 0


def _utterances(sound: np.ndarray, ears: Ears = EARS, patience_s: float = 0.8) -> list[Audio]:  # type: ignore[type-arg]
    told = events(frames_of(Audio(sound)), lambda: patience_s, ears)
    return [event.audio for event in told if isinstance(event, Ended)]


def test_real_words_are_told_apart_by_the_pause_between_them() -> None:
    heard = _utterances(np.concatenate([PAUSE, WORD, PAUSE, WORD, PAUSE]))
    assert len(heard) == 2
    for one in heard:
        assert len(WORD) / RATE - 0.8 < one.seconds < len(WORD) / RATE + 1.5
        assert np.abs(one.samples).max() == pytest.approx(np.abs(WORD).max())


def test_the_first_syllable_is_not_cut_off() -> None:
    (heard,) = _utterances(np.concatenate([PAUSE, WORD, PAUSE]))
    loud = np.flatnonzero(np.abs(heard.samples) > 0.02)
    assert 0.1 < loud[0] / RATE < 0.6


def test_nobody_speaks_in_the_rain() -> None:
    assert _utterances(read_audio(SOUNDS / "noise" / "rain.flac").samples) == []


def test_somebody_who_never_stops_is_stopped() -> None:
    heard = _utterances(np.tile(WORD, 6), Ears(longest_s=3.0), patience_s=5.0)
    assert heard[0].seconds == pytest.approx(3.0, abs=0.05)


def test_a_word_is_heard_though_a_train_has_long_been_passing() -> None:
    train = read_audio(SOUNDS / "noise" / "train.flac").samples
    roar = np.take(train, np.arange(12 * RATE), mode="wrap")
    word = read_audio(SOUNDS / "one_word" / "next.flac").samples
    frames = list(frames_of(Audio(np.concatenate([roar, word]))))
    assert [event.at_s > 12 for event in events(frames, lambda: 0.8) if isinstance(event, Began)] == [True]
