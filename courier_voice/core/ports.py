"""What the agent needs of the outside, one or two methods each. Backends implement these; none is imported here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from courier_voice.core.parcels import Day, Effect, Entry, Parcel, Receipt
from courier_voice.core.turn import NluContext, Proposal, Turn, Understanding
from courier_voice.core.words import Audio, Segment, Transcript, Utterance


class SpeechDetector(Protocol):
    """Voice activity detection."""

    def segments(self, audio: Audio) -> tuple[Segment, ...]:
        """Where somebody speaks, in order; empty for silence and noise. Takes 16 kHz audio."""
        ...


class Transcriber(Protocol):
    """A speech recogniser."""

    def transcribe(self, audio: Audio, hints: Sequence[str] = ()) -> Transcript:
        """Hear 16 kHz audio of any length. ``hints`` are example sentences in the style expected.

        Raises TranscriptionError. Silence and noise give an empty transcript, never an error.
        """
        ...


class StreamingTranscriber(Protocol):
    """One utterance, heard while it is spoken. Made anew for each."""

    def accept(self, frame: NDArray[np.float32]) -> str:
        """Take the next samples, ``[n]`` at 16 kHz; the words so far, which may change. Raises TranscriptionError."""
        ...

    def finish(self) -> Transcript:
        """He is done: what was said, all of it. Raises TranscriptionError."""
        ...


Role = Literal["system", "user", "assistant"]


class Understander(Protocol):
    """Makes drafts of what was said."""

    def reflex(self, utterance: Utterance) -> Understanding | None:
        """A control word (yes, no, again, help), known without a model; None for all else."""
        ...

    def understand(self, utterance: Utterance, context: NluContext) -> Understanding: ...

    def glance(self, utterance: Utterance, context: NluContext) -> Understanding | None:
        """What the fastest model makes of it, in milliseconds; None without one."""
        ...


class ChatModel(Protocol):
    """A language model. Thread-safe; one completion at a time."""

    def complete(
        self,
        messages: Sequence[tuple[Role, str]],
        *,
        max_tokens: int,
        grammar: str | None = None,
        schema: Mapping[str, object] | None = None,
    ) -> str:
        """The reply's text at temperature 0.

        ``grammar`` is GBNF, ``schema`` the JSON schema of the same language; a backend uses the one it can
        enforce, or neither. Raises ModelError (``retryable`` for timeouts and lost connections).
        """
        ...

    def warm(self, messages: Sequence[tuple[Role, str]]) -> None:
        """Make the prefix these messages share with later calls cheap (KV cache), across starts where possible."""
        ...


class Synthesizer(Protocol):
    """Text to speech."""

    def synthesize(self, text: str) -> Audio:
        """Speech for display text (digits and units are put into words here). Raises SpeechError."""
        ...


class Speaker(Protocol):
    """Says a reply to the courier."""

    def say(self, text: str) -> None: ...


class LogisticsApi(Protocol):
    """The carrier's system. Raises ApiUnavailable, ApiNotFound, ApiRefused."""

    def day(self) -> Day:
        """Today's tasks, without tracks."""
        ...

    def waybill(self, number: str) -> Parcel:
        """One waybill with its track."""
        ...

    def edit_pickup(self, number: str, fields: Mapping[str, object]) -> Mapping[str, object]:
        """Change a pickup's draft; the whole draft after it. Keyed by contract slot names (weight_kg, item …)."""
        ...

    def send(self, effect: Effect) -> None:
        """Carry out one effect under its idempotency key. Returning means acknowledged."""
        ...


class Effects(Protocol):
    """The outbox: an effect given to it is durable before the first attempt and happens at most once."""

    def perform(self, effect: Effect, *, attempt: bool = True) -> Receipt:
        """Write down, try now (unless told there is no network). Raises OutboxError when it could not be written
        (then nothing was done)."""
        ...

    def flush(self) -> tuple[Receipt, ...]:
        """Try what is still queued; what was settled by it, or held back as stale."""
        ...

    def renew(self, key: str) -> Receipt:
        """The courier said yes again to a held effect: as good as new, under its old key."""
        ...

    def drop(self, key: str) -> None:
        """The courier gave a held effect up."""
        ...

    def pending(self) -> tuple[Entry, ...]:
        """What is queued or held, oldest first."""
        ...

    def history(self, limit: int = 20) -> tuple[Entry, ...]:
        """The latest effects, whatever became of them, newest first."""
        ...

    def notices(self) -> tuple[str, ...]:
        """What the courier must hear about the store itself (it was damaged, the clock went back), each once."""
        ...


class Ledger(Protocol):
    """The append-only record of turns and effects. Never raises: what cannot be recorded is logged."""

    def note_turn(self, turn: Turn, day: Day | None, agreed: Sequence[Proposal]) -> None:
        """One turn: what was said, understood, agreed to, done and answered."""
        ...
