"""Whisper on CTranslate2: the default engine, int8 on two cores."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from threading import Lock

import numpy as np

from courier_voice.asr.hearing import Progress, Reading, in_window, token_limit, transcribe
from courier_voice.asr.style import PLAIN, Habits
from courier_voice.core.errors import TranscriptionError
from courier_voice.core.ports import SpeechDetector
from courier_voice.core.words import Audio, Transcript

_PROMPT_TOKENS = 223
"""Whisper's own limit for the text before the audio: half its context less one."""


class FasterWhisper:
    """core.ports.Transcriber over faster-whisper's model and CTranslate2. Thread-safe; one utterance at a time.

    ``model``: a folder with model.bin, config.json, tokenizer.json, vocabulary. ``habits``: how this
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

    def _prompt(self, text: str) -> list[int]:
        tokenizer = self._tokenizer
        before = [tokenizer.sot_prev, *tokenizer.encode(" " + text)[-_PROMPT_TOKENS:]]
        return [*(before if text else ()), *tokenizer.sot_sequence, tokenizer.no_timestamps]

    def _hear(self, prompt: list[int], piece: Audio, window_s: float) -> list[Reading]:
        import ctranslate2

        samples = in_window(piece, window_s)
        features = self._whisper.feature_extractor(samples)[None, :, : len(samples) // 160]
        try:
            encoded = self._whisper.model.encode(ctranslate2.StorageView.from_array(np.ascontiguousarray(features)))
            if self._habits.knows_silence and self._nobody(encoded, prompt):
                return [Reading("", 0.0)]
            result = self._whisper.model.generate(
                encoded,
                [prompt],
                beam_size=self._beam,
                num_hypotheses=self._hypotheses,
                max_length=len(prompt) + token_limit(piece.seconds),
                return_scores=True,
                return_no_speech_prob=True,
            )[0]
        except (RuntimeError, ValueError) as error:
            raise TranscriptionError(f"Whisper failed on {piece.seconds:.1f} s of audio: {error}") from error
        return [
            Reading(self._tokenizer.decode(tokens).strip(), score, result.no_speech_prob)
            for tokens, score in zip(result.sequences_ids, result.scores, strict=True)
        ]

    def _nobody(self, encoded: object, prompt: list[int]) -> bool:
        """Whether the first thing the model would write is the end. A beam cannot say so: it divides by the length."""
        first = self._whisper.model.generate(
            encoded, [prompt], beam_size=1, max_length=len(prompt) + 1, suppress_blank=False
        )
        return not first[0].sequences_ids[0]
