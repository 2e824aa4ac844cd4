"""Where an utterance begins and ends in a stream of frames, as events: pure, so that a microphone and a file are alike.

A pause is told at once, so that decoding can begin; how long it may last before it is the end is asked for while it
lasts, because only the words so far tell whether he is done.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from courier_voice.audio.endpoint import FRAME_S, Attentive
from courier_voice.audio.mic import Frame
from courier_voice.core.words import Audio

ONSET: Final = 3
"""Voiced frames in a row that make a beginning, 0.1 s: a click or a note of music is shorter."""
RESUMED: Final = 2
"""Voiced frames in a row after which a pause was none."""


@dataclass(frozen=True)
class Began:
    """Somebody speaks: stop talking."""

    at_s: float


@dataclass(frozen=True)
class Paused:
    """The first sign of silence. ``audio`` is the utterance so far; ``number`` counts pauses of this utterance."""

    at_s: float
    audio: Audio
    number: int


@dataclass(frozen=True)
class Resumed:
    """He goes on: what was made of the pause is void."""

    at_s: float


@dataclass(frozen=True)
class Ended:
    """The utterance is over. ``pause`` is the number of the pause that ended it, so that what was decoded at its
    beginning holds; None when it was cut off at the longest. ``spoken_s`` is when the last voiced frame ended.
    """

    at_s: float
    audio: Audio
    pause: int | None
    spoken_s: float


Event = Began | Paused | Resumed | Ended
Patience = Callable[[], float]
"""Seconds of silence that end the utterance, as far as is known now."""


@dataclass(frozen=True)
class Ears:
    """``threshold``: of the voice probability; ``pause_s``: silence before a pause is told; ``before_s``: of sound
    kept from before the first word; ``longest_s``: an utterance is cut there.
    """

    threshold: float = 0.5
    pause_s: float = 0.064
    before_s: float = 0.4
    longest_s: float = 30.0


def events(
    frames: Iterable[Frame],
    patience: Patience,
    ears: Ears = Ears(),
    probability: Callable[[Frame], float] | None = None,
) -> Iterator[Event]:
    """The events of a stream, utterance after utterance, until the frames end; an open utterance ends with them.

    ``frames`` are 32 ms at 16 kHz; ``probability`` of voice in one is Silero's when none is given.
    """
    voiced = probability or Attentive()
    waiting: deque[Frame] = deque(maxlen=round(ears.before_s / FRAME_S) + ONSET)
    kept: list[Frame] = []
    run = quiet = pauses = clock = last = 0
    for frame in frames:
        clock += 1
        p = voiced(frame)
        run = run + 1 if p >= ears.threshold else 0
        if not kept:
            waiting.append(frame)
            if run >= ONSET:
                kept, quiet, pauses, last = list(waiting), 0, 0, clock
                waiting.clear()
                yield Began(clock * FRAME_S)
            continue
        kept.append(frame)
        if p >= ears.threshold - 0.15:
            last = clock if not quiet or run >= RESUMED else last
            if quiet and run >= RESUMED:
                if quiet * FRAME_S >= ears.pause_s:
                    yield Resumed(clock * FRAME_S)
                quiet = 0
            elif quiet:
                quiet += 1
        else:
            quiet += 1
        if quiet and quiet * FRAME_S >= ears.pause_s > (quiet - 1) * FRAME_S:
            pauses += 1
            yield Paused(clock * FRAME_S, _sound(kept), pauses)
        over = bool(quiet) and quiet * FRAME_S >= ears.pause_s and quiet * FRAME_S >= patience()
        if over or len(kept) * FRAME_S >= ears.longest_s:
            yield Ended(clock * FRAME_S, _sound(kept), pauses if over else None, last * FRAME_S)
            kept, run, quiet = [], 0, 0
    if kept:
        yield Ended(clock * FRAME_S, _sound(kept), pauses if quiet * FRAME_S >= ears.pause_s else None, last * FRAME_S)


def _sound(frames: list[Frame]) -> Audio:
    return Audio(np.concatenate(frames))
