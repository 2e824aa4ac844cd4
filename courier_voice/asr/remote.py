"""What recognisers behind a network have in common: samples as bytes, patience with trouble that passes.

Neither sound nor words nor hints ever reach a log or an error text.
"""

from __future__ import annotations

import io
import re
import wave
from collections.abc import Callable
from typing import Final, Protocol, TypeVar, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt, stop_before_delay
from tenacity.wait import wait_exponential, wait_random

from courier_voice.asr.style import Habits
from courier_voice.core.errors import TranscriptionError
from courier_voice.core.words import Audio

AS_IT_IS: Final = Habits((), (30.0,), room_s=0.3)
"""One window for all lengths: how an engine pads what it hears is its own affair."""

BUDGET_S: Final = 8.0
"""Nobody waits longer than this before a last try: he stands there with a parcel."""

_TAGS: Final = re.compile(r"<\|[^|<>]*\|>|[\U0001f300-\U0001faff]")
"""SenseVoice's language, emotion and sound events, raw or as emoji."""

_backoff: Final = wait_exponential(multiplier=0.3, max=2.0) + wait_random(0.0, 0.2)

T = TypeVar("T")


@runtime_checkable
class Distant(Protocol):
    """A recogniser that can be asked whether it is there."""

    def answers(self) -> None:
        """Raises TranscriptionError."""
        ...


class Passing(Exception):
    """A try that is worth another one; ``wait_s`` is what the server asked for, if it did."""

    def __init__(self, error: TranscriptionError, wait_s: float | None = None) -> None:
        self.error, self.wait_s = error, wait_s


def unreachable(message: str) -> TranscriptionError:
    """What to raise when the server, not he, is the trouble."""
    return TranscriptionError(message, said="识别服务连不上，请稍后再试。", retryable=True)


def patiently(once: Callable[[], T], *, attempts: int, sleep: Callable[[float], None]) -> T:
    """``once``, again after each Passing. Raises the error of the last one, and what else ``once`` raises."""
    retrying = Retrying(
        retry=retry_if_exception_type(Passing),
        stop=stop_after_attempt(attempts) | stop_before_delay(BUDGET_S),
        wait=_wait,
        sleep=sleep,
        reraise=True,
    )
    try:
        return retrying(once)
    except Passing as passing:
        raise passing.error from passing.__cause__


def _wait(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    asked = error.wait_s if isinstance(error, Passing) else None
    return _backoff(state) if asked is None else asked


def pcm16(samples: NDArray[np.float32]) -> bytes:
    """Samples in -1..1, ``[n]``, as 16-bit little-endian PCM."""
    return (np.clip(samples, -1.0, 1.0) * 32767).astype("<i2").tobytes()


def wav(audio: Audio) -> bytes:
    """A WAV file of 16-bit PCM at the audio's own rate."""
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(audio.rate)
        out.writeframes(pcm16(audio.samples))
    return file.getvalue()


def words_of(text: str) -> str:
    """An engine's text without its marks."""
    return _TAGS.sub("", text).strip()
