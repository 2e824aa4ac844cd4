"""A command told to end by the system puts its temporary files away."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

SCRIPT = """
import tempfile, time
from courier_voice.commands.out import begin
begin()
with tempfile.TemporaryDirectory() as folder:
    print(folder, flush=True)
    time.sleep(60)
"""


STORE = ["-m", "courier_voice.cli", "eval", "store", "--store", "lancedb-exact", "--vectors", "300000"]

needs_signals = pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGTERM")


@needs_signals
def test_temporary_folders_go_with_it(tmp_path: Path) -> None:
    env = {**os.environ, "TMPDIR": str(tmp_path), "COURIER_HOME": str(tmp_path / "home")}
    with subprocess.Popen([sys.executable, "-c", SCRIPT], stdout=subprocess.PIPE, text=True, env=env) as run:
        assert run.stdout
        folder = Path(run.stdout.readline().strip())
        assert folder.is_dir()
        run.send_signal(signal.SIGTERM)
        assert run.wait(30) == 128 + signal.SIGTERM
    assert not folder.exists()


@needs_signals
def test_a_store_half_built_goes_with_the_comparison(tmp_path: Path) -> None:
    pytest.importorskip("lancedb")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    env = {**os.environ, "TMPDIR": str(scratch), "COURIER_HOME": str(tmp_path / "home")}
    with subprocess.Popen([sys.executable, *STORE], stderr=subprocess.DEVNULL, env=env) as run:
        try:
            until = time.monotonic() + 60
            while not list(scratch.rglob("*.lance")):
                assert run.poll() is None
                assert time.monotonic() < until
                time.sleep(0.1)
            run.send_signal(signal.SIGTERM)
            assert run.wait(30) != 0
        finally:
            run.kill()
    assert list(scratch.iterdir()) == []
