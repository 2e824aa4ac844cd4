"""train nlu: the fast model of understanding, made anew."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from courier_voice.app import data_dir
from courier_voice.commands.out import begin, emit, stderr
from courier_voice.core.errors import WeightsError
from courier_voice.knowledge.embed_gemma import EmbeddingGemma
from courier_voice.settings import Settings
from courier_voice.training.fit import Recipe
from courier_voice.training.nlu_run import NOTES, TAUGHT, Places, make, refuse_another
from courier_voice.weights.locate import locate

TEACHER = "qwen2.5-coder-1.5b"
ENCODER = "embedding-gemma"
_DOING = {"lessons": "读句子", "learn": "训练"}
_COLUMNS = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())


def shipped() -> Path:
    """Where the package keeps its model."""
    return Path(__file__).parents[1] / "nlu" / "data"


def nlu(out: Path | None, recipe: Recipe, threads: int, fresh: bool, json_: bool) -> None:
    settings = begin()
    home = settings.home / "nlu"
    checkpoint = (out or home) / "checkpoint.pt"
    if fresh:
        checkpoint.unlink(missing_ok=True)
    elif out:
        refuse_another(out, recipe)
    model_file = _begun_from(recipe, settings)
    teacher = None
    if recipe.distil:
        with _needed("--distil 0"):
            teacher = EmbeddingGemma(locate(ENCODER, settings.weights), threads)
    torch.set_num_threads(threads)
    folder = out or shipped()
    laws = tuple(sorted((data_dir("fixtures") / "knowledge" / "laws").glob("*.md")))
    places = Places(folder, checkpoint, model_file, laws, home / TAUGHT)
    with Progress(*_COLUMNS, TextColumn("loss {task.fields[loss]:.3f}"), console=stderr) as bar:
        tasks: dict[str, TaskID] = {}

        def report(what: str, done: int, total: int, loss: float) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(_DOING.get(what, "评测"), total=total, loss=0.0)
            bar.update(tasks[what], completed=done, total=total, loss=loss)

        told = make(recipe, places, report, teacher)
    checkpoint.unlink(missing_ok=True)
    if json_:
        emit({"folder": str(folder), **told})
    else:
        typer.echo((folder / NOTES).read_text("utf-8"))


def _begun_from(recipe: Recipe, settings: Settings) -> Path | None:
    """Where the embeddings are that a recipe begins with."""
    if recipe.init == "scratch":
        return None
    with _needed("--init scratch"):
        if recipe.init == "gemma":
            return locate(ENCODER, settings.weights)
        return locate(TEACHER, settings.weights) / "model.gguf"


@contextmanager
def _needed(without: str) -> Iterator[None]:
    """Weights that are not there: an error that also names the option to do without."""
    try:
        yield
    except WeightsError as error:
        raise type(error)(f"{error}; or do without: {without}") from error
