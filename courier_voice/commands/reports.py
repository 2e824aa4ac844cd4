"""Rows fit to be passed on: replay and eval reports without phones, names and addresses, unless told otherwise."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from courier_voice.app import data_dir
from courier_voice.core.privacy import people
from courier_voice.logistics.mock.world import load_world
from courier_voice.logistics.records import struck


def know(worlds: Iterable[Path]) -> None:
    """Learn whom these worlds are about, so that a report cannot name them. Raises WorldError."""
    for world in {*worlds, *(data_dir("fixtures") / "worlds").glob("*.json")}:
        people.add(load_world(world).named)


def shareable(row: Mapping[str, Any], unmasked: bool) -> dict[str, Any]:
    """A row of a report, masked unless ``unmasked``."""
    return dict(row) if unmasked else dict(struck(people.mask_all(row), set(_said(row))))


def _said(value: Any) -> Iterator[str]:
    """Names and addresses in the slots anywhere in a row."""
    if isinstance(value, Mapping):
        target = value.get("target")
        if isinstance(target, Mapping):
            yield from (str(target[slot]) for slot in ("name", "address") if len(str(target.get(slot) or "")) > 1)
        for inner in value.values():
            yield from _said(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from _said(inner)
