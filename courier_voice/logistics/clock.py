"""Time passed, by clocks nobody can move where there are any."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from pathlib import Path
from typing import Final

BACK_IN_TIME: Final = timedelta(minutes=2)
"""A clock this much behind what it showed before has been moved; less is a time server's correction."""
FORGET_EVERY_S: Final = 6 * 3600.0
"""How often a program that runs on looks for what is too old to be kept."""


def utc_now() -> datetime:
    return datetime.now(timezone.utc)


@dataclass(frozen=True)
class Moment:
    """A point in time (UTC) with the boot it was in and the seconds since that, sleep included."""

    at: datetime
    boot: str
    uptime: float

    def elapsed(self) -> timedelta | None:
        """Since then; None when the clock was moved back so that nobody knows."""
        now = moment()
        if self.boot and self.boot == now.boot:
            return timedelta(seconds=now.uptime - self.uptime)
        age = now.at - self.at
        return max(age, timedelta(0)) if age >= -BACK_IN_TIME else None


def moment() -> Moment:
    """Now."""
    boot = _boot_id()
    return Moment(utc_now(), boot, time.clock_gettime(time.CLOCK_BOOTTIME) if boot else 0.0)


class Every:
    """``due()`` is true at most once in so many seconds, the first time after that long."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._next = time.monotonic() + seconds

    def due(self) -> bool:
        if time.monotonic() < self._next:
            return False
        self._next = time.monotonic() + self._seconds
        return True


@lru_cache(maxsize=1)
def _boot_id() -> str:
    """Which boot of the machine this is; empty where the system does not tell."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip() if hasattr(time, "CLOCK_BOOTTIME") else ""
    except OSError:
        return ""
