"""A command told to end by the system puts its temporary files away."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
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


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGTERM")
def test_temporary_folders_go_with_it(tmp_path: Path) -> None:
    env = {**os.environ, "TMPDIR": str(tmp_path), "COURIER_HOME": str(tmp_path / "home")}
    with subprocess.Popen([sys.executable, "-c", SCRIPT], stdout=subprocess.PIPE, text=True, env=env) as run:
        assert run.stdout
        folder = Path(run.stdout.readline().strip())
        assert folder.is_dir()
        run.send_signal(signal.SIGTERM)
        assert run.wait(30) == 128 + signal.SIGTERM
    assert not folder.exists()
