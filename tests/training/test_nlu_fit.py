"""Fitting: it goes on where it was stopped, and what is shipped reads as what was fitted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper

from courier_voice.core.errors import TrainingError
from courier_voice.knowledge.embed import Titled, Vectors
from courier_voice.nlu import fast
from courier_voice.nlu.fast import CARD, FastUnderstander, lexical
from courier_voice.nlu.labels import CHOICES
from courier_voice.training import nlu_run
from courier_voice.training.confusions import Confusions
from courier_voice.training.exam import reliability, threshold
from courier_voice.training.export import unsigned
from courier_voice.training.fit import Fit, Recipe
from courier_voice.training.generate import Example
from courier_voice.training.lessons import Lessons, embedded, lessons, sentences
from courier_voice.training.letters import letters, sounds
from courier_voice.training.model import Shape, batch
from courier_voice.training.seeds import Seed, read_seeds

RECIPE = Recipe(steps=4, batch=8, chunk=2, warmup=2, init="scratch", shape=Shape(32, 1, 2, 48, 16, 12, 8))


@pytest.fixture(scope="module")
def seeds() -> tuple[Seed, ...]:
    return read_seeds()[::25]


def fitted(seeds: tuple[Seed, ...], recipe: Recipe = RECIPE, taught: Lessons | None = None) -> Fit:
    return Fit(recipe, seeds, Confusions({}, {}), letters(seed.text for seed in seeds), None, taught)


class Teacher:
    """A teacher to whom a sentence is what characters it has."""

    stamp = "letters"

    def __init__(self) -> None:
        self.read: list[str] = []

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        self.read += texts
        return np.stack([np.bincount([ord(char) % 160 for char in text], minlength=160) for text in texts]).astype(
            np.float32
        )

    def embed_passages(self, passages: Sequence[Titled]) -> Vectors:
        return self.embed_queries([text for _, text in passages])


def test_an_interrupted_run_ends_as_a_whole_one(seeds: tuple[Seed, ...], tmp_path: Path) -> None:
    whole = fitted(seeds)
    whole.run(lambda *_: None)

    class Stopped(Exception):
        pass

    def stop(*_: object) -> None:
        raise Stopped

    first = fitted(seeds)
    first.run(lambda *_: None, tmp_path / "whole.pt")
    halfway = fitted(seeds)
    with pytest.raises(Stopped):
        halfway.run(stop)
    halfway.save(tmp_path / "half.pt")
    second = fitted(seeds)
    second.run(lambda *_: None, tmp_path / "half.pt")
    for name, value in whole.model.state_dict().items():
        assert torch.equal(value, second.model.state_dict()[name]), name
    assert all(torch.equal(value, second.average[name]) for name, value in whole.average.items())


@pytest.fixture(scope="module")
def taught(seeds: tuple[Seed, ...], tmp_path_factory: pytest.TempPathFactory) -> Lessons:
    texts = sentences(seeds, ())
    return lessons(texts, embedded(texts, Teacher(), tmp_path_factory.mktemp("taught") / "teacher.sqlite3"))


def test_a_taught_model_comes_nearer_its_teacher(seeds: tuple[Seed, ...], taught: Lessons) -> None:
    losses: list[float] = []
    fit = fitted(seeds, replace(RECIPE, distil=50.0, steps=60, chunk=20, rate=3e-3), taught)
    fit.run(lambda done, total, loss: losses.append(loss))
    assert losses[-1] < losses[0] - 5
    assert set(fit.averaged().state_dict()) == set(fitted(seeds).model.state_dict())


def test_an_interrupted_taught_run_ends_as_a_whole_one(
    seeds: tuple[Seed, ...], taught: Lessons, tmp_path: Path
) -> None:
    recipe = replace(RECIPE, distil=1.0)
    whole, half, rest = (fitted(seeds, recipe, taught) for _ in range(3))
    whole.run(lambda *_: None)

    def stop(done: int, total: int, loss: float) -> None:
        half.save(tmp_path / "half.pt")
        raise InterruptedError

    with pytest.raises(InterruptedError):
        half.run(stop)
    rest.run(lambda *_: None, tmp_path / "half.pt")
    assert rest.step == whole.step
    for name, value in whole.model.state_dict().items():
        assert torch.equal(value, rest.model.state_dict()[name]), name


def test_without_lessons_nothing_is_imitated(seeds: tuple[Seed, ...], taught: Lessons) -> None:
    with pytest.raises(TrainingError, match="--distil 0"):
        fitted(seeds, replace(RECIPE, distil=1.0))
    plain, ignored = fitted(seeds), fitted(seeds, RECIPE, taught)
    for fit in (plain, ignored):
        fit.run(lambda *_: None)
    assert all(torch.equal(value, ignored.average[name]) for name, value in plain.average.items())


def test_nothing_is_misheard_when_told_so(seeds: tuple[Seed, ...]) -> None:
    known = letters(seed.text for seed in seeds)
    recipe = replace(RECIPE, batch=100)
    alike = Confusions({}, dict.fromkeys(known, ("龘",)))
    heard, as_said = (
        "".join(e.text for e in Fit(one, seeds, alike, known, None).examples(0))
        for one in (recipe, replace(recipe, misheard=False))
    )
    assert "龘" in heard
    assert "龘" not in as_said


def test_another_recipes_checkpoint_is_refused(seeds: tuple[Seed, ...], tmp_path: Path) -> None:
    fitted(seeds).save(tmp_path / "a.pt")
    with pytest.raises(TrainingError, match="--fresh"):
        fitted(seeds, replace(RECIPE, rate=0.5)).run(lambda *_: None, tmp_path / "a.pt")


def test_embeddings_need_their_model(seeds: tuple[Seed, ...]) -> None:
    with pytest.raises(TrainingError, match="models pull"):
        fitted(seeds, replace(RECIPE, init="words"))


def test_a_made_model_reads_as_it_was_fitted(
    seeds: tuple[Seed, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nlu_run, "read_seeds", lambda: seeds)
    fits: list[Fit] = []

    class Kept(Fit):
        def run(self, *args: object) -> None:
            fits.append(self)
            super().run(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(nlu_run, "Fit", Kept)
    told = nlu_run.make(RECIPE, nlu_run.Places(tmp_path, tmp_path / "c.pt", None), lambda *_: None)
    assert told["mb"] < 8
    assert "## On the held-out lines" in (tmp_path / nlu_run.NOTES).read_text("utf-8")
    fast = FastUnderstander(tmp_path)
    assert 0 < fast.threshold <= 1
    text = "给尾号6688打电话，再签收"
    seen = fast.card.ids(text, "form")
    one = Example(text, (0,) * len(text), 0, (0,), ((0,) * len(CHOICES),), 0, "dial:1")
    model = fits[0].averaged()
    with torch.no_grad():
        plain = model(batch([one], [tuple(row[0].tolist() for row in seen.values())]))
    small = fast._session.run(None, seen)
    assert np.abs(plain[0][0].numpy() - small[0]).max() < 0.5
    assert np.abs(plain[3][0].numpy() - small[3]).max() < 0.5
    assert (tmp_path / CARD).stat().st_size < 100_000
    nlu_run.refuse_another(tmp_path, replace(RECIPE, steps=9))
    with pytest.raises(TrainingError, match="--out"):
        nlu_run.refuse_another(tmp_path, replace(RECIPE, misheard=False))


def test_sounds_of_letters() -> None:
    initial, final, initials, finals = sounds("是四A7，")
    assert initial[-5] != initial[-4]
    assert final[-5] == final[-4]
    assert (initial[-3], final[-3], initial[-1]) == (0, 0, 0)
    assert initial[-2] > 0
    assert initial.max() < initials
    assert final.max() < finals


def test_a_threshold_keeps_as_many_as_are_right_enough() -> None:
    chance = np.array([0.9, 0.8, 0.7, 0.6])
    assert threshold(chance, np.array([1.0, 1.0, 1.0, 0.0]), 0.995) == 0.7
    assert threshold(chance, np.array([0.0, 0.0, 0.0, 0.0]), 0.995) == 1.0
    assert reliability(chance, np.array([1.0, 1.0, 0.0, 0.0]))[0] == (0.6, 0.0, 1)


def test_a_character_is_of_the_longest_word_around_it() -> None:
    known = {"快递": 1, "快递员": 2, "员工": 3}
    assert lexical("叫快递员工作", known) == ([0, 2, 2, 2, 3, 0], [0, 1, 2, 3, 3, 0])
    assert lexical("", known) == ([], [])


def test_weights_shifted_to_unsigned_are_the_same_numbers(tmp_path: Path) -> None:
    """Small enough that signed ones saturate on no processor."""
    rng = np.random.default_rng(0)
    weights, seen = rng.integers(-20, 20, (6, 4)).astype(np.int8), rng.integers(0, 9, (3, 6)).astype(np.uint8)
    product = helper.make_node("MatMulInteger", ["seen", "weights", "", "zero"], ["out"])
    kept = [numpy_helper.from_array(weights, "weights"), numpy_helper.from_array(np.zeros(4, np.int8), "zero")]
    ports = [helper.make_tensor_value_info("seen", TensorProto.UINT8, [3, 6])]
    outs = [helper.make_tensor_value_info("out", TensorProto.INT32, [3, 4])]
    graph = helper.make_graph([product], "product", ports, outs, kept)
    file = tmp_path / "product.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), str(file))
    unsigned(file)
    assert {tensor.data_type for tensor in onnx.load(str(file)).graph.initializer} == {TensorProto.UINT8}
    run = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"]).run(None, {"seen": seen})
    assert np.array_equal(run[0], seen.astype(np.int32) @ weights.astype(np.int32))


def test_the_shipped_model_multiplies_no_signed_weights() -> None:
    graph = onnx.load(str(Path(fast.__file__).parent / "data" / "fast.onnx")).graph
    used = {name for node in graph.node if node.op_type == "MatMulInteger" for name in node.input}
    kinds = [tensor.data_type for tensor in graph.initializer if tensor.name in used]
    assert kinds
    assert set(kinds) == {TensorProto.UINT8}
