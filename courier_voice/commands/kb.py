"""kb add, update, remove, list, search, ask: the knowledge base under COURIER_HOME."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from courier_voice.app import build_knowledge, data_dir
from courier_voice.commands.models import bring, ready_llm
from courier_voice.commands.out import begin, emit, lines, stderr, waiting
from courier_voice.core.errors import SettingsError
from courier_voice.knowledge.answer import place_of
from courier_voice.knowledge.base_fill import Done, Filler, files_in
from courier_voice.knowledge.base_open import answerer
from courier_voice.knowledge.find import Finder
from courier_voice.settings import Settings

EMBEDDER = "embedding-gemma"
Row = dict[str, Any]


def add(paths: Sequence[Path], tables: str | None, json_: bool) -> None:
    filler = _opened(begin(**by_tables(tables)))
    chosen = paths or shipped()
    with _bars() as report:
        failed = _tell(filler.add(files_in(chosen, filler.making.suffixes), report), json_)
    _stop_if(failed)


def update(names: Sequence[str], tables: str | None, json_: bool) -> None:
    filler = _opened(begin(**by_tables(tables)))
    with _bars() as report:
        failed = _tell(filler.update(names, report), json_)
    _stop_if(failed)


def by_tables(tables: str | None) -> dict[str, object]:
    """The settings' changes that a --tables option makes."""
    return {"kb": {"tables": tables}} if tables else {}


def remove(names: Sequence[str], json_: bool) -> None:
    _tell(_opened(begin(), embeds=False).remove(names), json_)


def list_(json_: bool) -> None:
    entries = _opened(begin(), embeds=False).base.documents()
    if json_:
        for entry in entries:
            effective = entry.effective.isoformat() if entry.effective else None
            emit({**vars(entry), "effective": effective, "chunks": list(entry.chunks)})
        return
    table = Table("document", "title", "version", "in force", "chunks", "embedder", box=None)
    for entry in entries:
        since = entry.effective.isoformat() if entry.effective else ""
        by = entry.embedder or "words only"
        table.add_row(entry.doc, entry.title, entry.version, since, str(len(entry.chunks)), by)
    Console().print(table)


def search(question: str, file: Path | None, limit: int, json_: bool) -> None:
    filler = filled(begin())
    finder = Finder(filler.base, filler.store, filler.embedder)
    for one in _questions(question, file):
        passages: list[Row] = [
            {"doc": f.chunk.doc, "section": place_of(f.chunk), "text": f.chunk.text, "score": round(f.passage.score, 4)}
            for f in finder.search(one, limit)
        ]
        if json_ or file:
            emit({"question": one, "passages": passages})
            continue
        for passage in passages:
            typer.echo(f"{passage['score']:.3f}  {passage['doc']} {passage['section']}\n    {passage['text'][:120]}")


def ask(question: str, file: Path | None, limit: int, llm: bool, json_: bool) -> None:
    settings = begin()
    filler = filled(settings)
    model = ready_llm(settings) if llm or settings.kb.answers == "llm" else None
    answers = answerer(filler, model)
    for one in _questions(question, file):
        start = time.perf_counter()
        answer = answers.answer(one, limit)
        row: Row = {"question": one, "answer": answer.text, "answered": answer.answered}
        row["citations"] = [{"doc": doc, "section": section} for doc, section in answer.citations]
        row |= {"ms": round((time.perf_counter() - start) * 1000, 1), "detail": answer.detail}
        if answer.prompt:
            row["prompt"] = answer.prompt
        if json_ or file:
            emit(row)
            continue
        typer.echo(answer.text)
        if answer.detail:
            typer.echo(f"\n{answer.detail}")


def shipped() -> list[Path]:
    """The folders of documents that come with the project: those that are there."""
    home = data_dir("fixtures") / "knowledge"
    return [folder for folder in (home / "laws", home / "company") if folder.is_dir()]


def filled(settings: Settings) -> Filler:
    """The base, with the shipped documents when nothing was ever added; said where it finds by words alone."""
    filler = _opened(settings)
    if not filler.base.documents():
        stderr.print(
            "the knowledge base is empty: adding the shipped documents (kb add PATH… adds yours)", markup=False
        )
        with _bars() as report:
            for done in filler.add(files_in(shipped(), filler.making.suffixes), report):
                _warn(done)
    bare = [
        entry.doc for entry in filler.base.documents() if filler.embedder and entry.embedder != filler.embedder.stamp
    ]
    if bare:
        stderr.print(
            f"{len(bare)} documents have no vectors of {filler.embedder and filler.embedder.stamp} and are found by "
            "words only: courier-voice kb update",
            markup=False,
        )
    return filler


def _opened(settings: Settings, *, embeds: bool = True) -> Filler:
    if embeds and settings.kb.pull and settings.kb.embedder in ("auto", "embedding-gemma"):
        bring(EMBEDDER, settings, "COURIER_KB__PULL=false: by words alone")
    tables = ready_llm(settings) if embeds and settings.kb.tables == "llm" else None
    with waiting("正在打开资料库…"):
        filler = build_knowledge(settings, tables)
    if filler.embedder is None:
        stderr.print(
            "documents are found by their words only; for meaning: courier-voice models pull embedding-gemma, then "
            "courier-voice kb update",
            markup=False,
        )
    return filler


def _tell(done: Iterable[Done], json_: bool) -> bool:
    """Report each document as it is finished; whether any failed."""
    failed, pages, cpu_s = False, 0.0, 0.0
    for one in done:
        failed = failed or one.state == "failed"
        pages, cpu_s = pages + one.pages, cpu_s + sum(one.cpu_s.values())
        if json_:
            emit(
                {
                    "doc": one.doc,
                    "state": one.state,
                    "chunks": one.chunks,
                    "embedded": one.embedded,
                    "trouble": one.trouble,
                    "pages": round(one.pages, 2),
                    "cpu_s": {what: round(seconds, 3) for what, seconds in one.cpu_s.items()},
                }
            )
        else:
            typer.echo(f"{one.state:10} {one.doc}" + (f" ({one.chunks} chunks)" if one.chunks else ""))
        _warn(one)
    if pages:
        stderr.print(f"{pages:.0f} pages, {cpu_s / pages * 1000:.0f} ms of CPU a page", markup=False)
    return failed


def _warn(done: Done) -> None:
    if done.state == "missing":
        stderr.print(f"{done.doc}: its source is gone; it answers on, kb remove forgets it", markup=False)
    for trouble in done.trouble:
        stderr.print(trouble, markup=False, style="yellow")


def _stop_if(failed: bool) -> None:
    if failed:
        raise typer.Exit(1)


def _questions(question: str, file: Path | None) -> Iterator[str]:
    if bool(question) == bool(file):
        raise SettingsError("give a question, or --file with one a line")
    if file is None:
        yield question
    else:
        yield from lines(file, "question")


@contextlib.contextmanager
def _bars() -> Iterator[Callable[[str, int, int], None]]:
    """A bar on stderr for the document whose tables are worded, then which is embedded."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=stderr, transient=True) as progress:
        task = progress.add_task("", total=None, visible=False)
        yield lambda name, done, total: progress.update(
            task, description=name, completed=done, total=total, visible=total > 0
        )
