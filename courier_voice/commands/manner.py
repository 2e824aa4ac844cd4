"""说快点, 换个声音: how `listen` speaks, changed by speech; and nothing unasked while a call was just placed."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from courier_voice.agent import Agent
from courier_voice.app import build_speaker
from courier_voice.core.ports import Speaker
from courier_voice.core.turn import Draft, Turn, Understanding
from courier_voice.core.words import Utterance
from courier_voice.dialog.voice_words import Manner, changed, voice_change
from courier_voice.settings import Settings
from courier_voice.speech.speaker import VoiceSpeaker

VOICES: Final = ("zf_xiaoxiao", "zm_yunxia", "zf_xiaoni", "zm_yunyang")
"""Kokoro's that are offered in turn, the one set first."""
CALL_S: Final = 60.0
"""How long after a call was placed nothing is said unasked: nobody tells when it has ended."""


class Manners:
    """Speed, volume and voice of a speaker, for as long as the program runs."""

    def __init__(self, settings: Settings, agent: Agent, speaker: Speaker) -> None:
        self._settings, self._agent, self._speaker = settings, agent, speaker
        self.manner = Manner()

    def __call__(self, said: Utterance) -> Turn | None:
        """The turn of a wish about how to speak, already done; None for all else, and where nothing speaks."""
        change = voice_change(said, self._agent.memory.context())
        if change is None or not isinstance(self._speaker, VoiceSpeaker):
            return None
        other = self._settings.tts.engine != "espeak"
        first = self._settings.tts.voice
        voices = tuple(dict.fromkeys((first, *VOICES))) if other else (first,)
        wanted, reply = changed(self.manner, change, voices)
        if (wanted.speed, wanted.voice) != (self.manner.speed, self.manner.voice):
            self._speaker.speak_as(self._made(wanted))
        self._speaker.volume, self.manner = wanted.volume, wanted
        return Turn(said, Understanding((Draft("none"),), "control"), "answer", (), reply)

    def _made(self, wanted: Manner) -> Speaker:
        tts = self._settings.tts
        speed = min(2.0, max(0.5, tts.speed * wanted.speed))
        changes = {"speed": speed, "voice": wanted.voice or tts.voice}
        return build_speaker(self._settings.model_copy(update={"tts": tts.model_copy(update=changes)}), lambda _: None)


class OnCall:
    """Whether a call was placed a moment ago."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._since = clock, -CALL_S

    def note(self, turn: Turn) -> None:
        if any(call.op == "dial" for call in turn.calls):
            self._since = self._clock()

    def __bool__(self) -> bool:
        return self._clock() - self._since < CALL_S
