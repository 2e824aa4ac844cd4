"""chaos: the counts of a run, and whether they are clean."""

from __future__ import annotations

import time
from dataclasses import asdict

import typer

from courier_voice.commands.out import begin, emit
from courier_voice.evals import chaos as suite

EVERY_S = 2.0


def chaos(effects: int, seed: int, json_: bool) -> None:
    """Exit code 1 when anything was lost, doubled, unrecorded or contradicted."""
    begin()
    told = time.monotonic()

    def step(done: int) -> None:  # no rich bar: it has a thread, and this process forks
        nonlocal told
        if time.monotonic() - told > EVERY_S:
            told = time.monotonic()
            typer.echo(f"{done}/{effects}", err=True)

    counts = suite.run(effects, seed, step)
    row = asdict(counts)
    if json_:
        emit({"seed": seed, **row, "clean": counts.clean})
    else:
        for name, value in row.items():
            typer.echo(f"{name.replace('_', ' '):>16}  {dict(value) if name == 'ops' else value}")
    if not counts.clean:
        raise typer.Exit(1)
