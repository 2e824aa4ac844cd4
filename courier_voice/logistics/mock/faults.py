"""Faults on purpose: what a lift, a basement and a tired server do to a request. An ASGI middleware, outermost.

A spec is ``kind[=duration][:p=0.2][:times=3][:path=/v1/sms][:method=POST][:seed=7]``; ``path`` takes ``*``:

latency=300ms      the answer comes that much later
timeout-before     nothing is done, no answer for the duration (30 s), then the connection closes
timeout-after      it is done, then as above
500, 500-after     a 500 instead of doing it, or after doing it
drop, drop-after   the connection closes before it is done, or after
slow-body=30s      it is done, the answer's body trickles over the duration
wrong-json         it is done, the answer is 200 with broken JSON
"""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from fnmatch import fnmatchcase

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from courier_voice.core.errors import SettingsError
from courier_voice.logistics.mock.problems import Problem

DROP = "courier_voice.drop"
"""The ASGI extension by which a server lets an app close the connection (``serve`` has it)."""
KINDS = {
    "latency": 0.3,
    "timeout-before": 30.0,
    "timeout-after": 30.0,
    "500": 0.0,
    "500-after": 0.0,
    "drop": 0.0,
    "drop-after": 0.0,
    "slow-body": 30.0,
    "wrong-json": 0.0,
}
"""Every kind with its duration in seconds when none is given."""
DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s)")
GRAMMAR = f"kind[=300ms][:p=0.2][:times=3][:path=/v1/sms][:method=POST][:seed=7] with kind one of {', '.join(KINDS)}"


class ConnectionDropped(Exception):
    """Raised where there is no connection to close: the in-process transport makes a network error of it."""


@dataclass(frozen=True)
class Fault:
    kind: str
    seconds: float
    probability: float = 1.0
    times: int | None = None
    path: str = "*"
    method: str = "*"
    seed: int | None = None

    @property
    def after(self) -> bool:
        """Whether the request is carried out first."""
        return self.kind.endswith("-after") or self.kind in ("slow-body", "wrong-json")


def parse_fault(spec: str) -> Fault:
    """Read a ``--fault``. Raises SettingsError with the grammar."""
    head, *options = spec.split(":")
    kind, given, duration = head.partition("=")
    try:
        if given and not KINDS[kind]:
            raise ValueError("this kind takes no duration")
        values = dict(option.split("=", 1) for option in options)
        fault = Fault(
            kind=kind,
            seconds=_seconds(duration) if given else KINDS[kind],
            probability=float(values.pop("p", 1)),
            times=int(values.pop("times")) if "times" in values else None,
            path=values.pop("path", "*"),
            method=values.pop("method", "*").upper(),
            seed=int(values.pop("seed")) if "seed" in values else None,
        )
        if values or not 0 <= fault.probability <= 1:
            raise ValueError("unknown option, or no probability")
    except (KeyError, ValueError) as error:
        raise SettingsError(f"--fault {spec!r} is not understood; write {GRAMMAR}") from error
    return fault


def _seconds(text: str) -> float:
    match = DURATION.fullmatch(text)
    if match is None:
        raise ValueError(text)
    return float(match[1]) / (1000 if match[2] == "ms" else 1)


class FaultInjector:
    """Tries every fault on every request, in order: latencies add up, the first other one that strikes is it."""

    def __init__(self, app: ASGIApp, faults: Sequence[Fault]) -> None:
        self._app = app
        self._faults = [(fault, random.Random(fault.seed)) for fault in faults]
        self._struck = [0] * len(faults)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        for fault in self._striking(scope["method"], scope["path"]):
            if fault.kind == "latency":
                await asyncio.sleep(fault.seconds)
                continue
            await _commit(fault, self._app, scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _striking(self, method: str, path: str) -> list[Fault]:
        striking = []
        for n, (fault, chance) in enumerate(self._faults):
            if not (fnmatchcase(path, fault.path) and fnmatchcase(method, fault.method)):
                continue
            if (fault.times is None or self._struck[n] < fault.times) and chance.random() < fault.probability:
                self._struck[n] += 1
                striking.append(fault)
                if fault.kind != "latency":
                    break
        return striking


async def _commit(fault: Fault, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    answer: list[Message] = []
    if fault.after:

        async def keep(message: Message) -> None:
            answer.append(message)

        await app(scope, receive, keep)
    if fault.kind.startswith("500"):
        await Problem(500, "injected", "系统出错了，请稍后再试。").response()(scope, receive, send)
    elif fault.kind == "wrong-json":
        await send({**answer[0], "status": 200, "headers": [(b"content-type", b"application/json")]})
        await send({"type": "http.response.body", "body": b'{"tasks": [{'})
    elif fault.kind == "slow-body":
        await _trickle(fault.seconds, answer, send)
    else:
        if fault.kind.startswith("timeout"):
            with suppress(asyncio.TimeoutError):  # a name of TimeoutError since 3.11
                await asyncio.wait_for(_gone(receive), fault.seconds)
        await _drop(scope, receive)


async def _trickle(seconds: float, answer: Sequence[Message], send: Send) -> None:
    body = b"".join(message.get("body", b"") for message in answer[1:])
    await send(answer[0])
    step = max(1, len(body) // 50)
    for start in range(0, len(body), step):
        await asyncio.sleep(seconds * step / len(body))
        await send({"type": "http.response.body", "body": body[start : start + step], "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _drop(scope: Scope, receive: Receive) -> None:
    drop = scope.get("extensions", {}).get(DROP)
    if drop is None:
        raise ConnectionDropped
    drop()
    await _gone(receive)  # the server must have seen it before we return, or it would answer 500 for us
