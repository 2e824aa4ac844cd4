"""What the agent remembers between turns. Frozen: a turn makes a new one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from courier_voice.core.turn import Draft, NluContext, Outcome, Proposal

CHANGE: Final = "change"
"""The slot of the question 哪里不对: whatever he names next is put right."""


@dataclass(frozen=True)
class Asking:
    """A question put to the courier: a slot of ``draft`` is missing, or one of ``candidates`` is to be chosen."""

    draft: Draft
    slot: str
    candidates: tuple[str, ...] = ()
    """Waybills in the order they were read out."""
    tries: int = 1
    rest: tuple[Draft, ...] = ()
    """Said in the same breath, and to be gone on with after the answer."""

    @property
    def by_yes(self) -> bool:
        """Whether a yes answers it: 是尾号6688的李先生吗."""
        return self.slot == "target" and not self.candidates and bool(self.draft.slots.get("target"))


@dataclass(frozen=True)
class Memory:
    """``focus`` and all others are waybills. ``proposals`` wait for a yes and go away with any other command."""

    focus: str | None = None
    proposals: tuple[Proposal, ...] = ()
    asking: Asking | None = None
    listed: tuple[str, ...] = ()
    form: str | None = None
    last: Draft | None = None
    """The last command with its target, for 那单呢 and for corrections after a refusal."""
    reply: str = ""
    asked_again: frozenset[str] = frozenset()
    """Keys of stale texts the courier was asked about: once is enough."""
    told: frozenset[str] = frozenset()
    """Keys of reminders that were said."""
    details: str = ""
    """What more there is to what was told last."""

    def context(self) -> NluContext:
        """The dialogue state in a word, for understanding."""
        if self.proposals:
            return NluContext(f"confirm:{self.proposals[0].draft.intent}")
        if self.asking and self.asking.slot == CHANGE:
            return NluContext(f"confirm:{self.asking.draft.intent}")
        if self.asking:
            return NluContext(f"{self.asking.draft.intent}.{self.asking.slot}")
        return NluContext("form" if self.form else "")


def remember(memory: Memory, outcomes: Sequence[Outcome], reply: str) -> Memory:
    """After a turn: the focus moves to what was settled, lists and forms are kept, the reply can be repeated."""
    for outcome in outcomes:
        if outcome.focus and outcome.kind != "reject":
            memory = replace(memory, focus=outcome.focus)
        if outcome.listed is not None:
            memory = replace(memory, listed=outcome.listed)
        if outcome.form is not None:
            memory = replace(memory, form=outcome.form or None)
        if outcome.details:
            memory = replace(memory, details=outcome.details)
    return replace(memory, reply=reply or memory.reply)
