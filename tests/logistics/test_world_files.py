from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from courier_voice.core.errors import WorldError
from courier_voice.core.parcels import surname
from courier_voice.logistics.mock.carrier import Carrier
from courier_voice.logistics.mock.world import load_world

WORLDS = Path(__file__).parents[2] / "fixtures" / "worlds"


@pytest.mark.parametrize("path", sorted(WORLDS.glob("*.json")), ids=lambda p: p.stem)
def test_shipped_worlds_are_whole(path: Path) -> None:
    world = load_world(path)
    pending = {task.id for task in world.tasks if task.state == "pending"}
    assert set(world.route) == pending
    assert world.current == world.route[0]
    flags = {task.id: (task.overdue, task.due_soon) for task in world.tasks}
    served = {task.id: (task.overdue, task.due_soon) for task in Carrier(world, frozen=True).day().tasks}
    assert served == flags  # the file says what the clock says
    for task in world.tasks:
        times = [point.time for point in task.track]
        assert times == sorted(times)
        assert all(time <= f"{world.date} {world.now}" for time in times)


def test_the_demo_has_what_makes_a_courier_think() -> None:
    tasks = load_world(WORLDS / "demo.json").tasks
    tails = {task.waybill[-4:] for task in tasks}
    assert {"6688", "9021", "9012", "0578"} <= tails
    assert len(tails) == len(tasks)
    buildings = Counter((surname(t.customer), t.address.split("单元")[0]) for t in tasks if "单元" in t.address)
    assert max(buildings.values()) == 2
    assert any(surname(t.customer) + t.title == "王女士" and "3号楼" in t.address for t in tasks)
    assert sum(t.kind == "pickup" for t in tasks) == 2
    assert sum(t.ka_code is not None for t in tasks) == 1
    assert sum(t.overdue for t in tasks) == 1


def change(*path: str | int, value: Any) -> Callable[[Any], None]:
    def apply(world: Any) -> None:
        for step in path[:-1]:
            world = world[step]
        world[path[-1]] = value

    return apply


@pytest.mark.parametrize(
    ("spoil", "field"),
    [
        (change("tasks", 1, "window", value="九点到十二点"), "tasks.1.window"),
        (change("tasks", 1, "waybill", value="JD12"), "tasks.1.waybill"),
        (change("tasks", 1, "phone_masked", value="13912345130"), "tasks.1.phone_masked"),
        (change("tasks", 1, "cod_yuan", value="168"), "tasks.1.cod_yuan"),
        (change("tasks", 1, "phone", value="13912345130"), "tasks.1.phone"),
        (change("tasks", 1, "ka_code", value="KA0000"), "tasks.1.ka_code"),
        (change("tasks", 1, "id", value="D01"), "tasks: an id"),
        (change("tasks", 1, "waybill", value="JD0415520360578"), "tasks: a waybill"),
        (change("route", 2, value="D99"), "route.2"),
        (change("route", 2, value="D13"), "route.2"),  # done
        (change("route", 2, value="D01"), "route: an id"),
        (change("current", value="D99"), "current"),
        (change("now", value="25:00"), "now"),
        (change("date", value="2025-02-30"), "date"),
        (change("weather", value="雨"), "weather"),
    ],
)
def test_a_broken_world_is_refused_by_field(spoil: Callable[[Any], None], field: str, tmp_path: Path) -> None:
    world = json.loads((WORLDS / "demo.json").read_text(encoding="utf8"))
    spoil(world)
    broken = tmp_path / "broken.json"
    broken.write_text(json.dumps(world), encoding="utf8")
    with pytest.raises(WorldError) as caught:
        load_world(broken)
    assert field in str(caught.value)
    assert "broken.json" in str(caught.value)
    assert "13912345130" not in str(caught.value)


def test_no_file_and_no_json(tmp_path: Path) -> None:
    with pytest.raises(WorldError, match="cannot be read"):
        load_world(tmp_path / "none.json")
    (tmp_path / "half.json").write_text('{"courier": ')
    with pytest.raises(WorldError, match="Invalid JSON"):
        load_world(tmp_path / "half.json")
