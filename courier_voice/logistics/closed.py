"""An outbox that could not be opened: questions are still answered, and every effect is refused with the reason."""

from __future__ import annotations

from types import TracebackType

from courier_voice.core.errors import CourierVoiceError, OutboxError
from courier_voice.core.parcels import Effect, Entry, Receipt


class ClosedOutbox:
    """core.ports.Effects that takes nothing."""

    def __init__(self, error: CourierVoiceError) -> None:
        self._error = OutboxError(str(error), said=error.said)
        self._told = False

    def perform(self, effect: Effect, *, attempt: bool = True) -> Receipt:
        raise self._error

    def flush(self, *, now: bool = False) -> tuple[Receipt, ...]:
        return ()

    def renew(self, key: str) -> Receipt:
        raise self._error

    def drop(self, key: str) -> None:
        raise self._error

    def pending(self) -> tuple[Entry, ...]:
        return ()

    def history(self, limit: int = 20) -> tuple[Entry, ...]:
        return ()

    def notices(self) -> tuple[str, ...]:
        """Said once: until it is put right, nothing can be done."""
        told, self._told = self._told, True
        return () if told else ("存不了东西：现在只能查，不能办。",)

    def close(self) -> None:
        """Nothing is open."""

    def __enter__(self) -> ClosedOutbox:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
