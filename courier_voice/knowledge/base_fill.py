"""Documents into the knowledge base and out again; may be stopped at any moment and goes on from there.

Vectors are written first, in small batches under ids made from their texts, then the catalogue takes the document in
one transaction. Stopped before that, the old document answers on; done again, only what is missing is embedded.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Final, Literal

from filelock import FileLock

from courier_voice.core.errors import CourierVoiceError, KnowledgeError
from courier_voice.knowledge.base import Base, Entry, Piece, pieces_of
from courier_voice.knowledge.embed import Embedder
from courier_voice.knowledge.ready import NONE, Ready
from courier_voice.knowledge.store import VectorStore
from courier_voice.knowledge.words import Chunk, Document

log = logging.getLogger(__name__)

PAGE: Final = 1000
"""Characters of what counts as a page in a format that has none."""
BATCH: Final = 32
"""Pieces embedded between two writes: what is lost by a Ctrl-C."""

Progress = Callable[[str, int, int], None]
"""Called with a document's name, pieces embedded, pieces to embed."""

State = Literal["added", "updated", "unchanged", "removed", "missing", "failed"]


@dataclass(frozen=True)
class Making:
    """How files become chunks. ``reader`` and ``splitter`` are versions: another one makes the document anew."""

    read: Callable[[Path], Document]
    split: Callable[[Document], Sequence[Chunk]]
    reader: str
    splitter: str
    suffixes: frozenset[str]
    word: Callable[[Document, Progress], Document] | None = None
    """What rewords a document before it is split, where that is wanted; slow, so it reports."""


@dataclass(frozen=True)
class Done:
    """What became of one document. ``embedded`` counts the vectors made for it, ``trouble`` says what was wrong.

    ``pages``: those of a format that has pages, else its characters by PAGE; ``cpu_s``: what reading (with splitting),
    embedding (with storing) and noting down took; both are empty when nothing was made.
    """

    doc: str
    state: State
    chunks: int = 0
    embedded: int = 0
    trouble: tuple[str, ...] = ()
    pages: float = 0.0
    cpu_s: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Filler:
    """All that filling needs. Without an embedder documents are found by their words only."""

    base: Base
    store: VectorStore | None
    embedder: Embedder | None
    making: Making
    lock: Path
    ready: Ready = NONE
    """Vectors that need not be made."""

    def add(self, files: Iterable[Path], report: Progress) -> Iterator[Done]:
        """Add files, each replacing the document of its name; an unreadable one is told and left out."""
        with FileLock(self.lock):
            known = {entry.doc: entry for entry in self.base.documents()}
            for file in files:
                try:
                    done = self._one(file, known.get(file.name), report)
                except KnowledgeError as error:
                    done = Done(file.name, "failed", trouble=(str(error),))
                yield done
            self._collect()

    def update(self, names: Sequence[str], report: Progress) -> Iterator[Done]:
        """Look at the sources again (all, or of the documents named); a source that is gone leaves its document."""
        entries = [entry for entry in self.base.documents() if not names or entry.doc in names]
        gone = [entry for entry in entries if not Path(entry.source).is_file()]
        yield from (Done(entry.doc, "missing", len(entry.chunks)) for entry in gone)
        yield from self.add([Path(entry.source) for entry in entries if entry not in gone], report)

    def remove(self, names: Sequence[str]) -> Iterator[Done]:
        """Forget documents. Raises KnowledgeError for a name that is none."""
        with FileLock(self.lock):
            known = {entry.doc for entry in self.base.documents()}
            if strange := [name for name in names if name not in known]:
                raise KnowledgeError(f"there is no document {strange[0]!r}; courier-voice kb list names them")
            for name in names:
                self.base.remove(name)
                yield Done(name, "removed")
            self._collect()

    def _one(self, file: Path, before: Entry | None, report: Progress) -> Done:
        try:
            digest = hashlib.sha256(file.read_bytes()).hexdigest()
        except OSError as error:
            raise KnowledgeError(f"{file.name} cannot be read ({error.strerror}); check the path and rights") from error
        stamp = self.embedder.stamp if self.embedder else ""
        made = (digest, self.making.reader, self.making.splitter, stamp)
        if before and made == (before.sha256, before.reader, before.splitter, before.embedder):
            if before.source != str(file.resolve()):
                self.base.note_source(file.name, str(file.resolve()))
            return Done(file.name, "unchanged", len(before.chunks))
        clock = [time.process_time()]
        document = self.making.read(file)
        document = self.making.word(document, report) if self.making.word else document
        chunks = tuple(self.making.split(document))
        clock.append(time.process_time())
        if not chunks:
            raise KnowledgeError(f"{file.name}: nothing in it could be read; {' '.join(document.warnings)}")
        embedded = self._embed(file.name, chunks, report)
        clock.append(time.process_time())
        ids = tuple(chunk.id for chunk in chunks)
        now = datetime.now(timezone.utc).isoformat(timespec="seconds")
        stated = (document.title, document.version, document.effective, str(file.resolve()))
        self.base.replace(Entry(document.name, *stated, *made, ids, now), chunks)
        clock.append(time.process_time())
        state: State = "updated" if before else "added"
        spent = {what: clock[n + 1] - clock[n] for n, what in enumerate(("read", "embed", "note"))}
        return Done(document.name, state, len(chunks), embedded, document.warnings, _pages(chunks), spent)

    def _embed(self, name: str, chunks: Sequence[Chunk], report: Progress) -> int:
        if self.embedder is None or self.store is None:
            return 0
        there = self.store.ids()
        wanted: dict[str, Piece] = {}
        for chunk in chunks:
            wanted.update((piece.vector, piece) for piece in pieces_of(chunk) if piece.vector not in there)
        if known := [vector for vector in wanted if vector in self.ready]:
            self.store.add(known, self.ready.vectors(known))
            wanted = {vector: piece for vector, piece in wanted.items() if vector not in self.ready}
        todo = sorted(wanted.items(), key=lambda item: len(item[1].text))
        for start in range(0, len(todo), BATCH):
            report(name, start, len(todo))
            batch = todo[start : start + BATCH]
            vectors = self.embedder.embed_passages([(piece.title, piece.text) for _, piece in batch])
            self.store.add([vector for vector, _ in batch], vectors)
        report(name, len(todo), len(todo))
        return len(todo)

    def _collect(self) -> None:
        """Throw away the vectors no document needs any more. Trouble with it is only told."""
        if self.store is None:
            return
        try:
            self.store.remove(self.store.ids() - self.base.vectors())
            self.store.tidy()
        except CourierVoiceError as error:
            log.warning("old vectors are still there: %s", error)


def _pages(chunks: Sequence[Chunk]) -> float:
    counted = max((chunk.page or 0 for chunk in chunks), default=0)
    return float(counted or sum(len(chunk.text) for chunk in chunks) / PAGE)


def files_in(paths: Iterable[Path], suffixes: frozenset[str]) -> list[Path]:
    """The documents among paths; of folders, all inside, by name. Raises KnowledgeError when one is not there."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = (one for one in sorted(path.rglob("*")) if one.is_file() and not one.name.startswith((".", "~$")))
            found.extend(one for one in inside if one.suffix.lower() in suffixes)
        elif path.is_file():
            found.append(path)
        else:
            raise KnowledgeError(f"there is nothing at {path.name}; give the path of a document or of a folder of them")
    names = [file.name for file in found]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise KnowledgeError(f"two documents are called {twice}; a document is known by its file name, so rename one")
    return found
