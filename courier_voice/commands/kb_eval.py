"""eval kb, eval store: questions over documents scored, vector stores compared."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.table import Table

from courier_voice.app import data_dir
from courier_voice.commands.kb import filled
from courier_voice.commands.models import ready_llm
from courier_voice.commands.out import begin, counted, emit
from courier_voice.evals import kb as scoring
from courier_voice.evals.kb_stores import STORES, compared
from courier_voice.evals.sets import read_set
from courier_voice.knowledge.base_open import answerer
from courier_voice.knowledge.find import Finder

Row = dict[str, Any]


def kb(file: Path | None, limit: int, retrieval: bool, answers: bool, ablation: bool, llm: bool, json_: bool) -> None:
    settings = begin()
    items = read_set(file or data_dir("fixtures") / "eval" / "kb_questions.jsonl")[: limit or None]
    filler = filled(settings)
    finder = Finder(filler.base, filler.store, filler.embedder)
    if ablation:
        _ablation(items, filler.embedder.stamp if filler.embedder else "words only", finder, json_)
        return
    if retrieval or not answers:
        _run("retrieval", items, lambda item: scoring.retrieval_row(item, finder), scoring.retrieval_summary, json_)
    if answers or not retrieval:
        told = answerer(filler, ready_llm(settings) if llm else None)
        _run("answers", items, lambda item: scoring.answer_row(item, told), scoring.answer_summary, json_)


def _run(
    what: str,
    items: Sequence[Mapping[str, Any]],
    score: Callable[[Mapping[str, Any]], Row],
    summarise: Callable[[Sequence[Row]], Row],
    json_: bool,
) -> None:
    rows = []
    with counted(what, len(items)) as step:
        for item in items:
            rows.append(score(item))
            if json_:
                emit(rows[-1])
            elif not rows[-1]["right"]:
                typer.echo(f"✗ {_fault(rows[-1])}")
            step()
    figures = summarise(rows)
    if json_:
        emit({"summary": what, **figures})
        return
    typer.echo(f"{what}: " + ", ".join(f"{name} {value}" for name, value in figures.items()))


def _fault(row: Row) -> str:
    if "rank" in row:
        return f"{row['id']} {row['question']}\n    rank {row['rank']}, first {' '.join(row['first'])}"
    wrong = ", ".join(
        f"{name} {row[name]}" for name in ("missing", "polarity", "invented") if row[name] not in ([], None)
    )
    return f"{row['id']} {row['question']}\n    {row['answer']}\n    {wrong}, cited {row['cited']}"


def _ablation(items: Sequence[Mapping[str, Any]], embedder: str, finder: Finder, json_: bool) -> None:
    words = finder.variant(vectors=False)
    table = Table("embedder", "fusion", "first", "top 3", "top 9", "p95 ms", box=None)
    ways: list[tuple[str, str, Callable[[Mapping[str, Any]], Row]]] = [
        ("–", "words alone", lambda item: scoring.retrieval_row(item, words)),
    ]
    if not finder.by_words_only:
        plain = finder.variant(scoring.FUSIONS["chunk"])
        ways.append((embedder, "reciprocal ranks", lambda item: scoring.fused_ranks(item, plain, words)))
        ways += [(embedder, name, _searching(finder.variant(weights))) for name, weights in scoring.FUSIONS.items()]
    with counted("ablation", len(ways) * len(items)) as step:
        for by, name, score in ways:
            rows = []
            for item in items:
                rows.append(score(item))
                step()
            figures = scoring.retrieval_summary(rows)
            if json_:
                emit({"embedder": by, "fusion": name, **figures})
            shares = [f"{figures[column]:.3f}" for column in ("first", "top3", "top9")]
            table.add_row(by, name, *shares, str(figures["ms"].get("p95")))
    if not json_:
        Console().print(table)


def _searching(finder: Finder) -> Callable[[Mapping[str, Any]], Row]:
    return lambda item: scoring.retrieval_row(item, finder)


def store(vectors: Sequence[int], queries: int, stores: Sequence[str], json_: bool) -> None:
    begin()
    table = Table(*_COLUMNS.values(), box=None)
    for row in compared(vectors, queries, stores or STORES):
        if json_:
            emit(row)
        else:
            table.add_row(*(str(row.get(name, "")) for name in _COLUMNS))
    if not json_:
        Console().print(table)


_COLUMNS = {
    "store": "store",
    "vectors": "vectors",
    "build_s": "build s",
    "build_cpu_s": "build CPU s",
    "open_s": "open s",
    "p50_ms": "p50 ms",
    "p95_ms": "p95 ms",
    "cpu_ms": "CPU ms",
    "memory_mb": "MB",
    "disk_mb": "disk MB",
    "skipped": "left out",
}
