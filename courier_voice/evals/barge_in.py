"""Talking over the reply, simulated: the real mouth, echo canceller and voice detector in step with a room."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from courier_voice.audio.duplex import Duplex, Manners
from courier_voice.audio.endpoint import FRAME, FRAME_S
from courier_voice.audio.endpointing import Began, events
from courier_voice.audio.ring import Both
from courier_voice.core.words import RATE, Audio
from courier_voice.evals.street import Room, Samples, echo, loudness
from courier_voice.speech.mouth import Mouth

MANNERS: Final = Manners()
REPLY_LEVEL: Final = 0.1
NOISE: Final = 5e-4
"""RMS of the microphone's own noise."""


@dataclass(frozen=True)
class Over:
    """What came of a reply somebody, or something, was heard over. Seconds from the start of the reply; None: never."""

    stopped_s: float | None
    ducked_s: float
    yielded_s: float | None = None
    """When it first was stopped or ducked, after the sound had begun."""


def over_reply(
    reply: Samples,
    near: Samples,
    at_s: float,
    room: Room,
    *,
    manners: Manners = MANNERS,
    before: Samples | None = None,
    seed: int = 0,
) -> Over:
    """A reply at `REPLY_LEVEL` with ``near`` (at its own level) from ``at_s`` on. ``before`` is a reply played out
    first, from which the canceller has learnt the room.
    """
    sounds = {"before": before, "reply": reply}
    mouth = Mouth(lambda name: Audio(_levelled(sounds[name])), in_step=True)
    duplex = Duplex(mouth, manners)
    back, rng = echo(room, FRAME), np.random.default_rng(seed)
    ducked = 0
    stopped: float | None = None
    yielded: float | None = None

    def pairs() -> Iterator[Both]:
        nonlocal ducked, stopped, yielded
        if before is not None:
            mouth.say("before")
            while mouth.speaking:
                yield _pair(mouth, back, rng, None)
        mouth.say("reply")
        start = round(at_s * RATE / FRAME) * FRAME
        for number in range(len(reply) // FRAME):
            here = near[max(0, number * FRAME - start) :][:FRAME] if number * FRAME >= start else near[:0]
            ducked += duplex.ducked
            if yielded is None and duplex.ducked and number * FRAME > start:
                yielded = number * FRAME_S
            yield _pair(mouth, back, rng, here)
            if not mouth.speaking:
                stopped = None if mouth.heard_out else (number + 1) * FRAME_S
                return

    try:
        for event in events(duplex.frames(pairs()), lambda: 0.8, probability=duplex.probability):
            if isinstance(event, Began):
                duplex.began()
    finally:
        mouth.close()
    return Over(stopped, ducked * FRAME_S, stopped if yielded is None else yielded)


def _pair(mouth: Mouth, back: Callable[[Samples], Samples], rng: np.random.Generator, near: Samples | None) -> Both:
    played = mouth.take(FRAME)
    heard = back(played) + NOISE * rng.standard_normal(FRAME).astype(np.float32)
    if near is not None:
        heard[: len(near)] += near
    return Both(np.clip(heard, -1, 1), mouth.reference())


def _levelled(sound: Samples | None) -> Samples:
    assert sound is not None
    return (sound * (REPLY_LEVEL / loudness(sound))).astype(np.float32)
