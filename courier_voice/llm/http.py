"""Any OpenAI-compatible server (llama.cpp, vLLM, Ollama, DeepSeek, OpenAI …) over HTTP.

What a server can enforce is found out by asking: ``GET /models`` says who it is, and a refused request is tried again
one rung lower. Neither what is sent nor what is answered ever reaches a log or an error text.
"""

from __future__ import annotations

import json
import logging
import time
import weakref
from collections.abc import Callable, Mapping, Sequence
from email.utils import parsedate_to_datetime
from typing import Any, Final, Literal

import httpx
from pydantic import BaseModel, Field, SecretStr, ValidationError
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt, stop_before_delay
from tenacity.wait import wait_exponential, wait_random

from courier_voice.core.errors import ModelError, ModelOutputError
from courier_voice.core.ports import Role

log = logging.getLogger(__name__)

Enforcement = Literal["grammar", "json_schema", "json_object", "none"]

_LADDER: Final[tuple[Enforcement, ...]] = ("grammar", "json_schema", "json_object", "none")
_OWNERS: Final[Mapping[str, Enforcement]] = {"llamacpp": "grammar", "vllm": "grammar", "deepseek": "json_object"}
"""``owned_by`` in a server's list of models: those that do better or worse than a JSON schema."""

_REPLY_KEY: Final = "reply"
"""OpenAI and DeepSeek answer in JSON objects only, so an array travels inside one under this key."""


class _Message(BaseModel):
    content: str | None = None


class _Choice(BaseModel):
    message: _Message


class _Completion(BaseModel):
    choices: list[_Choice] = Field(min_length=1)


class _Model(BaseModel):
    id: str
    owned_by: str = ""


class _Models(BaseModel):
    data: list[_Model]


class _Busy(Exception):
    """A try that is worth another one; ``wait_s`` is what the server asked for, if it did."""

    def __init__(self, error: ModelError, wait_s: float | None = None) -> None:
        self.error, self.wait_s = error, wait_s


class HttpModel:
    """A chat model behind ``base_url`` (up to and with ``/v1``), at temperature 0.

    ``timeout_s`` is for one try. 429, 5xx, timeouts and lost connections are tried up to ``attempts`` times as long as
    ``budget_s`` lasts, waiting as ``Retry-After`` says. ``transport`` and ``sleep`` are there for tests.
    """

    def __init__(
        self,
        *,
        base_url: str,
        model: str,
        api_key: SecretStr | None = None,
        enforcement: Enforcement | Literal["auto"] = "auto",
        timeout_s: float = 20.0,
        attempts: int = 3,
        budget_s: float = 30.0,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._model = model
        self._enforcement: Enforcement | None = None if enforcement == "auto" else enforcement
        self._http = httpx.Client(
            base_url=base_url.rstrip("/") + "/",
            headers={"Authorization": f"Bearer {api_key.get_secret_value()}"} if api_key else {},
            timeout=httpx.Timeout(timeout_s, connect=min(5.0, timeout_s)),
            transport=transport,
        )
        weakref.finalize(self, self._http.close)
        self._retrying = Retrying(
            retry=retry_if_exception(lambda error: isinstance(error, _Busy)),
            stop=stop_after_attempt(attempts) | stop_before_delay(budget_s),
            wait=_wait,
            sleep=sleep,
            reraise=True,
        )

    def complete(
        self,
        messages: Sequence[tuple[Role, str]],
        *,
        max_tokens: int,
        grammar: str | None = None,
        schema: Mapping[str, object] | None = None,
    ) -> str:
        """The reply's text, held to ``grammar`` or ``schema`` as far as the server can."""
        if grammar is None and schema is None:
            return self._ask(messages, max_tokens, "none", None, None)
        if self._enforcement is not None:
            return self._ask(messages, max_tokens, self._enforcement, grammar, schema)
        refused: ModelError | None = None
        for rung in _LADDER[_LADDER.index(self._suggested()) :]:
            try:
                text = self._ask(messages, max_tokens, rung, grammar, schema)
            except _Refused as error:
                if error.status not in (400, 422):
                    raise
                refused = refused or error
                continue
            log.info("the language model's server enforces: %s", rung)
            self._enforcement = rung
            return text
        assert refused is not None
        raise refused

    def warm(self, messages: Sequence[tuple[Role, str]]) -> None:
        """Let a server of one's own (llama.cpp, vLLM) evaluate the prefix; others cache by themselves, at a price."""
        try:
            if (self._enforcement or self._suggested()) == "grammar":
                self._ask(messages, 1, "none", None, None)
        except ModelError as error:
            log.warning("the language model was not warmed up: %s", error)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _suggested(self) -> Enforcement:
        """Where on the ladder to start, by who the server says it is."""
        try:
            models = _Models.model_validate_json(self._send("GET", "models", None))
        except (_Refused, ValidationError):
            return "json_schema"
        owner = next((m.owned_by for m in models.data if m.id == self._model), "")
        return _OWNERS.get(owner or (models.data[0].owned_by if models.data else ""), "json_schema")

    def _ask(
        self,
        messages: Sequence[tuple[Role, str]],
        max_tokens: int,
        rung: Enforcement,
        grammar: str | None,
        schema: Mapping[str, object] | None,
    ) -> str:
        body: dict[str, Any] = {
            "model": self._model,
            "messages": [{"role": role, "content": text} for role, text in messages],
            "max_tokens": max_tokens,
            "temperature": 0,
            "stream": False,
        }
        wrapped = False
        if rung == "grammar" and grammar is not None:
            # llama.cpp, vLLM from 0.12, vLLM before it: each ignores the others' fields.
            body |= {"grammar": grammar, "structured_outputs": {"grammar": grammar}, "guided_grammar": grammar}
        elif rung in ("grammar", "json_schema") and schema is not None:
            wrapped = schema.get("type") != "object"
            named = {"name": _REPLY_KEY, "schema": _wrap(schema) if wrapped else schema}
            body["response_format"] = {"type": "json_schema", "json_schema": named}
        elif rung == "json_object" and schema is not None:
            wrapped = schema.get("type") != "object"
            shape = json.dumps(_wrap(schema) if wrapped else schema, ensure_ascii=False)
            body["messages"].append(
                {"role": "system", "content": f"只输出一个 JSON 对象，符合这个 JSON schema：{shape}"}
            )
            body["response_format"] = {"type": "json_object"}
        return self._read(self._send("POST", "chat/completions", body), wrapped)

    def _read(self, answer: bytes, wrapped: bool) -> str:
        try:
            text = _Completion.model_validate_json(answer).choices[0].message.content
        except ValidationError:
            raise ModelOutputError(
                f"{self._http.base_url.host} does not speak the chat completions protocol: check the base URL (…/v1)"
            ) from None
        if text is None:
            raise ModelOutputError(f"{self._model} answered without text: choose a chat model")
        return _unwrap(text) if wrapped else text

    def _send(self, method: str, path: str, body: Mapping[str, object] | None) -> bytes:
        try:
            return self._retrying.copy()(self._try, method, path, body)
        except _Busy as busy:
            raise busy.error from busy.__cause__

    def _try(self, method: str, path: str, body: Mapping[str, object] | None) -> bytes:
        host = self._http.base_url.host
        try:
            response = self._http.request(method, path, json=body)
        except httpx.TimeoutException as error:
            raise _Busy(
                ModelError(f"{host} did not answer in time: try later or raise the timeout", retryable=True)
            ) from error
        except httpx.TransportError as error:
            raise _Busy(
                ModelError(f"no connection to {host}: check the base URL and that the server runs", retryable=True)
            ) from error
        status = response.status_code
        if status == 429 or status >= 500:
            busy = ModelError(f"{host} answered {status}: it is overloaded or broken, try later", retryable=True)
            raise _Busy(busy, _retry_after(response))
        if status in (401, 403):
            raise ModelError(f"{host} refused the API key ({status}): check the key in the settings")
        if not response.is_success:
            raise _Refused(
                status,
                f"{host} refused {method} {path} ({status}): check the base URL, the model's name and the context",
            )
        return response.content


class _Refused(ModelError):
    """The server does not take the request as it is."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def _wrap(schema: Mapping[str, object]) -> dict[str, object]:
    return {
        "type": "object",
        "properties": {_REPLY_KEY: schema},
        "required": [_REPLY_KEY],
        "additionalProperties": False,
    }


def _unwrap(text: str) -> str:
    """The array inside the object, compact; anything else as it came, for the caller to judge."""
    try:
        value = json.loads(text)
    except ValueError:
        return text
    if not isinstance(value, dict) or _REPLY_KEY not in value:
        return text
    return json.dumps(value[_REPLY_KEY], ensure_ascii=False, separators=(",", ":"))


_backoff: Final = wait_exponential(multiplier=0.3, max=4.0) + wait_random(0.0, 0.2)


def _wait(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    asked = error.wait_s if isinstance(error, _Busy) else None
    return _backoff(state) if asked is None else asked


def _retry_after(response: httpx.Response) -> float | None:
    """Seconds from a Retry-After header, which holds seconds or a date (RFC 9110, 10.2.3)."""
    value = response.headers.get("Retry-After", "")
    if value.isdecimal():
        return float(value)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except ValueError:
        return None
