"""What goes over the wire: request bodies and views, as OpenAPI shows them at /docs."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from courier_voice.logistics.mock.world import Courier, TaskSummary, Text, TrackPoint, Yuan

Centimetres = Annotated[float, Field(gt=0, le=500)]
EffectOp = Literal["dial", "sms", "pickup", "sign_off", "exception"]


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class Happening(Body):
    """``happened_at``: when the courier did it, which may be long before the request arrives."""

    happened_at: dt.datetime | None = None


class CallRequest(Happening):
    waybill: Text


class SmsRequest(Happening):
    waybill: Text
    message: str


class PickupFields(Body):
    """A pickup form or part of one. In a PATCH an explicit ``null`` empties a field (JSON merge patch)."""

    weight_kg: Annotated[float, Field(gt=0, le=1000)] | None = None
    length_cm: Centimetres | None = None
    width_cm: Centimetres | None = None
    height_cm: Centimetres | None = None
    quantity: Annotated[int, Field(ge=1, le=1000)] | None = None
    item: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    product: Annotated[str, Field(min_length=1, max_length=50)] | None = None
    declared_value_yuan: Yuan | None = None
    cod_yuan: Yuan | None = None
    payment: Literal["sender", "receiver", "monthly"] | None = None


class SubmitRequest(Happening):
    """``fields`` are laid over the draft before it is submitted."""

    fields: PickupFields = PickupFields()


class SignOffRequest(Happening):
    place: Annotated[str, Field(max_length=100)] | None = None


class ExceptionRequest(Happening):
    reason: Literal["rejected", "no_answer", "wrong_address", "damaged", "rescheduled", "missing", "other"]
    note: Annotated[str, Field(max_length=200)] | None = None


class AccountView(BaseModel):
    code: str
    name: str
    rules: tuple[str, ...]


class DayView(BaseModel):
    """``now`` is the station's local time, without an offset; ``route`` holds pending ids in driving order."""

    courier: Courier
    now: dt.datetime
    current: str | None
    previous: str | None
    route: tuple[str, ...]
    tasks: tuple[TaskSummary, ...]
    key_accounts: dict[str, AccountView]


class WaybillView(TaskSummary):
    track: tuple[TrackPoint, ...]


class WaybillsView(BaseModel):
    waybills: tuple[TaskSummary, ...]


class DraftView(BaseModel):
    """The whole draft: only the fields that are filled in."""

    waybill: str
    fields: PickupFields
    submitted: bool


class Ack(BaseModel):
    """An effect happened: its number in the ledger, and the key it was asked under."""

    seq: int
    op: EffectOp
    waybill: str
    key: str
    at: dt.datetime


class EffectRow(Ack):
    """``at`` is when it reached the API, ``happened_at`` what the courier's device said. ``args`` of dial and sms
    hold the virtual number used."""

    args: dict[str, object]
    happened_at: dt.datetime | None


class DraftEdit(BaseModel):
    waybill: str
    fields: PickupFields
    at: dt.datetime


class EffectsView(BaseModel):
    """What really happened. A draft edit changes nothing outside, so it stands apart from the effects."""

    effects: tuple[EffectRow, ...]
    drafts: tuple[DraftEdit, ...]
