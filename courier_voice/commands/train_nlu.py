"""train nlu: the fast model of understanding, made anew."""

from __future__ import annotations

from pathlib import Path

import torch
import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from courier_voice.commands.out import begin, emit, stderr
from courier_voice.core.errors import WeightsError
from courier_voice.training.fit import Recipe
from courier_voice.training.nlu_run import NOTES, Places, make
from courier_voice.weights.locate import locate

TEACHER = "qwen2.5-coder-1.5b"
_COLUMNS = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())


def shipped() -> Path:
    """Where the package keeps its model."""
    return Path(__file__).parents[1] / "nlu" / "data"


def nlu(out: Path | None, recipe: Recipe, threads: int, fresh: bool, json_: bool) -> None:
    settings = begin()
    checkpoint = settings.home / "nlu" / "checkpoint.pt"
    if fresh:
        checkpoint.unlink(missing_ok=True)
    model_file = None
    if recipe.init != "scratch":
        try:
            model_file = locate(TEACHER, settings.weights) / "model.gguf"
        except WeightsError as error:
            raise type(error)(f"{error}; or begin with nothing known: --init scratch") from error
    torch.set_num_threads(threads)
    folder = out or shipped()
    with Progress(*_COLUMNS, TextColumn("loss {task.fields[loss]:.3f}"), console=stderr) as bar:
        tasks = {"learn": bar.add_task("训练", total=recipe.steps, loss=0.0)}

        def report(what: str, done: int, total: int, loss: float) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task("评测", total=total, loss=0.0)
            bar.update(tasks[what], completed=done, total=total, loss=loss)

        told = make(recipe, Places(folder, checkpoint, model_file), report)
    checkpoint.unlink(missing_ok=True)
    if json_:
        emit({"folder": str(folder), **told})
    else:
        typer.echo((folder / NOTES).read_text("utf-8"))
