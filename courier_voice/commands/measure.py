"""replay and bench: recorded turns scored, and timed against the obvious stack."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

import typer
from rich.console import Console
from rich.table import Table

from courier_voice.app import build_asr, build_polisher, data_dir
from courier_voice.commands.models import ready_nlu
from courier_voice.commands.out import begin, counted, emit, recogniser, stderr, waiting
from courier_voice.commands.reports import know, shareable
from courier_voice.core.privacy import people
from courier_voice.evals import outbox_cost
from courier_voice.evals.bench import compare, sampled, turn_rows, window_rows
from courier_voice.evals.goldens import SCENE, Scene, load_scenes
from courier_voice.evals.marks import Row
from courier_voice.evals.recorded import RecordingAsr, RecordingLlm, load_transcripts
from courier_voice.evals.replay import from_transcripts, live, replay_scenes, transcribe_only
from courier_voice.evals.summary import summary
from courier_voice.settings import Settings
from courier_voice.understanding import build_nlu

Source = Literal["live", "transcripts", "asr-only"]


def replay(
    path: Path,
    engine: str | None,
    adapter: str | None,
    limit: int,
    json_: bool,
    source: Source = "live",
    record: bool = False,
    unmasked: bool = False,
) -> None:
    settings = begin(**recogniser(engine, adapter))
    scenes = load_scenes(path)[: limit or None]
    know(scene.world_file for scene in scenes)
    rows: list[Row] = []
    folder = _folder(path)
    whole = path == folder and not limit
    with counted("回放", sum(len(scene.turns) for scene in scenes)) as step:
        for row in _rows(settings, scenes, source, folder, record, whole):
            rows.append(row)
            if json_:
                emit(shareable(_line(row), unmasked))
            elif row.success is False and not row.xfail:
                complaint = _complaint(row) if unmasked else people.mask(_complaint(row))
                stderr.print(complaint, markup=False, highlight=False)
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


def _rows(
    settings: Settings, scenes: tuple[Scene, ...], source: Source, folder: Path, record: bool, whole: bool
) -> Iterator[Row]:
    transcripts = load_transcripts(folder) if source == "transcripts" else None
    asr = None
    if transcripts is None:
        with waiting("正在准备识别模型…"):
            asr = RecordingAsr(build_asr(settings))
    start = asr.start if asr else None
    if asr and source == "asr-only":
        yield from transcribe_only(scenes, asr, asr.start)
    else:
        _, model = ready_nlu(settings, whole=True)
        llm = RecordingLlm(model) if model else None
        yield from replay_scenes(
            scenes,
            settings,
            nlu=build_nlu(settings, llm),
            polisher=build_polisher(model),
            asr=asr,
            listen=live if transcripts is None else from_transcripts(transcripts),
            before=start,
        )
        if record and llm:
            llm.save(folder, anew=whole)
    if asr and record:
        asr.save(folder, anew=whole)


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


def bench(turns: int, baseline: bool, json_: bool, outbox: bool = False) -> None:
    if outbox:
        _outbox_cost(begin(), json_)
        return
    if turns < 1:
        raise typer.BadParameter("at least one turn", param_hint="--turns")
    begin()
    recordings = sampled(load_scenes(data_dir("fixtures") / "audio"), turns)
    stacks = ["ours", "plain"] if baseline else ["ours"]
    with counted("比较", (len(stacks) + 1) * (len(recordings) + 1)) as step:
        ran = compare(recordings, stacks, step)
        ran |= compare(recordings, ["windows"], step)
    rows = turn_rows(recordings, {name: ran[name] for name in stacks}) + window_rows(recordings, ran["windows"])
    if json_:
        for row in rows:
            emit(row)
        return
    table = Table("measure", "ours / cut window", "plain / 30 s window", "plain ÷ ours", box=None)
    for row in rows:
        ours, plain = (row.get(one, row.get(other)) for one, other in (("ours", "cut"), ("plain", "full")))
        table.add_row(row["measure"], _value(ours), _value(plain), _value(row.get("ratio")))
    Console().print(table)


def _outbox_cost(settings: Settings, json_: bool) -> None:
    row = outbox_cost.measure(settings.home)
    if json_:
        emit(row)
        return
    table = Table("outbox and ledger, ms a turn", "p50", "p95", box=None)
    for name in ("with an effect", "without"):
        table.add_row(name, *(f"{row[name][p]:g}" for p in ("p50", "p95")))
    Console().print(table)


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return "  ".join(f"{name} {number:g}" for name, number in value.items())
    return "" if value is None else f"{value:g}"
