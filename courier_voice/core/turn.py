"""One turn of the conversation: drafts in, actions decided, outcomes out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from courier_voice.core.parcels import Call, Parcel
from courier_voice.core.words import Utterance

Kind = Literal["ask", "confirm", "act", "answer", "reject"]
Route = Literal["control", "fast", "llm"]


@dataclass(frozen=True)
class Draft:
    """An intent as understood, slots by contract name; some may still be missing."""

    intent: str
    slots: Mapping[str, object] = field(default_factory=dict)
    confidence: float = 1.0


@dataclass(frozen=True)
class Understanding:
    """What an utterance means: one draft or two, in the order spoken."""

    drafts: tuple[Draft, ...]
    route: Route
    prompt: str = ""
    """Stamp of the prompt that read it (``id@version:sha8``), empty without a model."""


@dataclass(frozen=True)
class NluContext:
    """What understanding may know of the dialogue. Holds no personal data."""

    waiting: str = ""
    """``confirm:<intent>`` after a read-back, ``<intent>.<slot>`` after a question, ``form`` inside a pickup form."""


@dataclass(frozen=True)
class Proposal:
    """An effect read back and waiting for a yes: one effect a parcel, all with the same arguments."""

    op: Literal["sms", "sign_off", "exception"]
    parcels: tuple[Parcel, ...]
    args: Mapping[str, object]
    said: str
    """The read-back, without the question that follows it."""
    draft: Draft
    keys: tuple[str, ...] = ()
    """Set when these effects are in the outbox already and have grown stale: a yes sends them, a no drops them."""


@dataclass(frozen=True)
class Outcome:
    """What came of one draft. ``said`` may hold personal data: it is for the courier only."""

    kind: Kind
    said: str
    calls: tuple[Call, ...] = ()
    focus: str | None = None
    """Waybill this turn was about, when it settled one."""
    listed: tuple[str, ...] | None = None
    """Waybills read out as a list, in that order."""
    form: str | None = None
    """Waybill of the pickup form being filled after this turn; empty string when it was closed."""
    age_s: float | None = None
    """How old what was told is, in seconds, when it came from the cache."""
    agreed: tuple[Proposal, ...] = ()
    """What this turn's yes was to."""
    details: str = ""
    """What can be told besides, when he asks for it."""
    prompt: str = ""
    """Stamp of the prompt ``said`` was worded by, empty without a model."""


@dataclass(frozen=True)
class Turn:
    """All of a turn, for the screen, the ledger and the tests. ``timings`` are seconds a stage."""

    utterance: Utterance
    understanding: Understanding
    kind: Kind
    calls: tuple[Call, ...]
    reply: str
    timings: Mapping[str, float] = field(default_factory=dict)
    worded: tuple[str, ...] = ()
    """Stamps of the prompts its reply was worded by."""

    @property
    def intent(self) -> str:
        return self.understanding.drafts[0].intent
