"""The command line of ``ledger``. Imported for ``--help``: nothing but typer here."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from courier_voice.commands.options import Json, Unmasked

app = typer.Typer(help="The record of turns and effects: list, show, export, delete.", no_args_is_help=True)


class Kinds(str, Enum):
    TURN = "turn"
    EFFECT = "effect"


Waybill = Annotated[str | None, typer.Option(help="Only about this waybill (its last digits do).")]
Since = Annotated[str | None, typer.Option(help="Only from this date on: 2026-01-31.")]


@app.command("list", epilog="Example: courier-voice ledger list --limit 50 --waybill 6688")
def list_(
    limit: Annotated[int, typer.Option(min=0, help="The latest so many (0: all).")] = 20,
    waybill: Waybill = None,
    kind: Annotated[Kinds | None, typer.Option(help="Only turns, or only effects.")] = None,
    since: Since = None,
    unmasked: Unmasked = False,
    json_: Json = False,
) -> None:
    """The latest entries, oldest first; personal data is masked."""
    from courier_voice.commands import ledger as run

    run.list_(limit, waybill, kind and kind.value, since, unmasked, json_)


@app.command("show", epilog="Example: courier-voice ledger show 12")
def show(
    entry: Annotated[int, typer.Argument(help="Its number, as in list.")],
    unmasked: Unmasked = False,
    json_: Json = False,
) -> None:
    """One entry, whole."""
    from courier_voice.commands import ledger as run

    run.show(entry, unmasked, json_)


@app.command("export", epilog="Example: courier-voice ledger export --to shift.jsonl")
def export(
    to: Annotated[Path | None, typer.Option(dir_okay=False, help="A file (default: stdout).")] = None,
    waybill: Waybill = None,
    since: Since = None,
    unmasked: Unmasked = False,
    json_: Json = True,
) -> None:
    """Every entry as JSON lines, fit to be passed on: personal data is masked."""
    from courier_voice.commands import ledger as run

    run.export(to, waybill, since, unmasked)


@app.command("delete", epilog="Example: courier-voice ledger delete --waybill JD0415520360578")
def delete(
    waybill: Annotated[str, typer.Option(help="The whole number.")],
    json_: Json = False,
) -> None:
    """Forget a waybill for good: its entries, its settled effects, the day's cache."""
    from courier_voice.commands import ledger as run

    run.delete(waybill, json_)
