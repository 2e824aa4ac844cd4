"""train paraphrase: seed lines in the local language model's words."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import typer

from courier_voice.commands.models import ready_llm
from courier_voice.commands.out import begin, counted, emit, waiting
from courier_voice.core.turn import NluContext
from courier_voice.evals.report_sets import DIALOGS, NLU, SMS, TALK
from courier_voice.nlu.llm import LlmUnderstander
from courier_voice.text.normalize import normalize
from courier_voice.training.paraphrase import Check, fit_for_it, paraphrases
from courier_voice.training.seeds import read_seeds
from courier_voice.understanding import build_nlu


def paraphrase(out: Path, limit: int, json_: bool) -> None:
    settings = begin(nlu={"route": "cascade"})
    model = ready_llm(settings)
    cascade = build_nlu(settings, model)
    if isinstance(cascade.model, LlmUnderstander):
        with waiting("正在准备语言模型…"):
            cascade.model.warm()

    def reads(text: str) -> tuple[str, ...]:
        return tuple(draft.intent for draft in cascade.understand(normalize(text), NluContext()).drafts)

    seeds = read_seeds()
    wanted = sum(map(fit_for_it, seeds))
    check = Check(reads, (seed.text for seed in seeds), development_lines())
    refused: Counter[str] = Counter()
    with counted("换说法", min(limit, wanted) if limit else wanted) as step:
        for attempt in paraphrases(seeds, model, check, out, limit):
            refused[attempt.refused or "kept"] += 1
            if json_:
                emit({"seed": attempt.seed, "said": attempt.said, "line": attempt.line, "refused": attempt.refused})
            step()
    kept = refused.pop("kept", 0)
    if json_:
        emit({"summary": {"file": str(out), "kept": kept, "refused": dict(refused.most_common())}})
    else:
        typer.echo(f"{out}: {kept} kept; refused: {dict(refused.most_common())}")


def development_lines() -> list[str]:
    """Every sentence of the development sets: none of them, nor one like it, may be learnt from."""
    found = [item["text"] for one in (NLU, TALK) for item in one.read(one.file)]
    found += [turn["user"] for item in DIALOGS.read(DIALOGS.file) for turn in item["turns"]]
    return found + [item["spoken"] for item in SMS.read(SMS.file)]
