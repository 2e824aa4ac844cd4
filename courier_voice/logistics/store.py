"""The outbox's file: one row an effect, SQLite with WAL and synchronous=FULL; the personal data in it is sealed."""

from __future__ import annotations

import json
import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, Literal

from courier_voice.core.errors import LedgerError, OutboxDamaged, OutboxError
from courier_voice.core.parcels import Effect, Entry, Status
from courier_voice.core.transactions import transaction
from courier_voice.logistics.clock import Moment, moment
from courier_voice.logistics.vault import Clear, Seal

SCHEMA_VERSION: Final = 2
SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS effects (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    op TEXT NOT NULL,
    waybill TEXT NOT NULL,
    args BLOB NOT NULL,
    happened_at TEXT NOT NULL,
    written_at TEXT NOT NULL,
    valid_from TEXT NOT NULL,
    boot TEXT NOT NULL,
    uptime REAL NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('queued', 'sent', 'refused', 'held', 'dropped')),
    detail TEXT NOT NULL DEFAULT '',
    attempts INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS effects_by_status ON effects (status, waybill, seq);
CREATE INDEX IF NOT EXISTS effects_by_time ON effects (op, valid_from);
"""
WAITING: Final = "status IN ('queued', 'held') AND op != 'dial' ORDER BY seq"
COLUMNS: Final = (
    "op, waybill, args, key, happened_at, status, detail, attempts, written_at, valid_from, boot, uptime, seq"
)
V1: Final = "op, waybill, args, key, happened_at, status, detail, attempts, written_at, written_at, '', 0, seq"


@dataclass(frozen=True)
class Row(Entry):
    """An entry with the moment the courier last said yes to it."""

    valid_from: Moment

    @property
    def age(self) -> timedelta | None:
        """Since ``valid_from``; None when the clock was moved back so that nobody knows."""
        return self.valid_from.elapsed()


class Store:
    """Rows on disk. Thread-safe. Every method raises OutboxError when the disk or the file does not do its part."""

    def __init__(self, path: Path, seal: Seal | None = None) -> None:
        """Open or make the file, readable by its owner only. Raises OutboxDamaged when it is no sound database."""
        self.path, self._seal = path, seal or Clear()
        self._rows = threading.Lock()
        with _durable():
            self._db = private_database(path, "FULL")
        try:
            with _durable():
                self._prepare()
        except OutboxError:
            self._db.close()
            raise

    def _prepare(self) -> None:
        version = self._db.execute("PRAGMA user_version").fetchone()[0]
        if version not in (0, 1, SCHEMA_VERSION):
            raise OutboxError(f"the outbox has form {version}, this program knows {SCHEMA_VERSION}; update the program")
        if self._db.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
            raise sqlite3.DatabaseError("pages do not fit together")
        if version == SCHEMA_VERSION:
            return
        old = list(self._db.execute(f"SELECT {V1} FROM effects ORDER BY seq")) if version == 1 else []
        with transaction(self._db):
            self._db.execute("DROP TABLE IF EXISTS effects")
            for statement in SCHEMA.strip().split(";"):
                self._db.execute(statement)
            for row in old:
                self._insert((*row[:2], self._seal.seal(row[2]), *row[3:-1]))
            self._db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")

    def write(self, effect: Effect, status: Status = "queued", detail: str = "") -> bool:
        """Make an effect durable; False when its key is there already."""
        args = json.dumps(dict(effect.args), ensure_ascii=False, sort_keys=True)
        now = moment()
        at, sealed = now.at.isoformat(), self._seal.seal(args)
        told = (effect.op, effect.waybill, sealed, effect.key, effect.happened_at.isoformat(), status, detail, 0)
        with self._rows, _durable():
            return self._insert((*told, at, at, now.boot, now.uptime))

    def _insert(self, values: Sequence[object]) -> bool:
        columns = COLUMNS.removesuffix(", seq")
        marks = ", ".join("?" * len(values))
        statement = f"INSERT INTO effects ({columns}) VALUES ({marks}) ON CONFLICT (key) DO NOTHING"
        return self._db.execute(statement, tuple(values)).rowcount > 0

    def mark(self, key: str, status: Status, detail: str = "", *, tries: int = 0, was: Status | None = None) -> bool:
        """Note how an effect stands; with ``was``, only if it stood so before."""
        with self._rows, _durable():
            statement = "UPDATE effects SET status = ?, detail = ?, attempts = attempts + ? WHERE key = ?"
            values: tuple[object, ...] = (status, detail, tries, key)
            if was:
                statement, values = f"{statement} AND status = ?", (*values, was)
            # A note that a power cut takes back costs one more try under the same key, which is harmless; waiting for
            # the disk here would double what durability costs a turn. What must not be lost is written in FULL.
            self._db.execute("PRAGMA synchronous = NORMAL")
            try:
                return self._db.execute(statement, values).rowcount > 0
            finally:
                self._db.execute("PRAGMA synchronous = FULL")

    def renew(self, key: str) -> bool:
        """A held effect is queued again and good from now on; False when it is not held."""
        now = moment()
        with self._rows, _durable():
            statement = (
                "UPDATE effects SET status = 'queued', valid_from = ?, boot = ?, uptime = ? "
                "WHERE key = ? AND status = 'held'"
            )
            return self._db.execute(statement, (now.at.isoformat(), now.boot, now.uptime, key)).rowcount > 0

    def select(self, where: str, *values: object) -> tuple[Row, ...]:
        """Rows by a condition of this package's own code."""
        with (
            self._rows,
            _durable(),
            closing(self._db.execute(f"SELECT {COLUMNS} FROM effects WHERE {where}", values)) as cursor,
        ):
            found = cursor.fetchall()
        return tuple(read_row(row, self._seal) for row in found)

    def count_sms(self, since: datetime, waybills: Sequence[str] | None = None) -> int:
        """Texts accepted since a time (UTC), to some waybills or to all."""
        where, values = "op = 'sms' AND status != 'refused' AND valid_from > ?", [since.isoformat()]
        if waybills is not None:
            where, values = f"{where} AND waybill IN ({', '.join('?' * len(waybills))})", [*values, *waybills]
        with self._rows, _durable():
            return int(self._db.execute(f"SELECT count(*) FROM effects WHERE {where}", values).fetchone()[0])

    def latest(self) -> datetime | None:
        """When the last effect was written, by the clock of then."""
        with self._rows, _durable():
            newest = self._db.execute("SELECT max(written_at) FROM effects").fetchone()[0]
        return datetime.fromisoformat(newest) if newest else None

    def erase(self, where: str, *values: object) -> int:
        """Remove settled rows for good."""
        with self._rows, _durable():
            gone = self._db.execute(
                f"DELETE FROM effects WHERE status IN ('sent', 'refused', 'dropped') AND {where}", values
            ).rowcount
            if gone:
                self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return gone

    def restore(self, rows: Iterable[Row]) -> None:
        """Take rows over that were saved from a damaged file."""
        with self._rows, _durable(), transaction(self._db):
            for row in rows:
                e = row.effect
                sealed = self._seal.seal(json.dumps(dict(e.args), ensure_ascii=False, sort_keys=True))
                valid = row.valid_from
                told = (e.op, e.waybill, sealed, e.key, e.happened_at.isoformat(), row.status, row.detail, row.attempts)
                self._insert((*told, row.written_at.isoformat(), valid.at.isoformat(), valid.boot, valid.uptime))

    def close(self) -> None:
        with self._rows:
            self._db.close()


def read_row(row: Sequence[Any], seal: Seal) -> Row:
    op, waybill, args, key, happened_at, status, detail, attempts, written_at, valid_from, boot, uptime, _ = row
    try:
        known = json.loads(seal.unseal(args))
    except LedgerError as error:
        raise OutboxError(str(error), said="钥匙变了，之前记下的读不出来，这一步没有办。") from None
    effect = Effect(op, waybill, known, key, datetime.fromisoformat(happened_at))
    valid = Moment(datetime.fromisoformat(valid_from), boot, uptime)
    return Row(effect, status, detail, attempts, datetime.fromisoformat(written_at), valid)


def same(one: Effect, other: Effect) -> bool:
    """Whether two effects ask for the same thing."""
    return (one.op, one.waybill, _plain(one.args)) == (other.op, other.waybill, _plain(other.args))


def _plain(args: Any) -> Any:
    return json.loads(json.dumps(dict(args), ensure_ascii=False, sort_keys=True))


def private_database(path: Path, synchronous: Literal["FULL", "NORMAL"]) -> sqlite3.Connection:
    """A WAL database only its owner may read, overwriting what is deleted. Raises OSError, sqlite3.Error."""
    path.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    database = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=5.0)
    try:
        for pragma in ("journal_mode = WAL", f"synchronous = {synchronous}", "secure_delete = ON"):
            database.execute(f"PRAGMA {pragma}")
    except sqlite3.Error:
        database.close()
        raise
    return database


@contextmanager
def _durable() -> Iterator[None]:
    """Turn what a disk or a file can do to us into OutboxError. Misuse of sqlite3 is a bug and stays one."""
    try:
        yield
    except (sqlite3.ProgrammingError, sqlite3.IntegrityError, sqlite3.NotSupportedError):
        raise
    except sqlite3.DatabaseError as error:
        if type(error) is sqlite3.DatabaseError:  # not a database, or malformed
            message = f"the outbox file is damaged ({error}); say or listen set it aside and take over what can be read"
            raise OutboxDamaged(message) from error
        raise OutboxError(f"the outbox cannot be used ({error}); free disk space and check its permissions") from error
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise OutboxError(f"the outbox cannot be opened ({reason}); check COURIER_HOME and its permissions") from error
