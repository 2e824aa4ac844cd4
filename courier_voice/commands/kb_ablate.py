"""eval kb-ablate: splitters, embedders and fusions side by side; what was embedded once is kept."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from courier_voice.app import data_dir
from courier_voice.commands.kb import shipped
from courier_voice.commands.out import begin, counted, emit
from courier_voice.evals.kb_ablate import PLAIN, Kept, ablated, ways
from courier_voice.evals.kb_plain import read_plainly
from courier_voice.evals.sets import read_set
from courier_voice.knowledge.base_fill import files_in
from courier_voice.knowledge.embed import make
from courier_voice.knowledge.readers import FORMATS, read
from courier_voice.weights.locate import locate

SETS: Final = ("kb_questions.jsonl", "kb_company.jsonl")
COMPANY: Final = "company"
"""Folder of the documents that are read as plain text as well: the laws hardly have more than their articles."""
_FIGURES: Final = ("chunks", "first", "top 3", "top 9", "p50 ms", "p95 ms")
_SHARES: Final = ("first", "top3", "top9")


def ablate(embedders: Sequence[str], files: Sequence[Path], limit: int, json_: bool) -> None:
    settings = begin()
    chosen = files or [data_dir("fixtures") / "eval" / name for name in SETS]
    items = [item for file in chosen for item in read_set(file)[: limit or None]]
    files_read = files_in(shipped(), frozenset(FORMATS))
    documents = [read(file) for file in files_read]
    plainly = [read_plainly(f) if f.parent.name == COMPANY else d for f, d in zip(files_read, documents, strict=True)]
    table = Table(
        "reader", "splitter", "embedder", "fusion", "chunks", "first", "top 3", "top 9", "p50 ms", "p95 ms", box=None
    )
    for name in embedders:
        choice = settings.kb.model_copy(update={"embedder": name})
        model = make(choice, lambda: locate("embedding-gemma", settings.weights))
        kept = Kept(model, settings.home / "kb-ablate.sqlite3") if model else None
        todo = ways(vectors=kept is not None)
        with counted(name, len(todo) * len(items)) as step:
            for way in todo:
                with tempfile.TemporaryDirectory() as folder:
                    row = ablated(way, plainly if way.reader == PLAIN else documents, items, kept, Path(folder), step)
                if json_:
                    emit(row)
                table.add_row(*_cells(row))
        if kept:
            kept.close()
    if not json_:
        Console().print(table)


def _cells(row: dict[str, Any]) -> list[str]:
    shares = [f"{row[name]:.3f}" for name in _SHARES]
    times = [str(row["ms"].get(name, "")) for name in ("p50", "p95")]
    return [row["reader"], row["splitter"], row["embedder"], row["fusion"], str(row["chunks"]), *shares, *times]
