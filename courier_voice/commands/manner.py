"""说快点, 换个声音: how `listen` speaks, changed by speech; on the phone he is told nothing unasked."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Final

from courier_voice.agent import Agent
from courier_voice.app import build_speaker
from courier_voice.core.ports import Speaker
from courier_voice.core.turn import Draft, Turn, Understanding
from courier_voice.core.words import Utterance
from courier_voice.dialog.voice_words import QUIET, SAID, Change, Manner, changed, voice_change
from courier_voice.settings import Settings
from courier_voice.speech.speaker import VoiceSpeaker

VOICES: Final = ("zf_xiaoxiao", "zm_yunxia", "zf_xiaoni", "zm_yunyang")
"""Kokoro's that are offered in turn, the one set first."""
CALL_S: Final = 60.0
"""How long after a call was placed nothing is said unasked: nobody tells when it has ended."""


class OnCall:
    """Whether he has somebody on the phone: a call was placed a moment ago, or he has said so (``told``) and not yet
    that it is over."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._since = clock, -math.inf
        self.told = False

    def tell(self, on: bool) -> None:
        """He says that he has, or that it is over."""
        self.told = on
        self._since = self._since if on else -math.inf

    def note(self, turn: Turn) -> None:
        """A turn that may have placed a call."""
        if any(call.op == "dial" for call in turn.calls):
            self._since = self._clock()

    def __bool__(self) -> bool:
        return self.told or self._clock() - self._since < CALL_S


class Manners:
    """Speed, volume and voice of a speaker, for as long as the program runs."""

    def __init__(self, settings: Settings, agent: Agent, speaker: Speaker, on_call: OnCall) -> None:
        self._settings, self._agent, self._speaker, self._on_call = settings, agent, speaker, on_call
        self.manner = Manner()

    def __call__(self, said: Utterance) -> Turn | None:
        """The turn of a wish about how to speak, already done; None for all else, and where nothing speaks."""
        change = voice_change(said, self._agent.memory.context())
        if change is None or not isinstance(self._speaker, VoiceSpeaker):
            return None
        if change == "over" and not self._on_call:
            return None  # 打完了 tells of something else then
        if change in ("hush", "over"):
            self._on_call.tell(change == "hush")
        reply = SAID[change] if change in ("hush", "over") else self._change(change, self._speaker)
        self._speaker.volume = self.manner.volume * (QUIET if self._on_call.told else 1.0)
        return Turn(said, Understanding((Draft("none"),), "control"), "answer", (), reply)

    def _change(self, change: Change, speaker: VoiceSpeaker) -> str:
        other = self._settings.tts.engine != "espeak"
        first = self._settings.tts.voice
        voices = tuple(dict.fromkeys((first, *VOICES))) if other else (first,)
        wanted, reply = changed(self.manner, change, voices)
        if (wanted.speed, wanted.voice) != (self.manner.speed, self.manner.voice):
            speaker.speak_as(self._made(wanted))
        self.manner = wanted
        return reply

    def _made(self, wanted: Manner) -> Speaker:
        tts = self._settings.tts
        speed = min(2.0, max(0.5, tts.speed * wanted.speed))
        changes = {"speed": speed, "voice": wanted.voice or tts.voice}
        return build_speaker(self._settings.model_copy(update={"tts": tts.model_copy(update=changes)}), lambda _: None)
