"""What the recogniser is told to expect: names and places of the route, the next ones first, never a number."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from courier_voice.dialog.hints import hints


def test_hints_are_names_and_places_of_the_route_from_here(talk: Any) -> None:
    day = talk.agent.api.day()
    told = hints(day)
    assert len(told) == len(set(told)) <= 24
    here = day.by_id(day.current)
    assert told[0] == here.called
    assert here.address.startswith(told[1])
    known = " ".join(f"{parcel.called} {parcel.address}" for parcel in day.parcels)
    for hint in told:
        assert hint in known
        assert not re.search(r"[0-9A-Za-z]", hint)


def test_a_day_without_work_has_no_hints(talk: Any) -> None:
    assert hints(replace(talk.agent.api.day(), route=(), current=None)) == ()
