"""A whole training run of the ear: batches, checkpoints, judging, the best adapter and its card."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

from numpy.random import default_rng

from courier_voice.asr.faster import FasterWhisper
from courier_voice.asr.style import TUNED
from courier_voice.core.errors import TrainingError
from courier_voice.training.clips import Clip, read_index
from courier_voice.training.ear import Learner, Recipe
from courier_voice.training.hearings import Hearing, Street, hear
from courier_voice.training.judge import WholeClip, judge, score
from courier_voice.training.noises import recordings
from courier_voice.weights.adapt import adapted
from courier_voice.weights.convert import openai_checkpoint
from courier_voice.weights.verify import sha256

_BLOCK: Final = 8
"""Batches drawn together and sorted by length, so that little of a batch is padding."""

_CHECKPOINT_S: Final = 180.0
_PATIENCE: Final = 4


@dataclass(frozen=True)
class Places:
    """Folders: of clips (one or several), of noise recordings, of the base model, and of the run."""

    data: tuple[Path, ...]
    noise: Path
    base: Path
    run: Path


Report = Callable[[str, int, int, float], None]
"""What is done (learn or judge), how much, of how much, and the loss of the last step."""


def train(
    places: Places,
    recipe: Recipe,
    *,
    judge_every: int = 300,
    judged: int = 120,
    threads: int = 2,
    report: Report = lambda what, done, total, loss: None,
) -> Path:
    """Train, or go on where a run in the same folder stopped; the best adapter's path.

    Writes checkpoint.pt every three minutes, log.jsonl, best.safetensors. Raises TrainingError for data that is not
    there or a checkpoint of another recipe.
    """
    learned, dev = (gathered(places.data, split) for split in ("train", "dev"))
    if len(learned) < recipe.batch * _BLOCK:
        raise TrainingError(f"{len(learned)} training clips are too few; {recipe.batch * _BLOCK} are the least")
    places.run.mkdir(parents=True, exist_ok=True)
    _same_recipe(places.run / "recipe.json", recipe)
    learner = Learner(openai_checkpoint(places.base), recipe, threads)
    checkpoint, log = places.run / "checkpoint.pt", places.run / "log.jsonl"
    if checkpoint.is_file():
        learner.restore(checkpoint)
    best, waited = _so_far(log, learner.step)
    saved = time.monotonic()
    losses: list[float] = []
    street = Street(recordings(places.noise, dev=False), Path(), learned)
    for batch in _prefetched(learned, street, recipe, learner.step):
        losses.append(learner.learn(batch))
        report("learn", learner.step, recipe.steps, losses[-1])
        if learner.step % judge_every == 0 or learner.step == recipe.steps:
            rates = _judge(learner, places, dev[:judged], report)
            figure = score(rates)
            row = {"step": learner.step, "loss": sum(losses) / len(losses), "score": figure, "rates": rates}
            losses.clear()
            if figure < best:
                (places.run / "last.safetensors").replace(places.run / "best.safetensors")
                best, waited = figure, 0
            else:
                waited += 1
            learner.save(checkpoint)
            with log.open("a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")
            if waited >= _PATIENCE:
                break
        if time.monotonic() - saved > _CHECKPOINT_S:
            learner.save(checkpoint)
            saved = time.monotonic()
    return places.run / "best.safetensors"


def gathered(folders: Sequence[Path], split: str) -> list[Clip]:
    """The clips of one split out of several folders, by absolute path. Raises TrainingError."""
    return [
        replace(clip, file=str(folder.absolute() / clip.file))
        for folder in folders
        for clip in read_index(folder)
        if clip.split == split
    ]


def save_adapter(learner: Learner, recipe: Recipe, base: Path, path: Path) -> None:
    """The adapter as `weights.adapt` reads it, in float16."""
    from safetensors.torch import save_file

    about = {
        "scale": repr(recipe.alpha / recipe.rank),
        "base": sha256(base / "model.bin"),
        "recipe": json.dumps(asdict(recipe)),
    }
    save_file({name: value.half() for name, value in learner.adapter().items()}, path, metadata=about)


def batches(clips: Sequence[Clip], street: Street, recipe: Recipe, start: int) -> Iterator[list[Hearing]]:
    """Batches of steps ``start``.. to the recipe's end; the same ones however often the run was stopped."""
    chunk = recipe.batch * _BLOCK
    for block in range(start // _BLOCK, -(-recipe.steps // _BLOCK)):
        rng = default_rng([recipe.seed, block])
        drawn = []
        for n in range(block * chunk, (block + 1) * chunk):
            order = default_rng([recipe.seed, 7, n // len(clips)]).permutation(len(clips))
            drawn.append(clips[int(order[n % len(clips)])])
        heard = sorted((hear(clip, street, clips, rng) for clip in drawn), key=lambda hearing: len(hearing.samples))
        for n, at in enumerate(rng.permutation(_BLOCK)):
            if start <= block * _BLOCK + n < recipe.steps:
                yield heard[at * recipe.batch : (at + 1) * recipe.batch]


def _prefetched(clips: Sequence[Clip], street: Street, recipe: Recipe, start: int) -> Iterator[list[Hearing]]:
    from torch.utils.data import DataLoader, IterableDataset

    class Batches(IterableDataset[list[Hearing]]):
        def __iter__(self) -> Iterator[list[Hearing]]:
            return batches(clips, street, recipe, start)

    yield from DataLoader(Batches(), batch_size=None, num_workers=1, prefetch_factor=8)


def _judge(learner: Learner, places: Places, dev: Sequence[Clip], report: Report) -> dict[str, dict[str, float]]:
    path = places.run / "last.safetensors"
    save_adapter(learner, learner.recipe, places.base, path)
    model = adapted(places.base, path, places.run / "judged")
    engine = tuned_engine(model, beam=1)
    try:
        street = Street(recordings(places.noise, dev=True), Path(), dev)
        return judge(engine, dev, street, progress=lambda done, total: report("judge", done, total, 0.0))
    finally:
        shutil.rmtree(model, ignore_errors=True)


def tuned_engine(model: Path, beam: int) -> FasterWhisper:
    """The engine as shipped, without the gate and the prompt, for judging."""
    return FasterWhisper(model, WholeClip(), beam=beam, hypotheses=min(3, beam), habits=TUNED)


def _same_recipe(path: Path, recipe: Recipe) -> None:
    """A run may be made longer or shorter; anything else wants its own folder."""
    if path.is_file() and {**json.loads(path.read_text()), "steps": recipe.steps} != asdict(recipe):
        raise TrainingError(f"{path.parent.name} holds a run of another recipe; give another folder with --out")
    path.write_text(json.dumps(asdict(recipe)))


def _so_far(log: Path, step: int) -> tuple[float, int]:
    """The best score before ``step`` and how many judgements ago it was."""
    rows: list[dict[str, Any]] = [json.loads(line) for line in log.read_text().splitlines()] if log.is_file() else []
    scores = [float(row["score"]) for row in rows if row["step"] <= step]
    if not scores:
        return float("inf"), 0
    return min(scores), len(scores) - 1 - scores.index(min(scores))
