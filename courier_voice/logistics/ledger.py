"""The ledger: an append-only record of who said what, what was understood, agreed to and done, with which result.

Every entry is there twice: masked, which is what list and export show, and whole but sealed, for ``--unmasked``.
"""

from __future__ import annotations

import json
import logging
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal

from courier_voice.core.errors import LedgerError
from courier_voice.core.parcels import Day, Effect, Status
from courier_voice.core.parcels import Entry as OutboxEntry
from courier_voice.core.privacy import Known, people
from courier_voice.core.transactions import transaction
from courier_voice.core.turn import Proposal, Turn
from courier_voice.logistics.clock import FORGET_EVERY_S, Every, Moment, utc_now
from courier_voice.logistics.records import effect_record, names_said, struck, turn_record, waybills_of
from courier_voice.logistics.store import Row, private_database
from courier_voice.logistics.vault import Seal

log = logging.getLogger(__name__)

SCHEMA_VERSION: Final = 1
SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS entries (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    at TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('turn', 'effect')),
    key TEXT NOT NULL DEFAULT '',
    status TEXT NOT NULL DEFAULT '',
    masked TEXT NOT NULL,
    sealed BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS entries_by_key ON entries (key, status);
CREATE INDEX IF NOT EXISTS entries_by_time ON entries (at);
CREATE TABLE IF NOT EXISTS about (seq INTEGER NOT NULL, waybill TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS about_waybill ON about (waybill);
CREATE TABLE IF NOT EXISTS erasing (yes INTEGER);
CREATE TRIGGER IF NOT EXISTS no_update BEFORE UPDATE ON entries BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER IF NOT EXISTS no_delete BEFORE DELETE ON entries WHEN NOT EXISTS (SELECT 1 FROM erasing)
    BEGIN SELECT RAISE(ABORT, 'append-only'); END;
"""
FINAL: Final = ("sent", "refused", "dropped")


@dataclass(frozen=True)
class Entry:
    """``at`` is UTC; ``masked`` has no personal data; ``key`` and ``status`` are an effect's."""

    seq: int
    at: datetime
    kind: Literal["turn", "effect"]
    key: str
    status: str
    waybills: tuple[str, ...]
    masked: dict[str, Any]
    sealed: bytes


class Ledger:
    """core.ports.Ledger and logistics.outbox.Recorder over one file. Thread-safe.

    Writing never raises: a turn must not fail for its record. Reading and erasing raise LedgerError.
    """

    def __init__(self, path: Path, seal: Seal, *, retention_days: int = 30, known: Known = people) -> None:
        """Open or make the file, for its owner only, and forget what is too old. Raises LedgerError."""
        self._seal, self._known, self._rows = seal, known, threading.Lock()
        self._keep, self._forgetting = timedelta(days=retention_days), Every(FORGET_EVERY_S)
        with _readable():
            # The outbox is what must survive a power cut; this record is reconciled with it at every start.
            self._db = private_database(path, "NORMAL")
        try:
            with _readable():
                self._prepare()
            self.prune(utc_now() - self._keep)
        except LedgerError:
            self._db.close()
            raise

    def _prepare(self) -> None:
        version = self._db.execute("PRAGMA user_version").fetchone()[0]
        if version not in (0, SCHEMA_VERSION):
            raise LedgerError(f"the ledger has form {version}, this program knows {SCHEMA_VERSION}; update the program")
        if version == 0:
            self._db.executescript(f"BEGIN IMMEDIATE; {SCHEMA} PRAGMA user_version = {SCHEMA_VERSION}; COMMIT")

    # Writing

    def note_turn(self, turn: Turn, day: Day | None, agreed: Sequence[Proposal]) -> None:
        """One turn; ``agreed`` is what its yes was to."""
        if not turn.utterance.heard and not turn.reply:
            return
        whole = turn_record(turn, day, agreed)
        self._append("turn", whole, waybills_of(whole, day, agreed), named=names_said(turn))

    def note_effect(self, effect: Effect, status: Status, detail: str) -> None:
        """A step in the life of an effect."""
        whole = effect_record(effect, status, detail)
        self._append("effect", whole, [effect.waybill], effect.key, status)

    def reconcile(self, entries: Sequence[OutboxEntry]) -> None:
        """Record steps of effects that a crash kept from being recorded."""
        try:
            with self._rows, _readable():
                there = set(self._db.execute("SELECT key, status FROM entries WHERE kind = 'effect'"))
        except LedgerError as error:
            log.error("ledger: %s", error)
            return
        for entry in entries:
            if (entry.effect.key, entry.status) not in there:
                self.note_effect(entry.effect, entry.status, entry.detail)

    def _append(
        self,
        kind: str,
        whole: dict[str, Any],
        waybills: Iterable[str],
        key: str = "",
        status: str = "",
        named: Iterable[str] = (),
    ) -> None:
        try:
            masked = json.dumps(struck(self._known.mask_all(whole), named), ensure_ascii=False)
            sealed = self._seal.seal(json.dumps(whole, ensure_ascii=False))
            row = (utc_now().isoformat(), kind, key, status, masked, sealed)
            with self._rows, _readable(), transaction(self._db):
                seq = self._db.execute(
                    "INSERT INTO entries (at, kind, key, status, masked, sealed) VALUES (?, ?, ?, ?, ?, ?)", row
                ).lastrowid
                about = [(seq, waybill) for waybill in dict.fromkeys(waybills)]
                self._db.executemany("INSERT INTO about (seq, waybill) VALUES (?, ?)", about)
            if self._forgetting.due():
                self.prune(utc_now() - self._keep)
        except LedgerError as error:
            log.error("ledger: %s", error)

    # Reading

    def entries(
        self, *, limit: int = 0, waybill: str | None = None, kind: str | None = None, since: datetime | None = None
    ) -> tuple[Entry, ...]:
        """The latest entries, oldest first; ``limit`` 0: all. ``waybill``: its last digits do. Raises LedgerError."""
        where, values = ["TRUE"], list[object]()
        if waybill:
            where.append("seq IN (SELECT seq FROM about WHERE substr(waybill, ?) = ?)")
            values += [-len(waybill), waybill]
        if kind:
            where.append("kind = ?")
            values.append(kind)
        if since:
            where.append("at >= ?")
            values.append(since.isoformat())
        return self._select(f"{' AND '.join(where)} ORDER BY seq DESC LIMIT ?", *values, limit or -1)[::-1]

    def entry(self, seq: int) -> Entry:
        """One entry by its number. Raises LedgerError when there is none."""
        found = self._select("seq = ?", seq)
        if not found:
            raise LedgerError(f"the ledger has no entry {seq}; see courier-voice ledger list")
        return found[0]

    def whole(self, entry: Entry) -> dict[str, Any]:
        """An entry with its personal data. Raises LedgerError when the key is another."""
        found: dict[str, Any] = json.loads(self._seal.unseal(entry.sealed))
        return found

    def unsettled(self) -> tuple[Row, ...]:
        """Effects without an end, as the outbox would hold them; a call is never among them."""
        ends = ", ".join(f"'{status}'" for status in FINAL)
        open_keys = f"kind = 'effect' AND key NOT IN (SELECT key FROM entries WHERE status IN ({ends}))"
        rows: dict[str, Row] = {}
        try:
            for entry in self._select(f"{open_keys} ORDER BY seq"):
                rows[entry.key] = _as_row(entry, self.whole(entry))
        except LedgerError as error:
            log.error("ledger: %s", error)
        return tuple(row for row in rows.values() if row.effect.op != "dial")

    def _select(self, where: str, *values: object) -> tuple[Entry, ...]:
        columns = (
            "seq, at, kind, key, status, masked, sealed, "
            "(SELECT group_concat(waybill, ' ') FROM about WHERE about.seq = entries.seq)"
        )
        with (
            self._rows,
            _readable(),
            closing(self._db.execute(f"SELECT {columns} FROM entries WHERE {where}", values)) as c,
        ):
            rows = c.fetchall()
        return tuple(
            Entry(
                seq, datetime.fromisoformat(at), kind, key, status, tuple((w or "").split()), json.loads(masked), sealed
            )
            for seq, at, kind, key, status, masked, sealed, w in rows
        )

    # Forgetting

    def erase(self, waybill: str) -> int:
        """Remove every entry about a waybill for good; how many."""
        return self._erase("seq IN (SELECT seq FROM about WHERE waybill = ?)", waybill)

    def prune(self, before: datetime) -> int:
        """Remove what was written before a time (UTC); how many."""
        return self._erase("at < ?", before.isoformat())

    def _erase(self, where: str, value: str) -> int:
        with self._rows, _readable():
            if not self._db.execute(f"SELECT 1 FROM entries WHERE {where} LIMIT 1", (value,)).fetchone():
                return 0
            with transaction(self._db):
                self._db.execute("INSERT INTO erasing VALUES (1)")
                gone = self._db.execute(f"DELETE FROM entries WHERE {where}", (value,)).rowcount
                self._db.execute("DELETE FROM about WHERE seq NOT IN (SELECT seq FROM entries)")
                self._db.execute("DELETE FROM erasing")
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return gone

    def close(self) -> None:
        with self._rows:
            self._db.close()

    def __enter__(self) -> Ledger:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_ledger(path: Path, seal: Seal, *, retention_days: int = 30) -> Ledger:
    """The ledger; one that is no database any more is set aside and begun anew. Raises LedgerError."""
    try:
        return Ledger(path, seal, retention_days=retention_days)
    except LedgerError as error:
        if type(error.__cause__) is not sqlite3.DatabaseError:
            raise
        log.error("ledger: %s", error)
        for suffix in ("", "-wal", "-shm"):
            part = path.with_name(path.name + suffix)
            if part.exists():
                part.replace(path.with_name(f"{path.name}.damaged-{utc_now():%Y%m%d%H%M%S}{suffix}"))
        return Ledger(path, seal, retention_days=retention_days)


def _as_row(entry: Entry, whole: dict[str, Any]) -> Row:
    happened_at = datetime.fromisoformat(whole["happened_at"])
    effect = Effect(whole["op"], whole["waybill"], whole["args"], entry.key, happened_at)
    return Row(effect, whole["status"], whole["detail"], 0, entry.at, Moment(entry.at, "", 0.0))


@contextmanager
def _readable() -> Iterator[None]:
    try:
        yield
    except (sqlite3.ProgrammingError, sqlite3.IntegrityError, sqlite3.NotSupportedError):
        raise
    except (sqlite3.DatabaseError, OSError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise LedgerError(
            f"the ledger cannot be used ({reason}); check COURIER_HOME and its space, or move ledger.sqlite3 away",
            said="手机存不了东西，这一步没有办。",
        ) from error
