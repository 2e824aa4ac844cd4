"""Talking over the reply: the real canceller and voice detector in simulated rooms, with a few clips."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from courier_voice.audio.wav import read_audio
from courier_voice.core.words import RATE
from courier_voice.evals.barge_in_rows import ROOMS, Case, barge_in_figures, cases, rows
from courier_voice.evals.street import Samples

AUDIO = Path(__file__).parents[2] / "fixtures" / "audio"
CLIP = read_audio(AUDIO / "real" / "dsp_15307130124-00-01.wav")


@pytest.fixture(scope="module")
def reply() -> Samples:
    return np.resize(read_audio(AUDIO / "calls" / "tail.flac").samples, 3 * RATE)


def test_every_room_is_tried_with_every_sound_and_the_same_seed_chooses_the_same() -> None:
    noises = {"rain": np.ones(RATE, np.float32)}
    chosen, again = (cases([CLIP], noises, 1, 3) for _ in range(2))
    assert [(c.name, c.room, c.at_s, c.seed) for c in chosen] == [(c.name, c.room, c.at_s, c.seed) for c in again]
    for kind in ("echo", "cough", "嗯", "wind", "horn", "rain"):
        assert {c.room for c in chosen if c.kind == kind} == set(ROOMS)
    assert [c.name for c in chosen if c.kind == "speech"] == ["speech", "speech, first reply"]


def test_a_reply_is_said_to_its_end_over_its_own_echo_and_stops_for_speech(reply: Samples) -> None:
    speech = next(c for c in cases([CLIP, CLIP], {}, 1, 1) if c.kind == "speech")
    echo = Case("echo", speech.room, np.zeros(0, np.float32), 1.0, False, 1)
    said, cut = rows([echo, speech], reply, reply, lambda: None)
    assert said["stopped_ms"] is None
    assert cut["stopped_ms"] > -1000 * speech.onset_s  # its first consonant is heard before Silero is sure of a voice


def test_figures_count_a_stop_before_the_speech_as_false() -> None:
    made = [
        {"kind": "speech", "room": "street", "stopped_ms": ms, "yielded_ms": low, "ducked_s": 0.5}
        for ms, low in ((160.0, 96.0), (240.0, 128.0), (-50.0, -50.0), (None, None))
    ]
    made += [{"kind": "horn", "room": "street", "stopped_ms": 90.0, "yielded_ms": 90.0, "ducked_s": 0.0}]
    speech, horn = barge_in_figures(made)
    assert (speech["of"], speech["stopped"], speech["in_time"], speech["false_stops"]) == (4, 2, 1, 1)
    assert speech["yielded_in_time"] == 3
    assert speech["ms"]["p50"] == 200.0
    assert horn["false_stops"] == 1
