"""What the outbox works with, and who may send from a file: one at a time, by a lock that goes with who dies."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from filelock import FileLock, Timeout

from courier_voice.core.parcels import Effect, Entry, Status
from courier_voice.logistics.store import Row

logger = logging.getLogger(__name__)


class Sender(Protocol):
    """What the outbox needs of core.ports.LogisticsApi."""

    def send(self, effect: Effect) -> None: ...


class Recorder(Protocol):
    """What the outbox needs of the ledger."""

    def note_effect(self, effect: Effect, status: Status, detail: str) -> None: ...

    def unsettled(self) -> tuple[Row, ...]:
        """Effects that were recorded as queued and have no end yet: the second copy should this file be damaged."""
        ...

    def reconcile(self, entries: Sequence[Entry]) -> None:
        """Record what is not recorded yet."""
        ...


class SoleSender:
    """``with sole(wait_s) as alone``: whether this thread of this process may send. May be taken again within."""

    def __init__(self, path: Path) -> None:
        self.in_process = threading.RLock()
        self._among_processes = FileLock(f"{path}.lock", mode=0o600, thread_local=False)

    @contextmanager
    def __call__(self, wait_s: float) -> Iterator[bool]:
        """Wait for other processes for at most ``wait_s`` seconds; threads of this one take their turns."""
        with self.in_process:
            try:
                self._among_processes.acquire(timeout=wait_s)
            except Timeout:
                yield False
                return
            except OSError as error:
                logger.warning("outbox: no lock file (%s); keys still keep every effect single", error.strerror)
                yield True
                return
            try:
                yield True
            finally:
                self._among_processes.release()
