"""train ear-data, train ear, eval ear: the recogniser's training data, its training, its table."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import typer
from numpy.random import default_rng
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from courier_voice.app import build_detector, data_dir
from courier_voice.commands.out import begin, counted, emit, stderr
from courier_voice.core.errors import TrainingError
from courier_voice.evals.goldens import load_scenes
from courier_voice.evals.ways import models, ways
from courier_voice.evals.ways import rows as recorded_rows
from courier_voice.settings import Settings
from courier_voice.training.clips import plan, speak
from courier_voice.training.confusions import TABLE
from courier_voice.training.ear import Recipe
from courier_voice.training.ear_card import card
from courier_voice.training.ear_run import Places, gathered, train, tuned_engine
from courier_voice.training.ear_table import rows, variants
from courier_voice.training.hearings import Street
from courier_voice.training.judge import CONDITIONS
from courier_voice.training.mishear import learn, write
from courier_voice.training.noises import recordings
from courier_voice.weights.adapt import BASE, PARTWAY, SHIPPED, chosen_model
from courier_voice.weights.fetch import pull
from courier_voice.weights.locate import locate

_COLUMNS = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())


def ear_data(out: Path | None, sentences: int, dev: int, seed: int, workers: int, json_: bool) -> None:
    settings = begin()
    weights = settings.weights
    pull(["kokoro-82m", "kokoro-voices-zh", "kokoro-voices-world"], weights)
    clips, cast = plan(sentences, dev, locate("kokoro-voices-world", weights), seed)
    folder = out or default_data(settings)
    with Progress(*_COLUMNS, console=stderr) as bar:
        task = bar.add_task("合成训练语音", total=len(clips))
        done = speak(
            clips,
            cast,
            folder,
            weights,
            workers=workers,
            progress=lambda said, total: bar.update(task, completed=said, total=total),
        )
    if json_:
        emit({"folder": str(folder), "clips": done, "speakers": len(cast), "seed": seed})
    else:
        typer.echo(f"{done} clips of {len(cast)} speakers in {folder}")


def ear(data: list[Path], out: Path | None, recipe: Recipe, threads: int, json_: bool) -> None:
    settings = begin()
    pull([BASE], settings.weights)
    run = out or settings.home / "ear-run"
    noise = data_dir("fixtures") / "audio" / "noise"
    places = Places(tuple(data) or (default_data(settings),), noise, locate(BASE, settings.weights), run)
    with Progress(*_COLUMNS, TextColumn("loss {task.fields[loss]:.3f}"), console=stderr) as bar:
        tasks = {
            "learn": bar.add_task("训练", total=recipe.steps, loss=0.0),
            "judge": bar.add_task("评测", total=None, loss=0.0),
        }

        def report(what: str, done: int, total: int, loss: float) -> None:
            bar.update(tasks[what], completed=done, total=total, loss=loss)

        best = train(places, recipe, threads=threads, report=report)
    if not best.is_file():
        raise TrainingError("no adapter was good enough to keep; train for more steps")
    text = card(places, recipe)
    (run / "card.md").write_text(text, "utf-8")
    if json_:
        emit({"adapter": str(best), "bytes": best.stat().st_size, "card": str(run / "card.md")})
    else:
        typer.echo(text)
        typer.echo(f"try it: courier-voice transcribe turn.wav --asr-adapter {best}")


def confusions(data: Path | None, out: Path | None, adapter: str, limit: int, seed: int, json_: bool) -> None:
    settings = begin()
    clips = [clip for clip in gathered((data or default_data(settings),), "train") if clip.kind != "general"]
    clips = [clips[int(n)] for n in default_rng(seed).permutation(len(clips))[: limit or None]]
    model, _ = chosen_model(BASE, adapter, settings.weights)
    street = Street(recordings(data_dir("fixtures") / "audio" / "noise", dev=False), Path(), clips)
    path = out or Path(__file__).parents[1] / "training" / "data" / TABLE
    with counted("听错的词", len(clips)) as step:
        counts = learn(tuned_engine(model, beam=3), clips, street, seed, lambda done, total: step())
    write(counts, path)
    if json_:
        emit({"table": str(path), "clips": len(clips), "pairs": len(counts), "mistakes": sum(counts.values())})
    else:
        typer.echo(f"{len(counts)} pairs out of {len(clips)} clips in {path}")


def default_data(settings: Settings) -> Path:
    """Where ``train ear-data`` puts its clips and ``train ear`` looks for them."""
    return settings.home / "ear"


def eval_ear(data: Path | None, adapter: str, limit: int, json_: bool) -> None:
    settings = begin()
    folder = data or default_data(settings)
    clips = gathered((folder,), "dev")[: limit or None]
    if not clips:
        raise TrainingError(f"{folder.name} has no development clips; make them: courier-voice train ear-data")
    base = locate(BASE, settings.weights)
    tuned, _ = chosen_model(BASE, adapter, settings.weights)
    chinese, partway = (
        chosen_model(BASE, adapter, settings.weights, share, chinese=True)[0] for share in (1.0, PARTWAY)
    )
    street = Street(recordings(data_dir("fixtures") / "audio" / "noise", dev=True), Path(), clips)
    table = Table(
        "way",
        "CPU s",
        *(f"CER {c}" for c in CONDITIONS),
        "oracle",
        *(f"tails {c}" for c in CONDITIONS),
        "one word",
        "general",
        "noise heard",
        box=None,
    )
    chosen = variants(base, tuned, chinese, partway)
    with Progress(*_COLUMNS, console=stderr) as bar:
        task = bar.add_task("评测识别", total=len(chosen))
        for row in rows(chosen, clips, street, lambda done, total: bar.update(task, completed=done, total=total)):
            if json_:
                emit(row)
            else:
                table.add_row(*_cells(row))
    if not json_:
        Console().print(table)


def eval_ways(path: Path | None, adapters: list[Path], json_: bool) -> None:
    settings = begin()
    fixtures = data_dir("fixtures") / "audio"
    known = [SHIPPED / "adapter.safetensors", *adapters]
    chosen = ways(known)
    built = models(locate(BASE, settings.weights), known, settings.home / "ways", build_detector())
    shown = ("commands", "clean", "15dB", "10dB", "5dB", "human", "negative")
    table = Table("way", "CPU s", "asked twice", *(f"CER {one}" for one in shown), "tails", "silence", box=None)
    with counted("识别方式", len(chosen)) as step:
        for row in recorded_rows(chosen, built, load_scenes(path or fixtures), step):
            if json_:
                emit(row)
                continue
            rates = (f"{row[f'cer_{one}']:.1%}" if f"cer_{one}" in row else "–" for one in shown)
            right, of = row["tails"]
            table.add_row(
                row["way"],
                str(row["cpu_s"]),
                str(row["asked_twice"]),
                *rates,
                f"{right}/{of}",
                str(row["heard_in_silence"]),
            )
    shutil.rmtree(settings.home / "ways", ignore_errors=True)
    if not json_:
        Console().print(table)


def _cells(row: dict[str, Any]) -> list[str]:
    rates = row["rates"]
    clean = rates["clean"]
    return [
        row["variant"],
        f"{row['cpu_s']:.2f}",
        *(f"{rates[c]['cer']:.1%}" for c in CONDITIONS),
        f"{clean['oracle_cer']:.1%}",
        *(f"{rates[c].get('tails', 0):.0%}" for c in CONDITIONS),
        f"{clean.get('controls', 0):.0%} / {rates['10dB'].get('controls', 0):.0%}",
        f"{clean.get('cer_general', 0):.1%}",
        f"{rates['nobody']['heard']:.1%}",
    ]
