"""Whisper on CTranslate2: the default engine, int8 on two cores."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Final

import numpy as np

from courier_voice.asr.hearing import (
    Progress,
    Reading,
    believable,
    in_window,
    pieces,
    token_limit,
    transcribe,
    window_for,
)
from courier_voice.asr.rolling import Rolling
from courier_voice.asr.style import PLAIN, Habits
from courier_voice.asr.vocabulary import vocabulary
from courier_voice.core.errors import TranscriptionError
from courier_voice.core.ports import SpeechDetector
from courier_voice.core.words import RATE, Audio, Transcript
from courier_voice.text.normalize import to_simplified

if TYPE_CHECKING:
    from ctranslate2.models import WhisperGenerationResult

_PROMPT_TOKENS = 223
"""Whisper's own limit for the text before the audio: half its context less one."""

SOMEBODY: Final = -1.0
"""Mean log-probability a token from which on somebody has spoken: of 302 sounds without a voice none was over -1.8."""


class FasterWhisper:
    """core.ports.Transcriber over faster-whisper's model and CTranslate2. Thread-safe; one utterance at a time.

    ``model``: a folder with model.bin, config.json, tokenizer.json, vocabulary (some of the tokenizer's words are
    enough, see `weights.chinese`). ``habits``: how this
    model wants to be asked; ``Habits(windows_s=(30,))`` is Whisper as published.
    Raises TranscriptionError when the model cannot be loaded.
    """

    def __init__(
        self,
        model: Path,
        detector: SpeechDetector,
        *,
        beam: int = 5,
        hypotheses: int = 3,
        habits: Habits = PLAIN,
        compute_type: str = "int8",
        threads: int = 2,
        progress: Progress | None = None,
    ) -> None:
        from faster_whisper import WhisperModel
        from faster_whisper.tokenizer import Tokenizer

        try:
            self._whisper = WhisperModel(
                str(model), device="cpu", compute_type=compute_type, cpu_threads=threads, local_files_only=True
            )
            self._words = vocabulary(model, self._whisper.hf_tokenizer)
        except (RuntimeError, ValueError, OSError) as error:
            raise TranscriptionError(
                f"the Whisper model in {model.name} does not load: run `courier-voice models verify`"
            ) from error
        self._tokenizer = Tokenizer(self._whisper.hf_tokenizer, True, task="transcribe", language="zh")
        self._detector, self._habits = detector, habits
        self._beam, self._hypotheses, self._progress = beam, min(hypotheses, beam), progress
        self._lock = Lock()

    def transcribe(self, audio: Audio, hints: Sequence[str] = ()) -> Transcript:
        """Hear 16 kHz audio of any length. Raises TranscriptionError."""
        prompt = self._prompt(self._habits.before(hints))
        with self._lock:
            return transcribe(
                partial(self._hear, prompt),
                self._detector,
                audio,
                habits=self._habits,
                progress=self._progress,
            )

    def transcribe_waiting(self, audios: Sequence[Audio], hints: Sequence[str] = ()) -> list[Transcript]:
        """Hear utterances that wait together: those of one piece each go through the model in one batch.

        The same words as one by one, but for the encoder window, which is the longest one's for all. Raises
        TranscriptionError.
        """
        prompt = self._prompt(self._habits.before(hints))
        with self._lock:
            cut = [[piece for _, piece in pieces(self._detector, audio)] for audio in audios]
            short = [parts[0] for parts in cut if len(parts) == 1]
            window_s = max((window_for(piece.seconds, self._habits) for piece in short), default=0.0)
            heard = iter(self._hear_all(prompt, short, window_s) if len(short) > 1 else ())
            told = []
            for audio, parts in zip(audios, cut, strict=True):
                known = next(heard, None) if len(parts) == 1 else None
                hear = partial(self._hear_again, prompt, known, window_s)
                told.append(transcribe(hear, self._detector, audio, habits=self._habits))
            return told

    def warm(self) -> None:
        """Hear two seconds of nothing, so that the first utterance need not wait for what is done once."""
        self._hear(self._prompt(""), Audio(np.zeros(2 * RATE, np.float32)), min(self._habits.windows_s))

    def stream(self, hints: Sequence[str] = ()) -> Rolling:
        """Words while one utterance is spoken, heard greedily every 0.8 s."""
        prompt = self._prompt(self._habits.before(hints))
        return Rolling(partial(self._glimpse, prompt))

    def _glimpse(self, prompt: list[int], audio: Audio) -> str:
        (reading,) = self._hear_all(prompt, [audio], window_for(audio.seconds, self._habits), beam=1)[0]
        return to_simplified(reading.text) if believable(reading.text, audio.seconds) else ""

    def _hear_again(
        self, prompt: list[int], known: list[Reading] | None, known_s: float, piece: Audio, window_s: float
    ) -> list[Reading]:
        """What the batch made of a piece; a wider window, asked for when that was not believable, is heard anew."""
        return known if known is not None and window_s <= known_s else self._hear(prompt, piece, window_s)

    def _prompt(self, text: str) -> list[int]:
        tokenizer, inside = self._tokenizer, self._words.inside
        before = [*inside([tokenizer.sot_prev]), *inside(tokenizer.encode(" " + text))[-_PROMPT_TOKENS:]]
        return [*(before if text else ()), *inside([*tokenizer.sot_sequence, tokenizer.no_timestamps])]

    def _hear(self, prompt: list[int], piece: Audio, window_s: float) -> list[Reading]:
        return self._hear_all(prompt, [piece], window_s)[0]

    def _hear_all(
        self, prompt: list[int], pieces: Sequence[Audio], window_s: float, beam: int | None = None
    ) -> list[list[Reading]]:
        """Readings of each piece, all in encoder windows of one length, through the model together."""
        import ctranslate2

        samples = [in_window(piece, window_s) for piece in pieces]
        features = np.stack([self._whisper.feature_extractor(one)[:, : len(one) // 160] for one in samples])
        seconds = max(piece.seconds for piece in pieces)
        try:
            encoded = self._whisper.model.encode(ctranslate2.StorageView.from_array(np.ascontiguousarray(features)))
            results = self._whisper.model.generate(
                encoded,
                [prompt] * len(pieces),
                beam_size=beam or self._beam,
                num_hypotheses=min(self._hypotheses, beam or self._beam),
                max_length=len(prompt) + token_limit(seconds),
                return_scores=True,
                return_no_speech_prob=True,
            )
            silent = [False] * len(pieces)
            if self._habits.knows_silence and any(result.scores[0] < SOMEBODY for result in results):
                silent = self._nobody(encoded, prompt, len(pieces))
        except (RuntimeError, ValueError) as error:
            raise TranscriptionError(f"Whisper failed on {seconds:.1f} s of audio: {error}") from error
        return [
            [Reading("", 0.0)] if nobody and result.scores[0] < SOMEBODY else self._readings(result)
            for result, nobody in zip(results, silent, strict=True)
        ]

    def _readings(self, result: WhisperGenerationResult) -> list[Reading]:
        return [
            Reading(self._tokenizer.decode(self._words.outside(tokens)).strip(), score, result.no_speech_prob)
            for tokens, score in zip(result.sequences_ids, result.scores, strict=True)
        ]

    def _nobody(self, encoded: object, prompt: list[int], count: int) -> list[bool]:
        """Whether the first thing the model would write is the end. A beam cannot say so: it divides by the length.

        Asked only where the beam's words are hardly believable: it costs a sixth of a decoding."""
        first = self._whisper.model.generate(
            encoded, [prompt] * count, beam_size=1, max_length=len(prompt) + 1, suppress_blank=False
        )
        return [not one.sequences_ids[0] for one in first]
