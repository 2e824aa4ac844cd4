"""The wake phrase in what a recogniser writes, and who is heard because of it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from courier_voice.asr.wake import BEGINNING_S, Addressed, behind, nearest
from courier_voice.core.words import RATE, Audio, Hypothesis, Transcript

PHRASE = "小哥小哥"


@pytest.mark.parametrize(
    ("heard", "rest"),
    [
        ("小哥小哥，给六六八八打电话。", "给六六八八打电话。"),
        ("小哥，小哥。", ""),
        ("小割小葛这单客户拒收。", "这单客户拒收。"),
        ("哎，小哥小哥，下一单送哪儿？", "下一单送哪儿？"),
        ("那个小哥小哥小哥", "小哥"),
        ("小哥，我的快递到了没有", None),
        ("小哥哥，帮我看一下", None),
        ("小哥小心点", None),
        ("小姐姐小姐姐", None),
        ("你们那边的小哥小哥们都认识", None),
        ("", None),
        ("……", None),
    ],
)
def test_the_phrase_is_known_by_its_sound_at_the_beginning_only(heard: str, rest: str | None) -> None:
    assert behind(heard, PHRASE) == rest


@given(st.text("给打电话六八尾号小哥，。", max_size=12))
def test_what_is_behind_the_phrase_is_part_of_what_was_said(text: str) -> None:
    rest = behind(text, PHRASE)
    assert rest is None or text.endswith(rest)


def test_any_phrase_will_do() -> None:
    assert behind("你好派派，几点了", "你好派派") == "几点了"
    assert behind("小哥小哥，几点了", "你好派派") is None


class Ear:
    """A recogniser that writes the same, however long the sound; what it was asked is kept."""

    def __init__(self, *texts: str) -> None:
        self.texts = texts
        self.asked: list[tuple[float, Sequence[str]]] = []

    def transcribe(self, audio: Audio, hints: Sequence[str] = ()) -> Transcript:
        self.asked.append((audio.seconds, hints))
        nbest = tuple(Hypothesis(text, -0.1 * (n + 1)) for n, text in enumerate(self.texts) if text)
        return Transcript(self.texts[0], self.texts[0], 0.9, nbest, audio.seconds)


SPEECH = Audio(np.zeros(6 * RATE, np.float32))


def test_only_the_beginning_of_talk_is_decoded_and_nothing_is_heard_of_it() -> None:
    asr, spotter = Ear("今天的菜怎么卖"), Ear("今天的菜怎么卖")
    door = Addressed(asr, spotter, PHRASE, lambda seconds: False)
    heard = door.transcribe(SPEECH, ("王女士",))
    assert (heard.text, heard.nbest, asr.asked) == ("", (), [])
    assert spotter.asked == [(BEGINNING_S, ())]
    assert not door.called
    assert not door.by_name


def test_who_says_the_phrase_is_heard_without_it() -> None:
    asr = Ear("小哥小哥，给六六八八打电话。", "小哥小葛给六六八八打电话。")
    door = Addressed(asr, Ear("小孩小孩给", "小哥小哥给"), PHRASE, lambda seconds: False)
    heard = door.transcribe(SPEECH, ("王女士",))
    assert heard.text == "给六六八八打电话。"
    assert [one.text for one in heard.nbest] == ["给六六八八打电话。", "给六六八八打电话。"]
    assert asr.asked == [(6.0, ("王女士",))]
    assert door.by_name
    assert not door.called


def test_the_phrase_alone_is_a_call() -> None:
    door = Addressed(Ear("小哥小哥。"), Ear("小哥小哥"), PHRASE, lambda seconds: False)
    heard = door.transcribe(SPEECH)
    assert (heard.text, heard.nbest) == ("", ())
    assert door.called
    door._heard_since = lambda seconds: True
    door._asr = Ear("下一单")
    assert door.transcribe(SPEECH).text == "下一单"
    assert not door.called


def test_a_phrase_the_spotter_knew_is_cut_off_as_the_recogniser_misheard_it() -> None:
    door = Addressed(Ear("小狗小狗，下一单"), Ear("小哥小哥"), PHRASE, lambda seconds: False)
    assert door.transcribe(SPEECH).text == "下一单"


def test_within_the_window_all_is_heard_and_the_phrase_is_no_part_of_it() -> None:
    spotter = Ear("")
    began: list[float] = []
    door = Addressed(Ear("小狗下一单"), spotter, PHRASE, lambda seconds: bool(began.append(seconds)) or True)
    assert door.transcribe(SPEECH).text == "小狗下一单"
    assert not door.by_name
    assert (began, spotter.asked) == ([6.0], [])
    door._asr = Ear("小哥小哥下一单")
    assert door.transcribe(SPEECH).text == "下一单"
    assert door.by_name


def test_the_nearest_reading_counts() -> None:
    assert nearest(Ear("小狗小狗", "小哥小狗"), SPEECH, PHRASE) == pytest.approx(0.125)
    assert nearest(Ear(""), SPEECH, PHRASE) == 1.0
