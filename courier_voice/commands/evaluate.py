"""eval nlu, dialogs, sms, talk: one development set, scored, with every failure listed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import typer
from rich.console import Console

from courier_voice.app import build_polisher
from courier_voice.commands.models import by_route, ready_nlu
from courier_voice.commands.out import begin, counted, emit
from courier_voice.commands.reports import know, shareable
from courier_voice.evals.journal import Journal, fingerprint
from courier_voice.evals.report_sets import DIALOGS, NLU, SMS, TALK, EvalSet, Item, Ready, content
from courier_voice.settings import Settings

Row = dict[str, Any]


def nlu(
    file: Path | None, limit: int, fresh: bool, json_: bool, route: str | None = None, unmasked: bool = False
) -> None:
    _run(NLU, file, limit, fresh, json_, route, unmasked)


def dialogs(
    file: Path | None, limit: int, fresh: bool, json_: bool, route: str | None = None, unmasked: bool = False
) -> None:
    _run(DIALOGS, file, limit, fresh, json_, route, unmasked)


def sms(file: Path | None, limit: int, fresh: bool, json_: bool, unmasked: bool = False) -> None:
    _run(SMS, file, limit, fresh, json_, None, unmasked)


def talk(
    file: Path | None, limit: int, fresh: bool, json_: bool, route: str | None = "fast", unmasked: bool = False
) -> None:
    _run(TALK, file, limit, fresh, json_, route, unmasked)


def ready(settings: Settings) -> Ready:
    """Models loaded as the settings say, by the fast route without a language model. Raises as ``ready_nlu``."""
    cascade, model = ready_nlu(settings, whole=True)
    return Ready(settings, cascade, build_polisher(model), model)


def scored(
    one: EvalSet,
    parts: Callable[[], Ready],
    settings: Settings,
    kept: ExitStack,
    *,
    file: Path | None = None,
    limit: int = 0,
    fresh: bool = False,
    label: str = "",
    each: Callable[[Item], object] = lambda _: None,
) -> list[Item]:
    """A row an item. Those an interrupted run of the same code and parameters did are not done again: its journal lives
    until ``kept`` is left. ``parts`` is asked for models only once the set was read; ``label`` tells runs apart."""
    path = file or one.file
    items = one.read(path)[: limit or None]
    models = settings.llm.model_dump_json(exclude={"api_key", "threads"}) + settings.nlu.model_dump_json()
    run = f"{one.name}-{fingerprint(content(path), models, settings.asr.model_dump_json(), label)}"
    journal = kept.enter_context(Journal(settings.home / "evals", run, fresh=fresh))
    score = one.prepare(parts())
    rows: list[Item] = []
    with counted(f"{label} {one.name}".strip(), len(items)) as step:
        for item in items:
            row: Item | None = journal.done.get(item["id"])
            if row is None:
                row = score(item)
                journal.add(row)
            rows.append(row)
            each(row)
            step()
    return rows


def faults(one: EvalSet, rows: Sequence[Item], unmasked: bool) -> list[Row]:
    """Every failure of a set in words."""
    return [{"id": row["id"], "fault": one.fault(shareable(row, unmasked))} for row in rows if not row["right"]]


def _run(
    one: EvalSet, file: Path | None, limit: int, fresh: bool, json_: bool, route: str | None, unmasked: bool
) -> None:
    settings = begin(**by_route(route))
    know(())

    def tell(row: Item) -> None:
        if json_:
            emit(shareable(row, unmasked))

    with ExitStack() as kept:
        rows = scored(one, lambda: ready(settings), settings, kept, file=file, limit=limit, fresh=fresh, each=tell)
    figures = one.summarise(rows)
    if json_:
        emit({"summary": figures})
        return
    for failure in faults(one, rows, unmasked):
        typer.echo(f"✗ {failure['id']} {failure['fault']}")
    console = Console()
    for key, value in figures.items():
        console.print(f"{key}: {value:.3f}" if isinstance(value, float) else f"{key}: {value}", highlight=False)
