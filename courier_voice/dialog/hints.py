"""Names and places of today's work for the recogniser to expect, the next ones first."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from courier_voice.core.parcels import Day, Parcel

_MOST: Final = 24
"""As many as the recogniser has learned to read; a longer list costs time and pushes the first ones out."""

_PLACE: Final = re.compile(r"^[\u4e00-\u9fff]{2,9}?(?=[0-9０-９一二三四五六七八九十百零]*[0-9]|[A-Z]|$)")


def hints(day: Day) -> tuple[str, ...]:
    """At most 24 names as spoken (王女士) and places (锦绣花园), each once, along the route from where he is."""
    found: dict[str, None] = {}
    for parcel in _ahead(day):
        found[parcel.called] = None
        if place := _PLACE.match(parcel.address):
            found[place[0]] = None
        if len(found) >= _MOST:
            break
    return tuple(found)[:_MOST]


def _ahead(day: Day) -> Iterator[Parcel]:
    here = day.by_id(day.current)
    if here:
        yield here
    for task in day.route:
        parcel = day.by_id(task)
        if parcel:
            yield parcel
