"""Vectors that come with the documents: all of them, close to the embedder's own, used instead of embedding."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from courier_voice.app import data_dir
from courier_voice.knowledge.base import pieces_of
from courier_voice.knowledge.base_fill import files_in
from courier_voice.knowledge.base_open import MAKING, open_base
from courier_voice.knowledge.embed import Titled, Vectors, normalised
from courier_voice.knowledge.embed_gemma import STAMP
from courier_voice.knowledge.ready import FILE, NONE, read_ready, write_ready


class Counting:
    """Embedder that counts what it is given."""

    stamp = "counting/1"

    def __init__(self) -> None:
        self.passages = 0

    def embed_queries(self, texts: list[str]) -> Vectors:
        return normalised(np.random.default_rng(len(texts[0])).normal(size=(len(texts), 16)).astype(np.float32))

    def embed_passages(self, passages: list[Titled]) -> Vectors:
        self.passages += len(passages)
        return self.embed_queries([text for _, text in passages])


def test_every_shipped_document_has_its_vectors() -> None:
    home = data_dir("fixtures") / "knowledge"
    ready = read_ready(home / FILE, STAMP)
    files = files_in([home / "laws", home / "company"], MAKING.suffixes)
    named = {p.vector for file in files for chunk in MAKING.split(MAKING.read(file)) for p in pieces_of(chunk)}
    missing = [name for name in named if name not in ready]
    assert not missing, "the documents or their splitting changed: courier-voice train kb-vectors"
    assert len(ready) == len(named)


def test_bytes_are_close_to_what_was_written(tmp_path: Path) -> None:
    vectors = normalised(np.random.default_rng(0).normal(size=(20, 768)).astype(np.float32))
    names = [str(number) for number in range(20)]
    write_ready(tmp_path / FILE, "x/1", names, vectors)
    ready = read_ready(tmp_path / FILE, "x/1")
    assert (ready.vectors(names[::-1]) * vectors[::-1]).sum(1).min() > 0.9998
    assert read_ready(tmp_path / FILE, "x/2") is NONE
    assert read_ready(tmp_path / "nothing.npz", "x/1") is NONE


def test_a_damaged_file_is_told_and_done_without(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / FILE).write_bytes(b"PK no zip")
    assert read_ready(tmp_path / FILE, "x/1") is NONE
    assert "embedded anew" in caplog.text


def test_only_what_has_none_is_embedded(tmp_path: Path) -> None:
    file = tmp_path / "规则.md"
    file.write_text("# 规则\n\n第一条 丢了三日内赔偿。\n\n第二条 易碎品包三层气泡膜。\n", "utf-8")
    pieces = [piece for chunk in MAKING.split(MAKING.read(file)) for piece in pieces_of(chunk)]
    first = Counting()
    known = [pieces[0].vector]
    write_ready(tmp_path / FILE, first.stamp, known, first.embed_queries(["一"]))
    filler = open_base(tmp_path / "kb", first, ready=tmp_path / FILE)
    (done,) = filler.add([file], lambda *_: None)
    assert done.embedded == first.passages == len(pieces) - 1
    assert filler.store
    assert filler.store.ids() == {piece.vector for piece in pieces}
