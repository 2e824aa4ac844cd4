import json
import logging
import os
import time
from collections.abc import Callable, Iterator
from email.utils import formatdate
from pathlib import Path

import httpx
import platformdirs
import pytest
from pydantic import SecretStr

from courier_voice.core.errors import ModelError, ModelOutputError
from courier_voice.core.ports import Role
from courier_voice.llm.http import Enforcement, HttpModel
from courier_voice.llm.llamacpp import engine
from courier_voice.nlu.grammar import Slot, frames_grammar, frames_schema

INTENTS = {"dial": {"tail": Slot(pattern="digits")}}
GRAMMAR, SCHEMA = frames_grammar(INTENTS), frames_schema(INTENTS)
CHAT: list[tuple[Role, str]] = [("system", "听懂"), ("user", "打给张伟")]
FRAMES = '[{"intent":"dial","tail":"0578"}]'

Handler = Callable[[httpx.Request], httpx.Response]


def says(text: str | None) -> httpx.Response:
    message = {"role": "assistant", "content": text}
    return httpx.Response(200, json={"id": "x", "choices": [{"index": 0, "finish_reason": "stop", "message": message}]})


class Server:
    """A stand-in that writes down what it is asked; ``answers`` are given in turn, the last for ever."""

    def __init__(self, *answers: httpx.Response | Exception | Handler, owner: str | None = "openai") -> None:
        self.answers, self.owner = list(answers), owner
        self.asked: list[dict[str, object]] = []
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if request.url.path.endswith("/models"):
            if self.owner is None:
                return httpx.Response(404)
            return httpx.Response(200, json={"object": "list", "data": [{"id": "m", "owned_by": self.owner}]})
        assert request.url.path == "/v1/chat/completions"
        self.asked.append(json.loads(request.content))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, httpx.Response):
            return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)
        return answer(request)


@pytest.fixture
def slept() -> list[float]:
    return []


@pytest.fixture
def connect(slept: list[float]) -> Iterator[Callable[..., HttpModel]]:
    opened: list[HttpModel] = []

    def make(server: Server, **options: object) -> HttpModel:
        defaults: dict[str, object] = {"base_url": "http://llm.example/v1", "model": "m", "sleep": slept.append}
        opened.append(HttpModel(transport=httpx.MockTransport(server), **{**defaults, **options}))  # type: ignore[arg-type]
        return opened[-1]

    yield make
    for model in opened:
        model.close()


Connect = Callable[..., HttpModel]


def test_a_plain_question_asks_for_no_form(connect: Connect) -> None:
    server = Server(says("您好"))
    assert connect(server, api_key=SecretStr("s3cret")).complete(CHAT, max_tokens=7) == "您好"
    assert server.asked == [
        {
            "model": "m",
            "messages": [{"role": "system", "content": "听懂"}, {"role": "user", "content": "打给张伟"}],
            "max_tokens": 7,
            "temperature": 0,
            "stream": False,
        }
    ]
    assert server.requests[0].headers["Authorization"] == "Bearer s3cret"


@pytest.mark.parametrize("owner", ["llamacpp", "vllm"])
def test_servers_with_grammars_get_the_grammar(connect: Connect, owner: str) -> None:
    server = Server(says(FRAMES), owner=owner)
    assert connect(server).complete(CHAT, max_tokens=40, grammar=GRAMMAR, schema=SCHEMA) == FRAMES
    body = server.asked[0]
    assert body["grammar"] == body["guided_grammar"] == GRAMMAR
    assert body["structured_outputs"] == {"grammar": GRAMMAR}
    assert "response_format" not in body


@pytest.mark.parametrize("owner", ["openai", "library", None])
def test_others_get_the_schema_with_the_array_inside_an_object(connect: Connect, owner: str | None) -> None:
    server = Server(says('{"reply": [{"intent": "dial", "tail": "0578"}]}'), owner=owner)
    assert connect(server).complete(CHAT, max_tokens=40, grammar=GRAMMAR, schema=SCHEMA) == FRAMES
    form = server.asked[0]["response_format"]
    assert isinstance(form, dict)
    assert form["type"] == "json_schema"
    assert form["json_schema"]["schema"]["properties"] == {"reply": SCHEMA}
    assert "grammar" not in server.asked[0]


def test_an_object_schema_goes_as_it_is(connect: Connect) -> None:
    schema = {"type": "object", "properties": {"reply": {"type": "string"}}}
    server = Server(says('{"reply": "x"}'))
    assert connect(server).complete(CHAT, max_tokens=40, schema=schema) == '{"reply": "x"}'
    form = server.asked[0]["response_format"]
    assert isinstance(form, dict)
    assert form["json_schema"]["schema"] == schema


def test_deepseek_is_asked_for_an_object_and_told_its_schema(connect: Connect) -> None:
    server = Server(says('{"reply":[{"intent":"dial","tail":"0578"}]}'), owner="deepseek")
    assert connect(server).complete(CHAT, max_tokens=40, grammar=GRAMMAR, schema=SCHEMA) == FRAMES
    assert server.asked[0]["response_format"] == {"type": "json_object"}
    messages = server.asked[0]["messages"]
    assert isinstance(messages, list)
    assert "JSON" in messages[-1]["content"]
    assert '"0-9"' not in messages[-1]["content"]
    assert '"reply"' in messages[-1]["content"]


@pytest.mark.parametrize("text", ["不是 JSON", '{"other": 1}', "[]", "3"])
def test_what_does_not_fit_comes_back_as_it_is(connect: Connect, text: str) -> None:
    assert connect(Server(says(text))).complete(CHAT, max_tokens=40, schema=SCHEMA) == text


def test_a_refused_form_is_tried_one_rung_lower_and_remembered(connect: Connect) -> None:
    server = Server(httpx.Response(400), httpx.Response(422), says(FRAMES))
    model = connect(server)
    assert model.complete(CHAT, max_tokens=40, schema=SCHEMA) == FRAMES
    assert [body.get("response_format", {}).get("type") for body in server.asked] == [
        "json_schema",
        "json_object",
        None,
    ]  # type: ignore[attr-defined]
    model.complete(CHAT, max_tokens=40, schema=SCHEMA)
    assert len(server.asked) == 4
    assert sum(request.url.path.endswith("/models") for request in server.requests) == 1


def test_a_request_refused_on_every_rung_changes_nothing(connect: Connect) -> None:
    server = Server(httpx.Response(400), httpx.Response(400), httpx.Response(400), says('{"reply":[]}'))
    model = connect(server)
    with pytest.raises(ModelError, match="the context"):
        model.complete(CHAT, max_tokens=40, schema=SCHEMA)
    assert model.complete(CHAT, max_tokens=40, schema=SCHEMA) == "[]"


@pytest.mark.parametrize(
    ("mode", "key"), [("grammar", "grammar"), ("json_schema", "response_format"), ("none", "model")]
)
def test_a_set_enforcement_is_kept_to(connect: Connect, mode: Enforcement, key: str) -> None:
    server = Server(says(FRAMES), httpx.Response(400))
    model = connect(server, enforcement=mode)
    model.complete(CHAT, max_tokens=40, grammar=GRAMMAR, schema=SCHEMA)
    assert key in server.asked[0]
    with pytest.raises(ModelError):
        model.complete(CHAT, max_tokens=40, grammar=GRAMMAR, schema=SCHEMA)
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    "trouble",
    [
        httpx.Response(429),
        httpx.Response(500),
        httpx.Response(503),
        httpx.ReadTimeout("t"),
        httpx.ConnectError("c"),
        httpx.RemoteProtocolError("r"),
    ],
)
def test_passing_trouble_is_waited_out(
    connect: Connect, slept: list[float], trouble: httpx.Response | Exception
) -> None:
    server = Server(trouble, trouble, says("好"))
    assert connect(server).complete(CHAT, max_tokens=5) == "好"
    assert len(slept) == 2
    assert all(0 < seconds < 5 for seconds in slept)


@pytest.mark.parametrize("trouble", [httpx.Response(502), httpx.ReadTimeout("t"), httpx.ConnectError("c")])
def test_lasting_trouble_is_a_retryable_error(connect: Connect, trouble: httpx.Response | Exception) -> None:
    server = Server(trouble)
    with pytest.raises(ModelError) as caught:
        connect(server, attempts=2).complete(CHAT, max_tokens=5)
    assert caught.value.retryable
    assert len(server.asked) == 2


def test_retry_after_is_respected_as_seconds_or_as_a_date(connect: Connect, slept: list[float]) -> None:
    date = formatdate(time.time() + 9, usegmt=True)
    waits = [httpx.Response(429, headers={"Retry-After": value}) for value in ("7", date, "soon")]
    assert connect(Server(*waits, says("好")), attempts=4).complete(CHAT, max_tokens=5) == "好"
    assert slept[0] == 7
    assert 5 < slept[1] <= 9
    assert slept[2] < 5


def test_nobody_waits_beyond_the_budget(connect: Connect, slept: list[float]) -> None:
    server = Server(httpx.Response(429, headers={"Retry-After": "3600"}))
    with pytest.raises(ModelError):
        connect(server, budget_s=10).complete(CHAT, max_tokens=5)
    assert slept == []


@pytest.mark.parametrize(
    ("answer", "error", "advice"),
    [
        (httpx.Response(401), ModelError, "check the key"),
        (httpx.Response(404), ModelError, "the model's name"),
        (httpx.Response(302, headers={"Location": "/"}), ModelError, "base URL"),
        (httpx.Response(200, text="<html>"), ModelOutputError, "base URL"),
        (httpx.Response(200, json={"choices": []}), ModelOutputError, "base URL"),
        (says(None), ModelOutputError, "chat model"),
    ],
)
def test_other_trouble_is_said_at_once_with_its_cure(
    connect: Connect, answer: httpx.Response, error: type[ModelError], advice: str
) -> None:
    server = Server(answer)
    with pytest.raises(error, match=advice) as caught:
        connect(server).complete(CHAT, max_tokens=5, schema=SCHEMA)
    assert not caught.value.retryable
    assert len(server.asked) == 1


def test_only_a_server_of_ones_own_is_warmed_and_never_fatally(connect: Connect) -> None:
    own, paid, dead = (
        Server(says("x"), owner="vllm"),
        Server(says("x")),
        Server(httpx.ConnectError("c"), owner="llamacpp"),
    )
    for server in (own, paid, dead):
        connect(server).warm(CHAT)
    assert [body["max_tokens"] for body in own.asked] == [1]
    assert paid.asked == []
    assert len(dead.asked) == 3


def test_neither_words_nor_key_reach_logs_or_errors(connect: Connect, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    echo = lambda request: httpx.Response(400, content=request.content)  # noqa: E731
    with pytest.raises(ModelError) as caught:
        connect(Server(echo), api_key=SecretStr("s3cret")).complete(CHAT, max_tokens=5, schema=SCHEMA)
    with pytest.raises(ModelOutputError) as odd:
        connect(Server(httpx.Response(200, json={"张伟": "s3cret"}))).complete(CHAT, max_tokens=5)
    told = caplog.text + str(caught.value) + str(odd.value) + repr(odd.value.__cause__)
    assert "张伟" not in told
    assert "s3cret" not in told


def test_the_real_llama_cpp_server_is_recognised_and_held_to_the_grammar() -> None:
    xllamacpp = engine()
    weights = Path(os.environ.get("COURIER_WEIGHTS") or platformdirs.user_cache_path("courier-voice") / "weights")
    params = xllamacpp.CommonParams()
    params.model.path = str(weights / "qwen2.5-coder-1.5b" / "model.gguf")
    params.n_ctx, params.n_parallel, params.warmup, params.verbosity = 512, 1, False, 0
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 2
    params.api_keys = ["k"]
    server = xllamacpp.Server(params)
    model = HttpModel(base_url=f"{server.listening_address}/v1", model="any", api_key=SecretStr("k"), timeout_s=120)
    assert model.complete(CHAT, max_tokens=12, grammar=GRAMMAR, schema=SCHEMA).startswith('[{"intent":"dial"')
    assert model._enforcement == "grammar"
    schema_only = HttpModel(
        base_url=f"{server.listening_address}/v1",
        model="any",
        api_key=SecretStr("k"),
        enforcement="json_schema",
        timeout_s=120,
    )
    assert schema_only.complete(CHAT, max_tokens=60, schema=SCHEMA).startswith('[{"intent":"dial"')
    with pytest.raises(ModelError, match="check the key"):
        HttpModel(base_url=f"{server.listening_address}/v1", model="any").complete(CHAT, max_tokens=5)
    model.close()
    schema_only.close()
