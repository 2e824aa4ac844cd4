"""A second opinion: what the tuned model is unsure of, one that is tuned less hears too, and is rather believed.

Tuning on couriers' speech costs a little of everything else. Interpolating the weights (WiSE-FT, arXiv:2109.01903)
costs some of the gain everywhere; two networks of one shape have log-probabilities that compare, case by case.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Final

from courier_voice.asr.faster import FasterWhisper
from courier_voice.core.ports import StreamingTranscriber, Transcriber
from courier_voice.core.words import Audio, Transcript

DOUBT: Final = -0.35
"""Mean log-probability a token under which the other model is asked: about one command in fourteen."""
HANDICAP: Final = 0.05
"""How much less sure the other may be and is still believed where no hints tell that a courier speaks of his list.
Both numbers were chosen on the recorded turns, with ``courier-voice eval ways``."""
LONGEST_S: Final = 30.0
"""Longer audio is no command, and would wait twice as long."""


class SecondOpinion:
    """core.ports.Transcriber over two others. ``first`` is the one asked first, ``other`` is built when it is
    first asked for."""

    def __init__(self, first: Transcriber, other: Callable[[], Transcriber]) -> None:
        self.first, self._build = first, other

    @cached_property
    def _other(self) -> Transcriber:
        return self._build()

    def warm(self) -> None:
        """Load both, so that the first doubtful utterance need not wait for the second."""
        for each in (self.first, self._other):
            if isinstance(each, FasterWhisper):
                each.warm()

    def stream(self, hints: Sequence[str] = ()) -> StreamingTranscriber | None:
        """Words while he speaks, of the first; None where it gives none."""
        return self.first.stream(hints) if isinstance(self.first, FasterWhisper) else None

    def transcribe(self, audio: Audio, hints: Sequence[str] = ()) -> Transcript:
        """Hear 16 kHz audio of any length. Raises TranscriptionError."""
        return self._weighed(audio, self.first.transcribe(audio, hints), bool(hints))

    def transcribe_waiting(self, audios: Sequence[Audio], hints: Sequence[str] = ()) -> list[Transcript]:
        """Several utterances, together where the first engine can. Raises TranscriptionError."""
        if isinstance(self.first, FasterWhisper):
            heard = self.first.transcribe_waiting(audios, hints)
        else:
            heard = [self.first.transcribe(audio, hints) for audio in audios]
        return [self._weighed(audio, one, bool(hints)) for audio, one in zip(audios, heard, strict=True)]

    def _weighed(self, audio: Audio, heard: Transcript, hinted: bool) -> Transcript:
        if not heard.nbest or heard.nbest[0].logprob >= DOUBT or audio.seconds > LONGEST_S:
            return heard
        other = self._other.transcribe(audio)
        handicap = 0.0 if hinted else HANDICAP
        if not other.nbest or other.nbest[0].logprob <= heard.nbest[0].logprob - handicap:
            return heard
        return replace(other, nbest=(*other.nbest[:1], *heard.nbest))
