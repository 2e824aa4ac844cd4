"""Words while he speaks from a recogniser that hears whole utterances: what there is so far is heard over and over."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from courier_voice.core.words import RATE, Audio, Transcript

EVERY_S: Final = 0.8
LONGEST_S: Final = 10.0
"""From there on a glimpse would take longer than it is worth; the words so far stay."""
_QUIET: Final = 0.1
"""Of the loudest frame: under it he may be about to end, and the decoding that counts must not wait for this one."""


class Rolling:
    """core.ports.StreamingTranscriber. ``glimpse`` hears 16 kHz audio in one quick pass."""

    def __init__(self, glimpse: Callable[[Audio], str]) -> None:
        self._glimpse = glimpse
        self._frames: list[NDArray[np.float32]] = []
        self._new_s = self._loudest = 0.0
        self._words = ""

    def accept(self, frame: NDArray[np.float32]) -> str:
        self._frames.append(frame)
        self._new_s += len(frame) / RATE
        loud = float(np.sqrt(np.mean(np.square(frame)))) if len(frame) else 0.0
        self._loudest = max(self._loudest, loud)
        if self._new_s >= EVERY_S and loud >= _QUIET * self._loudest > 0:
            so_far = Audio(np.concatenate(self._frames))
            if so_far.seconds <= LONGEST_S:
                self._words = self._glimpse(so_far) or self._words
            self._new_s = 0.0
        return self._words

    def finish(self) -> Transcript:
        """The words of the last glimpse: nothing is heard anew."""
        return Transcript(self._words, self._words, None, (), sum(map(len, self._frames)) / RATE)
