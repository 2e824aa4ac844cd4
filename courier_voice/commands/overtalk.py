"""Hands free with the microphone open while replies are said: whoever speaks over one stops it, and his words are
heard from the first. Needs an echo canceller and something that plays; without, `listen` closes the microphone.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from courier_voice.audio.duplex import Duplex, has_canceller
from courier_voice.audio.endpoint import FRAME, FRAME_S
from courier_voice.audio.mic import Capture, Frame, Reference
from courier_voice.audio.ring import Both
from courier_voice.commands.aloud import Trouble
from courier_voice.commands.out import stderr
from courier_voice.core.errors import MicrophoneError, SpeechError
from courier_voice.core.ports import Speaker
from courier_voice.core.turn import Turn
from courier_voice.core.words import RATE
from courier_voice.live import Listener, LiveTurn
from courier_voice.speech.mouth import Mouth
from courier_voice.speech.player import output_rate, sounding
from courier_voice.speech.speaker import VoiceSpeaker

IDLE_S: Final = 15.0
"""How long nobody has to speak before what is queued is tried again."""
RETRY_S: Final = 2.0
"""Between tries to open a microphone or speaker that was lost."""

Back = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""What comes back into the microphone of a frame that is played."""

log = logging.getLogger(__name__)


class OpenMicrophone(Protocol):
    def __call__(self, *, reference: Reference) -> AbstractContextManager[Capture]: ...


def mouth_of(speaker: Speaker, *, simulated: bool, device: int | str | None = None) -> Mouth | None:
    """The speaker's voice as a stream that can be cut off; None where it cannot be, and why is logged: it only writes,
    no echo canceller is installed, or nothing plays on ``device``. ``simulated``: frames of a recording take it, no
    card is needed.
    """
    if not isinstance(speaker, VoiceSpeaker):
        return None
    if not has_canceller():
        log.info("the microphone is closed while answering: for talking over it, pip install pywebrtc-audio")
        return None
    try:
        rate = RATE if simulated else output_rate(device)
    except SpeechError as error:
        log.info("the microphone is closed while answering: %s", error)
        return None
    return Mouth(speaker.sound, ready=speaker.ready, rate=rate, fallback=speaker.instead)


class Overtalk:
    """The listener's turns beside a mouth. ``spoke`` is called with each frame in which a reply is under way."""

    def __init__(
        self, listener: Listener, mouth: Mouth, spoke: Callable[[], None] = lambda: None, duplex: Duplex | None = None
    ) -> None:
        """From here on ``listener`` hears what is said over the mouth."""
        self.mouth, self.duplex = mouth, duplex or Duplex(mouth)
        self._listener, self._spoke = listener, spoke
        self._begun = self._over = False
        self._quiet = 0
        listener.probability = self.duplex.probability
        listener.began = self._began
        listener.hasty = lambda: self.duplex.over_reply
        listener.cut_off_s = lambda: self.duplex.reaction_s

    def turns(self, pairs: Iterable[Both]) -> Iterator[LiveTurn | None]:
        """Turn after turn, None when nobody has spoken for a while, until the pairs end. A reply said between two of
        them is played while the next is listened for."""
        frames = self.duplex.frames(self._watched(pairs))
        self._over = False
        while not self._over:
            self._heard()
            for live in self._listener.turns(self._until_idle(frames)):
                self._heard()
                yield live
            if not self._over:
                yield None

    def _began(self) -> None:
        self._begun = True
        self.duplex.began()

    def _heard(self) -> None:
        self._begun, self._quiet = False, 0

    def _watched(self, pairs: Iterable[Both]) -> Iterator[Both]:
        for both in pairs:
            if self.mouth.speaking:
                self._quiet = 0
                self._spoke()
            yield both
        self._over = True

    def _until_idle(self, frames: Iterator[Frame]) -> Iterator[Frame]:
        for frame in frames:
            self._quiet += 1
            yield frame
            if not self._begun and self._quiet * FRAME_S >= IDLE_S:
                return


def on_device(
    over: Overtalk, microphone: OpenMicrophone, trouble: Trouble, device: int | str | None = None
) -> Iterator[Turn | None]:
    """On a microphone and a sound card (``device``), both open all the time. Lost, it is told and both are tried again,
    with whatever rates they have by then."""
    stderr.print("请说…", style="dim")
    while True:
        try:
            with ExitStack() as held:
                capture = held.enter_context(microphone(reference=over.mouth.reference))
                plays = held.enter_context(sounding(over.mouth.take, over.mouth.rate, device))
                over.duplex.moved()
                over.duplex.late = lambda ring=capture.ring: len(ring) * FRAME_S  # type: ignore[misc]
                for live in over.turns(
                    _while_playing(capture.pairs(), plays, lambda frame: trouble.heard(frame, over.mouth))
                ):
                    yield live.turn if live else None
        except (MicrophoneError, SpeechError) as error:
            over.mouth.stop()
            trouble.told(error)
            time.sleep(RETRY_S)


def beside(frames: Iterable[Frame], mouth: Mouth, back: Back | None = None) -> Iterator[Both]:
    """A recording beside a simulated output: taken in step with the frames, and mixed into them by ``back``."""
    for frame in frames:
        played = mouth.take(FRAME)
        heard = np.clip(frame + back(played), -1, 1) if back else frame
        yield Both(np.asarray(heard, np.float32), mouth.reference())


def in_recording(over: Overtalk, frames: Iterable[Frame], back: Back | None = None) -> Iterator[Turn]:
    """The turns of a recording, its replies said over it."""
    for live in over.turns(beside(frames, over.mouth, back)):
        if live is None:
            continue
        cut = "" if live.cut_off_s is None else f"，打断后 {live.cut_off_s * 1000:.0f} 毫秒停下"
        stderr.print(
            f"静音 {live.endpoint_s:.2f} 秒后结束，{live.behind_s * 1000:.0f} 毫秒后办好{cut}",
            style="dim",
            highlight=False,
        )
        yield live.turn


def _while_playing(pairs: Iterable[Both], plays: Callable[[], bool], heard: Callable[[Frame], None]) -> Iterator[Both]:
    for both in pairs:
        if not plays():
            raise SpeechError("the sound output has gone: plug it in again, or choose another")
        heard(both.heard)
        yield both
