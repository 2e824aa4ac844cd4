"""A short seed of chaos; ``make chaos`` runs the long one."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest


@pytest.mark.skipif(not hasattr(os, "fork"), reason="chaos forks")
def test_nothing_is_lost_or_doubled() -> None:
    command = [sys.executable, "-m", "courier_voice.cli", "chaos", "--effects", "60", "--seed", "11", "--json"]
    ran = subprocess.run(
        command, env={**os.environ, "NO_PROXY": "127.0.0.1"}, capture_output=True, text=True, check=False
    )
    counts = json.loads(ran.stdout)
    assert (counts["lost"], counts["doubled"], counts["unrecorded"], counts["contradicted"]) == (0, 0, 0, 0), ran.stderr
    assert counts["asked"] == 60
    assert counts["acknowledged"] > 30
    assert counts["agent_kills"] > 0
    assert ran.returncode == 0
