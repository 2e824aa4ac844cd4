"""Where vectors lie: what the knowledge base needs of a vector store.

A vector's id is made from its text, so it never changes under its id: new ones are written beside the old, and which
of them count is decided by the catalogue alone (``base``), in one transaction.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

from courier_voice.knowledge.embed import Vectors


class VectorStore(Protocol):
    """Vectors of length one by id. Raises KnowledgeError when its files cannot be read or written."""

    def add(self, ids: Sequence[str], vectors: Vectors) -> None:
        """Keep [n, d] vectors, durable and whole on return. Ids that are there already must not be given."""
        ...

    def ids(self) -> frozenset[str]:
        """All that are kept."""
        ...

    def remove(self, ids: Collection[str]) -> None: ...

    def nearest(self, query: Vectors, count: int, among: Collection[str] | None = None) -> list[tuple[str, float]]:
        """The ``count`` vectors nearest to a query [1, d] and their cosines, best first; of ``among`` if given."""
        ...

    def tidy(self) -> None:
        """Put in order what many small writes left, and build the index from ``INDEX_FROM`` vectors on."""
        ...
