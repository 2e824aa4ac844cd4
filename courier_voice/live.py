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
from courier_voice.audio.partials import Partials
from courier_voice.core.errors import CourierVoiceError, NoRecogniser
from courier_voice.core.parcels import Day
from courier_voice.core.turn import NluContext, Turn, Understanding
from courier_voice.core.words import Audio, Transcript, Utterance
from courier_voice.dialog.hasty import Hasty, asks
from courier_voice.dialog.hearings import hearings
from courier_voice.dialog.patience import Waits, patience_s
from courier_voice.dialog.policy import NOT_UNDERSTOOD
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
    cut_off_s: float | None = None
    """From his first sound to the reply's stop, where he spoke over one."""


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
    partials: Partials | None = None
    """Who is told the words while he speaks, from a streaming recogniser."""

    hasty: Callable[[], bool] = lambda: False
    """Whether the utterance began before the reply had been played to its end: a yes in it is not taken."""

    cut_off_s: Callable[[], float | None] = lambda: None
    """How long the reply he spoke over took to stop; None when he spoke over none."""

    late_s: float = 30.0
    """After a reply a yes is taken for so long: later he may be saying it to somebody else, and is asked again."""

    busy: bool = field(default=False, init=False)
    """Whether somebody speaks, or a turn is being made of what he said: nothing else is to be computed."""
    _replied_s: float | None = field(default=None, init=False)
    _now_s: float = field(default=0.0, init=False)

    foresee: Callable[[str, Day], None] = lambda message, day: None
    """Told of a dictated message that may be all, while it is waited whether he goes on."""

    instead: Callable[[Utterance], Turn | None] = lambda said: None
    """A turn made of an utterance without the agent: it is for somebody else, or about how the agent speaks."""

    def turns(self, frames: Iterable[Frame]) -> Iterator[LiveTurn]:
        """One a finished utterance."""
        with ThreadPoolExecutor(1, "decoding") as worker:
            decoding: dict[int, Future[_Reading]] = {}
            thrown_away = 0

            def patience() -> float:
                known = decoding.get(max(decoding)) if decoding else None
                return known.result().patience_s if known and _told(known) else self.waits.usual

            frames = self.partials.watch(frames) if self.partials else frames
            for event in events(frames, patience, self.ears, self.probability):
                match event:
                    case Began():
                        self.busy = True
                        self.began()
                        if self.partials:
                            self.partials.begin()
                    case Paused(_, audio, number) if self.speculate:
                        decoding[number] = worker.submit(self._read, audio)
                        if self.in_step:
                            decoding[number].exception()
                    case Resumed():
                        thrown_away += sum(not future.cancel() for future in decoding.values())
                        decoding.clear()
                    case Ended(at_s, audio, pause, spoken_s):
                        started = time.perf_counter()
                        self._now_s = at_s if self.in_step else time.monotonic()
                        if self.partials:
                            self.partials.end()
                        turn = self._turn(decoding.pop(pause, None) if pause else None, audio)
                        behind_s = time.perf_counter() - started
                        yield LiveTurn(turn, at_s - spoken_s, behind_s, thrown_away, self.cut_off_s())
                        if turn.reply:
                            self.replied()
                        decoding.clear()
                        thrown_away, self.busy = 0, False
                    case Paused():
                        pass

    def replied(self) -> None:
        """Something was said to him just now; turns with a reply count by themselves."""
        self._replied_s = self._now_s if self.in_step else time.monotonic()

    def _turn(self, decoding: Future[_Reading] | None, audio: Audio) -> Turn:
        """The turn of an utterance, from what was decoded at the pause that ended it, or decoded now."""
        if decoding is not None and decoding.exception() is None:
            return self._taken(decoding.result().heard)
        try:
            return self._taken(self.agent.hear(audio))
        except NoRecogniser:
            raise
        except CourierVoiceError:
            return self.agent.take_turn(audio)  # tells what went wrong

    def _taken(self, heard: Transcript) -> Turn:
        if heard.text.strip() and (turn := self.instead(normalize(heard.text))):
            return turn
        late = self._replied_s is not None and self._now_s - self._replied_s > self.late_s
        if not ((late or self.hasty()) and asks(self.agent.memory.context())):
            return self.agent.take_transcript(heard)
        nlu = self.agent.nlu
        self.agent.nlu = Hasty(nlu)
        try:
            return self.agent.take_transcript(heard)
        finally:
            self.agent.nlu = nlu

    def _read(self, audio: Audio) -> _Reading:
        heard = self.agent.hear(audio)
        said = normalize(heard.text)
        context = self.agent.memory.context()
        meant = self.glance(said, context) if said.text else None
        message = meant.drafts[-1].slots.get("message") if meant and meant.drafts[-1].intent == "send_sms" else None
        if isinstance(message, str) and self.agent.seen:
            self.foresee(message, self.agent.seen)
        if meant and meant.route == "llm":  # a second reader was asked, who takes time over each reading and remembers
            for other in hearings(heard, self.agent.mend, several=self.agent.nbest):
                self.glance(other.utterance, context)
        return _Reading(heard, patience_s(said, meant, context, self.waits))


def is_command(turn: Turn) -> bool:
    """Whether a turn that nothing waited for is to be answered aloud: talk in the street is not, nor is a 好的 or 算了
    said to a customer. An API or a model that is down is reported, whatever was said."""
    if turn.intent == "cancel" or turn.reply == NOT_UNDERSTOOD:
        return False
    return not (turn.kind == "reject" and turn.intent in ("confirm", "correct"))


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
