"""Whisper as openai-whisper runs it, on torch: the reference engine, slower, for any official checkpoint."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pickle import UnpicklingError
from threading import Lock
from typing import Any

from courier_voice.asr.hearing import Progress, Reading, in_window, token_limit, transcribe
from courier_voice.asr.style import PLAIN, Habits
from courier_voice.core.errors import TranscriptionError
from courier_voice.core.ports import SpeechDetector
from courier_voice.core.words import Audio, Transcript

_FRAMES_A_SECOND = 50
"""Encoder positions: two feature frames of 10 ms each."""


class OpenAIWhisper:
    """core.ports.Transcriber over openai-whisper in float32. Thread-safe; one utterance at a time.

    ``model``: a checkpoint's path, or an official name (then openai-whisper downloads it). ``habits`` as in
    FasterWhisper; a window of less than 30 s slices the encoder's positional embedding.
    ``threads`` is torch's, for the whole process. Raises TranscriptionError when the model cannot be loaded.
    """

    def __init__(
        self,
        model: str,
        detector: SpeechDetector,
        *,
        beam: int = 3,
        hypotheses: int = 3,
        habits: Habits = PLAIN,
        threads: int = 2,
        progress: Progress | None = None,
    ) -> None:
        import torch
        import whisper

        torch.set_num_threads(threads)
        try:
            self._model: Any = whisper.load_model(model, device="cpu").float().eval()
        except (RuntimeError, OSError, KeyError, EOFError, UnpicklingError) as error:
            raise TranscriptionError(
                "the openai-whisper checkpoint does not load: run `courier-voice models verify`, or name an official "
                f"model ({', '.join(whisper.available_models()[:6])} …)"
            ) from error
        self._positions = self._model.encoder.positional_embedding
        self._detector, self._habits = detector, habits
        self._beam, self._hypotheses, self._progress = beam, min(hypotheses, beam), progress
        self._lock = Lock()

    def transcribe(self, audio: Audio, hints: Sequence[str] = ()) -> Transcript:
        """Hear 16 kHz audio of any length. Raises TranscriptionError."""
        hear = partial(self._hear, self._habits.before(hints))
        with self._lock:
            return transcribe(
                hear,
                self._detector,
                audio,
                habits=self._habits,
                progress=self._progress,
            )

    def _hear(self, prompt: str, piece: Audio, window_s: float) -> list[Reading]:
        import whisper
        from whisper.decoding import DecodingOptions, DecodingTask

        options = DecodingOptions(
            language="zh",
            beam_size=self._beam,
            prompt=prompt or None,
            sample_len=token_limit(piece.seconds),
            without_timestamps=True,
            fp16=False,
        )
        frames = round(window_s * _FRAMES_A_SECOND)
        mel = whisper.log_mel_spectrogram(in_window(piece, window_s), self._model.dims.n_mels)[None, :, : 2 * frames]
        try:
            self._model.encoder.positional_embedding = self._positions[:frames]
            task = DecodingTask(self._model, options)
            if self._habits.knows_silence and self._nobody(mel, task):
                return [Reading("", 0.0)]
            task.sequence_ranker = ranked = _Ranked(task.sequence_ranker)
            result = task.run(mel)[0]
        except RuntimeError as error:
            raise TranscriptionError(f"Whisper failed on {piece.seconds:.1f} s of audio: {error}") from error
        finally:
            self._model.encoder.positional_embedding = self._positions
        readings = [
            Reading(task.tokenizer.decode(tokens).strip(), logprob, result.no_speech_prob)
            for tokens, logprob in sorted(ranked.candidates, key=lambda candidate: -candidate[1])
        ]
        best = Reading(result.text, result.avg_logprob, result.no_speech_prob)
        others = [reading for reading in readings if reading.text != best.text]
        return [best, *others][: self._hypotheses]

    def _nobody(self, mel: Any, task: Any) -> bool:
        """Whether the first thing the model would write is the end. A beam cannot say so: it divides by the length."""
        import torch

        with torch.no_grad():
            tokens = torch.tensor([task.initial_tokens])
            logits = self._model.logits(tokens, self._model.embed_audio(mel))[0, -1]
        return bool(logits.argmax() == task.tokenizer.eot)


class _Ranked:
    """A sequence ranker that remembers what it chose from: openai-whisper gives back the best only."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self.candidates: list[tuple[list[int], float]] = []

    def rank(self, tokens: Any, sum_logprobs: Any) -> Any:
        pairs = zip(tokens[0], sum_logprobs[0], strict=True)
        self.candidates = [(ids.tolist(), float(total) / (len(ids) + 1)) for ids, total in pairs]
        return self._inner.rank(tokens, sum_logprobs)
