"""Clauses made before they are needed, in quiet moments: names of the day, how replies begin. In memory only."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from typing import Final

from courier_voice.core.errors import SpeechError
from courier_voice.core.words import Audio

log = logging.getLogger(__name__)

MOST: Final = 400
"""Clauses kept: 30 MB, two for each parcel of a full day."""
_LOOK_S: Final = 0.05


class Ahead:
    """``make`` speaks a clause; it is called on a thread of its own while ``idle()``. Clauses wanted first are made
    first; over ``MOST`` of them, those wanted longest ago are let go.
    """

    def __init__(self, make: Callable[[str], Audio], idle: Callable[[], bool] = lambda: True) -> None:
        self._make, self.idle = make, idle
        self._worker = ThreadPoolExecutor(1, "speaking-ahead")
        self._made: dict[str, Future[Audio]] = {}
        self._closed = False

    def want(self, clauses: Iterable[str]) -> None:
        """Make those that are not made or waited for yet."""
        for clause in clauses:
            if clause not in self._made and not self._closed:
                self._made[clause] = self._worker.submit(self._in_quiet, clause)
        while len(self._made) > MOST:
            self._made.pop(next(iter(self._made))).cancel()

    def ready(self, clause: str) -> bool:
        """Whether it is made, or being made just now."""
        known = self._made.get(clause)
        return known is not None and (known.running() or _good(known))

    def get(self, clause: str) -> Audio | None:
        """Its sound, waited for where it is being made; None where it has not been begun. Never raises SpeechError."""
        known = self._made.get(clause)
        if known is None or (not known.running() and not _good(known)):
            return None
        try:
            return known.result()
        except (SpeechError, CancelledError):
            return None

    def settle(self, timeout_s: float = 600.0) -> None:
        """Return when all that is wanted has been made."""
        deadline = time.monotonic() + timeout_s
        while not all(each.done() for each in tuple(self._made.values())) and time.monotonic() < deadline:
            time.sleep(_LOOK_S)

    def forget(self) -> None:
        """Let go of everything: another voice speaks from now on."""
        for each in self._made.values():
            each.cancel()
        self._made.clear()

    def close(self) -> None:
        self._closed = True
        self._worker.shutdown(wait=True, cancel_futures=True)

    def _in_quiet(self, clause: str) -> Audio:
        while not self.idle() and not self._closed:
            time.sleep(_LOOK_S)
        if self._closed:
            raise SpeechError("closed")
        return self._make(clause)


def _good(future: Future[Audio]) -> bool:
    return future.done() and not future.cancelled() and future.exception() is None
