"""The mock API under test, once in process over ASGI and once over real TCP."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from courier_voice.logistics.client import http_client
from courier_voice.logistics.mock.api import create_app
from courier_voice.logistics.mock.carrier import Carrier
from courier_voice.logistics.mock.faults import parse_fault
from courier_voice.logistics.mock.serve import build_server, in_process_client
from courier_voice.logistics.mock.world import load_world

WORLDS = Path(__file__).parents[2] / "fixtures" / "worlds"
TOKEN = "test-token"
Connect = Callable[..., httpx.Client]


class ManyApps:
    """One server for all tests, since starting one takes longer than most of them: /3/v1/tasks is app 3's /v1/tasks."""

    def __init__(self) -> None:
        self.apps: list[ASGIApp] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        _, number, path = scope["path"].split("/", 2)
        await self.apps[int(number)]({**scope, "path": f"/{path}", "raw_path": f"/{path}".encode()}, receive, send)


@pytest.fixture(scope="session")
def tcp() -> Iterator[tuple[str, ManyApps]]:
    many = ManyApps()
    server = build_server(many)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", many
        server.should_exit = True
        thread.join()


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def carrier() -> Carrier:
    return Carrier(load_world(WORLDS / "demo.json"), frozen=True)


@pytest.fixture
def serve(carrier: Carrier, tcp: tuple[str, ManyApps]) -> Callable[..., str]:
    """Fault specs -> the base URL of the API over ``carrier``."""
    url, many = tcp

    def serving(*specs: str) -> str:
        many.apps.append(create_app(carrier, token=TOKEN, faults=[parse_fault(spec) for spec in specs]))
        return f"{url}/{len(many.apps) - 1}"

    return serving


@pytest.fixture(params=["asgi", "tcp"])
def connect(request: pytest.FixtureRequest, carrier: Carrier, serve: Callable[..., str]) -> Iterator[Connect]:
    """Fault specs -> a client of the API over ``carrier``."""
    with ExitStack() as stack:

        def made(*specs: str, read_s: float = 60.0) -> httpx.Client:
            if request.param == "tcp":
                client = http_client(serve(*specs), TOKEN, read_s=read_s)
            else:
                client = in_process_client(carrier, faults=[parse_fault(s) for s in specs], timeout=read_s)
            return stack.enter_context(client)

        yield made


@pytest.fixture
def happened(carrier: Carrier) -> Callable[[], list[tuple[str, str, str]]]:
    """The ledger, short: (op, waybill, key) of all that really happened."""
    return lambda: [(row.op, row.waybill, row.key) for row in carrier.ledger().effects]
