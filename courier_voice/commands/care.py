"""mock-api: the mock carrier as a real server."""

from __future__ import annotations

from pathlib import Path

import typer

from courier_voice.app import data_dir
from courier_voice.commands.out import begin, stderr
from courier_voice.core.errors import SettingsError
from courier_voice.logistics.mock.faults import parse_fault
from courier_voice.logistics.mock.serve import run


def mock_api(world: Path | None, host: str, port: int, fault: list[str], state: Path | None) -> None:
    """Serve until Ctrl-C. The token is settings' ``api.token``."""
    settings = begin()
    token = settings.api.token.get_secret_value()
    path = world or settings.api.world or data_dir("fixtures") / "worlds" / "demo.json"

    def announce(url: str) -> None:
        stderr.print(
            f"mock carrier on {url} (description at {url}/docs), bearer token as COURIER_API__TOKEN", markup=False
        )

    try:
        faults = [parse_fault(spec) for spec in fault]
    except SettingsError as error:
        raise typer.BadParameter(str(error), param_hint="--fault") from error
    run(path, host=host, port=port, token=token, faults=faults, state=state, announce=announce)
