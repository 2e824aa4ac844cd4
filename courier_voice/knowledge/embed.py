"""Texts to vectors: what the knowledge base needs of an embedding model, and the choice of one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

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
