"""What the engines share, without a model: gate, cutting, judging."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from courier_voice.asr.hearing import (
    Reading,
    circles,
    confidence,
    cut_at_pauses,
    in_window,
    pieces,
    transcribe,
    window_for,
)
from courier_voice.asr.style import PLAIN
from courier_voice.core.errors import TranscriptionError
from courier_voice.core.words import Audio, Segment


@dataclass(frozen=True)
class Spans:
    """A detector that says what it is told."""

    spans: Sequence[tuple[float, float]]

    def segments(self, audio: Audio) -> tuple[Segment, ...]:
        return tuple(Segment(start, end) for start, end in self.spans)


class Engine:
    """Gives the same readings in every window unless told otherwise, and remembers what it was asked."""

    def __init__(self, *texts: str, in_long: str = "") -> None:
        self.texts, self.in_long, self.asked = texts, in_long, list[tuple[float, float]]()

    def __call__(self, piece: Audio, window_s: float) -> list[Reading]:
        self.asked.append((round(piece.seconds, 2), window_s))
        texts = (self.in_long,) if window_s == 30 and self.in_long else self.texts
        return [Reading(text, -0.1 * (rank + 1), 0.01) for rank, text in enumerate(texts)]


def seconds(length: float) -> Audio:
    return Audio(np.zeros(round(length * 16000), np.float32))


def test_without_speech_the_engine_is_not_asked() -> None:
    engine = Engine("请不吝点赞")
    heard = transcribe(engine, Spans([]), seconds(5))
    assert (heard.text, heard.raw, heard.confidence, heard.nbest, heard.audio_s) == ("", "", 0.0, (), 5.0)
    assert engine.asked == []


def test_readings_become_simplified_ranked_and_without_doubles() -> None:
    heard = transcribe(Engine("給客戶打電話", "给客户打电话。", "给客户大电话"), Spans([(0, 2)]), seconds(2))
    assert heard.text == "给客户打电话"
    assert heard.raw == "給客戶打電話"
    assert [(h.text, h.logprob) for h in heard.nbest] == [
        ("给客户打电话", pytest.approx(-0.1)),
        ("给客户大电话", pytest.approx(-0.3)),
    ]
    assert heard.confidence == pytest.approx(np.exp(-0.1) * 0.99)


def test_a_reading_that_goes_round_in_circles_gives_way_to_the_next() -> None:
    heard = transcribe(Engine("打电话打电话打电话打电话打电话", "给他打电话"), Spans([(0, 4)]), seconds(4))
    assert [h.text for h in heard.nbest] == ["给他打电话"]


def test_when_nothing_is_believable_the_full_window_is_tried_once() -> None:
    engine = Engine("啊" * 80, in_long="确认")
    assert transcribe(engine, Spans([(0, 1)]), seconds(1)).text == "确认"
    assert engine.asked == [(1.0, 10.0), (1.0, 30.0)]
    assert transcribe(Engine("啊" * 80), Spans([(0, 1)]), seconds(1)).text == ""


def test_more_than_anybody_can_say_is_not_believed() -> None:
    sentence = "今天天气很好我们一起去公园看花然后再回家吃饭顺便把快递也都送完"
    assert transcribe(Engine(sentence), Spans([(0, 1)]), seconds(1)).text == ""
    assert transcribe(Engine(sentence), Spans([(0, 6)]), seconds(6)).text == sentence


def test_a_long_file_is_joined_from_pieces_and_progress_is_told() -> None:
    told: list[tuple[float, float]] = []
    spans = [(float(at), at + 8.0) for at in range(0, 600, 10)]
    engine = Engine("送到了", "送道了")
    heard = transcribe(engine, Spans(spans), seconds(600), progress=lambda done, whole: told.append((done, whole)))
    assert heard.text == " ".join(["送到了"] * 30)
    assert [h.text for h in heard.nbest] == [heard.text]
    assert {asked for asked, _ in engine.asked} == {18.0}
    assert told[0] == (18.0, 600.0)
    assert told[-1] == (598.0, 600.0)


def test_another_rate_is_refused() -> None:
    with pytest.raises(TranscriptionError, match="read files with read_audio"):
        transcribe(Engine("x"), Spans([(0, 1)]), Audio(np.zeros(8000, np.float32), 8000))


@given(st.lists(st.tuples(st.floats(0.05, 5), st.floats(0.1, 70)), max_size=40), st.floats(5, 30))
@example([(1.0, 1.0), (1.0, 5.199878266425482)], 5.199878266425482)
def test_cuts_hold_all_speech_in_order_and_are_short_enough(parts: list[tuple[float, float]], longest: float) -> None:
    segments, at = list[Segment](), 0.0
    for pause, length in parts:
        segments.append(Segment(at + pause, at + pause + length))
        at += pause + length
    cuts = list(cut_at_pauses(segments, longest))
    assert all(0 < end - start <= longest + 1e-6 for start, end in cuts)
    assert all(a[1] <= b[0] + 1e-6 for a, b in pairwise(cuts))
    for segment in segments:
        covered = sum(max(0.0, min(end, segment.end_s) - max(start, segment.start_s)) for start, end in cuts)
        assert covered == pytest.approx(segment.end_s - segment.start_s, abs=1e-6)


@pytest.mark.parametrize(("room", "lengths"), [(0.0, [20.0, 20.0, 25.0, 5.0]), (0.3, [20.6, 20.4, 25.1, 5.3])])
def test_room_is_kept_around_a_piece_but_never_heard_twice(room: float, lengths: list[float]) -> None:
    cut = pieces(Spans([(1, 21), (22, 42), (42.2, 72.2)]), seconds(80), room)
    assert [(end, round(piece.seconds, 3)) for end, piece in cut] == list(
        zip([21, 42, 67.2, 72.2], lengths, strict=True)
    )


def test_a_cut_is_made_in_a_pause_where_there_is_one() -> None:
    segments = [Segment(0, 12), Segment(13, 24), Segment(25, 40)]
    assert list(cut_at_pauses(segments)) == [(0, 24), (25, 40)]


@given(st.floats(0.1, 25))
def test_a_window_has_room_for_the_audio_and_silence_after_it(length: float) -> None:
    window = window_for(length, PLAIN)
    assert window >= length + 1.5
    samples = in_window(seconds(length), window)
    assert len(samples) == window * 16000


@pytest.mark.parametrize(
    "text",
    [
        "打电话打电话打电话打电话",
        "感谢观看感谢观看感谢观看",
        "好好好好好好",
        "零" * 20,
        "尾号六尾号六尾号六尾号六",
    ],
)
def test_circles_are_seen(text: str) -> None:
    assert circles(text)


@pytest.mark.parametrize(
    "text",
    [
        "六六六六",
        "尾号八八八八打电话",
        "88888888888",
        "对对对",
        "慢点慢点，后面来车了",
        "好的好的好的",
        "长四十宽四十高四十",
        "三公斤，不对，三点五公斤，三点五公斤",
        "先打给六六八八，再打给八八六六",
        "",
    ],
)
def test_what_people_really_repeat_is_left_alone(text: str) -> None:
    assert not circles(text)


@given(st.floats(-20, 5), st.floats(0, 1))
def test_confidence_is_a_probability_that_grows_with_the_logprob(logprob: float, no_speech: float) -> None:
    assert 0 <= confidence(logprob, no_speech) <= 1
    assert confidence(logprob, no_speech) <= confidence(logprob + 0.1, no_speech)
    assert confidence(0, 0) == 1
