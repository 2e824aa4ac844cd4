"""The logistics API with a memory: what it told last answers while there is no network, with its age."""

from __future__ import annotations

import json
import logging
import os
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

from pydantic import TypeAdapter, ValidationError

from courier_voice.core.errors import ApiNotFound, ApiUnavailable, LedgerError
from courier_voice.core.parcels import Day, Effect, Entry, Parcel, State
from courier_voice.core.ports import LogisticsApi
from courier_voice.core.privacy import people
from courier_voice.logistics.clock import Moment, moment
from courier_voice.logistics.vault import Seal

log = logging.getLogger(__name__)

DOWN_S: Final = 3.0
"""After a miss the cache answers for so long without asking: a turn in a lift waits for one timeout, not for four."""
WRITE_EVERY_S: Final = 30.0
DAY, PARCEL = TypeAdapter(Day), TypeAdapter(Parcel)
Kept = tuple[Day, Moment]
Answer = TypeVar("Answer")


class DayCache:
    """The last day told, the waybills asked for and the forms filled in without network, in one sealed file; without a
    file, in memory. Never raises for a disk: a cache that cannot be written is none."""

    def __init__(self, file: Path | None = None, seal: Seal | None = None, scope: str = "") -> None:
        """``scope`` names whose day it is (address and token of the API): nobody else's is served."""
        self._file, self._seal, self._scope = file, seal, scope
        self.day: Kept | None = None
        self.waybills: dict[str, tuple[Parcel, Moment]] = {}
        self.forms: dict[str, dict[str, object]] = {}
        self._written = float("-inf")
        self._load()

    def together(self, waybill: str) -> tuple[str, ...]:
        """The waybills of the same customer at the same door; at least this one."""
        parcels = self.day[0].parcels if self.day else ()
        whose = next(((p.customer, p.address) for p in parcels if p.waybill == waybill), None)
        return tuple({waybill, *(p.waybill for p in parcels if (p.customer, p.address) == whose)})

    def save(self, *, now: bool = False) -> None:
        """Write the file, at most every 30 s unless ``now``."""
        if self._file is None or self._seal is None or self.day is None:
            return
        if not now and time.monotonic() - self._written < WRITE_EVERY_S:
            return
        whole = {
            "scope": self._scope,
            "day": [DAY.dump_python(self.day[0], mode="json"), _kept(self.day[1])],
            "waybills": {n: [PARCEL.dump_python(p, mode="json"), _kept(m)] for n, (p, m) in self.waybills.items()},
            "forms": self.forms,
        }
        name = ""
        try:
            handle, name = tempfile.mkstemp(dir=self._file.parent, suffix=".part")
            with os.fdopen(handle, "wb") as part:
                part.write(self._seal.seal(json.dumps(whole, ensure_ascii=False)))
            Path(name).replace(self._file)
            self._written = time.monotonic()
        except OSError as error:
            if name:
                Path(name).unlink(missing_ok=True)  # on a full disk of all disks
            log.warning("the day's cache is not written (%s); free some disk space", error.strerror)

    def _load(self) -> None:
        if self._file is None or self._seal is None:
            return
        try:
            whole = json.loads(self._seal.unseal(self._file.read_bytes()))
            if whole["scope"] != self._scope:
                return
            self.day = (DAY.validate_python(whole["day"][0]), _moment(whole["day"][1]))
            self.waybills = {n: (PARCEL.validate_python(p), _moment(m)) for n, (p, m) in whole["waybills"].items()}
            self.forms = whole["forms"]
        except FileNotFoundError:
            return
        except (OSError, LedgerError, ValueError, KeyError, TypeError, ValidationError) as error:
            log.warning("the day's cache cannot be read (%s) and is made anew", type(error).__name__)


class OfflineLogistics:
    """core.ports.LogisticsApi over another one. Reads fall back on the cache; a form's fields are kept until the API
    has them; what waits in the outbox already shows, so that nothing is signed off twice."""

    def __init__(self, api: LogisticsApi, cache: DayCache, waiting: Callable[[], Sequence[Entry]] = tuple) -> None:
        self._api, self._cache, self._waiting = api, cache, waiting
        self._down_until = float("-inf")

    def day(self) -> Day:
        """Today's tasks. Raises ApiUnavailable when neither the API nor today's cache has them."""
        try:
            day = self._asked(self._api.day)
            self._cache.day = (day, moment())
            self._cache.save()
        except ApiUnavailable:
            aged = self._cached_day()
            if aged is None:
                raise
            day = aged
        people.learn(day)
        return with_waiting(day, self._waiting())

    def waybill(self, number: str) -> Parcel:
        try:
            parcel = self._asked(lambda: self._api.waybill(number))
            self._cache.waybills[number] = (parcel, moment())
            return parcel
        except ApiUnavailable:
            if number in self._cache.waybills:
                parcel, kept = self._cache.waybills[number]
                return replace(parcel, age_s=_seconds(kept))
            day = self._cached_day()
            known = day.by_waybill(number) if day else None
            if day is None or known is None:
                raise
            return replace(known, age_s=day.age_s)

    def edit_pickup(self, number: str, fields: Mapping[str, object]) -> Mapping[str, object]:
        unsent = self._cache.forms.get(number, {})
        try:
            whole = self._asked(lambda: self._api.edit_pickup(number, {**unsent, **fields}))
            if self._cache.forms.pop(number, None):
                self._cache.save(now=True)
            return whole
        except ApiUnavailable:
            day = self._cached_day()
            parcel = day.by_waybill(number) if day else None
            if parcel is None:
                raise
            form = self._cache.forms[number] = {**unsent, **fields}
            self._cache.save(now=True)
            given = {"weight_kg": parcel.weight_kg, "item": parcel.item, **form}
            return {name: value for name, value in given.items() if value is not None}

    def send(self, effect: Effect) -> None:
        self._api.send(effect)

    def prefetch(self, most: int = 50) -> int:
        """Fetch waybills of today that were not asked for yet, so that a lift can have them; how many."""
        day = self._cache.day[0] if self._cache.day else None
        missing = [p.waybill for p in day.in_route_order() if p.waybill not in self._cache.waybills] if day else []
        fetched = 0
        for number in missing[:most]:
            try:
                self._cache.waybills[number] = (self._asked(partial(self._api.waybill, number)), moment())
            except (ApiUnavailable, ApiNotFound):
                break
            fetched += 1
        if fetched:
            self._cache.save(now=True)
        return fetched

    def _asked(self, ask: Callable[[], Answer]) -> Answer:
        if self._cache.day is not None and time.monotonic() < self._down_until:
            raise ApiUnavailable("the API did not answer a moment ago; check the network")
        try:
            return ask()
        except ApiUnavailable:
            self._down_until = time.monotonic() + DOWN_S
            raise

    def _cached_day(self) -> Day | None:
        """The last day told, its clock run on; None when there is none or it was another date."""
        if self._cache.day is None:
            return None
        day, kept = self._cache.day
        age = kept.elapsed()
        now = day.now + (age or timedelta(0))
        if now.date() != day.now.date():
            return None
        return replace(day, now=now, age_s=_seconds(kept))


def with_waiting(day: Day, entries: Sequence[Entry]) -> Day:
    """The day as it will be once what waits has been sent: signed off is signed off."""
    states: dict[str, State] = {}
    for entry in entries:
        if entry.status == "queued" and entry.effect.op in ("sign_off", "pickup", "exception"):
            states[entry.effect.waybill] = "exception" if entry.effect.op == "exception" else "done"
    if not states:
        return day
    parcels = tuple(replace(p, state=states.get(p.waybill, p.state)) for p in day.parcels)
    over = {p.id for p in parcels if p.waybill in states}
    route = tuple(task for task in day.route if task not in over)
    current, previous = day.current, day.previous
    if current in over:
        at = day.route.index(current) if current in day.route else 0
        after = [task for task in (*day.route[at:], *day.route[:at]) if task not in over]
        current, previous = (after[0] if after else None), current
    return replace(day, parcels=parcels, route=route, current=current, previous=previous)


def _seconds(kept: Moment) -> float:
    age = kept.elapsed()
    return float("inf") if age is None else age.total_seconds()


def _kept(point: Moment) -> dict[str, object]:
    return {**asdict(point), "at": point.at.isoformat()}


def _moment(kept: Mapping[str, Any]) -> Moment:
    return Moment(datetime.fromisoformat(kept["at"]), kept["boot"], kept["uptime"])
