"""models pull, list, verify."""

from __future__ import annotations

from pathlib import Path

import typer
from rich.console import Console
from rich.table import Table

from courier_voice.commands.out import begin, downloads, emit, stderr, waiting
from courier_voice.weights.adapt import BASE, PARTWAY, chosen_model, hashes
from courier_voice.weights.fetch import pull
from courier_voice.weights.verify import Row, list_entries, verify


def _row(row: Row) -> dict[str, object]:
    return {
        "name": row.name,
        "role": row.role,
        "state": row.state,
        "bytes": row.size,
        "default": row.default,
        "licence": row.licence,
        "upstream": row.upstream,
        "faults": dict(row.faults),
    }


def _show(rows: tuple[Row, ...], json_: bool) -> None:
    if json_:
        for row in rows:
            emit(_row(row))
        return
    table = Table("name", "role", "state", "MB", "default", "licence", box=None)
    for row in rows:
        default = "yes" if row.default else ""
        table.add_row(row.name, row.role, row.state, f"{row.size / 1e6:.0f}", default, row.licence)
        for file, fault in row.faults.items():
            table.add_row("", "", f"{file}: {fault}", "", "", "")
    Console().print(table)


def models_pull(names: list[str], json_: bool) -> None:
    settings = begin()
    with downloads() as progress:
        paths = pull(names, settings.weights, progress)
    pulled = {path.name for path in paths}
    rows = tuple(row for row in list_entries(settings.weights) if row.name in pulled)
    _show(rows, json_)
    if BASE in pulled:
        for share in (1.0, PARTWAY):
            with waiting("正在把适配器并入识别模型…"):
                tuned, _ = chosen_model(BASE, "auto", settings.weights, share, chinese=True)
            _show_tuned(tuned, json_)


def _show_tuned(tuned: Path, json_: bool) -> None:
    if json_:
        size = sum((tuned / file).stat().st_size for file in hashes(tuned))
        emit({"name": tuned.name, "role": "asr", "state": "present", "bytes": size, "sha256": hashes(tuned)})
    else:
        for file, digest in hashes(tuned).items():
            typer.echo(f"{tuned.name}/{file}  sha256 {digest}")


def models_list(json_: bool) -> None:
    _show(list_entries(begin().weights), json_)


def models_verify(names: list[str], json_: bool) -> None:
    settings = begin()
    with downloads() as progress:
        rows = verify(names, settings.weights, progress)
    _show(rows, json_)
    if any(row.state != "present" for row in rows):
        stderr.print("not all there: courier-voice models pull", style="red")
        raise typer.Exit(1)
