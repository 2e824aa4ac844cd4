"""A call rings now or never, and what is not known about it is said to be unknown."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import httpx
import pytest
from filelock import FileLock

from courier_voice.core.parcels import Effect
from courier_voice.logistics.client import HttpLogistics
from courier_voice.logistics.mock.carrier import Carrier
from courier_voice.logistics.mock.faults import parse_fault
from courier_voice.logistics.mock.serve import in_process_client
from courier_voice.logistics.outbox import NOT_PLACED, NOT_PLACED_AFTER_RESTART, NOT_SURE, Outbox

WANG = "JD0415520360578"
CALL = Effect("dial", WANG, {}, "k", datetime(2025, 6, 18, 10, 5))


class Dying:
    def send(self, effect: Effect) -> None:
        raise KeyboardInterrupt


def interrupted(path: Path) -> None:
    """A file that holds a call nobody knows the end of."""
    with Outbox(path, Dying()) as outbox, pytest.raises(KeyboardInterrupt):
        outbox.perform(CALL)


def test_a_call_whose_answers_got_lost_may_have_rung_and_that_is_said(tmp_path: Path, carrier: Carrier) -> None:
    faults = [parse_fault("drop-after:times=2:method=POST")]
    with (
        in_process_client(carrier, faults=faults) as client,
        Outbox(tmp_path / "outbox", HttpLogistics(client)) as outbox,
    ):
        receipt = outbox.perform(CALL)
        assert (receipt.status, receipt.detail) == ("refused", NOT_SURE)
        assert outbox.flush(now=True) == ()
    assert [row.op for row in carrier.ledger().effects] == ["dial"]


def test_a_call_that_found_no_network_did_not_ring(tmp_path: Path) -> None:
    def nowhere(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no route", request=request)

    with (
        httpx.Client(transport=httpx.MockTransport(nowhere), base_url="http://api") as client,
        Outbox(tmp_path / "outbox", HttpLogistics(client)) as outbox,
    ):
        assert outbox.perform(CALL).detail == NOT_PLACED


def test_an_interrupted_call_is_not_placed_again_and_that_is_said(tmp_path: Path) -> None:
    interrupted(tmp_path / "outbox")
    with Outbox(tmp_path / "outbox", Dying()) as outbox:
        assert outbox.notices() == (f"尾号0578，{NOT_PLACED_AFTER_RESTART}",)
        assert outbox.notices() == ()
        assert outbox.history()[0].status == "refused"


def test_a_call_another_program_is_placing_is_not_given_up(tmp_path: Path) -> None:
    interrupted(tmp_path / "outbox")
    with FileLock(tmp_path / "outbox.calls.lock"), Outbox(tmp_path / "outbox", Dying()) as outbox:
        assert outbox.notices() == ()
        assert outbox.history()[0].status == "queued"
