"""The courier's day as the logistics API tells it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

COMPOUND_SURNAMES = frozenset(
    "欧阳 司马 上官 诸葛 东方 皇甫 尉迟 公孙 慕容 令狐 司徒 夏侯 端木 南宫 长孙 宇文 独孤 轩辕 申屠 西门".split()
)

Kind = Literal["delivery", "pickup"]
State = Literal["pending", "done", "exception"]


def surname(name: str) -> str:
    """The family name of a full Chinese name."""
    return name[:2] if name[:2] in COMPOUND_SURNAMES and len(name) > 2 else name[:1]


@dataclass(frozen=True)
class TrackEvent:
    time: str
    place: str
    event: str


@dataclass(frozen=True)
class Parcel:
    """One task of the day: a delivery or a pickup. Never holds a real phone number."""

    id: str
    kind: Kind
    waybill: str
    customer: str
    title: str
    gender: str
    phone_masked: str
    address: str
    window: str
    """``HH:MM-HH:MM``"""
    state: State
    overdue: bool = False
    due_soon: bool = False
    cod_yuan: float = 0
    fee_yuan: float = 0
    remark: str = ""
    ka_code: str | None = None
    weight_kg: float | None = None
    item: str | None = None
    track: tuple[TrackEvent, ...] = ()
    age_s: float | None = None
    """Seconds since the API told this, when it comes from the cache for want of network; None: told just now."""

    @property
    def tail(self) -> str:
        return self.waybill[-4:]

    @property
    def called(self) -> str:
        """How the customer is spoken of: 欧阳女士."""
        return surname(self.customer) + self.title


@dataclass(frozen=True)
class KeyAccount:
    code: str
    name: str
    rules: tuple[str, ...]


@dataclass(frozen=True)
class Day:
    """Today's work. ``route`` holds the ids of pending tasks in driving order."""

    courier: str
    now: datetime
    current: str | None
    previous: str | None
    route: tuple[str, ...]
    parcels: tuple[Parcel, ...]
    key_accounts: Mapping[str, KeyAccount] = field(default_factory=dict)
    age_s: float | None = None
    """As of a parcel: None when the API answered. ``now`` has run on since."""

    def by_id(self, task_id: str | None) -> Parcel | None:
        return next((p for p in self.parcels if p.id == task_id), None)

    def by_waybill(self, waybill: str | None) -> Parcel | None:
        return next((p for p in self.parcels if p.waybill == waybill), None)

    def in_route_order(self) -> tuple[Parcel, ...]:
        """Pending tasks along the route, then the rest as listed."""
        place = {task_id: n for n, task_id in enumerate(self.route)}
        return tuple(sorted(self.parcels, key=lambda p: place.get(p.id, len(place))))


Op = Literal["dial", "sms", "pickup", "waybill", "tasks", "sign_off", "exception", "knowledge"]


@dataclass(frozen=True)
class Call:
    """One thing asked of the API, as the command line reports it."""

    op: Op
    waybill: str | None
    args: Mapping[str, object]


@dataclass(frozen=True)
class Effect:
    """Something that happens in the world once. ``key`` is the idempotency key; same effect, same key."""

    op: Literal["dial", "sms", "pickup", "sign_off", "exception"]
    waybill: str
    args: Mapping[str, object]
    key: str
    happened_at: datetime


Status = Literal["queued", "sent", "refused", "held", "dropped"]
"""``queued``: durable, not acknowledged yet. ``held``: grown stale while it waited, goes only after a new yes.
``sent`` (acknowledged), ``refused`` (by the API or a rule) and ``dropped`` (by the courier) are final."""


@dataclass(frozen=True)
class Receipt:
    """What became of an effect."""

    key: str
    status: Status
    detail: str = ""
    """Why, as it may be said to the courier; for ``refused`` and ``dropped``."""


@dataclass(frozen=True)
class Entry:
    """One effect and where it stands. ``attempts`` counts tries that ended, well or not; ``written_at`` is UTC."""

    effect: Effect
    status: Status
    detail: str
    attempts: int
    written_at: datetime

    @property
    def receipt(self) -> Receipt:
        return Receipt(self.effect.key, self.status, self.detail)
