"""FunASR's runtime as a recogniser: whole utterances, and words while they are spoken."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import partial
from typing import Final

import numpy as np
from numpy.typing import NDArray

from courier_voice.asr.funasr_wire import ADDRESS, Mode, Session
from courier_voice.asr.hearing import Reading, judged, transcribe
from courier_voice.asr.remote import AS_IT_IS, Passing, patiently, pcm16
from courier_voice.core.errors import SettingsError
from courier_voice.core.ports import SpeechDetector, StreamingTranscriber
from courier_voice.core.words import RATE, Audio, Transcript

QUIET_S: Final = 2.0
"""As FunASR's own client waits after the last word from a server that does not say it was the last."""


class FunAsr:
    """core.ports.Transcriber at ``url`` (``ws://host:10095``, or ``wss://`` with a certificate this machine trusts).

    ``mode``: whole utterances are heard by the offline model unless it is ``online``; ``stream`` gives words while he
    speaks unless it is ``offline``. A connection an utterance, tried ``attempts`` times; ``timeout_s`` is for the
    connection and again for the answer. Hints go with it where ``share`` allows names and places to leave.
    Raises SettingsError for another kind of address.
    """

    def __init__(
        self,
        url: str,
        detector: SpeechDetector,
        *,
        mode: Mode = "2pass",
        timeout_s: float = 10.0,
        quiet_s: float = QUIET_S,
        share: bool = False,
        attempts: int = 2,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if not url.startswith(("ws://", "wss://")):
            raise SettingsError(f"asr.engine is funasr: {ADDRESS}")
        self._url, self._detector, self._mode, self._share = url, detector, mode, share
        self._timeout_s, self._quiet_s = timeout_s, quiet_s
        self._try_on = partial(patiently, attempts=attempts, sleep=sleep)

    def transcribe(self, audio: Audio, hints: Sequence[str] = ()) -> Transcript:
        """Hear 16 kHz audio of any length. Raises TranscriptionError."""
        return transcribe(partial(self._hear, hints), self._detector, audio, habits=AS_IT_IS)

    def stream(self, hints: Sequence[str] = ()) -> StreamingTranscriber | None:
        """One utterance, heard while it is spoken; None in mode ``offline``. Connects with the first frame."""
        return None if self._mode == "offline" else FunAsrStream(partial(self._open, self._mode, hints))

    def answers(self) -> None:
        """Look whether the server is there. Raises TranscriptionError."""
        self._try_on(lambda: self._open("offline", ()).close())

    def _hear(self, hints: Sequence[str], piece: Audio, _window_s: float) -> list[Reading]:
        mode: Mode = "online" if self._mode == "online" else "offline"

        def once() -> str:
            with closing(self._open(mode, hints)) as session:
                session.send(pcm16(piece.samples))
                return session.finish()

        return [Reading(self._try_on(once), None)]

    def _open(self, mode: Mode, hints: Sequence[str]) -> Session:
        known = hints if self._share else ()
        return Session(self._url, mode, known, self._timeout_s, self._quiet_s)


class FunAsrStream:
    """core.ports.StreamingTranscriber over one connection; made by FunAsr.stream."""

    def __init__(self, open_session: Callable[[], Session]) -> None:
        self._open, self._samples = open_session, 0
        self._session: Session | None = None

    def accept(self, frame: NDArray[np.float32]) -> str:
        """Send the frame on; the words that have come back so far. Raises TranscriptionError."""
        self._samples += len(frame)
        with self._told():
            self._session = self._session or self._open()
            self._session.send(pcm16(frame))
            return self._session.so_far()

    def finish(self) -> Transcript:
        """What was said, and the end of the connection. Raises TranscriptionError."""
        seconds = self._samples / RATE
        if self._session is None:
            return judged(Reading("", None), seconds)
        with self._told(), closing(self._session):
            return judged(Reading(self._session.finish(), None), seconds)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Nothing can be tried again here: what was said is gone."""
        try:
            yield
        except Passing as passing:
            if self._session:
                self._session.close()
            raise passing.error from passing.__cause__
