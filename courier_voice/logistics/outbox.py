"""The durable outbox: an effect is in a SQLite file, with its key, before it is tried, until it is acknowledged."""

from __future__ import annotations

import json
import logging
import os
import random
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from types import TracebackType
from typing import Literal, Protocol

from courier_voice.core.errors import ApiError, ApiUnavailable, OutboxError
from courier_voice.core.parcels import Effect, Receipt

logger = logging.getLogger(__name__)

NOT_PLACED = "没网，电话没打出去。"
NOT_PLACED_AFTER_RESTART = "程序重启过，这通电话没有再打。"
BACKOFF_S, MAX_BACKOFF_S = 1.0, 60.0
OFFLINE_AFTER = 3
"""Failures in a row, each on another waybill, after which a flush takes the network for gone."""

SCHEMA_VERSION = 1
SCHEMA = """
CREATE TABLE IF NOT EXISTS effects (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    op TEXT NOT NULL,
    waybill TEXT NOT NULL,
    args TEXT NOT NULL,
    happened_at TEXT NOT NULL,
    written_at TEXT NOT NULL,
    status TEXT NOT NULL DEFAULT 'queued' CHECK (status IN ('queued', 'sent', 'refused')),
    detail TEXT NOT NULL DEFAULT '',
    attempts INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS effects_by_status ON effects (status, waybill, seq);
"""


class Sender(Protocol):
    """What the outbox needs of core.ports.LogisticsApi."""

    def send(self, effect: Effect) -> None: ...


@dataclass(frozen=True)
class Entry:
    """One effect and where it stands. ``attempts`` counts tries that ended, well or not."""

    effect: Effect
    status: Literal["sent", "queued", "refused"]
    detail: str
    attempts: int
    written_at: datetime

    @property
    def receipt(self) -> Receipt:
        return Receipt(self.effect.key, self.status, self.detail)


class Outbox:
    """core.ports.Effects over one file. Thread-safe; one send at a time, in order per waybill.

    Calls are apart: they overtake, are tried twice at once, and are never placed late.
    """

    def __init__(self, path: Path, api: Sender) -> None:
        """Open or make the file, readable by its owner only. Raises OutboxError."""
        self._api = api
        self._rows = threading.Lock()
        self._sending = threading.Lock()
        self._failures: dict[str, int] = {}
        self._not_before: dict[str, float] = {}  # on the monotonic clock: one moved back must not hold effects up
        with _durable():
            path.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
            self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=5.0)
        try:
            with _durable():
                self._prepare()
        except OutboxError:
            self._db.close()
            raise

    def perform(self, effect: Effect) -> Receipt:
        """Write down, try now; earlier effects of the same waybill go first.

        An effect given again under its key is the same one. Raises OutboxError when it could not be written
        (then nothing was done) and ValueError when its key belongs to another effect.
        """
        receipt = self._write(effect)
        if receipt.status != "queued":
            return receipt
        if effect.op == "dial":
            return self._dial(effect)
        try:
            tried = self._drain(effect.waybill)
            return next((done for done in tried if done.key == effect.key), None) or self._entry(effect.key).receipt
        except OutboxError as error:  # it is written, so it will go; only reading it back failed
            logger.error("outbox: %s", error)
            return receipt

    def flush(self, *, now: bool = False) -> tuple[Receipt, ...]:
        """Send what is queued, in order per waybill; what became of each that was tried.

        A waybill that failed rests (1 s, doubled up to 60 s, full jitter) unless ``now``.
        """
        receipts: list[Receipt] = []
        misses = 0
        for waybill in dict.fromkeys(entry.effect.waybill for entry in self.pending()):
            if not now and time.monotonic() < self._not_before.get(waybill, 0.0):
                continue
            tried = self._drain(waybill)
            receipts += tried
            misses = misses + 1 if tried and tried[-1].status == "queued" else 0
            if misses == OFFLINE_AFTER:
                break
        return tuple(receipts)

    def pending(self) -> tuple[Entry, ...]:
        """What waits to be sent, oldest first; never a call. Raises OutboxError."""
        return self._select("status = 'queued' AND op != 'dial' ORDER BY seq")

    def history(self, limit: int = 20) -> tuple[Entry, ...]:
        """The latest effects, whatever became of them, newest first. Raises OutboxError."""
        return self._select("TRUE ORDER BY seq DESC LIMIT ?", limit)

    def close(self) -> None:
        """Close the file; what is queued stays in it."""
        with self._sending, self._rows:
            self._db.close()

    def __enter__(self) -> Outbox:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # Rows

    def _prepare(self) -> None:
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        version = self._db.execute("PRAGMA user_version").fetchone()[0]
        if version not in (0, SCHEMA_VERSION):
            raise OutboxError(f"the outbox has form {version}, this program knows {SCHEMA_VERSION}; update the program")
        self._db.executescript(f"BEGIN IMMEDIATE; {SCHEMA} PRAGMA user_version = {SCHEMA_VERSION}; COMMIT")
        # A call that was interrupted may or may not have been placed; placing it now would be late either way.
        self._db.execute(
            "UPDATE effects SET status = 'refused', detail = ? WHERE status = 'queued' AND op = 'dial'",
            (NOT_PLACED_AFTER_RESTART,),
        )

    def _write(self, effect: Effect) -> Receipt:
        args = json.dumps(dict(effect.args), ensure_ascii=False, sort_keys=True)
        row = (effect.key, effect.op, effect.waybill, args, effect.happened_at.isoformat(), _utc_now())
        with self._rows, _durable():
            written = self._db.execute(
                "INSERT INTO effects (key, op, waybill, args, happened_at, written_at) VALUES (?, ?, ?, ?, ?, ?)"
                " ON CONFLICT (key) DO NOTHING",
                row,
            ).rowcount
        if written:
            return Receipt(effect.key, "queued")
        entry = self._entry(effect.key)
        known = entry.effect
        if (known.op, known.waybill, known.args) != (effect.op, effect.waybill, json.loads(args)):
            raise ValueError("an idempotency key was used for two different effects")
        return entry.receipt

    def _mark(self, key: str, status: str, detail: str = "", *, tries: int = 1) -> None:
        """Note how a try ended. It did end, so a disk that fails now is logged, not raised: the row stays queued and
        its key makes the next try harmless."""
        try:
            with self._rows, _durable():
                self._db.execute(
                    "UPDATE effects SET status = ?, detail = ?, attempts = attempts + ? WHERE key = ?",
                    (status, detail, tries, key),
                )
        except OutboxError as error:
            logger.error("outbox: %s not noted: %s", status, error)

    def _entry(self, key: str) -> Entry:
        return self._select("key = ?", key)[0]

    def _select(self, where: str, *values: object) -> tuple[Entry, ...]:
        columns = "op, waybill, args, key, happened_at, status, detail, attempts, written_at"
        with (
            self._rows,
            _durable(),
            closing(self._db.execute(f"SELECT {columns} FROM effects WHERE {where}", values)) as c,
        ):
            rows = c.fetchall()
        return tuple(
            Entry(
                Effect(op, waybill, json.loads(args), key, datetime.fromisoformat(happened_at)),
                status,
                detail,
                attempts,
                datetime.fromisoformat(written_at),
            )
            for op, waybill, args, key, happened_at, status, detail, attempts, written_at in rows
        )

    # Sending

    def _drain(self, waybill: str) -> list[Receipt]:
        """Try a waybill's queued effects in order, up to the first that does not get through."""
        receipts: list[Receipt] = []
        with self._sending:
            for entry in self._select("status = 'queued' AND op != 'dial' AND waybill = ? ORDER BY seq", waybill):
                receipts.append(self._attempt(entry.effect))
                if receipts[-1].status == "queued":
                    failures = self._failures[waybill] = self._failures.get(waybill, 0) + 1
                    rest = min(MAX_BACKOFF_S, BACKOFF_S * 2.0 ** min(failures - 1, 10))
                    self._not_before[waybill] = time.monotonic() + random.uniform(0, rest)
                    break
                self._failures.pop(waybill, None)
                self._not_before.pop(waybill, None)
        return receipts

    def _dial(self, effect: Effect) -> Receipt:
        """Now or never. The second try is for an answer that got lost: under its key it cannot ring twice."""
        for _ in range(2):
            receipt = self._attempt(effect)
            if receipt.status != "queued":
                return receipt
        self._mark(effect.key, "refused", NOT_PLACED, tries=0)
        return Receipt(effect.key, "refused", NOT_PLACED)

    def _attempt(self, effect: Effect) -> Receipt:
        try:
            self._api.send(effect)
        except ApiUnavailable:
            receipt = Receipt(effect.key, "queued")
        except ApiError as error:
            receipt = Receipt(effect.key, "refused", error.said)
        else:
            receipt = Receipt(effect.key, "sent")
        self._mark(effect.key, receipt.status, receipt.detail)
        return receipt


def _utc_now() -> str:
    return datetime.now(timezone.utc).isoformat()


@contextmanager
def _durable() -> Iterator[None]:
    """Turn what a disk or a file can do to us into OutboxError. Misuse of sqlite3 is a bug and stays one."""
    try:
        yield
    except (sqlite3.ProgrammingError, sqlite3.IntegrityError, sqlite3.NotSupportedError):
        raise
    except sqlite3.DatabaseError as error:
        if type(error) is sqlite3.DatabaseError:  # not a database, or malformed
            message = f"the outbox file is damaged ({error}); move it away to start a new one"
            raise OutboxError(message, said="待发记录坏了，这一步没有办。") from error
        raise OutboxError(f"the outbox cannot be used ({error}); free disk space and check its permissions") from error
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise OutboxError(f"the outbox cannot be opened ({reason}); check COURIER_HOME and its permissions") from error
