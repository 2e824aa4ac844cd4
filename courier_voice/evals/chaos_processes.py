"""The two processes of chaos: the mock server and the agent, forked so that a kill costs milliseconds."""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from courier_voice.core.errors import SettingsError
from courier_voice.evals.chaos_agent import live
from courier_voice.logistics.mock.faults import parse_fault
from courier_voice.logistics.mock.serve import run as serve
from courier_voice.settings import Settings

TOKEN: Final = "chaos"
FAULTS: Final = (
    "timeout-before=1s", "timeout-after=1s", "500", "500-after", "drop", "drop-after", "slow-body=200ms", "wrong-json",
)  # fmt: skip
RATE: Final = 0.012
"""Of each kind of fault, a request."""


class Api:
    """The mock server in a process of its own, its state in a file."""

    def __init__(self, world: Path, state: Path, chance: random.Random) -> None:
        self._world, self._state, self._chance = world, state, chance
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port: int = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.pid = 0

    def start(self, *, faulty: bool) -> None:
        specs = [f"{kind}:p={RATE}:seed={self._chance.randrange(1 << 30)}" for kind in FAULTS] if faulty else []
        self.pid = os.fork()
        if self.pid == 0:
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one who started it
            _close_but()
            try:
                faults = [parse_fault(spec) for spec in specs]
                serve(
                    self._world, port=self.port, token=TOKEN, faults=faults, state=self._state, announce=lambda _: None
                )
            finally:
                os._exit(1)
        self._wait()

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        self.pid = 0

    def _wait(self) -> None:
        for _ in range(600):
            try:
                socket.create_connection(("127.0.0.1", self.port), 1.0).close()
                return
            except OSError:
                time.sleep(0.05)
        raise SettingsError("the mock server did not start; see the messages above")


class Agent:
    """The agent's process: ``ask`` gives its answer, None when it died."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.pid = 0
        self.kills = 0

    def start(self, die: int | None = None) -> None:
        command_out, command_in = os.pipe()
        answer_out, answer_in = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            _close_but(command_out, answer_in)
            try:
                live(self._settings, command_out, answer_in, die)
            finally:
                os._exit(1)
        os.close(command_out)
        os.close(answer_in)
        self._commands, self._answers = os.fdopen(command_in, "w"), os.fdopen(answer_out)

    def ask(self, command: dict[str, Any], kill_after_s: float | None = None) -> dict[str, Any] | None:
        try:
            self._commands.write(json.dumps(command, ensure_ascii=False) + "\n")
            self._commands.flush()
            if kill_after_s is not None:
                time.sleep(kill_after_s)
                os.kill(self.pid, signal.SIGKILL)
            line = self._answers.readline()
        except BrokenPipeError:
            line = ""
        if not line.endswith("\n"):
            self._buried()
            return None
        if kill_after_s is not None:
            self._buried()
        answer: dict[str, Any] = json.loads(line)
        return answer

    def stop(self) -> None:
        self._commands.close()
        os.waitpid(self.pid, 0)
        self._answers.close()
        self.pid = 0

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)
        self._buried()

    def _buried(self) -> None:
        for pipe in (self._commands, self._answers):
            with suppress(BrokenPipeError):
                pipe.close()
        os.waitpid(self.pid, 0)
        self.pid = 0
        self.kills += 1


def _close_but(*kept: int) -> None:
    """A forked child lets go of its parent's pipes: who waits for their end would wait for the child too."""
    for handle in set(range(3, 256)) - set(kept):
        with suppress(OSError):
            os.close(handle)
