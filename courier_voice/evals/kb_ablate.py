"""Splitters, embedders and fusions side by side on questions over documents.

A chunk is right when it holds any part of the article asked for, however small. That favours the splitters that do not
follow the structure: their chunks touch several articles, and one that is cut counts by every piece.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np

from courier_voice.core.errors import KnowledgeError
from courier_voice.evals.kb import FUSIONS, retrieval_row, retrieval_summary
from courier_voice.knowledge.base import Base, Entry, Piece, pieces_of
from courier_voice.knowledge.embed import Embedder, Vectors
from courier_voice.knowledge.find import Finder, Weights
from courier_voice.knowledge.split import split, split_fixed, split_paragraphs
from courier_voice.knowledge.words import Chunk, Document

Item = Mapping[str, Any]
Row = dict[str, Any]
Splitter = Callable[[Document], Sequence[Chunk]]
Step = Callable[[], None]

BATCH: Final = 32
PLAIN: Final = "plain text"
"""Reader of the rows that show what structure is worth: ``kb_plain`` for the company's documents."""
SHIPPED: Final = "article 600/80 (shipped)"
SPLITTERS: Final[Mapping[str, Splitter]] = {
    "fixed 300/45": split_fixed,
    "fixed 600/90": partial(split_fixed, size=600, overlap=90),
    "paragraph 500/50": split_paragraphs,
    "article 300/40": partial(split, size=300, overlap=40),
    SHIPPED: split,
    "article 1000/120": partial(split, size=1000, overlap=120),
}
_FUSED: Final[Mapping[str, Weights]] = {
    "chunk + sentence": FUSIONS["chunk + sentence"],
    "all, no province rule": Weights(place=0),
    "all, no everyday words put formally": Weights(formal=False),
    "all, no sentence": Weights(sentence=0),
    "all": Weights(),
}


@dataclass(frozen=True)
class Way:
    """One row of the table. Without vectors the words decide (BM25 and the share of the question's words)."""

    splitter: str
    fusion: str
    weights: Weights
    vectors: bool = True
    reader: str = "structure (shipped)"


def ways(vectors: bool) -> tuple[Way, ...]:
    """Every splitter, then what is fused, on the shipped splitter."""
    if not vectors:
        return tuple(Way(name, "words alone", Weights(), vectors=False) for name in SPLITTERS)
    plain = tuple(Way(name, "chunk", FUSIONS["chunk"]) for name in SPLITTERS)
    read = tuple(Way(name, "chunk", FUSIONS["chunk"], reader=PLAIN) for name in ("fixed 300/45", SHIPPED))
    fused = (Way(SHIPPED, name, weights) for name, weights in _FUSED.items())
    return (*plain, *read, Way(SHIPPED, "all", Weights(), reader=PLAIN), *fused)


class Kept:
    """An embedder whose passages are kept in the SQLite file ``path``, by its stamp and the text. Questions are not:
    their time is measured. Raises KnowledgeError when the file cannot be used."""

    def __init__(self, embedder: Embedder, path: Path) -> None:
        self._embedder, self.stamp = embedder, embedder.stamp
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, isolation_level=None)
        except (sqlite3.Error, OSError) as error:
            raise KnowledgeError(f"{path.name} cannot be used ({error}): make room, or remove it") from error
        try:
            self._db.execute("CREATE TABLE IF NOT EXISTS kept (key TEXT PRIMARY KEY, vector BLOB)")
        except sqlite3.Error as error:
            self._db.close()
            raise KnowledgeError(f"{path.name} cannot be used ({error}): make room, or remove it") from error

    def close(self) -> None:
        self._db.close()

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        return self._embedder.embed_queries(texts)

    def embed_passages(self, passages: Sequence[tuple[str, str]]) -> Vectors:
        keys = [hashlib.sha256("\0".join((self.stamp, *each)).encode()).hexdigest() for each in passages]
        found = [self._db.execute("SELECT vector FROM kept WHERE key = ?", (key,)).fetchone() for key in keys]
        if fresh := [n for n, row in enumerate(found) if row is None]:
            made = self._embedder.embed_passages([passages[n] for n in fresh])
            told = [(keys[n], vector.astype(np.float32).tobytes()) for n, vector in zip(fresh, made, strict=True)]
            with closing(self._db.cursor()) as cursor:
                cursor.execute("BEGIN")
                cursor.executemany("INSERT OR REPLACE INTO kept VALUES (?,?)", told)
                cursor.execute("COMMIT")
            found = [self._db.execute("SELECT vector FROM kept WHERE key = ?", (key,)).fetchone() for key in keys]
        return np.stack([np.frombuffer(row[0], np.float32) for row in found])


class InMemory:
    """The vectors of one row of the table; compared with every one."""

    def __init__(self, ids: Sequence[str], vectors: Vectors) -> None:
        self._ids, self._vectors = list(ids), vectors

    def add(self, ids: Sequence[str], vectors: Vectors) -> None:
        self._ids += ids
        self._vectors = np.concatenate([self._vectors, vectors])

    def ids(self) -> frozenset[str]:
        return frozenset(self._ids)

    def remove(self, ids: Collection[str]) -> None:
        stay = [n for n, one in enumerate(self._ids) if one not in ids]
        self._ids, self._vectors = [self._ids[n] for n in stay], self._vectors[stay]

    def nearest(self, query: Vectors, count: int, among: Collection[str] | None = None) -> list[tuple[str, float]]:
        cosines = self._vectors @ query[0]
        best = (int(n) for n in np.argsort(-cosines))
        wanted = None if among is None else set(among)
        told = ((self._ids[n], float(cosines[n])) for n in best if wanted is None or self._ids[n] in wanted)
        return [each for each, _ in zip(told, range(count), strict=False)]

    def tidy(self) -> None:
        """Nothing to put in order."""


def ablated(
    way: Way, documents: Sequence[Document], items: Sequence[Item], embedder: Embedder | None, folder: Path, step: Step
) -> Row:
    """One row: chunks, share of right articles, latency (ms, questions embedded anew, vectors in memory).

    ``folder`` is empty and takes the catalogue; ``step`` is called for every question. Raises ModelError.
    """
    base = Base(folder / "base.sqlite3")
    try:
        chunks: list[Chunk] = []
        for document in documents:
            made = tuple(SPLITTERS[way.splitter](document))
            base.replace(_entry(document, made), made)
            chunks += made
        store = None
        if embedder is not None and way.vectors:
            pieces = {piece.vector: piece for chunk in chunks for piece in pieces_of(chunk)}
            store = _embedded(embedder, [one for one in pieces.values() if way.weights.sentence or not one.place])
        finder = Finder(base, store, embedder if way.vectors else None, way.weights)
        rows = []
        for item in items:
            rows.append(retrieval_row(item, finder))
            step()
    finally:
        base.close()
    by = embedder.stamp if embedder and way.vectors else "words only"
    told: Row = {"reader": way.reader, "splitter": way.splitter, "embedder": by, "fusion": way.fusion}
    told["chunks"] = len(chunks)
    return {**told, **retrieval_summary(rows)}


def _embedded(embedder: Embedder, pieces: Sequence[Piece]) -> InMemory:
    """Short ones first, so that a batch needs little padding."""
    pieces = sorted(pieces, key=lambda piece: len(piece.text))
    batches = [pieces[start : start + BATCH] for start in range(0, len(pieces), BATCH)]
    vectors = [embedder.embed_passages([(piece.title, piece.text) for piece in batch]) for batch in batches]
    return InMemory([piece.vector for piece in pieces], np.concatenate(vectors))


def _entry(document: Document, chunks: Sequence[Chunk]) -> Entry:
    stated = (document.name, document.title, document.version, document.effective)
    return Entry(*stated, "", "", "", "", "", tuple(chunk.id for chunk in chunks), "")
