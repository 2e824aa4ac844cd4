"""How long a waybill rests after a failure: exponential with full jitter, as tenacity reckons it."""

from __future__ import annotations

import time
from typing import Final

from tenacity import RetryCallState, Retrying
from tenacity.wait import wait_random_exponential

BACKOFF_S, MAX_BACKOFF_S = 1.0, 60.0
_WAIT: Final = wait_random_exponential(multiplier=BACKOFF_S, max=MAX_BACKOFF_S)


class Backoff:
    """Rests by name, on the monotonic clock: one moved back must not hold effects up."""

    def __init__(self) -> None:
        self._failures: dict[str, int] = {}
        self._not_before: dict[str, float] = {}

    def rests(self, name: str) -> bool:
        return time.monotonic() < self._not_before.get(name, 0.0)

    def failed(self, name: str) -> None:
        """Once more; the next rest is up to twice as long."""
        state = RetryCallState(Retrying(), None, (), {})
        state.attempt_number = self._failures[name] = self._failures.get(name, 0) + 1
        self._not_before[name] = time.monotonic() + _WAIT(state)

    def passed(self, name: str) -> None:
        self._failures.pop(name, None)
        self._not_before.pop(name, None)
