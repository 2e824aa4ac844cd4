"""What `listen` lets be heard: the sound before a reply, the reply, and that a device was lost or is back."""

from __future__ import annotations

from typing import Final

from courier_voice.audio.endpoint import FRAME_S
from courier_voice.audio.ring import Frame
from courier_voice.commands.out import stderr
from courier_voice.core.errors import CourierVoiceError, SpeechError
from courier_voice.core.ports import Effects, Speaker
from courier_voice.core.turn import Turn
from courier_voice.speech.earcons import Earcon, earcon, earcon_of
from courier_voice.speech.mouth import Mouth
from courier_voice.speech.speaker import VoiceSpeaker

STEADY_S: Final = 1.0
"""How long a device that was lost must give sound before it counts as back."""


class Aloud:
    """Replies through ``speaker``, each after the sound of what came of it. ``look`` before a turn is made."""

    def __init__(self, speaker: Speaker, effects: Effects) -> None:
        self.speaker, self._effects = speaker, effects
        self._queued = self._now_queued()

    def look(self) -> None:
        """What waits for the network from here on is this turn's."""
        self._queued = self._now_queued()

    def say(self, turn: Turn) -> None:
        """The reply of a turn, and before it whether it was done, noted for later, or went wrong."""
        if sound := earcon_of(turn, queued=bool(self._now_queued() - self._queued)):
            tone(self.speaker, sound)
        self.speaker.say(turn.reply)

    def called(self) -> None:
        """He has said the wake phrase and nothing else, or holds the key: he may go on."""
        stderr.print("在听…", style="dim")
        tone(self.speaker, "listening")

    def _now_queued(self) -> frozenset[str]:
        return frozenset(entry.effect.key for entry in self._effects.pending() if entry.status == "queued")


class Trouble:
    """A microphone or speaker that went away: told once, on the screen and through ``voice``, until it is back."""

    def __init__(self, voice: Speaker) -> None:
        self._voice, self._lost, self._heard = voice, False, 0

    def told(self, error: CourierVoiceError) -> None:
        """It cannot be used."""
        if not self._lost:
            stderr.print(f"{error.said}（{error}）", markup=False)
            if not isinstance(error, SpeechError):
                tone(self._voice, "error")
                self._voice.say(error.said)
        self._lost, self._heard = True, 0

    def heard(self, frame: Frame, speaker: Speaker | None = None) -> None:
        """It gives sound again. Once it has for a second, and not only zeros, this is told, through ``speaker`` where
        that is what plays."""
        if not self._lost:
            return
        self._heard += bool(frame.any())
        if self._heard * FRAME_S >= STEADY_S:
            self._lost = False
            stderr.print("好了，请说…", style="dim")
            tone(speaker or self._voice, "listening")


def tone(speaker: Speaker, name: Earcon) -> None:
    """A short sound; nothing where there is only text."""
    if isinstance(speaker, (VoiceSpeaker, Mouth)):
        speaker.play(earcon(name))
