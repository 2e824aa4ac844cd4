"""train overtalk: the network that hears words over a reply, made anew."""

from __future__ import annotations

from pathlib import Path

import torch
import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from courier_voice.audio.duplex import has_canceller
from courier_voice.audio.overspeech import WEIGHTS
from courier_voice.commands.out import begin, emit, stderr
from courier_voice.core.errors import SettingsError
from courier_voice.training.clips import speak
from courier_voice.training.overtalk import Recipe, fit, gather, odds, save
from courier_voice.training.overtalk_card import card
from courier_voice.training.overtalk_clips import plan, read
from courier_voice.training.overtalk_judge import best, figures, outcomes
from courier_voice.training.overtalk_scenes import Voices
from courier_voice.weights.fetch import pull
from courier_voice.weights.locate import locate

_COLUMNS = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
_DOING = {"speak": "合成", "train": "训练场景", "dev": "评测场景", "learn": "训练"}


def overtalk(out: Path | None, recipe: Recipe, jobs: int, json_: bool) -> None:
    if not has_canceller():
        raise SettingsError("no echo canceller: pip install pywebrtc-audio")
    settings = begin()
    home, file = settings.home / "overtalk", out or WEIGHTS
    pull(["kokoro-82m", "kokoro-voices-zh", "kokoro-voices-world"], settings.weights)
    torch.set_num_threads(1)
    clips, cast = plan(recipe.clips, locate("kokoro-voices-world", settings.weights), recipe.seed)
    with Progress(*_COLUMNS, TextColumn("loss {task.fields[loss]:.3f}"), console=stderr) as bar:
        tasks: dict[str, TaskID] = {}

        def report(what: str, done: int, total: int, loss: float) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(_DOING[what], total=total, loss=0.0)
            bar.update(tasks[what], completed=done, total=total, loss=loss)

        said = home / "clips"
        speak(clips, cast, said, settings.weights, workers=jobs, progress=lambda n, of: report("speak", n, of, 0.0))
        train, dev = (
            list(
                gather(
                    Voices(*read(said, clips, split)), home / "scenes", recipe, report, dev=split == "dev", jobs=jobs
                )
            )
            for split in ("train", "dev")
        )
        weights = fit(train, dev, recipe, report)
    save(weights, file)
    heard = [odds(weights, recipe, lesson.replies) for lesson in dev]
    rule = best(dev, heard)
    rows = figures(list(outcomes(dev, heard, rule)))
    text = card(recipe, rule, rows, file.stat().st_size)
    file.with_suffix(".md").write_text(text, "utf-8")
    if json_:
        emit(
            {"weights": file.name, "bytes": file.stat().st_size, "window": rule.window, "sure": rule.sure, "dev": rows}
        )
    else:
        typer.echo(text)
