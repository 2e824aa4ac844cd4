"""Vectors in LanceDB: files of this machine, a bucket (s3://…) or a LanceDB cluster (db://…), by the same client."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np

from courier_voice.core.errors import KnowledgeError
from courier_voice.knowledge.embed import Vectors

INDEX_FROM: Final = 50_000
"""Vectors from which on an approximate index is built; below, comparing with every one is exact and fast enough."""
_PARTITIONS: Final = 128
_PROBED: Final = 16
_MOST_FRAGMENTS: Final = 20


class LanceStore:
    """One table, named by the embedder's stamp; made when vectors come. ``where``: a folder or a LanceDB URI."""

    def __init__(self, where: Path | str, stamp: str) -> None:
        import lancedb

        self._name = "".join(char if char.isalnum() else "_" for char in stamp)
        with _told(where):
            self._db = lancedb.connect(str(where))
            self._table: Any = self._db.open_table(self._name) if self._name in self._names() else None
        self._where = where

    def _names(self) -> list[str]:
        return [str(name) for name in self._db.list_tables().tables]

    def add(self, ids: Sequence[str], vectors: Vectors) -> None:
        import pyarrow as pa

        if not ids:
            return
        width = vectors.shape[1]
        columns = pa.FixedSizeListArray.from_arrays(pa.array(np.ascontiguousarray(vectors).reshape(-1)), width)
        rows = pa.table({"id": pa.array(list(ids), pa.string()), "vector": columns})
        with _told(self._where):
            if self._table is None:
                self._table = self._db.create_table(self._name, rows)
            else:
                self._table.add(rows)

    def ids(self) -> frozenset[str]:
        if self._table is None:
            return frozenset()
        with _told(self._where):
            return frozenset(self._table.search().select(["id"]).limit(None).to_arrow()["id"].to_pylist())

    def remove(self, ids: Collection[str]) -> None:
        if self._table is not None and ids:
            with _told(self._where):
                self._table.delete(f"id IN ({_quoted(ids)})")

    def nearest(self, query: Vectors, count: int, among: Collection[str] | None = None) -> list[tuple[str, float]]:
        if self._table is None or (among is not None and not among):
            return []
        with _told(self._where):
            search = self._table.search(query.reshape(-1)).distance_type("cosine").nprobes(_PROBED)
            search = search.select(["id", "_distance"])
            if among is not None:
                search = search.where(f"id IN ({_quoted(among)})", prefilter=True)
            found = search.limit(count).to_arrow()
        distances = found["_distance"].to_pylist()
        return [(str(one), 1.0 - float(far)) for one, far in zip(found["id"].to_pylist(), distances, strict=True)]

    def tidy(self, indexed: bool | None = None) -> None:
        """``indexed`` overrules whether the approximate index is built."""
        if self._table is None:
            return
        with _told(self._where):
            if self._table.stats()["fragment_stats"]["num_fragments"] > _MOST_FRAGMENTS:
                self._table.optimize(cleanup_older_than=timedelta(hours=1))
            wanted = self._table.count_rows() >= INDEX_FROM if indexed is None else indexed
            if wanted and not self._table.list_indices():
                self._table.create_index(metric="cosine", index_type="IVF_FLAT", num_partitions=_PARTITIONS)


@contextmanager
def _told(where: Path | str) -> Iterator[None]:
    try:
        yield
    except (OSError, RuntimeError, ValueError) as error:  # what lancedb raises for files, its engine and its tables
        raise KnowledgeError(
            f"the vectors in {where} cannot be read or written ({type(error).__name__}): make room, or remove that "
            "folder and run: courier-voice kb update"
        ) from error


def _quoted(ids: Collection[str]) -> str:
    return ",".join("'" + one.replace("'", "''") + "'" for one in ids)
