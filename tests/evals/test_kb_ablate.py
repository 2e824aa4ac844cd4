"""Splitters and stores side by side."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from courier_voice.core.errors import KnowledgeError
from courier_voice.evals import kb_ablate, kb_stores
from courier_voice.evals.kb_ablate import SHIPPED, InMemory, Kept, ablated, ways
from courier_voice.knowledge.embed import Titled, Vectors
from courier_voice.knowledge.words import Block, Document

LINES = ("快件丢失的，三日内赔偿。", "易碎品用气泡膜包三层。", "电动车充电不得过夜。")
RULES = Document("规则.md", "规则", tuple(Block(text, (), f"第{n}条") for n, text in zip("一二三", LINES, strict=True)))
ITEM = {"id": "x", "question": "气泡膜包三层", "doc": "规则.md", "article": "第二条", "key_facts": []}


class Counting:
    """Vectors of the characters of a text; counts the passages it was given."""

    stamp = "counting/1"

    def __init__(self) -> None:
        self.passages = 0

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        rows = np.zeros((len(texts), 64), np.float32)
        for row, text in enumerate(texts):
            for char in text:
                rows[row, ord(char) % 64] += 1
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    def embed_passages(self, passages: Sequence[Titled]) -> Vectors:
        self.passages += len(passages)
        return self.embed_queries([text for _, text in passages])


@pytest.mark.parametrize("way", [*ways(vectors=False), *ways(vectors=True)], ids=str)
def test_every_way_finds_the_line_asked_for(way: kb_ablate.Way, tmp_path: Path) -> None:
    steps: list[None] = []
    row = ablated(way, [RULES], [ITEM], Counting(), tmp_path, lambda: steps.append(None))
    assert row["first"] == 1
    assert row["questions"] == len(steps) == 1
    assert row["chunks"] == (3 if "article" in way.splitter else 1)
    assert row["embedder"] == ("counting/1" if way.vectors else "words only")


def test_what_was_embedded_once_is_kept_by_stamp(tmp_path: Path) -> None:
    first = Counting()
    passages = [("规则", line) for line in LINES]
    with closing(Kept(first, tmp_path / "kept.sqlite3")) as kept:
        made = kept.embed_passages(passages[:2])
    again = Counting()
    with closing(Kept(again, tmp_path / "kept.sqlite3")) as kept:
        both = kept.embed_passages(passages)
    assert (first.passages, again.passages) == (2, 1)
    assert np.array_equal(both[:2], made)
    other = Counting()
    other.stamp = "counting/2"
    with closing(Kept(other, tmp_path / "kept.sqlite3")) as kept:
        kept.embed_passages(passages)
    assert other.passages == 3


def test_a_file_that_holds_no_vectors_is_told(tmp_path: Path) -> None:
    (tmp_path / "kept").write_bytes(b"no database" * 100)
    with pytest.raises(KnowledgeError, match="remove it"):
        Kept(Counting(), tmp_path / "kept")


def test_vectors_in_memory_are_found_among_those_wanted_and_removed() -> None:
    store = InMemory(["a", "b", "c"], np.eye(3, dtype=np.float32))
    query = np.array([[0.9, 0.4, 0.1]], np.float32)
    assert [one for one, _ in store.nearest(query, 2)] == ["a", "b"]
    assert [one for one, _ in store.nearest(query, 2, {"b", "c"})] == ["b", "c"]
    store.remove(["a"])
    assert store.ids() == {"b", "c"}
    assert store.nearest(query, 1)[0][0] == "b"


def test_the_shipped_splitter_is_a_row() -> None:
    assert SHIPPED in {way.splitter for way in ways(vectors=False)}


def test_a_store_that_is_not_installed_is_a_row_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kb_stores, "find_spec", lambda package: None)
    rows = list(kb_stores.compared([1000, 2000], 10, ["qdrant"]))
    assert [row["vectors"] for row in rows] == [1000, 2000]
    assert all(row["skipped"] == "qdrant_client is not installed" for row in rows)


def test_an_unknown_store_is_told() -> None:
    with pytest.raises(KnowledgeError, match="lancedb-exact"):
        list(kb_stores.compared([1000], 10, ["oracle"]))
