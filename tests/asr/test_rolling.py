"""Words while he speaks from a recogniser of whole utterances: when it looks, and when it must not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from courier_voice.app import build_asr
from courier_voice.asr.rolling import EVERY_S, LONGEST_S, Rolling
from courier_voice.asr.second import SecondOpinion
from courier_voice.audio.mic import frames_of
from courier_voice.audio.wav import read_audio
from courier_voice.core.words import RATE, Audio
from courier_voice.settings import load_settings

LOUD = np.full(512, 0.1, np.float32)
QUIET = np.full(512, 0.005, np.float32)


class Glimpses:
    def __init__(self, *words: str) -> None:
        self.words, self.seconds = list(words), list[float]()

    def __call__(self, audio: Audio) -> str:
        self.seconds.append(audio.seconds)
        return self.words.pop(0) if self.words else ""


def fed(rolling: Rolling, frame: np.ndarray, seconds: float) -> str:
    words = ""
    for _ in range(round(seconds * RATE / len(frame))):
        words = rolling.accept(frame)
    return words


def test_what_there_is_so_far_is_looked_at_now_and_then() -> None:
    glimpses = Glimpses("给", "给六六")
    rolling = Rolling(glimpses)
    assert fed(rolling, LOUD, EVERY_S - 0.1) == ""
    assert fed(rolling, LOUD, EVERY_S) == "给"
    assert fed(rolling, LOUD, EVERY_S) == "给六六"
    assert glimpses.seconds == pytest.approx([EVERY_S, 2 * EVERY_S], abs=0.07)
    assert rolling.finish().text == "给六六"
    assert len(glimpses.seconds) == 2


def test_nothing_is_looked_at_when_he_may_be_about_to_end() -> None:
    glimpses = Glimpses("给")
    rolling = Rolling(glimpses)
    fed(rolling, LOUD, EVERY_S - 0.1)
    assert fed(rolling, QUIET, 3.0) == ""
    assert glimpses.seconds == []


def test_a_glimpse_that_says_nothing_leaves_the_words_there_were() -> None:
    rolling = Rolling(Glimpses("给六六", ""))
    assert fed(rolling, LOUD, EVERY_S + 0.1) == "给六六"
    assert fed(rolling, LOUD, EVERY_S + 0.1) == "给六六"


def test_a_long_dictation_is_not_heard_again_from_the_start() -> None:
    glimpses = Glimpses()
    fed(Rolling(glimpses), LOUD, LONGEST_S + 5)
    assert max(glimpses.seconds) <= LONGEST_S


def test_whisper_gives_words_while_he_speaks() -> None:
    asr = build_asr(load_settings())
    assert isinstance(asr, SecondOpinion)
    clip = read_audio(Path(__file__).parents[2] / "fixtures" / "audio" / "calls" / "tail.flac")
    stream = asr.stream(["王女士"])
    assert stream is not None
    told = [stream.accept(frame) for frame in frames_of(clip)]
    assert len(set(told)) > 1
    assert len(told[-1]) > 3
