from __future__ import annotations

import asyncio
from collections.abc import Callable

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.types import Message, Receive, Scope, Send

from courier_voice.core.errors import SettingsError
from courier_voice.logistics.mock.faults import KINDS, Fault, FaultInjector, parse_fault

Connect = Callable[..., httpx.Client]


def test_a_spec_with_everything() -> None:
    spec = "latency=300ms:p=0.2:times=3:path=/v1/waybills/*:method=get:seed=7"
    assert parse_fault(spec) == Fault("latency", 0.3, 0.2, 3, "/v1/waybills/*", "GET", 7)


@given(kind=st.sampled_from(sorted(KINDS)), p=st.floats(0, 1), seed=st.integers(), times=st.integers(0, 99))
@settings(deadline=None)
def test_every_kind_takes_every_option(kind: str, p: float, seed: int, times: int) -> None:
    fault = parse_fault(f"{kind}:p={p}:seed={seed}:times={times}")
    assert fault == Fault(kind, KINDS[kind], p, times, seed=seed)


@pytest.mark.parametrize(
    "spec",
    ["", "flood", "latency=", "latency=5", "latency=-1s", "500=1s", "drop:p=2", "drop:p=often", "drop:0.2", "drop:q=1"],
)
def test_a_spec_that_is_not_understood_shows_the_grammar(spec: str) -> None:
    with pytest.raises(SettingsError, match="timeout-after"):
        parse_fault(spec)


def struck(requests: int, *specs: str) -> list[int]:
    """Which of so many requests got a 500."""
    statuses: list[int] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 204, "headers": []})

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        if "status" in message:
            statuses.append(message["status"])

    injector = FaultInjector(app, [parse_fault(spec) for spec in specs])

    async def run() -> None:
        for _ in range(requests):
            await injector({"type": "http", "method": "GET", "path": "/v1/tasks"}, receive, send)

    asyncio.run(run())
    return [n for n, status in enumerate(statuses) if status == 500]


def test_a_seed_repeats_itself() -> None:
    assert struck(300, "500:p=0.3:seed=5") == struck(300, "500:p=0.3:seed=5")
    assert struck(300, "500:p=0.3:seed=5") != struck(300, "500:p=0.3:seed=6")
    assert 50 < len(struck(300, "500:p=0.3:seed=5")) < 130


def test_times_path_and_method_narrow_it() -> None:
    assert struck(5, "500:times=2") == [0, 1]
    assert struck(3, "500:path=/v1/sms") == []
    assert struck(3, "500:path=/v1/*") == [0, 1, 2]
    assert struck(3, "500:method=POST") == []
    assert struck(3, "latency=1ms", "500:times=1") == [0]


@pytest.mark.parametrize("fault", ["drop", "drop-after", "timeout-before=10ms", "timeout-after=10ms"])
def test_a_dropped_connection_is_no_answer_at_all(connect: Connect, fault: str) -> None:
    api = connect(f"{fault}:times=1")
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        api.get("/v1/tasks")
    assert api.get("/v1/tasks").status_code == 200


def test_latency_delays_and_a_timeout_is_felt(connect: Connect) -> None:
    assert connect("latency=20ms").get("/v1/tasks").status_code == 200
    for fault in ("latency=20s", "timeout-before"):
        with pytest.raises(httpx.ReadTimeout):
            connect(fault, read_s=0.2).get("/v1/tasks")


def test_wrong_json_is_a_200(connect: Connect) -> None:
    answer = connect("wrong-json").get("/v1/tasks")
    assert answer.status_code == 200
    with pytest.raises(ValueError, match="Expecting"):
        answer.json()


def test_a_slow_body_arrives_whole(connect: Connect) -> None:
    api = connect("slow-body=200ms:times=1")
    assert api.get("/v1/tasks").json() == api.get("/v1/tasks").json()
