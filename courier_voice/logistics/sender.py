"""One sender a file: a lock among threads and among processes, which goes with a process that dies."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

logger = logging.getLogger(__name__)


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
