"""The logistics API over HTTP. Reads are tried again here; effects are tried again by the outbox, under their key."""

from __future__ import annotations

import datetime as dt
import re
import ssl
import time
import uuid
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TypeVar
from urllib.parse import quote

import httpx
from pydantic import BaseModel, TypeAdapter, ValidationError
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from courier_voice.core.errors import ApiError, ApiNotFound, ApiRefused, ApiUnavailable
from courier_voice.core.parcels import Day, Effect, KeyAccount, Parcel
from courier_voice.core.privacy import mask_phones

Value = TypeVar("Value")

TRY_LATER = frozenset({408, 425, 429})
"""4xx that say nothing about the request itself."""
MAX_BODY_BYTES = 8_000_000
MAX_SAID_CHARS = 80
CHINESE = re.compile(r"[\u4e00-\u9fff]")


class _Courier(BaseModel):
    name: str


class _DayBody(BaseModel):
    courier: _Courier
    now: dt.datetime
    current: str | None
    previous: str | None
    route: tuple[str, ...]
    tasks: tuple[Parcel, ...]
    key_accounts: dict[str, KeyAccount]


class _DraftBody(BaseModel):
    fields: dict[str, int | float | str | None]


class _AckBody(BaseModel):
    key: str


class _ProblemBody(BaseModel):
    status: int
    detail: str = ""


DAY, WAYBILL, DRAFT, ACK, PROBLEM = (
    TypeAdapter(_DayBody),
    TypeAdapter(Parcel),
    TypeAdapter(_DraftBody),
    TypeAdapter(_AckBody),
    TypeAdapter(_ProblemBody),
)


@lru_cache(maxsize=1)
def _trusted() -> ssl.SSLContext:
    """Certificates take longer to read than everything else a client does at its start."""
    return httpx.create_ssl_context()


def http_client(base_url: str, token: str, *, connect_s: float = 2.0, read_s: float = 5.0) -> httpx.Client:
    """A client for the API at ``base_url``; time limits in seconds."""
    return httpx.Client(
        base_url=base_url,
        headers={"Authorization": f"Bearer {token}"},
        timeout=httpx.Timeout(read_s, connect=connect_s),
        verify=_trusted(),
    )


class HttpLogistics:
    """core.ports.LogisticsApi. Thread-safe as its client is.

    An answer counts only when it has the API's form: a captive portal's page is ApiUnavailable, never an
    acknowledgement and never a refusal. Error texts hold no waybill number, name or address.
    """

    def __init__(
        self, client: httpx.Client, *, deadline_s: float = 10.0, tries: int = 3, backoff_s: float = 0.2
    ) -> None:
        """``deadline_s`` bounds one whole answer, which read timeouts do not when it trickles; ``tries`` and
        ``backoff_s`` (doubled each time, full jitter) are for reads."""
        self._client = client
        self._deadline_s = deadline_s
        self._retrying = Retrying(
            stop=stop_after_attempt(tries),
            wait=wait_random_exponential(multiplier=backoff_s, max=2.0),
            retry=retry_if_exception_type(ApiUnavailable),
            reraise=True,
        )

    def day(self) -> Day:
        body = self._retried(lambda: self._ask("tasks", DAY, "GET", "/v1/tasks"))
        return Day(
            courier=body.courier.name,
            now=body.now,
            current=body.current,
            previous=body.previous,
            route=body.route,
            parcels=body.tasks,
            key_accounts=body.key_accounts,
        )

    def waybill(self, number: str) -> Parcel:
        return self._retried(lambda: self._ask("waybill", WAYBILL, "GET", f"/v1/waybills/{quote(number, safe='')}"))

    def edit_pickup(self, number: str, fields: Mapping[str, object]) -> Mapping[str, object]:
        key = uuid.uuid4().hex  # one edit, one key: a retry after a lost answer cannot undo a later edit
        path = f"/v1/pickups/{quote(number, safe='')}"
        draft = self._retried(lambda: self._ask("pickup draft", DRAFT, "PATCH", path, dict(fields), key))
        return {name: value for name, value in draft.fields.items() if value is not None}

    def send(self, effect: Effect) -> None:
        path, body = _request(effect)
        body["happened_at"] = effect.happened_at.isoformat()
        ack = self._ask(effect.op, ACK, "POST", path, body, effect.key)
        if ack.key != effect.key:
            raise ApiUnavailable(f"{effect.op}: acknowledged under another key; report this to who runs the API")

    def _retried(self, call: Callable[[], Value]) -> Value:
        return self._retrying(call)

    def _ask(
        self,
        what: str,
        form: TypeAdapter[Value],
        method: str,
        path: str,
        body: Mapping[str, object] | None = None,
        key: str | None = None,
    ) -> Value:
        headers = {} if key is None else {"Idempotency-Key": key}
        try:
            with self._client.stream(method, path, json=body, headers=headers) as response:
                content = self._read(response)
        except (httpx.TransportError, httpx.DecodingError, httpx.TooManyRedirects) as error:
            lost = ApiUnavailable(f"{what}: {type(error).__name__}; check the network and the API's address")
            lost.unsent = isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout))
            raise lost from error
        if not response.is_success:
            raise _refusal(what, response.status_code, content)
        try:
            return form.validate_json(content)
        except ValidationError as error:
            # Not chained: a validation error quotes the input, and that is personal data.
            fields = ", ".join(sorted({".".join(map(str, e["loc"])) or "JSON" for e in error.errors()})[:3])
        raise ApiUnavailable(f"{what}: the answer is not the API's ({fields}); check the API's address and version")

    def _read(self, response: httpx.Response) -> bytes:
        deadline = time.monotonic() + self._deadline_s
        content = bytearray()
        for chunk in response.iter_bytes():
            content += chunk
            if len(content) > MAX_BODY_BYTES:
                raise httpx.ReadError("answer too large")
            if time.monotonic() > deadline:
                raise httpx.ReadTimeout("answer too slow")
        return bytes(content)


def _refusal(what: str, status: int, content: bytes) -> ApiError:
    """The error for any answer but a 2xx. A 4xx is final only when the API itself says so, as a problem."""
    try:
        problem = PROBLEM.validate_json(content)
    except ValidationError:
        problem = None
    if status >= 500 or status < 400 or status in TRY_LATER or problem is None or problem.status != status:
        return ApiUnavailable(f"{what}: HTTP {status}; check the API's address, or wait until it is up again")
    detail = mask_phones(problem.detail)
    said = detail if CHINESE.search(detail) and len(detail) <= MAX_SAID_CHARS else None
    if status == 404:
        return ApiNotFound(f"{what}: HTTP 404; refresh the task list", said=said)
    fix = "check the API token" if status in (401, 403) else "see the API's problem details"
    return ApiRefused(f"{what}: HTTP {status}; {fix}", said=said)


def _request(effect: Effect) -> tuple[str, dict[str, object]]:
    """Path and body for an effect. ``args`` are the intent's slots; a pickup's ``submit`` mark is not sent."""
    args = dict(effect.args)
    number = quote(effect.waybill, safe="")
    match effect.op:
        case "dial":
            return "/v1/calls", {"waybill": effect.waybill}
        case "sms":
            return "/v1/sms", {"waybill": effect.waybill, "message": args["message"]}
        case "pickup":
            args.pop("submit", None)
            return f"/v1/pickups/{number}/submit", {"fields": args}
        case "sign_off":
            return f"/v1/waybills/{number}/sign-off", args
        case "exception":
            return f"/v1/waybills/{number}/exceptions", args
