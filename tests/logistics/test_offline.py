"""Without network: answers out of the cache with their age, forms that wait, effects that already show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from courier_voice.core.errors import ApiUnavailable
from courier_voice.core.parcels import Day, Effect, Entry, Parcel, TrackEvent
from courier_voice.logistics import offline
from courier_voice.logistics.clock import Moment, moment, utc_now
from courier_voice.logistics.offline import DayCache, OfflineLogistics, with_waiting
from courier_voice.logistics.vault import open_vault

NOW = datetime(2025, 6, 18, 10, 5)


def parcel(number: int, kind: str = "delivery") -> Parcel:
    called = ("王秀兰", "女士", "female", "136****2207", f"枫林里{number}号楼", "09:00-12:00", "pending")
    return Parcel(f"T{number}", kind, f"JD000000000000{number}", *called)  # type: ignore[arg-type]


DAY = Day("秦师傅", NOW, "T1", None, ("T1", "T2", "T3"), (parcel(1), parcel(2), parcel(3, "pickup")))


class Api:
    def __init__(self) -> None:
        self.up = True
        self.asked = 0
        self.forms: list[Mapping[str, object]] = []

    def _ask(self) -> None:
        self.asked += 1
        if not self.up:
            raise ApiUnavailable("no network; find some")

    def day(self) -> Day:
        self._ask()
        return DAY

    def waybill(self, number: str) -> Parcel:
        self._ask()
        found = DAY.by_waybill(number)
        assert found
        return Parcel(**{**found.__dict__, "track": (TrackEvent("2025-06-18 08:00", "南桥", "派送中"),)})

    def edit_pickup(self, number: str, fields: Mapping[str, object]) -> Mapping[str, object]:
        self._ask()
        self.forms.append(fields)
        return fields

    def send(self, effect: Effect) -> None:
        self._ask()


@pytest.fixture(autouse=True)
def _always_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(offline, "DOWN_S", -1.0)


def test_the_cache_answers_across_a_restart_and_only_its_own_courier(tmp_path: Path) -> None:
    vault = open_vault(tmp_path, "file")
    api = Api()
    here = OfflineLogistics(api, DayCache(tmp_path / "day", vault, "me"))
    api.up = False
    with pytest.raises(ApiUnavailable):
        here.day()
    api.up = True
    assert here.day().age_s is None
    assert here.prefetch() == 3
    assert here.prefetch() == 0
    api.up = False
    later = OfflineLogistics(api, DayCache(tmp_path / "day", vault, "me"))
    day, one = later.day(), later.waybill("JD0000000000001")
    assert day.parcels == DAY.parcels
    assert day.age_s is not None
    assert one.track
    assert one.age_s is not None
    with pytest.raises(ApiUnavailable):
        OfflineLogistics(api, DayCache(tmp_path / "day", vault, "somebody else")).day()
    assert "枫林里".encode() not in (tmp_path / "day").read_bytes()


@pytest.mark.parametrize(
    ("ago", "age"), [(timedelta(minutes=12), 720.0), (timedelta(hours=-1), float("inf"))], ids=["past", "clock back"]
)
def test_the_age_is_told(ago: timedelta, age: float) -> None:
    api, cache = Api(), DayCache()
    here = OfflineLogistics(api, cache)
    here.day()
    cache.day = (DAY, Moment(utc_now() - ago, "", 0.0))
    api.up = False
    assert here.day().age_s == pytest.approx(age, abs=5)


def test_yesterdays_tasks_are_not_todays() -> None:
    api, cache = Api(), DayCache()
    here = OfflineLogistics(api, cache)
    here.day()
    cache.day = (DAY, Moment(utc_now() - timedelta(hours=20), "", 0.0))
    api.up = False
    with pytest.raises(ApiUnavailable):
        here.day()


def test_a_form_is_filled_in_without_network_and_goes_up_with_the_next_edit() -> None:
    api = Api()
    here = OfflineLogistics(api, DayCache())
    here.day()
    api.up = False
    here.edit_pickup("JD0000000000003", {"item": "书"})
    assert here.edit_pickup("JD0000000000003", {"weight_kg": 2.0}) == {"item": "书", "weight_kg": 2.0}
    api.up = True
    here.edit_pickup("JD0000000000003", {"quantity": 1})
    assert api.forms == [{"item": "书", "weight_kg": 2.0, "quantity": 1}]


def test_after_a_miss_nobody_waits_for_a_second_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(offline, "DOWN_S", 60.0)
    api = Api()
    here = OfflineLogistics(api, DayCache())
    here.day()
    api.up = False
    here.day()
    asked = api.asked
    here.day()
    here.waybill("JD0000000000001")
    assert api.asked == asked


def test_a_customers_waybills_belong_together() -> None:
    api, cache = Api(), DayCache()
    assert cache.together("JD0000000000001") == ("JD0000000000001",)
    here = OfflineLogistics(api, cache)
    here.day()
    assert cache.together("JD0000000000001") == ("JD0000000000001",)  # the same name at another door
    twin = replace(parcel(1), id="T9", waybill="JD0000000000009")
    cache.day = (replace(DAY, parcels=(*DAY.parcels, twin)), moment())
    assert sorted(cache.together("JD0000000000009")) == ["JD0000000000001", "JD0000000000009"]


def test_what_waits_already_shows() -> None:
    def entry(op: str, waybill: str, status: str = "queued") -> Entry:
        return Entry(Effect(op, waybill, {}, op, NOW), status, "", 0, utc_now())  # type: ignore[arg-type]

    day = with_waiting(DAY, [entry("sign_off", "JD0000000000001"), entry("sms", "JD0000000000002")])
    assert [p.state for p in day.parcels] == ["done", "pending", "pending"]
    assert (day.route, day.current, day.previous) == (("T2", "T3"), "T2", "T1")
    assert with_waiting(DAY, [entry("sign_off", "JD0000000000001", "held")]) == DAY
    assert moment().elapsed() is not None
