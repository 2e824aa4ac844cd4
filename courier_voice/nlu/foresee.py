"""A dictated text worded while it is still waited whether he goes on: the language model takes a second or more."""

from __future__ import annotations

import threading
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor

from courier_voice.core.intent import Polisher
from courier_voice.core.parcels import Day


class Foreseeing:
    """core.intent.Polisher over another one. What was foreseen is taken when it is asked for, or waited for; all else is
    worded as ever. Only the latest is kept.
    """

    def __init__(self, polisher: Polisher) -> None:
        self._polisher = polisher
        self.model = getattr(polisher, "model", None)
        self._lock = threading.Lock()
        self._worker = ThreadPoolExecutor(1, "wording-ahead")
        self._latest: tuple[str, Future[str]] | None = None

    def foresee(self, spoken: str, day: Day) -> None:
        """Begin to word a text that may be asked for. Returns at once."""
        with self._lock:
            if self._latest and self._latest[0] == spoken:
                return
            if self._latest:
                self._latest[1].cancel()
            self._latest = spoken, self._worker.submit(self._polisher.polish, spoken, day)

    def polish(self, spoken: str, day: Day) -> str:
        with self._lock:
            known = self._latest[1] if self._latest and self._latest[0] == spoken else None
        if known:
            try:
                return known.result()
            except CancelledError:
                pass
        return self._polisher.polish(spoken, day)
