"""replay and bench: recorded turns scored, and timed against the obvious stack."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

import typer
from rich.console import Console
from rich.table import Table

from courier_voice.app import build_asr, build_polisher
from courier_voice.commands.models import ready_nlu
from courier_voice.commands.out import begin, counted, emit, stderr, waiting
from courier_voice.core.errors import SettingsError
from courier_voice.evals.goldens import SCENE, Scene, load_scenes
from courier_voice.evals.marks import Row
from courier_voice.evals.recorded import Recorder, load_transcripts
from courier_voice.evals.replay import from_transcripts, replay_scenes, transcribe_only
from courier_voice.evals.summary import summary
from courier_voice.nlu.cascade import Cascade
from courier_voice.settings import Settings

How = Literal["live", "record", "transcripts", "asr-only"]


def replay(path: Path, engine: str | None, limit: int, json_: bool, how: How = "live") -> None:
    settings = begin(**({"asr": {"engine": engine}} if engine else {}))
    scenes = load_scenes(path)[: limit or None]
    rows: list[Row] = []
    with counted("回放", sum(len(scene.turns) for scene in scenes)) as step:
        for row in _rows(settings, scenes, how, _folder(path)):
            rows.append(row)
            if json_:
                emit(_line(row))
            elif row.success is False and not row.xfail:
                stderr.print(_complaint(row), markup=False, highlight=False)
            step()
    if json_:
        emit({"summary": summary(rows)})
    else:
        _show(rows)
    if any(row.error for row in rows):
        raise typer.Exit(1)


def _folder(path: Path) -> Path:
    """Where a path's recorded transcripts are: beside the scenes."""
    scene = path.parent if path.is_file() else path
    return scene.parent if (scene / SCENE).is_file() else scene


def _rows(settings: Settings, scenes: tuple[Scene, ...], how: How, folder: Path) -> Iterator[Row]:
    if how == "asr-only":
        with waiting("正在准备识别模型…"):
            asr = build_asr(settings)
        yield from transcribe_only(scenes, asr)
        return
    cascade, model = ready_nlu(settings)
    polisher = build_polisher(model)
    if how == "transcripts":
        listen = from_transcripts(load_transcripts(folder))
        yield from replay_scenes(scenes, settings, nlu=cascade, polisher=polisher, listen=listen)
        return
    with waiting("正在准备识别模型…"):
        asr = build_asr(settings)
    if how == "live":
        yield from replay_scenes(scenes, settings, nlu=cascade, polisher=polisher, asr=asr)
        return
    recorder = Recorder(asr, cascade.model)
    recorded = replay_scenes(
        scenes,
        settings,
        nlu=Cascade(recorder),
        polisher=polisher,
        asr=recorder,
        before=recorder.start,
    )
    yield from recorded
    recorder.save(folder)


def _line(row: Row) -> dict[str, Any]:
    cer = None if row.cer is None else round(row.cer, 4)
    return {**asdict(row), "cer": cer, "failures": list(row.failures)}


def _complaint(row: Row) -> str:
    said = "，".join(str(frame["intent"]) for frame in row.said)
    what = row.error or f"{said} {row.kind}；回答：{row.reply}"
    return f"✗ {row.scene}/{row.wav} [{'、'.join(row.failures)}] 说“{row.spoken}”听成“{row.heard}” → {what}"


_COLUMNS = {
    "turns": "turns",
    "cer": "CER",
    "tail_exact": "tails",
    "intent": "intent",
    "slot_f1": "slot F1",
    "success": "turn right",
    "false_actions": "false actions",
    "unasked_effects": "unasked effects",
}


def _show(rows: list[Row]) -> None:
    figures = summary(rows)
    table = Table("condition", *_COLUMNS.values(), box=None)
    for name, part in figures.items():
        table.add_row(name, *(_cell(part[key]) for key in _COLUMNS), style="bold" if name == "all" else "")
    times = Table("stage", "p50 ms", "p95 ms", box=None)
    for stage, ms in figures["all"]["ms"].items() if figures else ():
        times.add_row(stage, f"{ms['p50']:.0f}", f"{ms['p95']:.0f}")
    console = Console()
    console.print(table, times)
    known = figures["all"]
    if known["xfail"]:
        console.print(f"{known['xfail']} turns are known to fail (xfail), {known['xpassed']} of them were right")


def _cell(value: float | None) -> str:
    return "–" if value is None else f"{value:.1%}" if isinstance(value, float) else str(value)


def bench(turns: int, baseline: bool, hands_free: bool, json_: bool) -> None:
    raise SettingsError("bench is not there yet")
