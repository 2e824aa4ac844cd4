"""What every engine does around its model: the voice gate, cutting long audio, judging what came out."""

from __future__ import annotations

import math
import re
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from courier_voice.asr.style import PLAIN, Habits
from courier_voice.core.errors import TranscriptionError
from courier_voice.core.ports import SpeechDetector
from courier_voice.core.words import RATE, Audio, Hypothesis, Segment, Transcript
from courier_voice.text.normalize import to_simplified

LONGEST_S: Final = 25.0
"""A piece of a long file; Whisper hears 30 s at most and needs silence behind the last word."""

_FASTEST: Final = 9.0
"""Characters a second nobody out-talks; hurried Mandarin has 6 to 7 syllables."""

_REPEATS: Final = re.compile(r"(.{1,40}?)\1{2,}", re.DOTALL)
_NUMERALS: Final = frozenset("0123456789零〇一二三四五六七八九幺两")

Progress = Callable[[float, float], None]
"""Called with seconds done and seconds in all."""


@dataclass(frozen=True)
class Reading:
    """One hypothesis as the engine gave it; ``logprob`` is None from an engine that does not tell it, ``no_speech`` is
    Whisper's own probability that nobody spoke.
    """

    text: str
    logprob: float | None
    no_speech: float = 0.0


Hear = Callable[[Audio, float], Sequence[Reading]]
"""An engine's model: a piece of audio in an encoder window of so many seconds -> readings, best first."""


def transcribe(
    hear: Hear,
    detector: SpeechDetector,
    audio: Audio,
    *,
    habits: Habits = PLAIN,
    progress: Progress | None = None,
) -> Transcript:
    """Gate, cut, hear piece by piece, join.

    Several pieces give one joined hypothesis, a single one its n-best, where readings that differ in punctuation
    only are one. Raises TranscriptionError for audio that is not at 16 kHz, and what ``hear`` raises.
    """
    heard: list[list[Reading]] = []
    for end_s, piece in pieces(detector, audio, habits.room_s):
        heard.append(_hear_well(hear, piece, habits))
        if progress:
            progress(end_s, audio.seconds)
    heard = [readings for readings in heard if readings]
    if not heard:
        return Transcript("", "", 0.0, (), audio.seconds)
    if len(heard) == 1:
        return _transcript(heard[0], audio.seconds)
    return _transcript([_joined([readings[0] for readings in heard])], audio.seconds)


def judged(reading: Reading, seconds: float) -> Transcript:
    """What a streaming engine made of an utterance of so many seconds; empty when nobody can have said that."""
    if not believable(reading.text, seconds):
        return Transcript("", "", 0.0, (), seconds)
    return _transcript([reading], seconds)


def pieces(detector: SpeechDetector, audio: Audio, room_s: float = 0.0) -> Iterator[tuple[float, Audio]]:
    """What is to be heard of audio, with the second each piece ends at. Raises TranscriptionError off 16 kHz.

    Around a piece ``room_s`` is kept, or half of the pause to its neighbour.
    """
    if audio.rate != RATE:
        raise TranscriptionError(f"recognisers work at {RATE} Hz, not {audio.rate}: read files with read_audio")
    spans = list(cut_at_pauses(detector.segments(audio)))
    pauses_s = [2 * room_s, *(after[0] - before[1] for before, after in pairwise(spans)), 2 * room_s]
    for (start_s, end_s), before_s, after_s in zip(spans, pauses_s, pauses_s[1:], strict=False):
        yield end_s, audio.cut(start_s - min(room_s, before_s / 2), end_s + min(room_s, after_s / 2))


_TICK_S: Final = 1e-6
"""Less than a sample: times are sums of floats."""


def cut_at_pauses(segments: Sequence[Segment], longest_s: float = LONGEST_S) -> Iterator[tuple[float, float]]:
    """Spans of at most ``longest_s`` that hold all segments, cut between them where that is possible."""
    start_s = end_s = -1.0
    for segment in segments:
        if start_s >= 0 and segment.end_s - start_s > longest_s + _TICK_S:
            yield start_s, end_s
            start_s = -1.0
        if start_s < 0:
            start_s = segment.start_s
        end_s = segment.end_s
        while end_s - start_s > longest_s + _TICK_S:  # somebody who never pauses
            yield start_s, start_s + longest_s
            start_s += longest_s
    if start_s >= 0:
        yield start_s, end_s


def window_for(seconds: float, habits: Habits) -> float:
    """The smallest window with the audio and some silence behind it."""
    fits = (window for window in habits.windows_s if window >= seconds + habits.slack_s)
    return next(fits, max(habits.windows_s))


def in_window(audio: Audio, window_s: float) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """Samples ``[window_s * 16000]``: the audio and silence behind it."""
    wanted = round(window_s * RATE)
    return np.pad(audio.samples[:wanted], (0, max(0, wanted - len(audio.samples))))


def token_limit(seconds: float) -> int:
    """As many tokens as audio of this length can hold: a rare character takes two or three, most one."""
    return min(200, 12 + math.ceil(1.5 * _FASTEST * seconds))


def circles(text: str) -> bool:
    """Whether a recogniser went round in circles instead of listening: one thing said more often than people do.

    openai-whisper's own measure, a compression ratio over 2.4, sees it in long texts only.
    """
    raw = text.encode()
    if len(raw) / len(zlib.compress(raw)) > 2.4:
        return True
    return any(len(found[0]) / len(found[1]) >= _too_often(found[1]) for found in _REPEATS.finditer(text))


def _too_often(unit: str) -> int:
    if unit in _NUMERALS:
        return 12  # a telephone number has eleven
    return {1: 6, 2: 4, 3: 4}.get(len(unit), 3)


def confidence(logprob: float | None, no_speech: float) -> float | None:
    """exp(mean log-probability a token), the geometric mean of the tokens' probabilities, times 1 - no_speech."""
    if logprob is None:
        return None
    return max(0.0, min(1.0, math.exp(min(0.0, logprob)) * (1.0 - no_speech)))


def _hear_well(hear: Hear, piece: Audio, habits: Habits) -> list[Reading]:
    window, widest = window_for(piece.seconds, habits), max(habits.windows_s)
    heard = hear(piece, window)
    if heard and not _letters(heard[0].text):
        return []  # the engine's own word that nothing was said
    readings = [reading for reading in heard if believable(reading.text, piece.seconds)]
    if not readings and window < widest:
        readings = [r for r in hear(piece, widest) if believable(r.text, piece.seconds)]
    return readings


def believable(text: str, seconds: float) -> bool:
    """Whether anybody can have said that in so many seconds."""
    return 0 < len(_letters(text)) <= 6 + _FASTEST * seconds and not circles(text)


def _letters(text: str) -> str:
    return "".join(character for character in text if character.isalnum())


def _joined(readings: Sequence[Reading]) -> Reading:
    weights = [len(reading.text) for reading in readings]
    told = [reading.logprob for reading in readings if reading.logprob is not None]
    logprob = float(np.average(told, weights=weights)) if len(told) == len(readings) else None
    no_speech = float(np.average([reading.no_speech for reading in readings], weights=weights))
    return Reading(" ".join(reading.text.strip() for reading in readings), logprob, no_speech)


def _transcript(readings: Sequence[Reading], seconds: float) -> Transcript:
    best = readings[0]
    distinct: dict[str, Hypothesis] = {}
    for reading in readings:
        text = to_simplified(reading.text).strip()
        if reading.logprob is not None:
            distinct.setdefault(_letters(text), Hypothesis(text, reading.logprob))
    sure = confidence(best.logprob, best.no_speech)
    return Transcript(to_simplified(best.text).strip(), best.text, sure, tuple(distinct.values()), seconds)
