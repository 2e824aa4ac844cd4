"""Hands free: frames in, turns out. Decoding begins at the first sign of silence and is thrown away when he goes on;
how long the silence must last depends on what was decoded.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

from courier_voice.agent import Agent
from courier_voice.audio.endpointing import Began, Ears, Ended, Paused, Resumed, events
from courier_voice.audio.mic import Frame
from courier_voice.core.turn import NluContext, Turn, Understanding
from courier_voice.core.words import Audio, Transcript, Utterance
from courier_voice.dialog.patience import Waits, patience_s
from courier_voice.text.normalize import normalize

Glance = Callable[[Utterance, NluContext], Understanding | None]


@dataclass(frozen=True)
class LiveTurn:
    """A turn, and where its seconds went. ``endpoint_s``: silence that was waited through after the last word;
    ``behind_s``: wall-clock from the end of the utterance to the turn being done, decoding included where it was not
    done before; ``thrown_away``: decodings begun at pauses that were none.
    """

    turn: Turn
    endpoint_s: float
    behind_s: float
    thrown_away: int


@dataclass(frozen=True)
class _Reading:
    heard: Transcript
    patience_s: float


@dataclass
class Listener:
    """Turns out of a stream of frames.

    ``speculate``: decode at every pause instead of at the end only. ``in_step``: wait for each decoding before the
    next frame, so that a file read faster than time gives the same turns as one played in time.
    """

    agent: Agent
    glance: Glance
    ears: Ears = field(default_factory=Ears)
    waits: Waits = field(default_factory=Waits)
    speculate: bool = True
    in_step: bool = False
    probability: Callable[[Frame], float] | None = None
    """Of voice in a frame; None: Silero's."""

    began: Callable[[], None] = lambda: None
    """Called when somebody starts to speak."""

    def turns(self, frames: Iterable[Frame]) -> Iterator[LiveTurn]:
        """One a finished utterance."""
        with ThreadPoolExecutor(1, "decoding") as worker:
            decoding: dict[int, Future[_Reading]] = {}
            thrown_away = 0

            def patience() -> float:
                known = decoding.get(max(decoding)) if decoding else None
                return known.result().patience_s if known and _told(known) else self.waits.usual

            for event in events(frames, patience, self.ears, self.probability):
                match event:
                    case Began():
                        self.began()
                    case Paused(_, audio, number) if self.speculate:
                        decoding[number] = worker.submit(self._read, audio)
                        if self.in_step:
                            decoding[number].exception()
                    case Resumed():
                        thrown_away += sum(not future.cancel() for future in decoding.values())
                        decoding.clear()
                    case Ended(at_s, audio, pause, spoken_s):
                        started = time.perf_counter()
                        turn = self._turn(decoding.pop(pause, None) if pause else None, audio)
                        yield LiveTurn(turn, at_s - spoken_s, time.perf_counter() - started, thrown_away)
                        decoding.clear()
                        thrown_away = 0
                    case Paused():
                        pass

    def _turn(self, decoding: Future[_Reading] | None, audio: Audio) -> Turn:
        """The turn of an utterance, from what was decoded at the pause that ended it, or decoded now."""
        if decoding is None or decoding.exception() is not None:
            return self.agent.take_turn(audio)
        return self.agent.take_transcript(decoding.result().heard)

    def _read(self, audio: Audio) -> _Reading:
        heard = self.agent.hear(audio)
        said = normalize(heard.text)
        context = self.agent.memory.context()
        meant = self.glance(said, context) if said.text else None
        return _Reading(heard, patience_s(said, meant, context, self.waits))


def _told(decoding: Future[_Reading]) -> bool:
    return decoding.done() and not decoding.cancelled() and decoding.exception() is None


def in_time(
    frames: Iterable[Frame], seconds_a_frame: float, clock: Callable[[], float] = time.monotonic
) -> Iterator[Frame]:
    """Frames of a recording at the pace of a microphone; a late reader gets what has piled up at once."""
    start = clock()
    for number, frame in enumerate(frames, 1):
        if (early := start + number * seconds_a_frame - clock()) > 0:
            time.sleep(early)
        yield frame
