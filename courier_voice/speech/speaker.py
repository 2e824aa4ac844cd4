"""Says replies aloud, clause by clause, so that the first is heard while the next is made."""

from __future__ import annotations

import logging
from contextlib import suppress

import numpy as np

from courier_voice.core.errors import SpeechError
from courier_voice.core.ports import Speaker, Synthesizer
from courier_voice.core.words import Audio
from courier_voice.speech.cache import PhraseCache
from courier_voice.speech.console import ConsoleSpeaker
from courier_voice.speech.player import Player
from courier_voice.speech.spoken import clauses

log = logging.getLogger(__name__)


class VoiceSpeaker:
    """Speaker. When no sound comes out (no card, no voice) it says so once and goes on through ``fallback``."""

    def __init__(
        self, synth: Synthesizer, player: Player, cache: PhraseCache | None = None, fallback: Speaker | None = None
    ) -> None:
        self._synth, self._player, self._cache = synth, player, cache
        self._fallback: Speaker = fallback or ConsoleSpeaker()
        self._silent = False
        self.volume = 1.0
        """A factor of how loud clauses are."""

    def speak_as(self, other: Speaker) -> None:
        """Take over another speaker's voice; from one that has none, nothing."""
        if isinstance(other, VoiceSpeaker):
            self._synth, self._cache = other._synth, other._cache

    def say(self, text: str) -> None:
        """Speak a text and return when it has been heard (or shown). Never raises SpeechError."""
        if not self._silent:
            try:
                for clause in clauses(text):
                    self._player.play(self.sound(clause))
                self._player.wait()
                return
            except SpeechError as error:
                self._silent = True
                log.warning("going on in text: %s", error)
                self._fallback.say(error.said)
        self._fallback.say(text)

    def play(self, tone: Audio) -> None:
        """A short sound; nothing where none comes out. Returns when it has been heard. Never raises SpeechError."""
        with suppress(SpeechError):
            self._player.play(tone)
            self._player.wait()

    def instead(self, text: str) -> None:
        """Show a text for which there is no sound."""
        self._fallback.say(text)

    def sound(self, clause: str) -> Audio:
        """A clause spoken at ``volume``, from the cache where it has been before. Raises SpeechError."""
        audio = self._cache.get(clause) if self._cache else None
        if audio is None:
            audio = self._synth.synthesize(clause)
            if self._cache:
                self._cache.put(clause, audio)
        if self.volume == 1.0:
            return audio
        return Audio(np.clip(audio.samples * self.volume, -1, 1).astype(np.float32), audio.rate)
