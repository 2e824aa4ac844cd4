"""A second reading of what an utterance is, by a larger encoder's sentence vector, where the fast model is unsure.

The encoder knows which sentences mean the same; the fast model knows digits, states and slots. A small net on the
vector says how likely each intent is, and both are multiplied (logarithmic opinion pool, weights 1).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from courier_voice.core.errors import ModelError
from courier_voice.nlu.labels import INTENTS

ADVICE: Final = "advise.npz"
SCALE: Final = 10.0
"""What vectors of length one are multiplied by, so that their components are about one."""
REMEMBERED: Final = 64
"""Sentences whose answer is kept: the readings of an utterance are asked about while it is waited whether he goes on,
and again when it is acted on."""
LAYERS: Final = ("first", "first_bias", "second", "second_bias")
Floats = NDArray[np.float32]


class Encoder(Protocol):
    """A sentence encoder; ``stamp`` says which, so that a net learnt from another one is not used."""

    @property
    def stamp(self) -> str: ...

    def embed_queries(self, texts: Sequence[str]) -> Floats: ...


class Adviser:
    """``adviser(text)`` is the log-probability of each intent, ``[intents]``; the encoder is loaded when first asked.

    Raises ModelError when the net cannot be read or was learnt from another encoder.
    """

    def __init__(self, encoder: Callable[[], Encoder], folder: Path | None = None) -> None:
        try:
            with (
                as_file(files("courier_voice.nlu").joinpath("data")) as packed,
                np.load((folder or packed) / ADVICE, allow_pickle=False) as held,
            ):
                self._net = tuple(held[name].astype(np.float32) for name in LAYERS)
                self._stamp = str(held["stamp"])
                intents = tuple(map(str, held["intents"]))
        except (OSError, ValueError, KeyError) as error:
            raise ModelError(f"the second reader cannot be read ({type(error).__name__}): run make train") from error
        if intents != tuple(INTENTS):
            raise ModelError("the second reader was made for other intents: run make train")
        self._load = encoder
        self._encoder: Encoder | None = None
        self._asked = lru_cache(REMEMBERED)(self._ask)

    def __call__(self, text: str) -> Floats:
        return self._asked(text)

    def _ask(self, text: str) -> Floats:
        told: Floats = self.judge(self.encoder.embed_queries([text]))[0]
        return told

    def warm(self) -> None:
        """Load the encoder and run it once, so that no utterance waits for that. Raises ModelError."""
        self._ask("好")

    @property
    def encoder(self) -> Encoder:
        """Loaded. Raises ModelError when it is not the one the net was learnt from."""
        if self._encoder is None:
            encoder = self._load()
            if encoder.stamp != self._stamp:
                raise ModelError(f"the second reader needs {self._stamp}, not {encoder.stamp}: run make train")
            self._encoder = encoder
        return self._encoder

    def judge(self, vectors: Floats) -> Floats:
        """Of vectors ``[n, d]``, log-probabilities ``[n, intents]``."""
        first, first_bias, second, second_bias = self._net
        x = SCALE * vectors @ first + first_bias
        scores = gelu(x) @ second + second_bias
        top = scores - scores.max(-1, keepdims=True)
        return np.asarray(top - np.log(np.exp(top).sum(-1, keepdims=True)), np.float32)


def gelu(x: Floats) -> Floats:
    """Gaussian error linear unit, the tanh approximation (Hendrycks and Gimpel 2016)."""
    return np.asarray(0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))), np.float32)
