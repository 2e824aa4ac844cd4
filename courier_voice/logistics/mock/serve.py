"""The mock API as a real server, and in process behind an ordinary httpx.Client."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Sequence
from pathlib import Path

import httpx
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from courier_voice.core.errors import SettingsError
from courier_voice.core.privacy import people
from courier_voice.logistics.mock.api import create_app
from courier_voice.logistics.mock.carrier import Carrier
from courier_voice.logistics.mock.faults import DROP, ConnectionDropped, Fault
from courier_voice.logistics.mock.state import durable_carrier
from courier_voice.logistics.mock.world import load_world


class DroppableProtocol(H11Protocol):
    """HTTP/1.1 whose apps can close the connection without an answer: faults need it, ASGI has no word for it."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        super().connection_made(transport)
        # asyncio does this only for sockets that name their protocol; without it every answer waits 40 ms for an ACK.
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        app = self.app

        async def with_drop(scope: Scope, receive: Receive, send: Send) -> None:
            scope.setdefault("extensions", {})[DROP] = transport.abort
            await app(scope, receive, send)

        self.app = with_drop


def build_server(app: ASGIApp) -> uvicorn.Server:
    """A server without an access log: paths and queries hold names and waybill numbers."""
    config = uvicorn.Config(
        app,
        http=DroppableProtocol,
        access_log=False,
        log_config=None,  # through the log filter of this program, not through handlers of its own
        log_level="warning",
        lifespan="off",
        timeout_graceful_shutdown=1,
    )
    return uvicorn.Server(config)


def run(
    world: Path,
    *,
    host: str = "127.0.0.1",
    port: int = 8700,
    token: str,
    faults: Sequence[Fault] = (),
    frozen: bool = False,
    state: Path | None = None,
    announce: Callable[[str], None] = print,
) -> None:
    """Serve until SIGINT or SIGTERM. ``port`` 0 takes a free one; ``announce`` gets the base URL once it is open.
    ``state``: a file by which the carrier survives this server, kill -9 included.

    Raises WorldError, and SettingsError when the port cannot be had.
    """
    known = load_world(world)
    people.add(known.named)
    carrier = durable_carrier(known, state, frozen=frozen) if state else Carrier(known, frozen=frozen)
    app = create_app(carrier, token=token, faults=faults)
    try:
        listener = socket.create_server((host, port))
    except (OSError, OverflowError) as error:
        raise SettingsError(f"{host}:{port} cannot be opened ({error}); choose another --port, or 0 for any") from error
    with listener:
        announce(f"http://{host}:{listener.getsockname()[1]}")
        build_server(app).run(sockets=[listener])


class InProcess(httpx.BaseTransport):
    """An ASGI app as a synchronous transport. A loop a request, so no thread and nothing to close.

    httpx.ASGITransport knows no timeouts: the client's read timeout is kept here, so faults look as over TCP.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._transport = httpx.ASGITransport(app)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        return asyncio.run(self._handle(request))

    async def _handle(self, request: httpx.Request) -> httpx.Response:
        limit = request.extensions.get("timeout", {}).get("read")
        try:
            response = await asyncio.wait_for(self._transport.handle_async_request(request), limit)
        except asyncio.TimeoutError:
            raise httpx.ReadTimeout("no answer in time", request=request) from None
        except ConnectionDropped:
            raise httpx.RemoteProtocolError("connection dropped", request=request) from None
        return httpx.Response(response.status_code, headers=response.headers, content=await response.aread())


def in_process_client(
    carrier: Carrier, *, faults: Sequence[Fault] = (), timeout: httpx.Timeout | float = 5.0
) -> httpx.Client:
    """A client wired to a fresh app over ``carrier``, token included; no socket, no thread."""
    token = "in-process"
    return httpx.Client(
        transport=InProcess(create_app(carrier, token=token, faults=faults)),
        base_url="http://in-process",
        headers={"Authorization": f"Bearer {token}"},
        timeout=timeout,
    )
