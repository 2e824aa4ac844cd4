"""The second reader: asked only in doubt, never about answers; wrong or missing nets are errors that name the fix."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from courier_voice.core.errors import ModelError
from courier_voice.core.turn import NluContext
from courier_voice.nlu.advise import ADVICE, LAYERS, Adviser, gelu
from courier_voice.nlu.fast import DOUBTED, FastUnderstander
from courier_voice.nlu.labels import INTENTS
from courier_voice.text.normalize import normalize


class Still:
    """Encoder that finds every sentence to be the same one."""

    def __init__(self, stamp: str) -> None:
        self.stamp, self.asked = stamp, list[str]()

    def embed_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.asked += texts
        return np.eye(1, 4, dtype=np.float32).repeat(len(texts), 0)


def net(folder: Path, stamp: str = "still", intents: Sequence[str] = INTENTS, said: str = "none") -> Path:
    """A net that says ``said`` of every sentence."""
    bias = np.array([40.0 if intent == said else 0.0 for intent in INTENTS], np.float16)
    held = (np.zeros((4, 2)), np.zeros(2), np.zeros((2, len(INTENTS))), bias)
    arrays: dict[str, Any] = dict(zip(LAYERS, held, strict=True))
    np.savez(folder / ADVICE, stamp=stamp, intents=np.array(intents), **arrays)
    return folder


def test_log_probabilities_of_the_intents(tmp_path: Path) -> None:
    told = Adviser(lambda: Still("still"), net(tmp_path))("随便什么")
    assert told.shape == (len(INTENTS),)
    assert np.isclose(np.exp(told).sum(), 1.0)
    assert INTENTS[int(told.argmax())] == "none"


@pytest.mark.parametrize("first", [Adviser.warm, lambda adviser: adviser("一")], ids=["warmed", "asked"])
def test_the_encoder_is_loaded_and_run_when_it_is_first_asked_or_warmed(
    tmp_path: Path, first: Callable[[Adviser], object]
) -> None:
    loaded: list[Still] = []

    def load() -> Still:
        loaded.append(Still("still"))
        return loaded[-1]

    adviser = Adviser(load, net(tmp_path))
    assert not loaded
    first(adviser)
    assert [len(encoder.asked) for encoder in loaded] == [1]
    adviser("二")
    assert len(loaded) == 1


def test_a_net_of_another_encoder_or_other_intents_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="make train"):
        Adviser(lambda: Still("another"), net(tmp_path))("一")
    with pytest.raises(ModelError, match="make train"):
        Adviser(lambda: Still("still"), net(tmp_path, intents=INTENTS[::-1]))
    (tmp_path / ADVICE).write_bytes(b"no zip")
    with pytest.raises(ModelError, match="make train"):
        Adviser(lambda: Still("still"), tmp_path)


def test_the_shipped_net_fits_the_intents() -> None:
    Adviser(lambda: Still("still"))


def test_gelu_is_what_the_training_used() -> None:
    torch = pytest.importorskip("torch")
    x = np.linspace(-4, 4, 33, dtype=np.float32)
    assert np.allclose(gelu(x), torch.nn.functional.gelu(torch.from_numpy(x), approximate="tanh").numpy(), atol=1e-5)


SURE, UNSURE = "给尾号6688打电话", "那边那个弄一下"


def test_it_is_asked_in_doubt_only(tmp_path: Path) -> None:
    encoder = Still("still")
    fast = FastUnderstander(advise=Adviser(lambda: encoder, net(tmp_path)))
    assert not fast.read(SURE).advised
    assert not encoder.asked
    assert fast.read(UNSURE).advised
    assert encoder.asked == [UNSURE]
    assert 0 < DOUBTED < 1


def test_what_was_asked_is_remembered(tmp_path: Path) -> None:
    encoder = Still("still")
    adviser = Adviser(lambda: encoder, net(tmp_path))
    first = adviser(UNSURE).copy()
    adviser(SURE)
    assert np.array_equal(adviser(UNSURE), first)
    assert encoder.asked == [UNSURE, SURE]


def test_it_is_not_asked_what_an_answer_means(tmp_path: Path) -> None:
    encoder = Still("still")
    fast = FastUnderstander(advise=Adviser(lambda: encoder, net(tmp_path)))
    fast.understand(normalize(UNSURE), NluContext(waiting="sign_off.place"))
    assert not encoder.asked


def test_its_word_counts_and_the_route_says_so(tmp_path: Path) -> None:
    heard = normalize(UNSURE)
    for said in ("none", "dial"):
        fast = FastUnderstander(advise=Adviser(lambda: Still("still"), net(tmp_path, said=said)))
        assert fast.read(heard.text).frames[0][0]["intent"] == said
        assert fast.understand(heard, NluContext()).route == "llm"
    assert FastUnderstander().understand(heard, NluContext()).route == "fast"
