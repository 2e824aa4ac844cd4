"""Replies as text, for machines without sound and for tests."""

from __future__ import annotations

from collections.abc import Callable


class ConsoleSpeaker:
    """Speaker that writes each reply as one line."""

    def __init__(self, write: Callable[[str], object] = print) -> None:
        self._write = write

    def say(self, text: str) -> None:
        self._write(text)
