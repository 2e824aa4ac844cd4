"""A short seed of chaos; ``make chaos`` runs the long one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from courier_voice.core.errors import SettingsError
from courier_voice.evals import chaos
from courier_voice.evals.journal import Journal

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="chaos forks")


def test_nothing_is_lost_or_doubled(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "courier_voice.cli", "chaos", "--effects", "60", "--seed", "11", "--json"]
    env = {**os.environ, "NO_PROXY": "127.0.0.1", "COURIER_HOME": str(tmp_path)}
    ran = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    counts = json.loads(ran.stdout)
    assert (counts["lost"], counts["doubled"], counts["unrecorded"], counts["contradicted"]) == (0, 0, 0, 0), ran.stderr
    assert counts["asked"] == 60
    assert counts["acknowledged"] > 30
    assert counts["agent_kills"] > 0
    assert ran.returncode == 0


def test_an_interrupted_run_keeps_its_finished_rounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    played = tmp_path / "played"

    def play(effects: int, seed: int, name: str, step: object) -> chaos.Counts:
        with played.open("a") as file:
            file.write(f"{name}\n")
        if name == "3" and not (tmp_path / "again").exists():
            raise KeyboardInterrupt
        return chaos.Counts(asked=effects, doubled=int(name == "2"), ops={"sms": effects})

    monkeypatch.setattr(chaos, "play", play)
    monkeypatch.setattr(chaos, "warm", lambda: None)
    effects = 2 * chaos.A_ROUND + 5
    with pytest.raises(SettingsError, match="round 3"), Journal(tmp_path / "evals", "run") as journal:
        chaos.run(effects, 1, journal)
    (tmp_path / "again").touch()
    told: list[int] = []
    with Journal(tmp_path / "evals", "run") as journal:
        assert sorted(journal.done) == ["1", "2"]
        counts = chaos.run(effects, 1, journal, jobs=2, step=told.append)
    assert played.read_text().split() == ["1", "2", "3", "3"]
    assert (counts.asked, counts.ops, counts.doubled, counts.unclean) == (effects, {"sms": effects}, 1, ("2",))
    assert not counts.clean
    assert told == [2 * chaos.A_ROUND]
    assert list((tmp_path / "evals").iterdir()) == []
