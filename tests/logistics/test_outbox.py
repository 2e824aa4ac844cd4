from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from courier_voice.core.errors import ApiRefused, ApiUnavailable
from courier_voice.core.parcels import Effect
from courier_voice.core.ports import Effects
from courier_voice.dialog.sms_rules import SmsRules
from courier_voice.logistics.client import HttpLogistics
from courier_voice.logistics.outbox import NOT_PLACED, OFFLINE_AFTER, Outbox

Connect = Callable[..., httpx.Client]
Happened = Callable[[], list[tuple[str, str, str]]]
NOW = datetime(2025, 6, 18, 10, 5)
WANG, LI, LIN = "JD0415520360578", "JD0415520376688", "JD0415520389021"
ROOT = Path(__file__).parents[2]


def sms(key: str, waybill: str = WANG, message: str = "到楼下了") -> Effect:
    return Effect("sms", waybill, {"message": message}, key, NOW)


def dial(key: str) -> Effect:
    return Effect("dial", WANG, {}, key, NOW)


class Network:
    """A sender with a switch: ``down`` holds the waybills it fails for (``*``: all), ``sent`` the keys it took."""

    def __init__(self, *down: str) -> None:
        self.down = set(down)
        self.tried: list[str] = []
        self.sent: list[str] = []

    def send(self, effect: Effect) -> None:
        self.tried.append(effect.key)
        if self.down & {"*", effect.waybill}:
            error = ApiUnavailable("no network; find some")
            error.unsent = True
            raise error
        self.sent.append(effect.key)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "outbox.db"


@pytest.fixture
def network() -> Network:
    return Network()


@pytest.fixture
def outbox(path: Path, network: Network) -> Iterator[Outbox]:
    with Outbox(path, network) as outbox:
        yield outbox


def test_sent_is_said_and_kept(outbox: Outbox) -> None:
    effects: Effects = outbox
    assert effects.perform(sms("a")).status == "sent"
    assert outbox.pending() == ()
    entry = outbox.history()[0]
    assert (entry.effect, entry.status, entry.attempts) == (sms("a"), "sent", 1)


def test_it_is_written_before_the_first_attempt(path: Path) -> None:
    class Looking:
        def send(self, effect: Effect) -> None:
            with sqlite3.connect(path) as other:
                rows = other.execute("SELECT key, status FROM effects").fetchall()
            other.close()
            assert rows == [("a", "queued")]

    with Outbox(path, Looking()) as outbox:
        assert outbox.perform(sms("a")).status == "sent"


def test_only_its_owner_may_read_the_file(outbox: Outbox, path: Path) -> None:
    outbox.perform(sms("a"))
    assert {file.name: file.stat().st_mode & 0o077 for file in path.parent.iterdir()} == {
        "outbox.db": 0,
        "outbox.db.lock": 0,
        "outbox.db.calls.lock": 0,
        "outbox.db-wal": 0,
        "outbox.db-shm": 0,
    }


def test_queue_then_flush_across_a_restart(path: Path) -> None:
    with Outbox(path, Network("*")) as outbox:
        assert outbox.perform(sms("a")).status == "queued"
        assert outbox.perform(sms("b", LI)).status == "queued"
        assert outbox.perform(sms("c")).status == "queued"
    network = Network()
    with Outbox(path, network) as outbox:
        assert [entry.effect.key for entry in outbox.pending()] == ["a", "b", "c"]
        assert [receipt.status for receipt in outbox.flush()] == ["sent"] * 3
        assert network.sent == ["a", "c", "b"]
        assert outbox.pending() == ()
        assert outbox.flush() == ()


def test_a_waybill_keeps_its_order_and_holds_up_no_other(outbox: Outbox, network: Network) -> None:
    network.down = {WANG}
    outbox.perform(sms("a"))
    outbox.perform(sms("b"))
    assert network.tried == ["a", "a"]  # b waits behind a
    assert outbox.perform(sms("c", LI)).status == "sent"
    network.down = set()
    assert outbox.perform(sms("d")).status == "sent"
    assert network.sent == ["c", "a", "b", "d"]


def test_a_refusal_is_final_and_lets_the_next_through(outbox: Outbox, network: Network) -> None:
    network.down = {"*"}
    outbox.perform(sms("a"))
    outbox.perform(sms("b"))

    def refuse_a(effect: Effect) -> None:
        if effect.key == "a":
            raise ApiRefused("sms: HTTP 409", said="客户不收短信。")

    network.send = refuse_a  # type: ignore[method-assign]
    assert [(r.key, r.status, r.detail) for r in outbox.flush(now=True)] == [
        ("a", "refused", "客户不收短信。"),
        ("b", "sent", ""),
    ]
    assert outbox.perform(sms("a")).detail == "客户不收短信。"


def test_a_failed_waybill_rests_before_the_next_flush(
    outbox: Outbox, network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [1000.0]
    # The module's own names only: a server's event loop may be running beside this.
    monkeypatch.setattr("courier_voice.logistics.backoff.time", SimpleNamespace(monotonic=lambda: clock[0]))
    monkeypatch.setattr("tenacity.wait.random", SimpleNamespace(uniform=lambda low, high: high))
    network.down = {"*"}
    outbox.perform(sms("a"))
    rests = []
    for _ in range(8):
        assert outbox.flush() == ()
        tries = len(network.tried)
        start = clock[0]
        while len(network.tried) == tries:
            clock[0] += 0.5
            outbox.flush()
        rests.append(clock[0] - start)
    assert rests == [1, 2, 4, 8, 16, 32, 60, 60]
    network.down = set()
    assert [receipt.status for receipt in outbox.flush(now=True)] == ["sent"]


def test_a_flush_without_network_gives_up_early(outbox: Outbox, network: Network) -> None:
    network.down = {"*"}
    for n in range(10):
        outbox.perform(sms(f"k{n}", f"JD000000000000{n}"))
    network.tried.clear()
    outbox.flush(now=True)
    assert len(network.tried) == OFFLINE_AFTER


# Calls


def test_a_call_is_never_late(outbox: Outbox, network: Network) -> None:
    network.down = {"*"}
    receipt = outbox.perform(dial("a"))
    assert (receipt.status, receipt.detail) == ("refused", NOT_PLACED)
    assert network.tried == ["a", "a"]
    network.down = set()
    assert outbox.flush(now=True) == outbox.pending() == ()
    assert outbox.perform(dial("a")).detail == NOT_PLACED
    assert network.sent == []


def test_a_call_overtakes_what_is_queued(outbox: Outbox, network: Network) -> None:
    network.down = {"*"}
    outbox.perform(sms("a"))
    network.down = set()
    assert outbox.perform(dial("b")).status == "sent"
    assert network.sent == ["b"]


def test_a_call_with_a_lost_answer_rings_once(connect: Connect, path: Path, happened: Happened) -> None:
    api = HttpLogistics(connect("drop-after:times=1"))
    with Outbox(path, api) as outbox:
        assert outbox.perform(dial("a")).status == "sent"
    assert happened() == [("dial", WANG, "a")]


# Exactly once


@pytest.mark.parametrize("fault", ["500", "500-after", "drop", "drop-after", "timeout-after=50ms", "wrong-json"])
def test_a_lost_answer_never_doubles(connect: Connect, path: Path, happened: Happened, fault: str) -> None:
    api = HttpLogistics(connect(f"{fault}:times=2:method=POST"))
    with Outbox(path, api) as outbox:
        assert outbox.perform(sms("a")).status == "queued"
        assert outbox.flush(now=True)[0].status == "queued"
        assert outbox.flush(now=True)[0].status == "sent"
        assert outbox.history()[0].attempts == 3
    assert happened() == [("sms", WANG, "a")]


def test_the_same_effect_again_is_the_same_effect(connect: Connect, path: Path, happened: Happened) -> None:
    with Outbox(path, HttpLogistics(connect())) as outbox:
        assert outbox.perform(sms("a")) == outbox.perform(sms("a"))
        with pytest.raises(ValueError, match="two different effects"):
            outbox.perform(sms("a", message="别的话"))
    assert happened() == [("sms", WANG, "a")]


def test_threads_share_it(connect: Connect, path: Path, happened: Happened) -> None:
    api = HttpLogistics(connect("drop-after:p=0.3:seed=1:method=POST", "500:p=0.3:seed=2:method=POST"))
    with Outbox(path, api, rules=SmsRules(per_customer_hour=1000)) as outbox:

        def work(n: int) -> None:
            for m in range(5):
                outbox.perform(sms(f"{n}-{m}", (WANG, LI, LIN)[m % 3]))
                outbox.flush(now=True)

        threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        while outbox.pending():
            outbox.flush(now=True)
        written = [entry.effect for entry in reversed(outbox.history(100))]
    keys = [key for _, _, key in happened()]
    assert sorted(keys) == sorted(f"{n}-{m}" for n in range(4) for m in range(5))
    for waybill in (WANG, LI, LIN):
        assert [key for _, number, key in happened() if number == waybill] == [
            effect.key for effect in written if effect.waybill == waybill
        ]


@given(weather=st.lists(st.sampled_from(["up", "down", "flush", "restart"]), max_size=12))
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_in_any_weather_each_effect_goes_once(weather: list[str], tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("weather") / "outbox.db"
    network = Network()
    rules = SmsRules(per_customer_hour=1000)
    outbox = Outbox(path, network, rules=rules)
    keys = []
    for n, now in enumerate(weather):
        if now == "restart":
            outbox.close()
            outbox = Outbox(path, network, rules=rules)
        elif now == "flush":
            outbox.flush(now=True)
        else:
            network.down = {"*"} if now == "down" else set()
            keys.append(f"k{n}")
            outbox.perform(sms(keys[-1]))
    network.down = set()
    outbox.flush(now=True)
    outbox.close()
    assert network.sent == keys
