"""Who is listened to, by ``listen.mode``: joins the recogniser, the wake phrase and the conversation's state."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator

from courier_voice.agent import Agent
from courier_voice.app import build_asr
from courier_voice.asr.wake import Addressed
from courier_voice.audio.endpoint import FRAME_S
from courier_voice.audio.mic import Frame
from courier_voice.core.ports import Transcriber
from courier_voice.dialog.attention import Attention
from courier_voice.dialog.hasty import asks
from courier_voice.settings import Asr, Settings


def spotter_of(settings: Settings, asr: Transcriber) -> Transcriber:
    """What hears the wake phrase: the recogniser itself without its second opinion, or the one on this device where
    ``asr`` is another or elsewhere. Raises WeightsError naming the command that brings its weights."""
    if settings.asr.engine in ("faster-whisper", "whisper"):
        return getattr(asr, "first", asr)
    return build_asr(settings.model_copy(update={"asr": Asr(second_opinion=False, threads=settings.asr.threads)}))


class Doorkeeper:
    """Lets the agent hear only who is to be heard. ``clock``: seconds, those of a recording read at speed
    are its own."""

    def __init__(
        self, settings: Settings, agent: Agent, asr: Transcriber, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """From here on ``agent`` hears through this."""
        chosen = settings.listen

        def waits() -> bool:
            return asks(agent.memory.context())

        self._attention = Attention(waits, chosen.follow_up_s, chosen.answer_s, clock)
        self._ears = Addressed(asr, spotter_of(settings, asr), chosen.phrase, self._attention.heard_since)
        agent.asr = self._ears

    @property
    def called(self) -> bool:
        """Whether the utterance heard last was the wake phrase alone."""
        return self._ears.called

    @property
    def by_name(self) -> bool:
        """Whether the utterance heard last began with the wake phrase: whatever it was, it is answered."""
        return self._ears.by_name

    def answered(self) -> None:
        """A reply, or the sound that says 'I listen', has ended."""
        self._attention.open()


class FrameClock:
    """Seconds of the frames that have been read: the time in a recording."""

    def __init__(self) -> None:
        self._read = 0

    def __call__(self) -> float:
        return self._read * FRAME_S

    def watch(self, frames: Iterable[Frame]) -> Iterator[Frame]:
        for frame in frames:
            self._read += 1
            yield frame
