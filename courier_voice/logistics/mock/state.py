"""A carrier that survives its server: every change is a line in a file before it is answered, done again at start."""

from __future__ import annotations

import datetime as dt
import json
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from pydantic import BaseModel

from courier_voice.core.errors import WorldError
from courier_voice.logistics.mock.bodies import (
    CallRequest,
    ExceptionRequest,
    PickupFields,
    SignOffRequest,
    SmsRequest,
    SubmitRequest,
)
from courier_voice.logistics.mock.carrier import Carrier
from courier_voice.logistics.mock.problems import Problem
from courier_voice.logistics.mock.world import World


def durable_carrier(world: World, file: Path, *, frozen: bool = False) -> Carrier:
    """A carrier with what the file tells it did, adding to it from now on. Raises WorldError when it cannot be read."""
    try:
        lines = file.read_text("utf-8").splitlines() if file.is_file() else []
        handle = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    except OSError as error:
        raise WorldError(
            f"{file.name}: cannot be used ({error.strerror}); give --state a file you may write"
        ) from error

    def journal(key: str, asked: str, at: dt.datetime) -> None:
        row = json.dumps({"key": key, "asked": asked, "at": at.isoformat()}, ensure_ascii=False)
        os.write(handle, f"{row}\n".encode())  # one write a line: a killed server leaves whole lines or none

    carrier = Carrier(world, frozen=frozen, journal=journal)
    for number, line in enumerate(lines, 1):
        try:
            row = json.loads(line)
            with carrier.back_then(dt.datetime.fromisoformat(row["at"])), suppress(Problem):
                carrier.once(row["key"], row["asked"], _again(carrier, row["key"], row["asked"]))
        except (ValueError, KeyError) as error:
            raise WorldError(f"{file.name}, line {number}: not a state of this world; give another --state") from error
    return carrier


def _again(carrier: Carrier, key: str, asked: str) -> Callable[[], BaseModel]:
    """What a request did, by its method and path."""
    method, path, body = asked.split(" ", 2)
    parts = path.strip("/").split("/")
    what = parts[-1] if method == "POST" else "edit"
    number = parts[-2] if method == "POST" else parts[-1]
    match what:
        case "calls":
            return lambda: carrier.dial(key, CallRequest.model_validate_json(body))
        case "sms":
            return lambda: carrier.sms(key, SmsRequest.model_validate_json(body))
        case "submit":
            return lambda: carrier.submit_pickup(key, number, SubmitRequest.model_validate_json(body))
        case "sign-off":
            return lambda: carrier.sign_off(key, number, SignOffRequest.model_validate_json(body))
        case "exceptions":
            return lambda: carrier.exception(key, number, ExceptionRequest.model_validate_json(body))
        case _:
            return lambda: carrier.edit_pickup(number, PickupFields.model_validate_json(body))
