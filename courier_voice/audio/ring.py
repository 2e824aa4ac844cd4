"""The bounded buffer between the thread that records and the loop that listens."""

from __future__ import annotations

import threading
from collections import deque
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Frame = NDArray[np.float32]
"""512 samples (32 ms) at 16 kHz."""


class Both(NamedTuple):
    """What the microphone gave, and what the speaker was playing meanwhile (zeros for nothing): two frames."""

    heard: Frame
    played: Frame


class Ring:
    """Frames, oldest first; full, it loses the oldest and counts it in ``dropped``. One writer, one reader."""

    def __init__(self, frames: int) -> None:
        self._kept: deque[Both] = deque()
        self._room = frames
        self._changed = threading.Condition()
        self.closed = False
        """Whether its writer has ended."""
        self.dropped = 0
        self.most = 0
        """The longest it has been, in frames: how far the reader fell behind."""

    def __len__(self) -> int:
        return len(self._kept)

    def put(self, both: Both) -> None:
        with self._changed:
            if len(self._kept) >= self._room:
                self._kept.popleft()
                self.dropped += 1
            self._kept.append(both)
            self.most = max(self.most, len(self._kept))
            self._changed.notify()

    def take(self, timeout_s: float) -> Both | None:
        """The oldest frame; None when none came in time, or never will because the ring was closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._kept or self.closed, timeout_s)
            return self._kept.popleft() if self._kept else None

    def close(self) -> None:
        """No frame will come any more; those that are there can still be taken."""
        with self._changed:
            self.closed = True
            self._changed.notify()
