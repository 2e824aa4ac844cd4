"""What the teacher reads, and that it reads it once."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import pytest

from courier_voice.app import data_dir
from courier_voice.core.errors import ModelError
from courier_voice.evals.report_sets import NLU
from courier_voice.knowledge.embed import Titled, Vectors
from courier_voice.nlu.fast import FIRST_STATE, LONGEST
from courier_voice.nlu.labels import STATES
from courier_voice.training.lessons import COMPONENTS, embedded, lessons, sentences
from courier_voice.training.letters import of_gemma
from courier_voice.training.seeds import parse, read_seeds


class Counting:
    """Random vectors, the same for the same sentence; fails after so many calls."""

    stamp = "random"

    def __init__(self, calls: int = 1000) -> None:
        self.read: list[str] = []
        self._calls = calls

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        if self._calls == 0:
            raise ModelError("enough")
        self._calls -= 1
        self.read += texts
        rows = [np.random.default_rng(list(text.encode())).normal(size=200) for text in texts]
        return np.stack(rows).astype(np.float32)

    def embed_passages(self, passages: Sequence[Titled]) -> Vectors:
        return self.embed_queries([text for _, text in passages])


def test_sentences_are_normalised_short_and_each_once(tmp_path: Path) -> None:
    law = tmp_path / "law.md"
    law.write_text(
        "# 某法\n\n<!-- INFO END -->\n\n第四条 不得开拆他人快件。"
        + "很长" * 40
        + "；(二)扣留快件\n快件损失的，予以赔偿：",
        "utf-8",
    )
    seeds = [*parse("打给{tail:六六八八}\n打给{tail:六六八八}", "dial")]
    found = sentences(seeds, [law])
    assert {"打给6688", "不得开拆他人快件", "快件损失的，予以赔偿"} <= set(found)
    assert len(found) == len(set(found))
    assert all(0 < len(text) <= LONGEST for text in found)
    assert not [text for text in found if "某法" in text or "INFO" in text or "{" in text or "第四条" in text]


def test_no_sentence_is_of_the_development_sets() -> None:
    labelled = {item["text"] for item in NLU.read(NLU.file)}
    laws = sorted((data_dir("fixtures") / "knowledge" / "laws").glob("*.md"))
    assert not labelled & set(sentences(read_seeds(), laws))


def test_an_interrupted_reading_goes_on(tmp_path: Path) -> None:
    texts = [f"第{number}句话" for number in range(100)]
    file = tmp_path / "deep" / "teacher.sqlite3"
    tired, fresh, idle = Counting(calls=2), Counting(), Counting()
    with pytest.raises(ModelError):
        embedded(texts, tired, file)
    told: list[tuple[int, int]] = []
    vectors = embedded(texts, fresh, file, lambda done, total: told.append((done, total)))
    assert sorted(tired.read + fresh.read) == sorted(texts)
    assert told[-1] == (100, 100)
    assert np.array_equal(embedded(texts, idle, file), vectors)
    assert idle.read == []
    np.testing.assert_allclose(vectors, Counting().embed_queries(texts), atol=2e-3)


def test_main_components_keep_who_is_near_whom() -> None:
    rng = np.random.default_rng(0)
    topics = rng.normal(size=(3, 300)).astype(np.float32)
    topic = rng.integers(0, 3, 400)
    vectors = 5 + topics[topic] + 0.1 * rng.normal(size=(400, 300)).astype(np.float32)
    taught = lessons([str(n) for n in range(400)], vectors)
    assert taught.targets.shape == (400, COMPONENTS)
    np.testing.assert_allclose(np.linalg.norm(taught.targets, axis=1), 1, atol=1e-5)
    near = taught.targets @ taught.targets.T
    same = topic[:, None] == topic[None]
    assert near[same].min() > 0.8 > 0.2 > near[~same].max()


def test_the_embeddings_of_the_encoder_are_its_rows_at_their_scale(tmp_path: Path) -> None:
    tokens = {"<pad>": 0, "签收": 1, "快": 2, "递": 3, "快递员": 4, "a": 5}
    codes = np.random.default_rng(1).integers(-127, 128, (6, 8)).astype(np.int8)
    scale = np.linspace(0.5, 2, 6, dtype=np.float32)[:, None]
    tables = [onnx.numpy_helper.from_array(table, name) for name, table in (("codes", codes), ("scale", scale))]
    tables.append(onnx.numpy_helper.from_array(np.zeros((8, 6), np.float32), "other"))
    graph = onnx.helper.make_graph([], "tables", [], [], tables)
    (tmp_path / "int8").mkdir()
    onnx.save(onnx.helper.make_model(graph), tmp_path / "int8" / "model.onnx")
    (tmp_path / "int8" / "tokenizer.json").write_text(json.dumps({"model": {"vocab": tokens}}), "utf-8")
    known = of_gemma(tmp_path)
    assert known.words == ("快递员", "签收")
    first = FIRST_STATE + len(STATES)
    table = known.of_letters("快是递", 8)
    assert table.shape == (first + 3, 8)
    assert not table[:first].any()
    assert not table[first + 1].any()
    many = known.of_letters("快递a", 8)[first:]
    rows = (codes * scale)[[2, 3, 5]]
    ratio = np.linalg.norm(many[0] - many[1]) / np.linalg.norm(rows[0] - rows[1])
    assert np.isclose(np.linalg.norm(many[0] - many[2]), ratio * np.linalg.norm(rows[0] - rows[2]), rtol=1e-4)
