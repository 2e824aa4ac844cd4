"""Says replies aloud, clause by clause, so that the first is heard while the next is made."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from typing import Final

import numpy as np

from courier_voice.core.errors import SpeechError
from courier_voice.core.ports import Speaker, Synthesizer
from courier_voice.core.words import Audio
from courier_voice.speech.ahead import Ahead
from courier_voice.speech.cache import PhraseCache
from courier_voice.speech.console import ConsoleSpeaker
from courier_voice.speech.player import Player
from courier_voice.speech.spoken import clauses, streamed
from courier_voice.speech.trim import trimmed

log = logging.getLogger(__name__)


RETRY_S: Final = 10.0
"""After no sound came out: a headset may be back by then."""


class VoiceSpeaker:
    """Speaker. When no sound comes out (no card, no voice) it says so once and goes on through ``fallback``, until
    there is sound again.
    """

    def __init__(
        self, synth: Synthesizer, player: Player, cache: PhraseCache | None = None, fallback: Speaker | None = None
    ) -> None:
        self._synth, self._player, self._cache = synth, player, cache
        self._fallback: Speaker = fallback or ConsoleSpeaker()
        self._silent_since: float | None = None
        self._loaded = False
        self._loading = threading.Lock()
        self.ahead = Ahead(self._kept)
        self.volume = 1.0
        """A factor of how loud clauses are."""

    def speak_as(self, other: Speaker) -> None:
        """Take over another speaker's voice; from one that has none, nothing."""
        if isinstance(other, VoiceSpeaker):
            self._synth, self._cache, self._loaded = other._synth, other._cache, False
            self.ahead.forget()

    def say(self, text: str) -> None:
        """Speak a text and return when it has been heard (or shown). Never raises SpeechError."""
        if self._silent_since is None or time.monotonic() - self._silent_since >= RETRY_S:
            try:
                for clause in streamed(text, self.ready):
                    self._player.play(self.sound(clause))
                self._player.wait()
                self._silent_since = None
                return
            except SpeechError as error:
                if self._silent_since is None:
                    log.warning("going on in text: %s", error)
                    self._fallback.say(error.said)
                self._silent_since = time.monotonic()
        self._fallback.say(text)

    def play(self, tone: Audio) -> None:
        """A short sound; nothing where none comes out. Returns when it has been heard. Never raises SpeechError."""
        with suppress(SpeechError):
            self._player.play(tone)
            self._player.wait()

    def instead(self, text: str) -> None:
        """Show a text for which there is no sound."""
        self._fallback.say(text)

    def prepare(self, texts: Iterable[str]) -> None:
        """Have the clauses of texts ready before they are asked for; made in quiet moments (`Ahead`), never raises."""
        self.ahead.want(clause for text in texts for clause in clauses(text))

    def ready(self, clause: str) -> bool:
        """Whether its sound is there without being made."""
        return self.ahead.ready(clause) or (self._cache is not None and clause in self._cache)

    def sound(self, clause: str) -> Audio:
        """A clause spoken at ``volume``, from what was made ahead or kept where it is there. Raises SpeechError."""
        audio = self.ahead.get(clause) or self._kept(clause)
        if self.volume == 1.0:
            return audio
        return Audio(np.clip(audio.samples * self.volume, -1, 1).astype(np.float32), audio.rate)

    def _kept(self, clause: str) -> Audio:
        audio = self._cache.get(clause) if self._cache else None
        if audio is None:
            audio = trimmed(self._synthesized(clause), clause)
            if self._cache:
                self._cache.put(clause, audio)
        return audio

    def _synthesized(self, clause: str) -> Audio:
        if self._loaded:
            return self._synth.synthesize(clause)
        with self._loading:  # two threads must not both load the voice
            audio = self._synth.synthesize(clause)
            self._loaded = True
        return audio
