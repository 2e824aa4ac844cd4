"""The agent under chaos: a process of its own that takes commands through a pipe, and may be told to die at a line."""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
import uuid
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any, Final

from courier_voice.agent import Agent
from courier_voice.app import build_agent
from courier_voice.core.errors import CourierVoiceError
from courier_voice.core.turn import Draft, NluContext, Understanding
from courier_voice.core.words import Utterance
from courier_voice.logistics.client import http_client
from courier_voice.logistics.ledger import Ledger
from courier_voice.logistics.outbox import Outbox
from courier_voice.logistics.vault import Clear, open_vault
from courier_voice.nlu.cascade import Cascade
from courier_voice.nlu.polish import TemplatePolisher
from courier_voice.settings import Settings
from courier_voice.speech.console import ConsoleSpeaker

_PACKAGE: Final = Path(__file__).resolve().parent.parent
FATAL: Final = frozenset(
    str(_PACKAGE / name)
    for name in (
        "agent.py",
        "dialog/commit.py",
        "logistics/outbox.py",
        "logistics/store.py",
        "logistics/ledger.py",
        "logistics/sender.py",
        "logistics/client.py",
        "logistics/offline.py",
    )
)
"""Where an agent told to die does so: the lines an effect passes through."""


class Told:
    """Understands what it was told the next sentence means: chaos is about effects, not about words."""

    def __init__(self) -> None:
        self.drafts: tuple[Draft, ...] = (Draft("none"),)

    def understand(self, utterance: Utterance, context: NluContext) -> Understanding:
        return Understanding(self.drafts, "llm")


def warm() -> None:
    """Load all that a turn needs, once, so that every agent forked from here has it."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(home=Path(folder))
        told = Told()
        told.drafts = (Draft("query_tasks"),)
        wired = build_agent(
            settings, nlu=Cascade(told), polisher=TemplatePolisher(), speaker=_quiet(), outbox=Path(folder) / "o"
        )
        with wired.outbox:
            wired.agent.take_text("今天还有几件没送")
        open_vault(Path(folder), "file")
        Ledger(Path(folder) / "ledger", Clear()).close()
        http_client("http://127.0.0.1", "").close()


def _quiet() -> ConsoleSpeaker:
    return ConsoleSpeaker(lambda _: None)


def die_after(lines: int) -> None:
    """kill -9 of this process after so many lines of the files in FATAL from now on."""
    left = lines

    def trace(frame: FrameType, event: str, _: Any) -> Callable[..., Any] | None:
        return local if frame.f_code.co_filename in FATAL else None

    def local(frame: FrameType, event: str, _: Any) -> Callable[..., Any]:
        nonlocal left
        if event == "line":
            left -= 1
            if left <= 0:
                os.kill(os.getpid(), signal.SIGKILL)
        return local

    sys.settrace(trace)


def live(settings: Settings, commands: int, answers: int, die: int | None) -> None:
    """Serve commands (file descriptors of JSON lines) until they end. Never returns to the caller's code."""
    if die:
        die_after(die)
    told = Told()
    wired = build_agent(
        settings, nlu=Cascade(told), polisher=TemplatePolisher(), speaker=ConsoleSpeaker(lambda _: None)
    )
    sys.settrace(None)
    with os.fdopen(commands) as source, os.fdopen(answers, "w") as sink:
        for line in source:
            command = json.loads(line)
            if command.get("die"):
                die_after(command["die"])
            answer = _answer(command, wired.agent, wired.outbox, told)
            sys.settrace(None)
            sink.write(json.dumps(answer, ensure_ascii=False) + "\n")
            sink.flush()
    os._exit(0)


def _answer(command: dict[str, Any], agent: Agent, outbox: Any, told: Told) -> dict[str, Any]:
    if "flush" in command:
        assert isinstance(outbox, Outbox)
        try:
            outbox.flush(now=True)
            return {"pending": len(outbox.pending())}
        except CourierVoiceError as error:
            return {"pending": -1, "error": str(error)}
    told.drafts = tuple(Draft(**draft) for draft in command["drafts"]) or (Draft("none"),)
    agent.new_key = lambda: f"c{command['number']}x{uuid.uuid4().hex}"
    turn = agent.take_text(command["text"])
    return {"kind": turn.kind, "calls": len(turn.calls), "reply": turn.reply}
