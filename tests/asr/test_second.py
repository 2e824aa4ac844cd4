"""The second opinion is asked in doubt only, and not taken when it is clearly less sure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from courier_voice.asr.second import DOUBT, HANDICAP, LONGEST_S, SecondOpinion
from courier_voice.core.words import Audio, Hypothesis, Transcript

AUDIO = Audio(np.zeros(16000, np.float32))


class Hears:
    def __init__(self, text: str, logprob: float) -> None:
        self.text, self.logprob, self.asked = text, logprob, 0

    def transcribe(self, audio: Audio, hints: Sequence[str] = ()) -> Transcript:
        self.asked += 1
        nbest = (Hypothesis(self.text, self.logprob),) if self.text else ()
        return Transcript(self.text, self.text, 0.5, nbest, audio.seconds)


def opinion(first: Hears, other: Hears) -> SecondOpinion:
    return SecondOpinion(first, lambda: other)


def test_what_is_sure_is_not_asked_twice() -> None:
    first, other = Hears("给六六八八打电话", DOUBT + 0.1), Hears("别的", 0.0)
    assert opinion(first, other).transcribe(AUDIO).text == "给六六八八打电话"
    assert other.asked == 0


def test_the_other_is_right_and_the_first_stays_among_the_nbest() -> None:
    first, other = Hears("通征", -0.6), Hears("通车", -0.2)
    heard = opinion(first, other).transcribe(AUDIO)
    assert heard.text == "通车"
    assert [hypothesis.text for hypothesis in heard.nbest] == ["通车", "通征"]


@pytest.mark.parametrize(
    ("logprob", "hints", "text"),
    [
        (-0.5, ["王女士"], "乙"),
        (-0.6 - HANDICAP / 2, ["王女士"], "甲"),
        (-0.6 - HANDICAP / 2, [], "乙"),
        (-0.6 - HANDICAP * 2, [], "甲"),
    ],
)
def test_without_hints_the_other_may_be_a_little_less_sure(logprob: float, hints: list[str], text: str) -> None:
    assert opinion(Hears("甲", -0.6), Hears("乙", logprob)).transcribe(AUDIO, hints).text == text


def test_nothing_heard_and_long_files_are_let_be() -> None:
    other = Hears("乙", -0.01)
    assert opinion(Hears("", -0.9), other).transcribe(AUDIO).text == ""
    long = Audio(np.zeros(int(LONGEST_S * 16000) + 1, np.float32))
    assert opinion(Hears("甲", -0.9), other).transcribe(long).text == "甲"
    assert opinion(Hears("甲", -0.9), Hears("", 0.0)).transcribe(AUDIO).text == "甲"
    assert other.asked == 0


def test_utterances_that_wait_are_weighed_one_by_one() -> None:
    heard = opinion(Hears("通征", -0.6), Hears("通车", -0.2)).transcribe_waiting([AUDIO, AUDIO])
    assert [one.text for one in heard] == ["通车", "通车"]
