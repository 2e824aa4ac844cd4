"""Words while he speaks: frames go on to a streaming recogniser, in a thread of its own, so that none waits for it.

What it says is shown and nothing else: what is acted on is heard from the whole utterance.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from courier_voice.audio.endpoint import FRAME_S
from courier_voice.audio.mic import Frame
from courier_voice.core.errors import CourierVoiceError
from courier_voice.core.ports import StreamingTranscriber

log = logging.getLogger(__name__)

_BEFORE: Final = round(0.4 / FRAME_S)
"""Frames kept from before the first word."""

Open = Callable[[], StreamingTranscriber | None]


class Partials:
    """``open_stream``: a recogniser for one utterance, None without; ``told``: called in a thread of its own with the
    words so far whenever they change.
    """

    def __init__(self, open_stream: Open, told: Callable[[str], None]) -> None:
        self._open, self._told = open_stream, told
        self._before: deque[Frame] = deque(maxlen=_BEFORE)
        self._now: _Utterance | None = None

    def watch(self, frames: Iterable[Frame]) -> Iterator[Frame]:
        """The frames as they come; those of an utterance are listened to besides."""
        try:
            for frame in frames:
                if self._now:
                    self._now.hear(frame)
                else:
                    self._before.append(frame)
                yield frame
        finally:
            self.end()

    def begin(self) -> None:
        """Somebody speaks, and has for a moment."""
        self.end()
        self._now = _Utterance(self._open, self._told)
        for frame in self._before:
            self._now.hear(frame)
        self._before.clear()

    def end(self) -> None:
        """The utterance is over; the recogniser is let go, without waiting for it."""
        if self._now:
            self._now.leave()
        self._now = None


class _Utterance:
    def __init__(self, open_stream: Open, told: Callable[[str], None]) -> None:
        self._worker = ThreadPoolExecutor(1, "partials")
        self._told, self._last, self._over = told, "", False
        self._stream: StreamingTranscriber | None = None
        self._worker.submit(self._start, open_stream)

    def hear(self, frame: Frame) -> None:
        self._worker.submit(self._accept, frame)

    def leave(self) -> None:
        self._over = True
        self._worker.submit(self._finish)
        self._worker.shutdown(wait=False)

    def _start(self, open_stream: Open) -> None:
        self._stream = open_stream()

    def _accept(self, frame: Frame) -> None:
        if self._stream is None or self._over:
            return
        try:
            words = self._stream.accept(frame)
        except CourierVoiceError as error:
            log.warning("no words while he speaks: %s", error)
            self._stream = None
            return
        if words != self._last and not self._over:
            self._last = words
            self._told(words)

    def _finish(self) -> None:
        try:
            if self._stream:
                self._stream.finish()
        except CourierVoiceError as error:
            log.warning("words while he speaks ended badly: %s", error)
