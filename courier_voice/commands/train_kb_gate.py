"""train kb-gate: the decision whether the documents tell what is asked, learned anew."""

from __future__ import annotations

import json
from pathlib import Path

import typer

from courier_voice.app import data_dir
from courier_voice.commands.kb import filled
from courier_voice.commands.out import begin, counted, emit
from courier_voice.core.errors import SettingsError
from courier_voice.evals.sets import read_set
from courier_voice.knowledge import gate as shipped
from courier_voice.knowledge.base_open import answerer
from courier_voice.training.kb_gate import Lesson, crossed, fit, lessons, report

HALVED = "kb_more.jsonl"
SETS = (HALVED, "kb_questions.jsonl", "kb_company.jsonl")


def kb_gate(out: Path | None, json_: bool) -> None:
    """With laws and company in the base. Told first: what is learned from the half marked ``choose`` does on the rest;
    then each set judged by gates that learned without the question; what is written learned from all."""
    filler = filled(begin())
    if filler.embedder is None:
        raise SettingsError("the gate is learned from vectors: courier-voice models pull embedding-gemma; kb update")
    answers = answerer(filler)
    taught: dict[str, list[Lesson]] = {}
    halves = {name: read_set(data_dir("fixtures") / "eval" / name) for name in SETS}
    with counted("questions", sum(map(len, halves.values()))) as step:
        for name, items in halves.items():
            for item in items:
                taught.setdefault(f"{name} {item.get('split', '')}".rstrip(), []).extend(lessons([item], answers))
                step()
    learned = fit(taught[f"{HALVED} choose"])
    every = [lesson for each in taught.values() for lesson in each]
    judged = dict(zip(map(id, every), crossed(every), strict=True))
    for name, each in taught.items():
        _tell("choose half", name, report((learned, lesson) for lesson in each), json_)
    for name, each in taught.items():
        _tell(f"{len(SETS)} sets, crossed", name, report(judged[id(lesson)] for lesson in each), json_)
    made = fit(every)
    file = out or Path(shipped.__file__).parent / "data" / shipped.FILE
    told = {"embedder": filler.embedder.stamp, "bias": made.bias, "weights": made.weights, "least": made.least}
    file.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    if json_:
        emit({"written": file.name, **told})
    else:
        typer.echo(json.dumps(told))


def _tell(learned: str, judged: str, figures: dict[str, float | int], json_: bool) -> None:
    if json_:
        emit({"learned_from": learned, "judged": judged, **figures})
    else:
        typer.echo(f"{learned:16} {judged:26} " + ", ".join(f"{name} {value}" for name, value in figures.items()))
