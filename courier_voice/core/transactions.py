"""All of a change to a database, or nothing of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol


class Statements(Protocol):
    def execute(self, statement: str, /) -> Any: ...


@contextmanager
def transaction(database: Statements) -> Iterator[None]:
    """BEGIN IMMEDIATE, then COMMIT, or ROLLBACK for whatever is raised."""
    database.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        database.execute("ROLLBACK")
        raise
    database.execute("COMMIT")
