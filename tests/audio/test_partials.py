"""Words while he speaks: from before the first word on, one recogniser an utterance, and never in the way."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import numpy as np
import pytest

from courier_voice.audio.endpoint import FRAME
from courier_voice.audio.mic import Frame
from courier_voice.audio.partials import Partials
from courier_voice.core.errors import TranscriptionError
from courier_voice.core.ports import StreamingTranscriber
from courier_voice.core.words import Transcript


class Counting:
    """Says how many frames it has had; ``gate`` holds it up, ``breaks`` makes it fail at that frame."""

    def __init__(self, breaks: int = 0, gate: threading.Event | None = None) -> None:
        self.frames, self.breaks, self.gate = list[float](), breaks, gate
        self.entered, self.broke, self.finished = (threading.Event() for _ in range(3))

    def accept(self, frame: Frame) -> str:
        self.entered.set()
        if self.gate:
            assert self.gate.wait(10)
        self.frames.append(float(frame[0]))
        if len(self.frames) == self.breaks:
            self.broke.set()
            raise TranscriptionError("gone")
        return f"{len(self.frames) // 2} 个字"

    def finish(self) -> Transcript:
        self.finished.set()
        return Transcript("", "", 0.0)


class Opened:
    def __init__(self, *streams: StreamingTranscriber | None) -> None:
        self.streams = list(streams)

    def __call__(self) -> StreamingTranscriber | None:
        return self.streams.pop(0)


def frames(count: int) -> Iterator[Frame]:
    return (np.full(FRAME, number, np.float32) for number in range(count))


def play(partials: Partials, source: Iterator[Frame], *, begin: int, end: int) -> list[float]:
    """The frames that come out, an utterance begun and ended at those."""
    out = []
    for frame in partials.watch(source):
        out.append(float(frame[0]))
        if frame[0] == begin:
            partials.begin()
        if frame[0] == end:
            partials.end()
    return out


def test_words_come_from_before_the_first_word_on_and_only_when_they_change() -> None:
    told: list[str] = []
    stream = Counting()
    seen = threading.Event()

    def tell(words: str) -> None:
        told.append(words)
        if words == "10 个字":
            seen.set()

    partials = Partials(Opened(stream), tell)
    source = partials.watch(frames(100))
    for frame in source:
        if frame[0] == 20:
            partials.begin()
        if frame[0] == 30:
            break
    assert seen.wait(10)
    source.close()  # type: ignore[attr-defined]
    assert stream.finished.wait(10)
    assert stream.frames[0] == 9  # 0.4 s before the frame it was known at
    assert told == [f"{number} 个字" for number in range(12)][: len(told)]
    assert len(told) >= 11


def test_a_recogniser_that_hangs_holds_nothing_up_and_tells_nothing_late() -> None:
    gate, told = threading.Event(), list[str]()
    stuck, next_one = Counting(gate=gate), Counting()
    partials = Partials(Opened(stuck, next_one), told.append)
    for frame in partials.watch(frames(60)):
        if frame[0] == 5:
            partials.begin()
            assert stuck.entered.wait(10)
        if frame[0] == 50:
            partials.end()
    partials.begin()
    partials.end()
    assert next_one.finished.wait(10)
    assert not stuck.finished.is_set()
    gate.set()
    assert stuck.finished.wait(10)
    assert len(stuck.frames) == 1
    assert told == []


def test_one_that_breaks_is_logged_once_and_the_next_is_whole(caplog: pytest.LogCaptureFixture) -> None:
    broken, whole = Counting(breaks=1), Counting()
    partials = Partials(Opened(broken, whole), lambda _: None)
    for frame in partials.watch(frames(60)):
        if frame[0] in (5, 30):
            partials.begin()
        if frame[0] == 29:
            assert broken.broke.wait(10)
    assert whole.finished.wait(10)
    assert len(broken.frames) == 1
    assert not broken.finished.is_set()
    assert caplog.text.count("gone") == 1


def test_without_a_recogniser_frames_pass() -> None:
    assert play(Partials(Opened(None), lambda _: None), frames(10), begin=2, end=8) == list(range(10))
