"""A working day at DEBUG level, over a bad network, with everything going wrong: no line written names anybody."""

from __future__ import annotations

import io
import json
import logging
import random
import socket
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, TypeAdapter, ValidationError

from courier_voice.agent import Agent
from courier_voice.app import start_logging
from courier_voice.core.errors import CourierVoiceError
from courier_voice.core.privacy import mask_phones, people
from courier_voice.core.turn import Draft, NluContext, Turn, Understanding
from courier_voice.core.words import Utterance
from courier_voice.knowledge.accounts import AccountRules
from courier_voice.logistics.client import HttpLogistics, http_client
from courier_voice.logistics.ledger import Ledger
from courier_voice.logistics.mock.api import create_app
from courier_voice.logistics.mock.carrier import Carrier
from courier_voice.logistics.mock.faults import parse_fault
from courier_voice.logistics.mock.serve import build_server
from courier_voice.logistics.mock.world import World, load_world
from courier_voice.logistics.offline import DayCache, OfflineLogistics
from courier_voice.logistics.outbox import Outbox
from courier_voice.logistics.vault import open_vault
from courier_voice.nlu.cascade import Cascade
from courier_voice.nlu.polish import TemplatePolisher

WORLD_FILE = Path(__file__).parents[2] / "fixtures" / "worlds" / "beihu.json"
WORLD = json.loads(WORLD_FILE.read_text("utf-8"))
TASKS = WORLD["tasks"]
PHONES = ("13812345678", "139 8765 4321", "幺三八幺二三四五六七八", "0571-87654321")
NAMED = [s for t in TASKS for s in (t["customer"], t["address"], t["virtual_number"])]
SECRETS = [s for name in NAMED for s in (name, quote(name), json.dumps(name)[1:-1], repr(name.encode())[2:-1])]
SECRETS = [s for s in dict.fromkeys([*SECRETS, *PHONES]) if len(s) > 1]
FAULTS = (
    "500:p=0.1", "500-after:p=0.1", "drop:p=0.1", "drop-after:p=0.1", "wrong-json:p=0.1", "timeout-after=200ms:p=0.05",
)  # fmt: skip


def leaked(written: str) -> list[str]:
    return [secret for secret in SECRETS if secret in written]


class Sink:
    """What this program writes while it is the log: stderr, with logging started as a command starts it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.stream = io.StringIO()
        monkeypatch.setattr(sys, "stderr", self.stream)

    @property
    def written(self) -> str:
        return self.stream.getvalue()


@pytest.fixture
def sink(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sink]:
    root, hooks = logging.getLogger(), (sys.excepthook, threading.excepthook)
    before, level = root.handlers[:], root.level
    sink = Sink(monkeypatch)
    start_logging("DEBUG")
    people.add(load_world(WORLD_FILE).named)
    yield sink
    logging.captureWarnings(False)
    sys.excepthook, threading.excepthook = hooks
    root.handlers[:] = before
    root.setLevel(level)


@pytest.fixture
def server() -> Iterator[Callable[[Carrier], str]]:
    running = []

    def serve(carrier: Carrier) -> str:
        faults = [parse_fault(f"{fault}:seed={n}") for n, fault in enumerate(FAULTS)]
        one = build_server(create_app(carrier, token="t", faults=faults))
        listener = socket.create_server(("127.0.0.1", 0))
        thread = threading.Thread(target=one.run, kwargs={"sockets": [listener]})
        thread.start()
        running.append((one, listener, thread))
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    yield serve
    for one, listener, thread in running:
        one.should_exit = True
        thread.join()
        listener.close()


class Told:
    drafts: tuple[Draft, ...] = ()

    def understand(self, utterance: Utterance, context: NluContext) -> Understanding:
        logging.getLogger("courier_voice.nlu").debug("read %r as %s", utterance, self.drafts)
        return Understanding(self.drafts, "llm")


class Quiet:
    def say(self, text: str) -> None:
        logging.getLogger("courier_voice.speech").info("saying %s", text)


def commands(chance: random.Random) -> Iterator[tuple[str, Draft]]:
    """Commands that name somebody in full, with a number thrown in."""
    while True:
        task = chance.choice(TASKS)
        name, address, phone = task["customer"], task["address"], chance.choice(PHONES)
        target = chance.choice([{"name": name}, {"address": address}, {"tail": task["waybill"][-4:]}])
        yield chance.choice(
            [
                (f"给{name}打电话，{phone}", Draft("dial", {"target": target})),
                (
                    f"告诉{name}放在{address}了",
                    Draft("send_sms", {"target": target, "message": f"放{address}了，找{name}"}),
                ),
                (f"{address}签收", Draft("sign_off", {"target": target, "place": address})),
                (
                    f"{name}拒收",
                    Draft("report_exception", {"target": target, "reason": "other", "note": f"{name}说打{phone}"}),
                ),
                (f"{name}住哪", Draft("query_waybill", {"target": target, "aspect": "address"})),
                ("确认", Draft("confirm")),
                ("还有什么没发出去", Draft("none")),
            ]
        )


@pytest.mark.parametrize("seed", range(3))
def test_a_day_at_debug_level(
    sink: Sink, server: Callable[[Carrier], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    chance = random.Random(seed)
    vault = open_vault(tmp_path, "file")
    client = http_client(server(Carrier(load_world(WORLD_FILE))), "t", read_s=0.3)
    raw = HttpLogistics(client, tries=2, backoff_s=0.01)
    turns: list[Turn] = []
    with (
        client,
        Ledger(tmp_path / "ledger", vault) as ledger,
        Outbox(tmp_path / "outbox", raw, seal=vault, ledger=ledger) as outbox,
    ):
        api = OfflineLogistics(raw, DayCache(tmp_path / "day", vault, "me"), outbox.pending)
        nlu = Told()
        agent = Agent(Cascade(nlu), api, outbox, AccountRules(), TemplatePolisher(), Quiet(), ledger=ledger)
        todo = commands(chance)
        for _ in range(60):
            text, draft = next(todo)
            nlu.drafts = (draft,)
            turns.append(agent.take_text(text))
            logging.getLogger("courier_voice.agent").debug("%s", turns[-1])
        exported = json.dumps([entry.masked for entry in ledger.entries()], ensure_ascii=False)
    assert {"act", "confirm", "answer"} <= {turn.kind for turn in turns}
    assert "httpcore" in sink.written  # the libraries did speak
    assert any(name in f"{turn}" for turn in turns for name in NAMED)  # and somebody was spoken of
    assert leaked(sink.written) == []
    assert leaked(exported) == []
    assert not [p for p in PHONES if any(p in turn.reply for turn in turns)]


class Form(BaseModel):
    customer: list[int]


def failing(told: str, kind: str) -> BaseException:
    """What libraries raise with the data they were given in their words."""
    try:
        match kind:
            case "pydantic":
                Form.model_validate({"customer": told})
            case "world":
                World.model_validate({**WORLD, "tasks": [{**TASKS[0], "remark": {"said": told}}]})
            case "adapter":
                TypeAdapter(list[int]).validate_json(json.dumps({"to": told}))
            case "status":
                request = httpx.Request("GET", "http://api/v1/waybills", params={"name": told})
                httpx.Response(404, request=request, text=told).raise_for_status()
            case "transport":
                raise httpx.ReadError(f"no answer to {told.encode()!r}")
            case "json":
                json.loads(f'{{"name": "{told}" oops')
            case "key":
                _ = {}[told]  # type: ignore[var-annotated]
            case _:
                raise CourierVoiceError(f"{kind}: {told}")
    except (ValidationError, httpx.HTTPError, ValueError, KeyError, CourierVoiceError) as error:
        return error
    raise AssertionError(kind)


KINDS = ("pydantic", "world", "adapter", "status", "transport", "json", "key", "own")
WAYS = ("log", "chained", "argument", "repr", "cached", "misfit", "warning", "uncaught", "thread", "bytes", "extra")


@given(
    named=st.lists(st.sampled_from(NAMED), min_size=1, max_size=3),
    phone=st.sampled_from(PHONES),
    glue=st.sampled_from(["", "，", " ", "的", "\n", "/"]),
    kind=st.sampled_from(KINDS),
    way=st.sampled_from(WAYS),
)
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_a_library_raises_and_however_it_is_told(
    sink: Sink, named: list[str], phone: str, glue: str, kind: str, way: str
) -> None:
    told = glue.join([*named, phone])
    error = failing(told, kind)
    log = logging.getLogger(f"library.{kind}")
    start = len(sink.written)
    if way == "uncaught":
        with redirect_stderr(sink.stream):
            sys.excepthook(type(error), error, error.__traceback__)
    elif way == "thread":
        thread = threading.Thread(target=_raise, args=(error,))
        with redirect_stderr(sink.stream):
            thread.start()
            thread.join()
    elif way == "warning":
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            logging.captureWarnings(False)
            logging.captureWarnings(True)
            warnings.showwarning(f"serialised {told}", UserWarning, "lib.py", 1)
    elif way == "misfit":
        log.error("%d of %s", told, error)
    elif way == "bytes":
        log.debug("sent %r %s %s", told.encode(), json.dumps({"to": told}), quote(told))
    elif way == "argument":
        log.error("failed: %s", error)
    elif way == "repr":
        log.error(f"{error!r} {error.__dict__}")
    elif way == "extra":
        log.error("failed", extra={"customer": told}, stack_info=True)
    else:
        try:
            try:
                raise error
            except BaseException as first:
                if way == "chained":
                    raise RuntimeError(f"while at {told}") from first
                raise
        except BaseException:
            if way == "cached":  # another handler came first and left its words in the record
                record = log.makeRecord(log.name, logging.ERROR, "lib.py", 1, "no", (), sys.exc_info())
                logging.Formatter().format(record)
                log.handle(record)
            else:
                log.exception("no")
    written = sink.written[start:]
    assert written
    assert leaked(written) == []
    assert mask_phones(written) == written


def _raise(error: BaseException) -> None:
    raise error
