"""A damaged outbox: set aside, and started anew with all that it and the ledger still know."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path

from courier_voice.core.errors import OutboxDamaged, OutboxError
from courier_voice.logistics.clock import utc_now
from courier_voice.logistics.store import COLUMNS, Row, Store, read_row
from courier_voice.logistics.vault import Clear, Seal


def rescue(path: Path, seal: Seal | None, unsettled: Sequence[Row]) -> tuple[Store, int]:
    """A new store in the place of a damaged one, and how many effects still wait in it.

    ``unsettled`` are effects the ledger knows to be without an end; what the file itself says goes before. Keys make
    every retry harmless, and a text that is no longer fresh will be asked about again. Raises OutboxError.
    """
    aside = path.with_name(f"{path.name}.damaged-{utc_now():%Y%m%d%H%M%S%f}")
    try:
        for suffix in ("", "-wal", "-shm"):
            part = path.with_name(path.name + suffix)
            if part.exists():
                part.replace(aside.with_name(aside.name + suffix))
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise OutboxDamaged(f"the damaged outbox cannot be set aside ({reason}); move it away by hand") from error
    saved = {row.effect.key: row for row in unsettled}
    saved |= {row.effect.key: row for row in salvage(aside, seal)}
    store = Store(path, seal)
    store.restore(sorted(saved.values(), key=lambda row: row.written_at))
    return store, sum(row.status in ("queued", "held") for row in saved.values())


def salvage(path: Path, seal: Seal | None) -> tuple[Row, ...]:
    """What can still be read of a damaged file, from both ends of it."""
    found: dict[str, Row] = {}
    with suppress(sqlite3.Error, OSError), closing(sqlite3.connect(path)) as db:
        for order in ("ASC", "DESC"):
            with suppress(sqlite3.Error, OutboxError, ValueError):
                for row in db.execute(f"SELECT {COLUMNS} FROM effects NOT INDEXED ORDER BY seq {order}"):
                    one = read_row(row, seal or Clear())
                    found.setdefault(one.effect.key, one)
    return tuple(found.values())
