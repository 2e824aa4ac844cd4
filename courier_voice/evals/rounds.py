"""Independent pieces of work, some at once, each in a process forked from this one."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from types import FrameType
from typing import TYPE_CHECKING, Any, TypeVar

from courier_voice.core.errors import SettingsError

if TYPE_CHECKING:
    from multiprocessing.context import ForkProcess  # nowhere to be had on Windows

Done = TypeVar("Done")
Tell = Callable[[int], None]


def at_once(
    names: Sequence[str], work: Callable[[str, Tell], Done], jobs: int, step: Tell
) -> Iterator[tuple[str, Done]]:
    """``work(name, tell)`` of every name, ``jobs`` at a time, as they end; what ``tell`` is given comes to ``step``.

    An interruption reaches the pieces that run, which put their own children away. Raises SettingsError when one died.
    """
    fork = get_context("fork")
    left = list(reversed(names))
    running: dict[Connection, tuple[str, ForkProcess]] = {}
    try:
        while left or running:
            while left and len(running) < jobs:
                ours, theirs = fork.Pipe(duplex=False)
                process = fork.Process(target=_piece, args=(theirs, work, left[-1]))
                process.start()
                theirs.close()
                running[ours] = (left.pop(), process)
            for told in wait(list(running)):
                assert isinstance(told, Connection)
                name, process = running[told]
                try:
                    kind, value = told.recv()
                except EOFError:
                    raise SettingsError(f"round {name} died; see the messages above, and run it again") from None
                if kind == "step":
                    step(value)
                    continue
                del running[told]
                told.close()
                process.join()
                yield name, value
    finally:
        for _, process in running.values():
            with suppress(ProcessLookupError):
                os.kill(process.pid or 0, signal.SIGINT)
            process.join()


def _piece(told: Connection, work: Callable[[str, Tell], Any], name: str) -> None:
    signal.signal(signal.SIGINT, _interrupted)
    with suppress(KeyboardInterrupt):
        told.send(("done", work(name, lambda count: told.send(("step", count)))))


def _interrupted(number: int, frame: FrameType | None) -> None:
    """Once: a second Ctrl-C must not cut the cleaning up short."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    raise KeyboardInterrupt
