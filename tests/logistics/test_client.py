from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from courier_voice.core.errors import ApiError, ApiNotFound, ApiRefused, ApiUnavailable
from courier_voice.core.parcels import Effect
from courier_voice.core.ports import LogisticsApi
from courier_voice.logistics.client import HttpLogistics, http_client
from courier_voice.logistics.mock.carrier import Carrier

Connect = Callable[..., httpx.Client]
Happened = Callable[[], list[tuple[str, str, str]]]
NOW = datetime(2025, 6, 18, 10, 5)
WANG, PICKUP, NOBODY = "JD0415520360578", "JD0460050217419", "JD9999999999999"


def sms(key: str = "k1", waybill: str = WANG) -> Effect:
    return Effect("sms", waybill, {"message": "十分钟后到"}, key, NOW)


def quick(client: httpx.Client, *, deadline_s: float = 60.0, tries: int = 3) -> HttpLogistics:
    return HttpLogistics(client, deadline_s=deadline_s, tries=tries, backoff_s=0.001)


def answering(*answers: httpx.Response | Exception) -> tuple[HttpLogistics, list[httpx.Request]]:
    """A client whose server gives these answers in turn, the last one for ever; and what it was asked."""
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        given = answers[min(len(asked), len(answers) - 1)]
        asked.append(request)
        if isinstance(given, Exception):
            raise given
        return httpx.Response(given.status_code, headers=given.headers, content=given.content)

    return quick(httpx.Client(transport=httpx.MockTransport(answer), base_url="http://api")), asked


def problem(status: int, detail: str) -> httpx.Response:
    return httpx.Response(status, json={"type": "about:blank", "title": "x", "status": status, "detail": detail})


def test_the_day_and_a_waybill_are_typed(connect: Connect) -> None:
    api: LogisticsApi = quick(connect())
    day = api.day()
    assert (day.courier, day.now, day.current) == ("秦师傅", NOW, "D01")
    assert day.key_accounts["KA2208"].code == "KA2208"
    parcel = day.by_id("D01")
    assert parcel is not None
    assert (parcel.called, parcel.tail, parcel.track) == ("王女士", "0578", ())
    assert [event.place for event in api.waybill(WANG).track][-1] == "南桥营业部"


def test_every_effect_reaches_its_endpoint(connect: Connect, carrier: Carrier) -> None:
    api: LogisticsApi = quick(connect())
    assert api.edit_pickup(PICKUP, {"weight_kg": 2.5, "quantity": 1}) == {"weight_kg": 2.5, "quantity": 1}
    assert api.edit_pickup(PICKUP, {"item": "腊肉"}) == {"weight_kg": 2.5, "quantity": 1, "item": "腊肉"}
    for effect in (
        Effect("dial", WANG, {}, "a", NOW),
        sms("b"),
        Effect("sign_off", WANG, {"place": "家门口"}, "c", NOW),
        Effect("exception", "JD0415520389021", {"reason": "rescheduled", "note": "后天"}, "d", NOW),
        Effect("pickup", PICKUP, {"weight_kg": 2.8, "payment": "sender", "submit": True}, "e", NOW),
    ):
        api.send(effect)
    rows = carrier.ledger().effects
    assert [(row.op, row.key) for row in rows] == [
        ("dial", "a"),
        ("sms", "b"),
        ("sign_off", "c"),
        ("exception", "d"),
        ("pickup", "e"),
    ]
    assert all(row.happened_at == NOW for row in rows)
    assert rows[2].args == {"place": "家门口"}
    assert rows[4].args == {"weight_kg": 2.8, "item": "腊肉", "quantity": 1, "payment": "sender"}


@pytest.mark.parametrize("fault", ["500", "drop", "drop-after", "timeout-before=50ms", "wrong-json"])
def test_reads_get_through_two_faults(connect: Connect, fault: str) -> None:
    assert quick(connect(f"{fault}:times=2")).day().courier == "秦师傅"


@pytest.mark.parametrize("fault", ["500", "drop", "timeout-before", "wrong-json", "slow-body=60s"])
def test_a_fault_that_stays_is_api_unavailable(connect: Connect, fault: str) -> None:
    api = quick(connect(fault, read_s=0.2), deadline_s=0.3, tries=2)
    for ask in (api.day, lambda: api.waybill(WANG), lambda: api.edit_pickup(PICKUP, {"weight_kg": 1})):
        with pytest.raises(ApiUnavailable) as caught:
            ask()
        assert caught.value.retryable


@pytest.mark.parametrize("fault", ["500-after", "drop-after", "timeout-after=50ms", "wrong-json"])
def test_an_effect_is_asked_for_once_a_send(connect: Connect, happened: Happened, fault: str) -> None:
    api = quick(connect(f"{fault}:times=1:method=POST"))
    with pytest.raises(ApiUnavailable):
        api.send(sms())
    api.send(sms())
    assert happened() == [("sms", WANG, "k1")]


def test_an_edit_with_a_lost_answer_is_one_edit(connect: Connect, carrier: Carrier) -> None:
    api = quick(connect("drop-after:times=1"))
    assert api.edit_pickup(PICKUP, {"weight_kg": 2.5}) == {"weight_kg": 2.5}
    assert len(carrier.ledger().drafts) == 1


def test_no_server_at_all() -> None:
    with http_client("http://127.0.0.1:9", "token", connect_s=0.2) as client, pytest.raises(ApiUnavailable):
        quick(client, tries=2).day()


def test_refusals_say_what_the_api_says(connect: Connect) -> None:
    api = quick(connect())
    with pytest.raises(ApiNotFound) as missing:
        api.waybill(NOBODY)
    assert missing.value.said == "系统里没有这个运单号。"
    with pytest.raises(ApiRefused) as done:
        api.send(Effect("sign_off", "JD0451109380465", {}, "k", NOW))
    assert done.value.said == "这一单已经完成了。"
    assert not done.value.retryable


@pytest.mark.parametrize(
    ("answer", "error", "said"),
    [
        (problem(409, "订单锁定，请打13912345678"), ApiRefused, "订单锁定，请打139****5678"),
        (problem(422, "Unprocessable"), ApiRefused, ApiRefused.said),
        (problem(422, "长" * 500), ApiRefused, ApiRefused.said),
        (problem(401, "登录过期了。"), ApiRefused, "登录过期了。"),
        (problem(404, ""), ApiNotFound, ApiNotFound.said),
        (problem(429, "慢一点。"), ApiUnavailable, ApiUnavailable.said),
        (problem(503, "维护中。"), ApiUnavailable, ApiUnavailable.said),
        # Not the API: a portal or a proxy in between must neither acknowledge nor refuse.
        (httpx.Response(200, text="<html>请登录本店无线网</html>"), ApiUnavailable, ApiUnavailable.said),
        (httpx.Response(302, headers={"location": "http://portal/"}), ApiUnavailable, ApiUnavailable.said),
        (httpx.Response(403, text="<html>blocked</html>"), ApiUnavailable, ApiUnavailable.said),
        (httpx.Response(404, json={"error": "no route"}), ApiUnavailable, ApiUnavailable.said),
        (httpx.Response(201, json={"key": "somebody else's"}), ApiUnavailable, ApiUnavailable.said),
        (httpx.Response(204), ApiUnavailable, ApiUnavailable.said),
        (httpx.Response(200, headers={"content-encoding": "gzip"}), ApiUnavailable, ApiUnavailable.said),
    ],
)
def test_what_each_answer_to_an_effect_means(answer: httpx.Response, error: type[ApiError], said: str) -> None:
    api, asked = answering(answer)
    with pytest.raises(ApiError) as caught:
        api.send(sms())
    assert type(caught.value) is error
    assert caught.value.said == said
    assert len(asked) == 1
    assert asked[0].headers["idempotency-key"] == "k1"


def test_reads_are_tried_three_times_and_refusals_once() -> None:
    api, asked = answering(httpx.ConnectError("no route to host"))
    with pytest.raises(ApiUnavailable):
        api.day()
    assert len(asked) == 3
    api, asked = answering(problem(404, "没有。"))
    with pytest.raises(ApiNotFound):
        api.waybill(WANG)
    assert len(asked) == 1


def test_a_waybill_from_a_model_cannot_reach_another_path() -> None:
    api, asked = answering(problem(404, "没有。"))
    with pytest.raises(ApiNotFound):
        api.waybill("../effects?x=/")
    assert asked[0].url.raw_path == b"/v1/waybills/..%2Feffects%3Fx%3D%2F"


@given(st.binary(max_size=200))
@settings(deadline=None)
def test_no_body_crashes_the_client(body: bytes) -> None:
    api, _ = answering(httpx.Response(200, content=body))
    for ask in (lambda: api.waybill(WANG), lambda: api.send(sms())):
        with pytest.raises(ApiUnavailable):
            ask()


def test_errors_and_logs_hold_no_personal_data(connect: Connect, caplog: pytest.LogCaptureFixture) -> None:
    spoiled = '{"id": "D01", "customer": "王秀兰", "address": "枫林里3号楼", "waybill": "JD0415520360578", "kind": "?"}'
    faulty, _ = answering(httpx.Response(200, text=spoiled))
    down = quick(connect("500"), tries=2)
    with caplog.at_level(logging.WARNING):
        for ask in (lambda: faulty.waybill(WANG), lambda: down.waybill(WANG), lambda: down.send(sms())):
            with pytest.raises(ApiUnavailable) as caught:
                ask()
            shown = "".join(traceback.format_exception(caught.value)) + caplog.text
            # Only our own lines of source may name them, never a value: this file is quoted in the traceback.
            shown = "\n".join(line for line in shown.splitlines() if Path(__file__).name not in line)
            for private in ("王秀兰", "枫林里", "十分钟后到", WANG):
                assert private not in shown
