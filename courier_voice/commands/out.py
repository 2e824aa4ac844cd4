"""Output: JSON lines on stdout, all else on stderr; progress bars; files of lines."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from courier_voice.app import start_logging
from courier_voice.core.errors import SettingsError
from courier_voice.core.privacy import mask_phones, phoneless
from courier_voice.core.turn import Draft, Turn
from courier_voice.settings import Settings, load_settings

stderr = Console(stderr=True)


def begin(**changes: object) -> Settings:
    """Settings and logging for one command; told to end by the system, it puts its temporary files away first."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    start_logging(os.environ.get("COURIER_LOG", "WARNING"))
    return load_settings(**changes)


def recogniser(engine: str | None, adapter: str | None) -> dict[str, object]:
    """Settings changed by ``--engine`` and ``--asr-adapter``."""
    chosen = {"engine": engine, "adapter": adapter}
    return {"asr": {name: value for name, value in chosen.items() if value}}


def emit(row: Mapping[str, object]) -> None:
    """One JSON object, one line, flushed. A reader that went away ends the command quietly."""
    try:
        sys.stdout.write(json.dumps(row, ensure_ascii=False) + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(0) from None


def frame(draft: Draft) -> dict[str, object]:
    return {"intent": draft.intent, "slots": phoneless(dict(draft.slots)), "confidence": round(draft.confidence, 3)}


def turn_row(turn: Turn) -> dict[str, object]:
    """A turn as JSON, for the courier's own screen: not masked."""
    return {
        "heard": mask_phones(turn.utterance.heard),
        "text": mask_phones(turn.utterance.text),
        "intents": [frame(draft) for draft in turn.understanding.drafts],
        "route": turn.understanding.route,
        "prompt": turn.understanding.prompt,
        "worded": list(turn.worded),
        "kind": turn.kind,
        "calls": [{"op": c.op, "waybill": c.waybill, "args": phoneless(dict(c.args))} for c in turn.calls],
        "reply": turn.reply,
        "ms": {stage: round(seconds * 1000, 1) for stage, seconds in turn.timings.items()},
    }


def numbered(file: Path) -> Iterator[tuple[int, str]]:
    """The lines of a file that are not blank, counted from 1. Raises SettingsError."""
    try:
        content = file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise SettingsError(f"{file.name} cannot be read ({error.strerror}); give a file you may read") from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"{file.name} is not UTF-8 text ({error.reason}); save it as UTF-8") from error
    for number, line in enumerate(content.splitlines(), 1):
        if line.strip():
            yield number, line


def lines(file: Path, key: str) -> Iterator[str]:
    """The lines of a file: plain text, or JSON objects whose ``key`` holds the text. Raises SettingsError."""
    for number, line in numbered(file):
        if not line.lstrip().startswith("{"):
            yield line.strip()
            continue
        try:
            yield str(json.loads(line)[key])
        except (json.JSONDecodeError, KeyError) as error:
            raise SettingsError(f'{file.name}, line {number}: expected JSON with "{key}"') from error


@contextlib.contextmanager
def counted(what: str, total: int) -> Iterator[Callable[[], None]]:
    """A progress bar over ``total`` items on stderr; call what it yields after each."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=stderr, transient=True) as progress:
        task = progress.add_task(what, total=total)
        yield lambda: progress.advance(task)


@contextlib.contextmanager
def downloads() -> Iterator[Callable[[str, int, int], None]]:
    """Progress bars of bytes, one a name: ``(name, done, total)``."""
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    tasks: dict[str, Any] = {}
    with Progress(*columns, console=stderr) as progress:

        def show(name: str, done: int, total: int) -> None:
            if name not in tasks:
                tasks[name] = progress.add_task(name, total=total)
            progress.update(tasks[name], completed=done, total=total)

        yield show


@contextlib.contextmanager
def waiting(what: str) -> Iterator[None]:
    """A spinner on stderr while something slow is prepared."""
    with stderr.status(what):
        yield
