"""The mock carrier with a state file: a server killed and started again knows what it did."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from courier_voice.core.errors import ApiRefused, WorldError
from courier_voice.core.parcels import Effect
from courier_voice.logistics.client import HttpLogistics
from courier_voice.logistics.mock.serve import in_process_client
from courier_voice.logistics.mock.state import durable_carrier
from courier_voice.logistics.mock.world import load_world

WORLD = load_world(Path(__file__).parents[2] / "fixtures" / "worlds" / "demo.json")
WANG = "JD0415520360578"
NOW = datetime(2025, 6, 18, 10, 5)


def test_it_goes_on_where_it_was(tmp_path: Path) -> None:
    carrier = durable_carrier(WORLD, tmp_path / "state")
    api = HttpLogistics(in_process_client(carrier))
    pickup = next(t.waybill for t in WORLD.tasks if t.kind == "pickup" and t.state == "pending")
    api.send(Effect("sms", WANG, {"message": "到了"}, "a", NOW))
    api.send(Effect("dial", WANG, {}, "b", NOW))
    api.send(Effect("exception", WANG, {"reason": "other", "note": "门禁"}, "c", NOW))
    api.edit_pickup(pickup, {"item": "书"})
    api.send(Effect("pickup", pickup, {"weight_kg": 2.0}, "d", NOW))
    api.send(Effect("sign_off", WANG, {"place": "门口"}, "e", NOW))
    with pytest.raises(ApiRefused):
        api.send(Effect("sign_off", WANG, {"place": "门口"}, "f", NOW))
    again = durable_carrier(WORLD, tmp_path / "state")
    assert again.ledger() == carrier.ledger()
    assert again.day().tasks == carrier.day().tasks
    api = HttpLogistics(in_process_client(again))
    api.send(Effect("sms", WANG, {"message": "到了"}, "a", NOW))
    with pytest.raises(ApiRefused):
        api.send(Effect("sign_off", WANG, {"place": "门口"}, "f", NOW))
    assert len(again.ledger().effects) == 5


def test_a_state_that_is_none_names_the_line(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("{}\n")
    with pytest.raises(WorldError, match="line 1"):
        durable_carrier(WORLD, tmp_path / "state")
