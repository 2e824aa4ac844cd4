"""Short sounds that say without words: I listen, done, noted for later, that went wrong. Made of sines, no files."""

from __future__ import annotations

from functools import lru_cache
from typing import Final, Literal

import numpy as np

from courier_voice.core.turn import Turn
from courier_voice.core.words import RATE, Audio

Earcon = Literal["listening", "done", "queued", "error"]

_TONES: Final[dict[Earcon, tuple[tuple[int, float], ...]]] = {
    "listening": ((880, 0.07),),
    "done": ((660, 0.07), (990, 0.09)),
    "queued": ((660, 0.07), (660, 0.07)),
    "error": ((440, 0.1), (294, 0.14)),
}
"""Hz and seconds: rising for done, level for noted, falling for trouble."""
_LEVEL: Final = 0.15
_EDGE_S: Final = 0.008


@lru_cache
def earcon(name: Earcon) -> Audio:
    """The sound at 16 kHz, under a quarter of a second, without clicks at its edges."""
    gap = np.zeros(round(0.02 * RATE))
    parts = [part for hz, seconds in _TONES[name] for part in (_tone(hz, seconds), gap)]
    return Audio(np.concatenate(parts[:-1]).astype(np.float32))


def earcon_of(turn: Turn, *, queued: bool) -> Earcon | None:
    """The sound that goes before a turn's reply; none before what only answers or asks. ``queued``: an effect of it
    waits for the network."""
    if queued:
        return "queued"
    if turn.kind == "reject":
        return "error" if turn.reply else None
    return "done" if turn.kind == "act" else None


def _tone(hz: int, seconds: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    t = np.arange(round(seconds * RATE)) / RATE
    edge = np.minimum(np.minimum(t, t[-1] - t) / _EDGE_S, 1.0)
    return np.asarray(_LEVEL * edge * (np.sin(2 * np.pi * hz * t) + 0.2 * np.sin(4 * np.pi * hz * t)))
