"""The routes of the mock logistics API (CONTRACTS §4). Handlers are async and never wait: a request is one step."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, Header, Query, Request, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel
from starlette.types import ASGIApp

from courier_voice.logistics.mock.bodies import (
    Ack,
    CallRequest,
    DayView,
    DraftView,
    EffectsView,
    ExceptionRequest,
    PickupFields,
    SignOffRequest,
    SmsRequest,
    SubmitRequest,
    WaybillsView,
    WaybillView,
)
from courier_voice.logistics.mock.carrier import Carrier
from courier_voice.logistics.mock.faults import Fault, FaultInjector
from courier_voice.logistics.mock.problems import Problem, ProblemBody, install

bearer = HTTPBearer(auto_error=False)
router = APIRouter(
    prefix="/v1",
    responses={"default": {"description": "Problem details, RFC 9457", "model": ProblemBody}},
)


async def authorised(
    request: Request, sent: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]
) -> Carrier:
    """The carrier, for who has the token."""
    token: str = request.app.state.token
    if sent is None or not secrets.compare_digest(sent.credentials.encode(), token.encode()):
        raise Problem(401, "unauthorised", "登录过期了，请重新登录。")
    carrier: Carrier = request.app.state.carrier
    return carrier


KeyHeader = Header(alias="Idempotency-Key", min_length=1, max_length=200, description="Same key, same effect, once.")


async def required_key(key: Annotated[str | None, KeyHeader] = None) -> str:
    if key is None:
        raise Problem(400, "no-idempotency-key", "请求缺少 Idempotency-Key。")
    return key


TheCarrier = Annotated[Carrier, Depends(authorised)]
Key = Annotated[str, Depends(required_key)]
OptionalKey = Annotated[str | None, KeyHeader]


def once(
    carrier: Carrier, request: Request, response: Response, key: str, body: BaseModel, act: Callable[[], BaseModel]
) -> BaseModel:
    """Act under a key. What is asked is the method, the path and the fields the client set."""
    asked = f"{request.method} {request.url.path} {body.model_dump_json(exclude_unset=True)}"
    answer, replayed = carrier.once(key, asked, act)
    if replayed:
        response.headers["Idempotency-Replayed"] = "true"
    return answer


@router.get("/tasks", response_model=DayView)
async def tasks(carrier: TheCarrier) -> BaseModel:
    """The courier's day: tasks without tracks, the route, the key accounts' rules."""
    return carrier.day()


@router.get("/waybills", response_model=WaybillsView)
async def waybills(
    carrier: TheCarrier,
    tail: Annotated[str | None, Query(pattern=r"^\d{1,13}$")] = None,
    name: Annotated[str | None, Query(min_length=1)] = None,
    address: Annotated[str | None, Query(min_length=1)] = None,
) -> BaseModel:
    """Waybills by any of tail, name and address; what is given must all fit."""
    if tail is None and name is None and address is None:
        raise Problem(422, "nothing-to-search", "要按尾号、姓名或地址来查。")
    return WaybillsView(waybills=carrier.search(tail, name, address))


@router.get("/waybills/{no}", response_model=WaybillView)
async def waybill(carrier: TheCarrier, no: str) -> BaseModel:
    """One waybill with its track."""
    return carrier.waybill(no)


@router.post("/calls", response_model=Ack, status_code=201)
async def calls(carrier: TheCarrier, key: Key, body: CallRequest, request: Request, response: Response) -> BaseModel:
    """Connect the courier with a customer, through the waybill's virtual number."""
    return once(carrier, request, response, key, body, lambda: carrier.dial(key, body))


@router.post("/sms", response_model=Ack, status_code=201)
async def sms(carrier: TheCarrier, key: Key, body: SmsRequest, request: Request, response: Response) -> BaseModel:
    """Text a customer."""
    return once(carrier, request, response, key, body, lambda: carrier.sms(key, body))


@router.patch("/pickups/{no}", response_model=DraftView, response_model_exclude_none=True)
async def edit_pickup(
    carrier: TheCarrier, no: str, body: PickupFields, request: Request, response: Response, key: OptionalKey = None
) -> BaseModel:
    """Change a pickup's draft. The key is optional: the same edit twice is the same draft."""
    if key is None:
        return carrier.edit_pickup(no, body)
    return once(carrier, request, response, key, body, lambda: carrier.edit_pickup(no, body))


@router.post("/pickups/{no}/submit", response_model=Ack, status_code=201)
async def submit(
    carrier: TheCarrier, key: Key, no: str, body: SubmitRequest, request: Request, response: Response
) -> BaseModel:
    """Hand the pickup form in; the pickup is done then."""
    return once(carrier, request, response, key, body, lambda: carrier.submit_pickup(key, no, body))


@router.post("/waybills/{no}/sign-off", response_model=Ack, status_code=201)
async def sign_off(
    carrier: TheCarrier, key: Key, no: str, body: SignOffRequest, request: Request, response: Response
) -> BaseModel:
    """Mark a delivery as delivered. 409 when it is done already."""
    return once(carrier, request, response, key, body, lambda: carrier.sign_off(key, no, body))


@router.post("/waybills/{no}/exceptions", response_model=Ack, status_code=201)
async def exceptions(
    carrier: TheCarrier, key: Key, no: str, body: ExceptionRequest, request: Request, response: Response
) -> BaseModel:
    """Report that a task cannot be done as planned. 409 when it is done already."""
    return once(carrier, request, response, key, body, lambda: carrier.exception(key, no, body))


@router.get("/effects", response_model=EffectsView, response_model_exclude_unset=True)
async def effects(carrier: TheCarrier) -> BaseModel:
    """The ledger: what really happened, in order."""
    return carrier.ledger()


def create_app(carrier: Carrier, *, token: str, faults: Sequence[Fault] = ()) -> ASGIApp:
    """The API over one carrier's state. Two apps over one carrier are a server restarted with its data."""
    app = FastAPI(title="Mock logistics API", version="1")
    app.state.carrier, app.state.token = carrier, token
    app.include_router(router)
    install(app)
    return FaultInjector(app, faults) if faults else app
