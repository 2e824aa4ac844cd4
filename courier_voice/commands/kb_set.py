"""The questions over documents as a set of the eval report: what search finds and what is answered, in one row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from courier_voice.commands.kb import filled
from courier_voice.evals import kb as scoring
from courier_voice.evals.report_sets import EvalSet, Item, Ready, Score
from courier_voice.evals.sets import read_set
from courier_voice.knowledge.base_open import answerer
from courier_voice.knowledge.find import Finder

Row = dict[str, Any]


def _prepare(ready: Ready) -> Score:
    filler = filled(ready.settings)
    finder = Finder(filler.base, filler.store, filler.embedder)
    by_llm = ready.settings.kb.answers == "llm"
    answers = answerer(filler, ready.model if by_llm else None)

    def score(item: Item) -> Row:
        found, said = scoring.retrieval_row(item, finder), scoring.answer_row(item, answers)
        return {"id": item["id"], "right": found["right"] and said["right"], "retrieval": found, "answers": said}

    return score


def _figures(rows: Sequence[Item]) -> Row:
    return {
        "questions": len(rows),
        "retrieval": scoring.retrieval_summary([row["retrieval"] for row in rows]),
        "answers": scoring.answer_summary([row["answers"] for row in rows]),
    }


def _fault(row: Item) -> str:
    found, said = row["retrieval"], row["answers"]
    place = f"rank {found['rank']}, first {' '.join(found['first'])}"
    wrong = f"missing {said['missing']}, polarity {said['polarity']}, invented {said['invented']}"
    return f"{found['question']}\n    {place}\n    {said['answer']}\n    {wrong}, cited {said['cited']}"


KB: Final = EvalSet("kb", "eval/kb_questions.jsonl", read_set, _prepare, _figures, _fault)
