"""eval models: fast models side by side, each by itself, on the same lines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from courier_voice.commands.out import begin, counted, emit
from courier_voice.evals.report_sets import NLU, TALK
from courier_voice.evals.sets import nlu_row
from courier_voice.evals.talk import talk_row
from courier_voice.nlu.cascade import Cascade
from courier_voice.nlu.fast import FastUnderstander
from courier_voice.training import exam
from courier_voice.training.generate import held_out
from courier_voice.training.nlu_run import examined, recipe_of
from courier_voice.training.seeds import Seed, example_seeds, read_seeds
from courier_voice.understanding import build_mender

Row = dict[str, Any]
_SEED: Final = 1
"""Of the words put into the held-out lines' slots, whatever seed a model was made with."""
_COLUMNS: Final = {
    "held-out intents": ("held_out", "intents"),
    "frames": ("held_out", "frames"),
    "none acted on": ("held_out", "false_actions"),
    "varied frames": ("varied", "frames"),
    "dev intents": ("dev", "intents"),
    "dev frames": ("dev", "frames"),
    "talk acted on": ("talk", "false_actions"),
}


def models(folders: Sequence[Path], limit: int, json_: bool) -> None:
    """A row a model: shares of 1, with the fast model alone, unsure readings taken for none only in dev and talk."""
    settings = begin()
    kept_back = [seed for seed in (*read_seeds(), *example_seeds()) if held_out(seed)][: limit or None]
    mend = build_mender() if settings.nlu.pinyin else None
    rows: list[Row] = []
    for folder in folders:
        fast = FastUnderstander(folder, settings.nlu.threshold)
        row: Row = {"model": folder.name, "recipe": recipe_of(folder), "version": fast.card.version}
        row |= _held(fast, kept_back) | _development(Cascade(None, fast, mend), limit)
        rows.append(row)
        if json_:
            emit(row)
    if not json_:
        table = Table("model", *_COLUMNS, box=None)
        for row in rows:
            table.add_row(row["model"], *(f"{row[part][key]:.1%}" for part, key in _COLUMNS.values()))
        Console().print(table)


def _held(fast: FastUnderstander, kept_back: Sequence[Seed]) -> Row:
    as_written, varied = examined(fast, kept_back, _SEED, lambda *_: None)
    return {"held_out": exam.figures(as_written), "varied": exam.figures(varied)}


def _development(nlu: Cascade, limit: int) -> Row:
    labelled, talk = (one.read(one.file)[: limit or None] for one in (NLU, TALK))
    with counted("dev", len(labelled) + len(talk)) as step:
        said = NLU.summarise(_scored(labelled, lambda item: nlu_row(item, nlu), step))
        heard = TALK.summarise(_scored(talk, lambda item: talk_row(item, nlu), step))
    told = {"intents": "intent_accuracy", "frames": "frame_accuracy", "slot_f1": "slot_f1"}
    told |= {"kept": "kept", "kept_right": "kept_right"}
    dev = {"lines": len(labelled), **{name: said[key] for name, key in told.items()}}
    counts = {"lines": heard["lines"], "false_commands": heard["false_commands"]}
    return {"dev": dev, "talk": {**counts, "false_actions": heard["false_action_rate"]}}


def _scored(items: Sequence[Any], score: Callable[[Any], Row], step: Callable[[], None]) -> list[Row]:
    rows = []
    for item in items:
        rows.append(score(item))
        step()
    return rows
