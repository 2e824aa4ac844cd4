"""The shape of the house: who may import whom, how large a file and how deep a folder may be."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import pytest
from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "courier_voice"
SOURCES = sorted([*PACKAGE.rglob("*.py"), *(ROOT / "tests").rglob("*.py"), *(ROOT / "scripts").rglob("*.py")])


def test_the_layers_hold(capsys: pytest.CaptureFixture[str]) -> None:
    before = list(sys.path)
    try:
        status = lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True, no_logo=True)
        for name in list(
            logging.root.manager.loggerDict
        ):  # it configures logging, which turns off every logger there was
            logging.getLogger(name).disabled = False
    finally:
        sys.path[:] = before
    assert status == EXIT_STATUS_SUCCESS, capsys.readouterr().out


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_can_be_read_in_one_sitting(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 300


def test_folders_are_two_deep() -> None:
    folders = {path.parent.relative_to(PACKAGE) for path in PACKAGE.rglob("*.py")}
    assert {folder for folder in folders if len(folder.parts) > 1} <= {Path("logistics/mock")}
