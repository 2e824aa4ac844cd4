"""What an intent is: a pydantic model whose required fields are its required slots, one file an intent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, ClassVar, Literal, Protocol

from pydantic import BaseModel, ConfigDict

from courier_voice.core.parcels import Day, Parcel
from courier_voice.core.ports import Effects, LogisticsApi
from courier_voice.core.turn import Draft, Outcome, Proposal

if TYPE_CHECKING:
    from datetime import datetime

Ref = Literal["current", "next", "previous", "all"]


class Risk(Enum):
    """``SAFE`` acts at once, ``CONFIRM`` only after a read-back and a yes, ``CONTROL`` steers the dialogue itself."""

    SAFE = "safe"
    CONFIRM = "confirm"
    CONTROL = "control"


class Target(BaseModel):
    """Which parcel or customer is meant, as said."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    tail: str | None = None
    name: str | None = None
    address: str | None = None
    ref: Ref | None = None


@dataclass(frozen=True)
class Example:
    """A sentence as spoken and its slots as they stand in its normalised text ("4斤2两", not 2.1)."""

    text: str
    slots: Mapping[str, object] = field(default_factory=dict)
    waiting: str = ""
    """The dialogue state it is said in (NluContext.waiting); empty: any."""


@dataclass(frozen=True)
class Advice:
    """An answer out of the company's knowledge."""

    text: str
    answered: bool
    citations: tuple[tuple[str, str], ...] = ()
    """(document, section) pairs."""
    details: str = ""
    """The passage's own words, for who asks for more."""
    prompt: str = ""
    """Stamp of the prompt it was worded by; empty for words no model chose."""


class Knowledge(Protocol):
    """Answers questions over rules and documents."""

    def ask(self, question: str, about: Parcel | None, day: Day) -> Advice: ...


class Polisher(Protocol):
    """Makes a dictated message fit to be sent."""

    def polish(self, spoken: str, day: Day) -> str: ...


class Clock(Protocol):
    def now(self) -> datetime: ...


@dataclass(frozen=True)
class Tools:
    """What an intent may use to do its work."""

    api: LogisticsApi
    effects: Effects
    knowledge: Knowledge
    polisher: Polisher
    day: Day
    focus: Parcel | None
    key: str
    """Idempotency key of this turn; an effect adds its op and waybill."""


class Intent(BaseModel):
    """Base of all intents: data, and what the courier can be asked."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: ClassVar[str]
    summary: ClassVar[str]
    """One line for the prompt and for help, in Chinese."""
    risk: ClassVar[Risk] = Risk.SAFE
    questions: ClassVar[Mapping[str, str]] = {}
    """Slot → the question asked when it is missing."""
    examples: ClassVar[tuple[Example, ...]] = ()
    openers: ClassVar[tuple[str, ...]] = ()
    """How its replies begin, up to what differs: made into sound before they are needed."""
    wants: ClassVar[Literal["any", "delivery", "pickup", "open"]] = "any"
    """Which parcels a target may mean when its words fit several: ``open`` are pending ones."""

    def perform(self, parcels: tuple[Parcel, ...], tools: Tools) -> Outcome:
        """Do a SAFE intent, its target resolved to ``parcels`` (empty when the intent has none)."""
        raise NotImplementedError(f"{self.name} is not performed")

    def propose(self, parcels: tuple[Parcel, ...], tools: Tools) -> Proposal:
        """Word the read-back of a CONFIRM intent."""
        raise NotImplementedError(f"{self.name} needs no read-back")

    def draft(self) -> Draft:
        """Back to contract slots, those not given left out."""
        return Draft(self.name, self.model_dump(exclude_none=True))
