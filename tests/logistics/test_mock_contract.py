"""CONTRACTS §4, over ASGI and over TCP."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from courier_voice.logistics.mock.carrier import MAX_SMS_CHARS, Carrier

Connect = Callable[..., httpx.Client]
WANG, LI, LIN, DONE, PICKUP, EMPTY_PICKUP = (
    "JD0415520360578",
    "JD0415520376688",
    "JD0415520389021",
    "JD0451109380465",
    "JD0460050217419",
    "JD0460050223085",
)


@pytest.fixture
def api(connect: Connect) -> httpx.Client:
    return connect()


def post(api: httpx.Client, path: str, body: dict[str, Any], key: str = "k1") -> httpx.Response:
    return api.post(path, json=body, headers={"Idempotency-Key": key})


def is_problem(response: httpx.Response, status: int) -> bool:
    body = response.json()
    return (
        response.status_code == status == body["status"]
        and response.headers["content-type"] == "application/problem+json"
        and {"type", "title", "detail"} <= set(body)
    )


def effects(api: httpx.Client) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = api.get("/v1/effects").json()["effects"]
    return rows


def test_the_day(api: httpx.Client) -> None:
    day = api.get("/v1/tasks").json()
    assert set(day) == {"courier", "now", "current", "previous", "route", "tasks", "key_accounts"}
    assert (day["now"], day["current"], day["previous"]) == ("2025-06-18T10:05:00", "D01", "D13")
    assert day["key_accounts"]["KA2208"]["name"] == "星澜通讯"
    assert len(day["tasks"]) == 16
    for task in day["tasks"]:
        assert "virtual_number" not in task
        assert "track" not in task


def test_one_waybill_has_its_track(api: httpx.Client) -> None:
    waybill = api.get(f"/v1/waybills/{WANG}").json()
    assert waybill["customer"] == "王秀兰"
    assert waybill["track"][-1]["event"] == "派送中，派件员秦师傅"
    assert "virtual_number" not in waybill


SEARCHES: list[tuple[dict[str, str], set[str]]] = [
    ({"tail": "6688"}, {"D02"}),
    ({"tail": "0000"}, set()),
    ({"name": "林女士"}, {"D03"}),
    ({"name": "林"}, {"D03", "D04"}),
    ({"name": "司马先生"}, {"D10"}),
    ({"address": "枫林里3号楼"}, {"D01", "D02"}),
    ({"address": "枫林里7号楼", "name": "林建军"}, {"D04"}),
]


def test_search(api: httpx.Client) -> None:
    for query, found in SEARCHES:
        answer = api.get("/v1/waybills", params=query)
        assert {task["id"] for task in answer.json()["waybills"]} == found, query


def test_calls_and_texts_go_by_virtual_number(api: httpx.Client) -> None:
    assert post(api, "/v1/calls", {"waybill": WANG}, "a").status_code == 201
    assert post(api, "/v1/sms", {"waybill": WANG, "message": "到楼下了"}, "b").status_code == 201
    dial, sms = effects(api)
    assert (dial["op"], dial["args"]) == ("dial", {"virtual_number": "00000051001"})
    assert (sms["op"], sms["args"]) == ("sms", {"message": "到楼下了", "virtual_number": "00000051001"})
    assert (sms["seq"], sms["key"], sms["at"]) == (2, "b", "2025-06-18T10:05:00")


def test_a_sign_off_finishes_the_task_and_moves_on(api: httpx.Client) -> None:
    body = {"place": "家门口", "happened_at": "2025-06-18T09:58:00"}
    assert post(api, f"/v1/waybills/{WANG}/sign-off", body).status_code == 201
    day = api.get("/v1/tasks").json()
    assert (day["current"], day["previous"]) == ("D02", "D01")
    assert "D01" not in day["route"]
    waybill = api.get(f"/v1/waybills/{WANG}").json()
    assert waybill["state"] == "done"
    assert waybill["track"][-1] == {"time": "2025-06-18 09:58", "place": "青屿市南桥营业部", "event": "已签收：家门口"}
    again = post(api, f"/v1/waybills/{WANG}/sign-off", {}, "k2")
    assert is_problem(again, 409)
    assert again.json()["detail"] == "这一单已经完成了。"
    assert [row["op"] for row in effects(api)] == ["sign_off"]


def test_an_exception_off_the_current_stop_leaves_current(api: httpx.Client) -> None:
    body = {"reason": "rescheduled", "note": "后天晚上"}
    assert post(api, f"/v1/waybills/{LIN}/exceptions", body).status_code == 201
    day = api.get("/v1/tasks").json()
    assert (day["current"], day["previous"]) == ("D01", "D03")
    assert next(task["state"] for task in day["tasks"] if task["id"] == "D03") == "exception"
    assert effects(api)[0]["args"] == body


def test_the_last_stop_wraps_to_what_was_passed_over_and_then_ends(api: httpx.Client, carrier: Carrier) -> None:
    while len(route := api.get("/v1/tasks").json()["route"]) > 2:
        number = next(t.waybill for t in carrier.day().tasks if t.id == route[-2])
        post(api, f"/v1/waybills/{number}/exceptions", {"reason": "other"}, number)
    assert route == ["D01", "P02"]
    post(api, f"/v1/waybills/{WANG}/sign-off", {}, "x")
    assert api.get("/v1/tasks").json()["current"] == "P02"
    post(api, f"/v1/waybills/{EMPTY_PICKUP}/exceptions", {"reason": "no_answer"}, "y")
    assert api.get("/v1/tasks").json()["current"] is None


def test_a_pickup_from_draft_to_submission(api: httpx.Client) -> None:
    draft = api.patch(f"/v1/pickups/{PICKUP}", json={"weight_kg": 2.3, "item": "腊肉", "quantity": 1}).json()
    assert draft == {
        "waybill": PICKUP,
        "fields": {"weight_kg": 2.3, "item": "腊肉", "quantity": 1},
        "submitted": False,
    }
    draft = api.patch(f"/v1/pickups/{PICKUP}", json={"weight_kg": 2.8, "quantity": None}).json()
    assert draft["fields"] == {"weight_kg": 2.8, "item": "腊肉"}
    assert effects(api) == []
    assert post(api, f"/v1/pickups/{PICKUP}/submit", {"fields": {"payment": "sender"}}).status_code == 201
    assert effects(api)[0]["args"] == {"weight_kg": 2.8, "item": "腊肉", "payment": "sender"}
    done = api.get(f"/v1/waybills/{PICKUP}").json()
    assert (done["state"], done["weight_kg"], done["item"]) == ("done", 2.8, "腊肉")
    assert is_problem(api.patch(f"/v1/pickups/{PICKUP}", json={"weight_kg": 1}), 409)
    drafts = api.get("/v1/effects").json()["drafts"]
    assert [edit["fields"] for edit in drafts][1] == {"weight_kg": 2.8, "quantity": None}


REFUSALS: list[tuple[str, str, dict[str, Any] | None, int]] = [
    ("GET", "/v1/nothing", None, 404),
    ("DELETE", "/v1/tasks", None, 405),
    ("GET", "/v1/waybills", None, 422),
    ("GET", "/v1/waybills?tail=abc", None, 422),
    ("GET", "/v1/waybills/JD9999999999999", None, 404),
    ("POST", "/v1/calls", {"waybill": "JD9999999999999"}, 404),
    ("POST", "/v1/calls", {"waybill": WANG, "phone": "13912345678"}, 422),
    ("POST", "/v1/sms", {"waybill": WANG}, 422),
    ("POST", "/v1/sms", {"waybill": WANG, "message": "  "}, 422),
    ("POST", "/v1/sms", {"waybill": WANG, "message": "长" * (MAX_SMS_CHARS + 1)}, 422),
    ("POST", f"/v1/waybills/{DONE}/sign-off", {}, 409),
    ("POST", f"/v1/waybills/{DONE}/exceptions", {"reason": "other"}, 409),
    ("POST", f"/v1/waybills/{WANG}/exceptions", {"reason": "lost"}, 422),
    ("POST", f"/v1/waybills/{PICKUP}/sign-off", {}, 409),
    ("POST", f"/v1/pickups/{EMPTY_PICKUP}/submit", {}, 422),
    ("POST", f"/v1/pickups/{WANG}/submit", {"fields": {"weight_kg": 1}}, 409),
    ("PATCH", f"/v1/pickups/{PICKUP}", {"weight_kg": -1}, 422),
    ("PATCH", f"/v1/pickups/{PICKUP}", {"colour": "红"}, 422),
]


def test_every_refusal_is_a_problem_without_effect(api: httpx.Client) -> None:
    for n, (method, path, body, status) in enumerate(REFUSALS):
        answer = api.request(method, path, json=body, headers={"Idempotency-Key": f"k{n}"})
        assert is_problem(answer, status), (method, path, body)
        assert "13912345678" not in answer.text
    assert effects(api) == []


def test_broken_json_and_no_key(api: httpx.Client) -> None:
    broken = api.post("/v1/sms", content=b"{", headers={"Idempotency-Key": "k", "Content-Type": "application/json"})
    assert is_problem(broken, 422)
    assert is_problem(api.post("/v1/sms", json={"waybill": WANG, "message": "好"}), 400)


def test_only_with_the_token(api: httpx.Client) -> None:
    for header in ("", "Bearer wrong", "Basic dGVzdDp0ZXN0", "Bearer 错"):
        answer = api.get("/v1/tasks", headers={"Authorization": header.encode()})
        assert is_problem(answer, 401)
        assert answer.headers["www-authenticate"] == "Bearer"


def test_openapi_names_every_endpoint_of_the_contract(api: httpx.Client) -> None:
    paths = api.get("/openapi.json").json()["paths"]
    assert {(method.upper(), path) for path, methods in paths.items() for method in methods} == {
        ("GET", "/v1/tasks"),
        ("GET", "/v1/waybills"),
        ("GET", "/v1/waybills/{no}"),
        ("POST", "/v1/calls"),
        ("POST", "/v1/sms"),
        ("PATCH", "/v1/pickups/{no}"),
        ("POST", "/v1/pickups/{no}/submit"),
        ("POST", "/v1/waybills/{no}/sign-off"),
        ("POST", "/v1/waybills/{no}/exceptions"),
        ("GET", "/v1/effects"),
    }
    assert api.get("/docs").status_code == 200


# Idempotency


def test_the_same_key_and_body_give_the_first_result(api: httpx.Client) -> None:
    first = post(api, "/v1/sms", {"waybill": WANG, "message": "到了"})
    again = post(api, "/v1/sms", {"message": "到了", "waybill": WANG})  # the order of fields is no difference
    assert (again.status_code, again.json()) == (first.status_code, first.json())
    assert again.headers["idempotency-replayed"] == "true"
    assert len(effects(api)) == 1


@pytest.mark.parametrize(
    ("path", "body"), [("/v1/sms", {"waybill": WANG, "message": "别的"}), ("/v1/calls", {"waybill": WANG})]
)
def test_the_same_key_for_something_else_is_refused(api: httpx.Client, path: str, body: dict[str, Any]) -> None:
    post(api, "/v1/sms", {"waybill": WANG, "message": "到了"})
    other = post(api, path, body)
    assert is_problem(other, 422)
    assert len(effects(api)) == 1


def test_a_refusal_is_a_result_too(api: httpx.Client) -> None:
    number = f"/v1/pickups/{EMPTY_PICKUP}"
    assert is_problem(post(api, f"{number}/submit", {}), 422)
    api.patch(number, json={"weight_kg": 1})
    assert is_problem(post(api, f"{number}/submit", {}), 422)
    assert post(api, f"{number}/submit", {}, "k2").status_code == 201


def test_a_keyed_edit_happens_once(api: httpx.Client) -> None:
    path, key = f"/v1/pickups/{PICKUP}", {"Idempotency-Key": "e1"}
    api.patch(path, json={"weight_kg": 1}, headers=key)
    api.patch(path, json={"weight_kg": 2}, headers={"Idempotency-Key": "e2"})
    late = api.patch(path, json={"weight_kg": 1}, headers=key)
    assert late.json()["fields"] == {"weight_kg": 1}  # what it was then
    assert len(api.get("/v1/effects").json()["drafts"]) == 2
    assert api.patch(path, json={"item": "腊肉"}).json()["fields"] == {"weight_kg": 2, "item": "腊肉"}


@pytest.mark.parametrize("fault", ["500-after", "drop-after", "timeout-after=50ms", "wrong-json", "slow-body=60s"])
def test_after_a_lost_answer_the_key_gives_the_first_result(connect: Connect, fault: str) -> None:
    api = connect(f"{fault}:times=1:method=POST")
    body = {"waybill": LI, "message": "到了"}
    if fault.startswith("slow-body"):
        api.timeout = httpx.Timeout(60, read=0.3)
    try:
        lost = post(api, "/v1/sms", body)
    except httpx.TransportError:
        pass
    else:
        assert lost.status_code == 500 or fault == "wrong-json"
    api.timeout = httpx.Timeout(60)
    again = post(api, "/v1/sms", body)
    assert again.status_code == 201
    assert again.json()["seq"] == 1
    assert len(effects(api)) == 1


@pytest.mark.parametrize("fault", ["500", "drop", "timeout-before=50ms"])
def test_a_fault_before_the_effect_leaves_none(connect: Connect, fault: str) -> None:
    api = connect(f"{fault}:method=POST")
    try:
        assert is_problem(post(api, "/v1/sms", {"waybill": LI, "message": "到了"}), 500)
    except httpx.TransportError:
        assert fault != "500"
    assert effects(api) == []


# The clock


def test_the_clock_decides_what_is_overdue(carrier: Carrier, monkeypatch: pytest.MonkeyPatch) -> None:
    running = Carrier(carrier._world)
    started = running._started
    # The module's own name only: the server's event loop lives by the real clock.
    later = SimpleNamespace(monotonic=lambda: started + 26 * 60 + 30.5)
    monkeypatch.setattr("courier_voice.logistics.mock.carrier.time", later)
    day = running.day()
    assert f"{day.now:%H:%M:%S}" == "10:31:30"
    assert {task.id for task in day.tasks if task.overdue} == {"D05", "D06"}
    assert {task.id for task in day.tasks if task.due_soon} == {"P01"}


def test_a_phone_number_in_a_remark_is_not_served(carrier: Carrier) -> None:
    first, *rest = carrier._world.tasks
    first = first.model_copy(update={"remark": "打13912345678"})
    masked = Carrier(carrier._world.model_copy(update={"tasks": (first, *rest)})).waybill(WANG)
    assert masked.remark == "打139****5678"
