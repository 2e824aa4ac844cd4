"""A small embedder for tests: hashed pairs of characters, deterministic."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from courier_voice.core.errors import KnowledgeError
from courier_voice.knowledge.base import Base
from courier_voice.knowledge.base_fill import Filler, Making
from courier_voice.knowledge.embed import Embedder, Titled, Vectors, normalised
from courier_voice.knowledge.grams import grams
from courier_voice.knowledge.store_lance import LanceStore
from courier_voice.knowledge.words import Chunk, Document


class HashedGrams:
    def __init__(self, stamp: str = "hashed/1") -> None:
        self.stamp = stamp
        self.texts: list[str] = []

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        return self._embed(texts)

    def embed_passages(self, passages: Sequence[Titled]) -> Vectors:
        self.texts += [text for _, text in passages]
        return self._embed([f"{title} {text}" for title, text in passages])

    def _embed(self, texts: Sequence[str]) -> Vectors:
        vectors = np.zeros((len(texts), 256), np.float32)
        for row, text in enumerate(texts):
            for gram in grams(text):
                vectors[row, zlib.crc32(gram.encode()) % 256] += 1
        return normalised(vectors)


def plain_read(path: Path) -> Document:
    """A stand-in for the readers: first line the title, then "第…条 text" a line."""
    lines = path.read_text(encoding="utf-8").splitlines()
    if not lines:
        raise KnowledgeError(f"{path.name} is empty")
    return Document(path.name, lines[0], ())


def lines_split(root: Path, dates: dict[str, object]) -> Making:
    def split(document: Document) -> list[Chunk]:
        told = (root / document.name).read_text(encoding="utf-8").splitlines()[1:]
        chunks = []
        for line in told:
            section = line.split(" ")[0]
            effective = dates.get(document.name)
            identity = f"{document.name}-{section}-{line}"
            place = {"section": section, "sections": (section,), "effective": effective}
            chunks.append(Chunk(identity, document.name, document.title, line, **place))  # type: ignore[arg-type]
        return chunks

    return Making(plain_read, split, "1", "1", frozenset({".txt"}))


def small_base(
    home: Path, docs: Path, embedder: Embedder | None = None, dates: dict[str, object] | None = None
) -> Filler:
    store = LanceStore(home / "vectors", embedder.stamp) if embedder else None
    return Filler(Base(home / "base.sqlite3"), store, embedder, lines_split(docs, dates or {}), home / ".lock")


def quiet(name: str, done: int, total: int) -> None:
    return None
