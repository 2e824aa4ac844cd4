"""ledger list, show, export, delete: the record of turns and effects, masked unless told otherwise."""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import closing
from datetime import date, datetime, time, timezone
from pathlib import Path
from typing import Any

import typer

from courier_voice.commands.out import begin, emit, stderr
from courier_voice.core.errors import LedgerError
from courier_voice.dialog.standing import NAMES
from courier_voice.logistics.forgetting import forget_files
from courier_voice.logistics.ledger import Entry, Ledger
from courier_voice.logistics.store import WAITING, Store
from courier_voice.logistics.vault import open_vault
from courier_voice.settings import Settings

STATUS = {"queued": "先记下了", "sent": "已发送", "refused": "没发成", "held": "等重新确认", "dropped": "不发了"}
SHORTEST_WAYBILL = 10


def open_home(settings: Settings) -> Ledger:
    """The ledger under COURIER_HOME. Raises LedgerError when there is none yet."""
    file = settings.home / "ledger.sqlite3"
    if not file.is_file():
        raise LedgerError("there is no ledger yet; it begins with the first turn of say or listen (see COURIER_HOME)")
    return Ledger(file, open_vault(settings.home, settings.ledger.key), retention_days=settings.ledger.retention_days)


def list_(limit: int, waybill: str | None, kind: str | None, since: str | None, unmasked: bool, json_: bool) -> None:
    with open_home(begin()) as ledger:
        rows = _rows(ledger, ledger.entries(limit=limit, waybill=waybill, kind=kind, since=_day(since)), unmasked)
        for row in rows:
            if json_:
                emit(row)
            else:
                typer.echo(_line(row))


def show(seq: int, unmasked: bool, json_: bool) -> None:
    with open_home(begin()) as ledger:
        row = next(iter(_rows(ledger, [ledger.entry(seq)], unmasked)))
    if json_:
        emit(row)
    else:
        typer.echo(json.dumps(row, ensure_ascii=False, indent=2))


def export(to: Path | None, waybill: str | None, since: str | None, unmasked: bool) -> None:
    """JSON lines to a file (0600) or stdout."""
    with open_home(begin()) as ledger:
        rows = _rows(ledger, ledger.entries(waybill=waybill, since=_day(since)), unmasked)
        if to is None:
            for row in rows:
                emit(row)
            return
        try:
            to.touch(mode=0o600)
            with to.open("w", encoding="utf-8") as file:
                count = sum(1 for row in rows if file.write(json.dumps(row, ensure_ascii=False) + "\n"))
        except OSError as error:
            raise LedgerError(f"{to.name} cannot be written ({error.strerror}); choose another file") from error
    stderr.print(f"{count} entries in {to.name}{'' if unmasked else ', masked'}", markup=False, highlight=False)


def delete(waybill: str, json_: bool) -> None:
    """Forget a waybill here: ledger, settled effects, and whole the files that cannot be searched. What still waits to
    be sent stays until it is. Raises LedgerError."""
    if len(waybill) < SHORTEST_WAYBILL:
        raise LedgerError("that is no whole waybill number; courier-voice ledger list --waybill … shows it")
    settings = begin()
    with open_home(settings) as ledger:
        erased = ledger.erase(waybill)
    waiting = settled = 0
    if (settings.home / "outbox.sqlite3").is_file():
        # Not the outbox: it would take calls that another program is placing now for interrupted ones.
        with closing(Store(settings.home / "outbox.sqlite3", open_vault(settings.home, settings.ledger.key))) as store:
            settled = store.erase("waybill = ?", waybill)
            waiting = sum(row.effect.waybill == waybill for row in store.select(WAITING))
    forget_files(settings.home)
    row: dict[str, object] = {"waybill": waybill, "entries": erased, "effects": settled, "waiting": waiting}
    if json_:
        emit(row)
    else:
        kept = f"; {waiting} still wait to be sent and stay until then" if waiting else ""
        typer.echo(f"{erased} entries and {settled} effects of {waybill} are gone{kept}")


def _rows(ledger: Ledger, entries: Iterable[Entry], unmasked: bool) -> Iterable[dict[str, Any]]:
    for entry in entries:
        told = ledger.whole(entry) if unmasked else entry.masked
        yield {
            "seq": entry.seq,
            "at": entry.at.astimezone().isoformat(timespec="seconds"),
            "kind": entry.kind,
            **({"key": entry.key} if entry.key else {}),
            "waybills": list(entry.waybills),
            **told,
        }


def _line(row: dict[str, Any]) -> str:
    if row.get("op"):
        why = f"：{row['detail']}" if row["detail"] else ""
        what = f"{NAMES[row['op']]} {row['waybill']} {STATUS[row['status']]}{why}"
    else:
        what = (
            f"“{row['heard']}” → {row['outcome']} {'；'.join(d['intent'] for d in row['understood'])} → {row['reply']}"
        )
    return f"{row['seq']:>6} {row['at'][:19]} {what}"


def _day(since: str | None) -> datetime | None:
    if since is None:
        return None
    try:
        return datetime.combine(date.fromisoformat(since), time()).astimezone(timezone.utc)
    except ValueError as error:
        raise typer.BadParameter("a date like 2026-01-31", param_hint="--since") from error
