"""eval report, eval ablate: every set at once, as a page and as JSON; and what each part of the agent is worth."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Literal

import typer
from rich.console import Console
from rich.table import Table

from courier_voice.commands.evaluate import faults, ready, scored
from courier_voice.commands.kb_set import KB
from courier_voice.commands.models import by_route
from courier_voice.commands.out import begin, emit
from courier_voice.commands.reports import know
from courier_voice.core.errors import SettingsError
from courier_voice.evals.ablate import COLUMNS, Variant, ablation_row, variants
from courier_voice.evals.report import calibration
from courier_voice.evals.report_about import about
from courier_voice.evals.report_marks import judged
from courier_voice.evals.report_page import page, shown
from courier_voice.evals.report_sets import (
    DIALOGS,
    LIVE,
    NLU,
    RECORDED,
    TALK,
    TEXT_SETS,
    EvalSet,
    Item,
    Ready,
    content,
)
from courier_voice.nlu.cascade import Cascade
from courier_voice.nlu.fast import FastUnderstander
from courier_voice.understanding import build_adviser, build_mender, build_nlu

Row = dict[str, Any]
Audio = Literal["live", "transcripts", "none"]
ABLATED = (NLU, DIALOGS, RECORDED)
FAST = Variant("fast", {"route": "fast"})


def report(
    out: Path,
    route: str | None,
    talk_route: str,
    audio: Audio,
    kb: bool,
    ablations: bool,
    without_noise: Path | None,
    limit: int,
    fresh: bool,
    unmasked: bool,
    json_: bool,
) -> None:
    settings = begin(**by_route(route))
    know(())
    _make(out)
    sets = [*TEXT_SETS, TALK, *{"live": [LIVE], "transcripts": [RECORDED], "none": []}[audio], *([KB] if kb else [])]
    with ExitStack() as kept:
        parts = ready(settings)
        rows: dict[str, list[Item]] = {}
        for one in sets:
            using = changed(parts, Variant(talk_route, {"route": talk_route})) if one is TALK else parts
            rows[one.name] = _scored(one, using, kept, limit, fresh)
        sure = _scored(NLU, changed(parts, FAST), kept, limit, fresh, "fast")
        figures = {one.name: one.summarise(rows[one.name]) for one in sets}
        done = {one.name: figures[one.name] for one in sets if one in ABLATED}
        table = ablated(parts, kept, done, without_noise, limit, fresh) if ablations else {}
    told: Row = {
        "made": datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "masked": not unmasked,
        "notes": _notes(talk_route, audio, kb, limit),
        "sets": figures,
        "calibration": calibration(sure),
        "ablations": table,
        "about": about(parts, hears=audio == "live"),
        "files": {one.path: {"sha256": _digest(one), "rows": len(rows[one.name])} for one in sets},
        "failures": {one.name: faults(one, rows[one.name], unmasked) for one in sets},
    }
    told["marks"] = judged(told)
    _write(out / "report.json", json.dumps(told, ensure_ascii=False, indent=1))
    _write(out / "report.html", page(told))
    if json_:
        for name, each in figures.items():
            emit({"set": name, **each})
        emit({"marks": told["marks"], "ablations": table, "page": str(out / "report.html")})
    else:
        _show_marks(told["marks"])
        typer.echo(f"{out / 'report.html'}\n{out / 'report.json'}")


def ablate(route: str | None, without_noise: Path | None, limit: int, fresh: bool, json_: bool) -> None:
    settings = begin(**by_route(route))
    know(())
    with ExitStack() as kept:
        table = ablated(ready(settings), kept, {}, without_noise, limit, fresh)
    if json_:
        for row in table.values():
            emit(row)
    else:
        _show_ablations(table)


def changed(parts: Ready, variant: Variant) -> Ready:
    """The same models put together as a variant wants them. Raises ModelError when its fast model cannot be read."""
    settings = variant.settings(parts.settings)
    nlu = build_nlu(settings, parts.model)
    if variant.fast_model:
        advise = build_adviser(settings) if settings.nlu.route == "cascade" else None
        fast = FastUnderstander(variant.fast_model, settings.nlu.threshold, advise)
        nlu = Cascade(nlu.model, fast, build_mender() if settings.nlu.pinyin else None)
    return Ready(settings, nlu, parts.polisher, parts.model)


def ablated(
    parts: Ready, kept: ExitStack, whole: Mapping[str, Row], without_noise: Path | None, limit: int, fresh: bool
) -> dict[str, Row]:
    """The table by variant; ``whole`` holds what is known of the agent as it is."""
    table: dict[str, Row] = {}
    for variant in variants(parts.model is not None, without_noise):
        figures: dict[str, Row] = dict(whole) if variant.name == "whole" else {}
        if not variant.missing:
            using = changed(parts, variant)
            for one in ABLATED:
                if one.name not in figures:
                    rows = _scored(one, using, kept, limit, fresh, variant.name)
                    figures[one.name] = one.summarise(rows)
        table[variant.name] = ablation_row(variant, figures)
    return table


def _scored(one: EvalSet, parts: Ready, kept: ExitStack, limit: int, fresh: bool, label: str = "") -> list[Item]:
    return scored(one, lambda: parts, parts.settings, kept, limit=limit, fresh=fresh, label=label)


def _notes(talk_route: str, audio: Audio, kb: bool, limit: int) -> list[str]:
    heard = {
        "live": "Recorded turns: heard by the recogniser in this run.",
        "transcripts": "Recorded turns: as the recogniser heard them when transcripts.json was recorded.",
        "none": "Recorded turns: left out (--audio none).",
    }
    notes = [heard[audio], f"Talk: understanding by the route {talk_route}, outside any dialogue."]
    if not kb:
        notes.append("Questions over documents: left out (--no-kb).")
    return notes + ([f"Only the first {limit} items of each set."] if limit else [])


def _digest(one: EvalSet) -> str:
    return hashlib.sha256(content(one.file).encode()).hexdigest()


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(f"{folder} cannot be made ({error.strerror}): name another folder with --out") from error


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text, "utf-8")
    except OSError as error:
        raise SettingsError(f"{file} cannot be written ({error.strerror}): name another folder with --out") from error


def _show_marks(marks: list[Row]) -> None:
    table = Table("measure", "measured", "mark", "goal", "", box=None)
    for row in marks:
        told = [shown(row["key"], row[value]) for value in ("measured", "mark", "goal")]
        sign = {None: "", False: "✗", True: "✓"}[row["passes"]]
        table.add_row(row["measure"], *told, "✓ goal" if row["reaches_goal"] else sign)
    Console().print(table)


def _show_ablations(rows: Mapping[str, Row]) -> None:
    table = Table("", *COLUMNS, box=None)
    for name, row in rows.items():
        if "left_out" not in row:
            table.add_row(name, *(shown(column, row[column]) for column in COLUMNS))
    console = Console()
    console.print(table)
    for name, row in rows.items():
        if "left_out" in row:
            console.print(f"{name}: left out, {row['left_out']}", highlight=False)
