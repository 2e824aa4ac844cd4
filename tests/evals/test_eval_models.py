"""eval models: fast models side by side."""

from __future__ import annotations

import json
from importlib.resources import as_file, files

import pytest

from courier_voice.commands.eval_models import models


def test_a_model_is_as_good_as_itself(capsys: pytest.CaptureFixture[str]) -> None:
    with as_file(files("courier_voice.nlu").joinpath("data")) as shipped:
        models([shipped, shipped], 12, True)
        first, second = map(json.loads, capsys.readouterr().out.splitlines())
        assert first == second
        assert first["held_out"]["examples"] >= 12
        assert first["varied"]["examples"] > 24
        assert (first["dev"]["lines"], first["talk"]["lines"]) == (12, 12)
        shares = [first[part][key] for part in ("held_out", "varied") for key in ("intents", "frames", "false_actions")]
        shares += [first["dev"]["intents"], first["dev"]["frames"], first["talk"]["false_actions"]]
        assert all(0 <= share <= 1 for share in shares)
        assert first["dev"]["frames"] > 0.5
        models([shipped], 12, False)
        assert f"{first['varied']['frames']:.1%}" in capsys.readouterr().out
