"""The outbox against kill -9 and bad disks."""

from __future__ import annotations

import logging
import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import httpx
import pytest

from courier_voice.core.errors import ApiUnavailable, OutboxError
from courier_voice.core.parcels import Effect
from courier_voice.logistics.client import HttpLogistics, http_client
from courier_voice.logistics.outbox import NOT_PLACED_AFTER_RESTART, Outbox

Connect = Callable[..., httpx.Client]
Happened = Callable[[], list[tuple[str, str, str]]]
WANG = "JD0415520360578"
ROOT = Path(__file__).parents[2]


def sms(key: str, message: str = "到楼下了") -> Effect:
    return Effect("sms", WANG, {"message": message}, key, datetime(2025, 6, 18, 10, 5))


class Network:
    """A sender with a switch that knows what it was asked."""

    def __init__(self) -> None:
        self.up = True
        self.tried: list[str] = []

    def send(self, effect: Effect) -> None:
        self.tried.append(effect.key)
        if not self.up:
            raise ApiUnavailable("no network; find some")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "outbox.db"


@pytest.fixture
def network() -> Network:
    return Network()


@pytest.fixture
def outbox(path: Path, network: Network) -> Iterator[Outbox]:
    with Outbox(path, network) as outbox:
        yield outbox


KILLED = """
    import os, signal, sys
    from datetime import datetime
    from pathlib import Path
    from courier_voice.core.parcels import Effect
    from courier_voice.logistics.client import HttpLogistics, http_client
    from courier_voice.logistics.outbox import Outbox

    path, url, token, when, op = sys.argv[1:]
    api = HttpLogistics(http_client(url, token, read_s=60))

    class Dying:
        def send(self, effect):
            if when == "after":
                api.send(effect)
            os.kill(os.getpid(), signal.SIGKILL)

    args = {"message": "到楼下了"} if op == "sms" else {}
    Outbox(Path(path), Dying()).perform(Effect(op, "JD0415520360578", args, "a", datetime(2025, 6, 18, 10, 5)))
"""


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("op", ["sms", "dial"])
def test_kill_9_around_the_send(serve: Callable[..., str], path: Path, happened: Happened, when: str, op: str) -> None:
    url = serve()
    arguments = [sys.executable, "-c", textwrap.dedent(KILLED), str(path), url, "test-token", when, op]
    died = subprocess.run(arguments, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False)
    assert died.returncode == -signal.SIGKILL
    with http_client(url, "test-token", read_s=60) as client, Outbox(path, HttpLogistics(client)) as outbox:
        flushed = outbox.flush()
        entry = outbox.history()[0]
    if op == "sms":
        assert [receipt.status for receipt in flushed] == ["sent"]
        assert happened() == [("sms", WANG, "a")]
    else:
        assert flushed == ()
        assert (entry.status, entry.detail) == ("refused", NOT_PLACED_AFTER_RESTART)
        assert len(happened()) == (when == "after")


# Disks


def test_a_full_disk_does_nothing_and_says_so(outbox: Outbox, network: Network) -> None:
    outbox.perform(sms("a"))
    pages = outbox._store._db.execute("PRAGMA page_count").fetchone()[0]
    outbox._store._db.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(OutboxError, match="full") as caught:
        outbox.perform(sms("b", message="长" * 5000))
    assert "存不下" in caught.value.said
    assert network.tried == ["a"]
    outbox._store._db.execute("PRAGMA max_page_count = 1000000")
    assert outbox.perform(sms("b")).status == "sent"


def test_a_disk_gone_read_only(outbox: Outbox, network: Network) -> None:
    network.up = False
    outbox.perform(sms("a"))
    outbox._store._db.execute("PRAGMA query_only = ON")
    with pytest.raises(OutboxError, match="readonly"):
        outbox.perform(sms("b"))
    assert network.tried == ["a"]
    assert [entry.effect.key for entry in outbox.pending()] == ["a"]


def test_what_got_through_is_sent_even_if_the_disk_fails_then(
    path: Path, happened: Happened, connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    api = HttpLogistics(connect())

    class Filling:
        def send(self, effect: Effect) -> None:
            api.send(effect)
            outbox._store._db.execute("PRAGMA query_only = ON")

    with Outbox(path, Filling()) as outbox, caplog.at_level(logging.ERROR):
        assert outbox.perform(sms("a")).status == "sent"
        assert "not noted" in caplog.text
    with Outbox(path, api) as outbox:
        assert [receipt.status for receipt in outbox.flush()] == ["sent"]  # its key makes that harmless
    assert happened() == [("sms", WANG, "a")]


def test_a_call_whose_end_could_not_be_noted_is_not_placed_later(outbox: Outbox, network: Network) -> None:
    def fail_with_the_disk(effect: Effect) -> None:
        outbox._store._db.execute("PRAGMA query_only = ON")
        raise ApiUnavailable("no network; find some")

    network.send, send = fail_with_the_disk, network.send  # type: ignore[method-assign]
    assert outbox.perform(Effect("dial", WANG, {}, "a", datetime(2025, 6, 18, 10, 5))).status == "refused"
    outbox._store._db.execute("PRAGMA query_only = OFF")
    network.send = send  # type: ignore[method-assign]
    assert outbox.perform(sms("b")).status == "sent"
    assert outbox.flush(now=True) == ()
    assert network.tried == ["b"]


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutboxError, match="COURIER_HOME"):
        Outbox(tmp_path / "file" / "outbox.db", Network())
    if Path("/proc/self").exists():  # a file system that is read-only even to root
        with pytest.raises(OutboxError, match="COURIER_HOME"):
            Outbox(Path("/proc/outbox.db"), Network())


def test_a_damaged_file_and_one_from_the_future(tmp_path: Path) -> None:
    (tmp_path / "bad.db").write_bytes(b"not a database at all" * 100)
    with Outbox(tmp_path / "bad.db", Network()) as outbox:
        assert "坏了" in outbox.notices()[0]
        assert outbox.notices() == ()
        assert outbox.perform(sms("a")).status == "sent"
    assert len(list(tmp_path.glob("bad.db.damaged-*"))) == 1
    new = sqlite3.connect(tmp_path / "new.db")
    new.execute("PRAGMA user_version = 99")
    new.close()
    with pytest.raises(OutboxError, match="update the program"):
        Outbox(tmp_path / "new.db", Network())
