"""chaos: the counts of a run, and whether they are clean."""

from __future__ import annotations

from dataclasses import asdict

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from courier_voice.commands.out import begin, emit, stderr
from courier_voice.evals import chaos as suite
from courier_voice.evals.journal import Journal, fingerprint


def chaos(effects: int, seed: int, jobs: int, fresh: bool, json_: bool) -> None:
    """Exit code 1 when anything was lost, doubled, unrecorded or contradicted. Finished rounds outlive Ctrl-C."""
    folder = begin().home / "evals"
    run = f"chaos-{fingerprint(str(seed), str(effects))}"
    columns = (TextColumn("效果"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    try:
        # No thread that draws by itself: this process forks.
        with (
            Journal(folder, run, fresh=fresh) as journal,
            Progress(*columns, console=stderr, transient=True, auto_refresh=False) as progress,
        ):
            task = progress.add_task("", total=effects)
            counts = suite.run(
                effects, seed, journal, jobs=jobs, step=lambda n: progress.update(task, advance=n, refresh=True)
            )
    except KeyboardInterrupt:
        stderr.print("finished rounds are kept: the same command goes on", markup=False)
        raise
    row = asdict(counts)
    if json_:
        emit({"seed": seed, **row, "clean": counts.clean})
    else:
        for name, value in row.items():
            typer.echo(f"{name.replace('_', ' '):>16}  {' '.join(value) or '–' if name == 'unclean' else value}")
    if not counts.clean:
        raise typer.Exit(1)
