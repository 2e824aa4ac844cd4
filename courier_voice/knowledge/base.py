"""The catalogue of the knowledge base: which documents there are, their chunks, and the index of words.

One SQLite file. What a question is answered from is what stands in it: a document comes, changes and goes in one
transaction, so that whoever asks sees the old one or the new one, whole. Vectors lie beside it (``store``).
"""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from datetime import date
from math import log
from pathlib import Path
from typing import Any, Final

from courier_voice.core.errors import KnowledgeError
from courier_voice.core.transactions import transaction
from courier_voice.knowledge.grams import grams
from courier_voice.knowledge.words import Chunk

SCHEMA: Final = 1
_TABLES: Final = """
CREATE TABLE documents (doc TEXT PRIMARY KEY, title TEXT, version TEXT, effective TEXT, source TEXT, sha256 TEXT,
    reader TEXT, splitter TEXT, embedder TEXT, chunks TEXT, added TEXT);
CREATE TABLE chunks (row INTEGER PRIMARY KEY, doc TEXT, section TEXT, place INTEGER, body TEXT);
CREATE INDEX chunks_doc ON chunks(doc);
CREATE TABLE pieces (vector TEXT, chunk INTEGER, place INTEGER, text TEXT);
CREATE INDEX pieces_vector ON pieces(vector);
CREATE INDEX pieces_chunk ON pieces(chunk);
CREATE VIRTUAL TABLE words USING fts5(grams, tokenize='unicode61 remove_diacritics 0');
CREATE VIRTUAL TABLE vocabulary USING fts5vocab(words, row);
"""
_SENTENCE: Final = re.compile(r"(?<=[。；！？])")
_SHORTEST: Final = 6
_FIELD: Final = 40


@dataclass(frozen=True)
class Entry:
    """One document of the manifest. ``embedder`` is empty where only words are indexed; ``added`` is an ISO time."""

    doc: str
    title: str
    version: str
    effective: date | None
    source: str
    sha256: str
    reader: str
    splitter: str
    embedder: str
    chunks: tuple[str, ...]
    added: str


@dataclass(frozen=True)
class Piece:
    """What gets a vector: a chunk (``place`` 0), or one of its sentences, counted from 1."""

    title: str
    text: str
    place: int

    @property
    def vector(self) -> str:
        return hashlib.sha256(f"{self.title}\n{self.text}".encode()).hexdigest()[:24]


@dataclass(frozen=True)
class Hit:
    """A piece that was found: the row of its chunk, its place in it and its text."""

    row: int
    place: int
    text: str


def pieces_of(chunk: Chunk) -> tuple[Piece, ...]:
    """The chunk itself, and where it has several, its sentences."""
    text = wording(chunk)
    parts = sentences(text)
    whole = Piece(chunk.title, text, 0)
    if len(parts) < 2:
        return (whole,)
    return (whole, *(Piece(chunk.title, part, n) for n, part in enumerate(parts, 1) if len(part) >= _SHORTEST))


def wording(chunk: Chunk) -> str:
    """A chunk's text without the number of its article."""
    return chunk.text.removeprefix(chunk.section).lstrip(" 　:：、.．") if chunk.section else chunk.text


def sentences(text: str) -> tuple[str, ...]:
    """A text cut behind 。；！？ and at line ends; a table's row (name：value；name：value) stays in one."""
    lines = (line.strip() for line in text.split("\n"))
    parts = (part for line in lines for part in ((line,) if is_row(line) else _SENTENCE.split(line)))
    return tuple(part.strip() for part in parts if part.strip())


def is_row(line: str) -> bool:
    """Whether a line is a table's row put into words: short fields, the first of them named."""
    fields = line.rstrip("。；").split("；")
    return len(fields) > 1 and "：" in fields[0] and "。" not in line[:-1] and max(map(len, fields)) <= _FIELD


class Base:
    """``path`` is the file; made when missing. Raises KnowledgeError when it is damaged or of another schema."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._told():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            with transaction(self._db):
                found = self._db.execute("PRAGMA user_version").fetchone()[0]
                if found == 0:
                    for statement in _TABLES.strip().split(";\n"):
                        self._db.execute(statement.rstrip(";"))
                    self._db.execute(f"PRAGMA user_version={SCHEMA}")
                    found = SCHEMA
        if found != SCHEMA:
            raise KnowledgeError(f"{path.name} is of schema {found}, not {SCHEMA}: move it away and run kb add again")

    def close(self) -> None:
        self._db.close()

    def documents(self) -> tuple[Entry, ...]:
        """The manifest, by name."""
        return tuple(_entry(row) for row in self._rows("SELECT * FROM documents ORDER BY doc"))

    def replace(self, entry: Entry, chunks: Sequence[Chunk]) -> None:
        """Put a document in the place of the one of that name, if any, in one transaction."""
        with self._told(), transaction(self._db):
            self._forget(entry.doc)
            for place, chunk in enumerate(chunks):
                self._insert(chunk, place)
            stated = (entry.title, entry.version, _iso(entry.effective), entry.source, entry.sha256)
            made = (entry.reader, entry.splitter, entry.embedder, json.dumps(entry.chunks), entry.added)
            self._db.execute("INSERT INTO documents VALUES (?,?,?,?,?,?,?,?,?,?,?)", (entry.doc, *stated, *made))

    def remove(self, doc: str) -> None:
        with self._told(), transaction(self._db):
            self._forget(doc)

    def note_source(self, doc: str, source: str) -> None:
        """The same document was found at another place."""
        with self._told():
            self._db.execute("UPDATE documents SET source = ? WHERE doc = ?", (source, doc))

    def vectors(self) -> frozenset[str]:
        """The ids of all vectors the chunks need."""
        return frozenset(row["vector"] for row in self._rows("SELECT DISTINCT vector FROM pieces"))

    def vectors_of(self, docs: Collection[str]) -> tuple[str, ...]:
        """The ids of the vectors of some documents."""
        marks = ",".join("?" * len(docs))
        query = f"SELECT DISTINCT vector FROM pieces JOIN chunks ON chunks.row = chunk WHERE doc IN ({marks})"
        return tuple(row["vector"] for row in self._rows(query, *docs))

    def hits(self, vectors: Collection[str]) -> dict[str, list[Hit]]:
        """Where vectors stand; those that no chunk needs any more stand nowhere."""
        found: dict[str, list[Hit]] = {}
        for batch in _batches(list(vectors), 500):
            marks = ",".join("?" * len(batch))
            for row in self._rows(f"SELECT * FROM pieces WHERE vector IN ({marks})", *batch):
                found.setdefault(row["vector"], []).append(Hit(row["chunk"], row["place"], row["text"]))
        return found

    def by_words(self, wanted: Collection[str], count: int) -> list[tuple[int, float]]:
        """Chunk rows by BM25 over the grams wanted, best first; the higher the better."""
        if not wanted:
            return []
        match = " OR ".join(f'"{_token(gram)}"' for gram in wanted)
        query = "SELECT rowid, bm25(words) AS score FROM words WHERE words MATCH ? ORDER BY score LIMIT ?"
        return [(row["rowid"], -row["score"]) for row in self._rows(query, match, count)]

    def rarity(self, wanted: Collection[str]) -> dict[str, float]:
        """How telling each gram is: BM25's inverse frequency over chunks."""
        marks = ",".join("?" * len(wanted))
        total = self._rows("SELECT COUNT(*) AS n FROM chunks")[0]["n"]
        query = f"SELECT term, doc FROM vocabulary WHERE term IN ({marks})"
        known = {row["term"]: row["doc"] for row in self._rows(query, *map(_token, wanted))}
        having = {gram: known.get(_token(gram), 0) for gram in wanted}
        return {gram: log(1 + (total - count + 0.5) / (count + 0.5)) for gram, count in having.items()}

    def chunks(self, rows: Collection[int]) -> dict[int, Chunk]:
        marks = ",".join("?" * len(rows))
        return {row["row"]: _chunk(row) for row in self._rows(f"SELECT * FROM chunks WHERE row IN ({marks})", *rows)}

    def section(self, doc: str, section: str) -> tuple[Chunk, ...]:
        """All chunks of one article, in order."""
        query = "SELECT * FROM chunks WHERE doc = ? AND section = ? ORDER BY place"
        return tuple(_chunk(row) for row in self._rows(query, doc, section))

    def _insert(self, chunk: Chunk, place: int) -> None:
        stated = (chunk.doc, chunk.section, place, _body(chunk))
        query = "INSERT INTO chunks (doc, section, place, body) VALUES (?,?,?,?)"
        row = self._db.execute(query, stated).lastrowid
        pieces = [(piece.vector, row, piece.place, piece.text) for piece in pieces_of(chunk)]
        self._db.executemany("INSERT INTO pieces VALUES (?,?,?,?)", pieces)
        self._db.execute("INSERT INTO words(rowid, grams) VALUES (?,?)", (row, _indexed(chunk)))

    def _forget(self, doc: str) -> None:
        for table, key in (("words", "rowid"), ("pieces", "chunk")):
            self._db.execute(f"DELETE FROM {table} WHERE {key} IN (SELECT row FROM chunks WHERE doc = ?)", (doc,))
        self._db.execute("DELETE FROM chunks WHERE doc = ?", (doc,))
        self._db.execute("DELETE FROM documents WHERE doc = ?", (doc,))

    def _rows(self, query: str, *values: object) -> list[Mapping[str, Any]]:
        with self._told(), closing(self._db.cursor()) as cursor:
            cursor.execute(query, values)
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor]

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise KnowledgeError(
                f"the knowledge base {self._path.name} cannot be read or written ({error}): make room, close what else "
                "uses it; if it is damaged, move the folder away and run kb add again"
            ) from error


def _indexed(chunk: Chunk) -> str:
    """What the words index holds of a chunk: its title, headings, article and text as grams."""
    return " ".join(map(_token, grams(" ".join((chunk.title, *chunk.path, chunk.section, chunk.text)))))


def _token(gram: str) -> str:
    """A gram without what the index would cut it at."""
    return re.sub(r"[^\w]", "_", gram).replace("_", "x")


def _body(chunk: Chunk) -> str:
    return json.dumps({**asdict(chunk), "effective": _iso(chunk.effective)}, ensure_ascii=False)


def _chunk(row: Mapping[str, Any]) -> Chunk:
    body = json.loads(row["body"])
    tuples = {name: tuple(each) for name, each in body.items() if isinstance(each, list)}
    return Chunk(**{**body, **tuples, "effective": _date(body["effective"])})


def _entry(row: Mapping[str, Any]) -> Entry:
    return Entry(**{**row, "effective": _date(row["effective"]), "chunks": tuple(json.loads(row["chunks"]))})


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _date(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _batches(items: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
