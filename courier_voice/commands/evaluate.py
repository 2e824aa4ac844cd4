"""eval nlu, dialogs, sms: the text development sets, scored, with every failure listed."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import typer
from rich.console import Console

from courier_voice.app import build_agent, build_polisher, data_dir
from courier_voice.commands.models import by_route, ready_nlu
from courier_voice.commands.out import begin, counted, emit
from courier_voice.commands.reports import know, shareable
from courier_voice.core.turn import Turn
from courier_voice.evals import sets
from courier_voice.evals.journal import Journal, fingerprint
from courier_voice.nlu.cascade import Cascade
from courier_voice.nlu.polish import LlmPolisher, TemplatePolisher
from courier_voice.settings import Api, Settings
from courier_voice.speech.console import ConsoleSpeaker

Row = dict[str, Any]


def nlu(
    file: Path | None, limit: int, fresh: bool, json_: bool, route: str | None = None, unmasked: bool = False
) -> None:
    def score(settings: Settings) -> Callable[[sets.Item], Row]:
        cascade, _ = ready_nlu(settings)
        return lambda item: sets.nlu_row(item, cascade)

    _run("nlu", file, limit, fresh, json_, score, sets.nlu_summary, _nlu_fault, route, unmasked=unmasked)


def dialogs(
    file: Path | None, limit: int, fresh: bool, json_: bool, route: str | None = None, unmasked: bool = False
) -> None:
    def score(settings: Settings) -> Callable[[sets.Item], Row]:
        world = data_dir("fixtures") / "worlds" / "beihu.json"
        mocked = settings.model_copy(update={"api": Api(world=world)})
        cascade, model = ready_nlu(settings)
        polisher = build_polisher(model)
        return lambda item: _dialog(item, mocked, cascade, polisher)

    _run("dialogs", file, limit, fresh, json_, score, sets.dialog_summary, _dialog_fault, route, unmasked=unmasked)


def sms(file: Path | None, limit: int, fresh: bool, json_: bool, unmasked: bool = False) -> None:
    def score(settings: Settings) -> Callable[[sets.Item], Row]:
        _, model = ready_nlu(settings)
        polisher = build_polisher(model)
        return lambda item: sets.sms_row(item, polisher)

    _run("sms", file, limit, fresh, json_, score, sets.sms_summary, _sms_fault, unmasked=unmasked)


def _dialog(item: sets.Item, settings: Settings, cascade: Cascade, polisher: LlmPolisher | TemplatePolisher) -> Row:
    with tempfile.TemporaryDirectory() as scratch:
        wired = build_agent(
            settings,
            nlu=cascade,
            polisher=polisher,
            speaker=ConsoleSpeaker(lambda _: None),
            outbox=Path(scratch) / "outbox.sqlite3",
        )
        with wired.outbox:
            take: Callable[[str], Turn] = wired.agent.take_text
            return sets.dialog_row(item, take)


def _run(
    name: str,
    file: Path | None,
    limit: int,
    fresh: bool,
    json_: bool,
    prepare: Callable[[Settings], Callable[[sets.Item], Row]],
    summarise: Callable[[Sequence[sets.Item]], Row],
    fault: Callable[[Row], str],
    route: str | None = None,
    unmasked: bool = False,
) -> None:
    """Score the items not yet done by an interrupted run of the same code and parameters, then all together."""
    settings = begin(**by_route(route))
    know(())
    path = file or data_dir("fixtures") / "eval" / f"{name}.jsonl"
    items = sets.read_set(path)[: limit or None]
    models = settings.llm.model_dump_json(exclude={"api_key", "threads"}) + settings.nlu.model_dump_json()
    run = f"{name}-{fingerprint(path.read_text('utf-8-sig'), models)}"
    rows: list[Row] = []
    with Journal(settings.home / "evals", run, fresh=fresh) as journal:
        score = prepare(settings)
        with counted(name, len(items)) as step:
            for item in items:
                row = journal.done.get(item["id"])
                if row is None:
                    row = score(item)
                    journal.add(row)
                rows.append(row)
                if json_:
                    emit(shareable(row, unmasked))
                step()
    figures = summarise(rows)
    if json_:
        emit({"summary": figures})
        return
    for row in rows:
        if not row["right"]:
            typer.echo(f"✗ {row['id']} {fault(shareable(row, unmasked))}")
    console = Console()
    for key, value in figures.items():
        console.print(f"{key}: {value:.3f}" if isinstance(value, float) else f"{key}: {value}", highlight=False)


def _nlu_fault(row: Row) -> str:
    return f"{row['text']}\n    meant {_frames(row['meant'])}\n    said  {_frames(row['said'])}"


def _frames(frames: Sequence[Mapping[str, Any]]) -> str:
    return "; ".join(f"{frame['intent']} {frame.get('slots', {})}" for frame in frames)


def _dialog_fault(row: Row) -> str:
    wrong = [turn for turn in row["turns"] if turn["errors"]]
    return "".join(f"\n    {turn['user']} → {'; '.join(turn['errors'])} | {turn['reply']}" for turn in wrong)


def _sms_fault(row: Row) -> str:
    return f"{row['spoken']}\n    → {row['sms']}\n    missing {row['missing']}, forbidden {row['forbidden']}"
