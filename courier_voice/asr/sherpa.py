"""Models of sherpa-onnx in a folder: SenseVoice, Paraformer, and the streaming Zipformer, which gives words at once.

Which of them a folder holds is read from its files: an encoder, a decoder and a joiner are a transducer, one model is
what its metadata says. With int8 and float32 side by side, int8 is taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import fmean
from threading import Lock
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from courier_voice.asr.hearing import Reading, judged, transcribe
from courier_voice.asr.remote import AS_IT_IS, words_of
from courier_voice.core.errors import SettingsError, TranscriptionError, WeightsCorrupt, WeightsMissing
from courier_voice.core.ports import SpeechDetector, StreamingTranscriber
from courier_voice.core.words import RATE, Audio, Transcript

Kind = Literal["sense-voice", "paraformer", "streaming-zipformer"]

_TAIL: Final = np.zeros(round(0.66 * RATE), np.float32)
"""Silence a streaming encoder wants behind the last word, as sherpa-onnx's own examples give it."""

_KINDS: Final[dict[str, Kind]] = {"sense_voice_ctc": "sense-voice", "paraformer": "paraformer"}
_WANTED: Final = "SenseVoice or Paraformer (model.onnx), or a streaming Zipformer (encoder, decoder, joiner)"


@dataclass(frozen=True)
class Model:
    """``parts``: ``model``, or ``encoder``, ``decoder`` and ``joiner``; ``bpe``: the vocabulary of its Latin words."""

    kind: Kind
    parts: dict[str, Path]
    tokens: Path
    bpe: Path | None = None


def find_model(folder: Path) -> Model:
    """What a folder holds. Raises WeightsMissing, WeightsCorrupt, SettingsError."""
    tokens, bpe = folder / "tokens.txt", folder / "bpe.vocab"
    if not tokens.is_file():
        raise WeightsMissing(f"{folder.name} has no tokens.txt: set COURIER_ASR__MODEL to a folder with {_WANTED}")
    parts = {name: file for name in ("encoder", "decoder", "joiner") if (file := _best(folder, f"{name}*.onnx"))}
    if len(parts) == 3:
        if "decode_chunk_len" not in _metadata(parts["encoder"]):
            raise SettingsError(f"the transducer in {folder.name} does not stream: give {_WANTED}")
        return Model("streaming-zipformer", parts, tokens, bpe if bpe.is_file() else None)
    model = _best(folder, "model*.onnx")
    if model is None:
        lacking = sorted({"encoder", "decoder", "joiner"} - set(parts)) if parts else ["model.onnx"]
        raise WeightsMissing(f"{folder.name} lacks {', '.join(lacking)}: unpack the whole sherpa-onnx model there")
    kind = _KINDS.get(_metadata(model).get("model_type", ""))
    if kind is None:
        raise SettingsError(f"{model.name} in {folder.name} is of another kind: give {_WANTED}")
    return Model(kind, {"model": model}, tokens)


class Sherpa:
    """core.ports.Transcriber over sherpa-onnx. Thread-safe; one utterance at a time.

    ``folder``: see find_model, and what that raises. Raises SettingsError without the package, TranscriptionError when
    the model cannot be loaded.
    """

    def __init__(self, folder: Path, detector: SpeechDetector, *, threads: int = 2) -> None:
        self._detector, self._lock = detector, Lock()
        self._model = find_model(folder)
        self._characters = _characters(self._model.tokens)
        try:
            import sherpa_onnx
        except ImportError as error:
            raise SettingsError(
                "asr.engine is sherpa-onnx, but the package is not installed: pip install sherpa-onnx"
            ) from error
        try:
            self._recognizer = _recognizer(sherpa_onnx, self._model, threads)
        except (RuntimeError, ValueError, AssertionError) as error:
            raise TranscriptionError(
                f"the sherpa-onnx model in {folder.name} does not load: unpack it again, or update sherpa-onnx"
            ) from error

    def transcribe(self, audio: Audio, hints: Sequence[str] = ()) -> Transcript:
        """Hear 16 kHz audio of any length. Raises TranscriptionError."""
        with self._lock:
            return transcribe(partial(self._hear, hints), self._detector, audio, habits=AS_IT_IS)

    def stream(self, hints: Sequence[str] = ()) -> StreamingTranscriber | None:
        """One utterance, heard while it is spoken; None for a model that hears whole ones only."""
        return SherpaStream(self._recognizer, self._hotwords(hints)) if self._streams else None

    @property
    def _streams(self) -> bool:
        return self._model.kind == "streaming-zipformer"

    def _hear(self, hints: Sequence[str], piece: Audio, _window_s: float) -> list[Reading]:
        if self._streams:
            whole = SherpaStream(self._recognizer, self._hotwords(hints))
            whole.accept(piece.samples)
            return [whole.reading()]
        try:
            stream = self._recognizer.create_stream()
            stream.accept_waveform(RATE, piece.samples)
            self._recognizer.decode_stream(stream)
        except RuntimeError as error:
            raise _failed(piece.seconds) from error
        return [Reading(words_of(stream.result.text), None)]

    def _hotwords(self, hints: Sequence[str]) -> str:
        """Hints for one stream; one with a character the model does not write would void them all."""
        return "/".join(hint for hint in hints if set(hint) <= self._characters)


class SherpaStream:
    """core.ports.StreamingTranscriber over a stream of an online recogniser; made by Sherpa.stream."""

    def __init__(self, recognizer: Any, hotwords: str) -> None:
        self._recognizer, self._samples = recognizer, 0
        self._stream = recognizer.create_stream(hotwords) if hotwords else recognizer.create_stream()

    def accept(self, frame: NDArray[np.float32]) -> str:
        """Decode as far as the frame goes; the words so far. Raises TranscriptionError."""
        self._samples += len(frame)
        self._decode(frame)
        return words_of(self._recognizer.get_result(self._stream))

    def finish(self) -> Transcript:
        """What was said. Raises TranscriptionError."""
        return judged(self.reading(), self._samples / RATE)

    def reading(self) -> Reading:
        """Decode to the end; the words, with the mean log-probability of their tokens where the decoder tells it."""
        self._decode(_TAIL)
        self._stream.input_finished()
        self._decode(None)
        told = self._recognizer.ys_probs(self._stream)
        return Reading(words_of(self._recognizer.get_result(self._stream)), fmean(told) if told else None)

    def _decode(self, samples: NDArray[np.float32] | None) -> None:
        try:
            if samples is not None:
                self._stream.accept_waveform(RATE, samples)
            while self._recognizer.is_ready(self._stream):
                self._recognizer.decode_stream(self._stream)
        except RuntimeError as error:
            raise _failed(self._samples / RATE) from error


def _failed(seconds: float) -> TranscriptionError:
    return TranscriptionError(f"sherpa-onnx failed on {seconds:.1f} s of audio: unpack the model again")


def _recognizer(package: Any, model: Model, threads: int) -> Any:
    files = {name: str(file) for name, file in model.parts.items()} | {"tokens": str(model.tokens)}
    if model.kind == "streaming-zipformer":
        return package.OnlineRecognizer.from_transducer(
            **files,
            num_threads=threads,
            decoding_method="modified_beam_search",  # the only one that takes hotwords
            modeling_unit="cjkchar+bpe" if model.bpe else "cjkchar",
            bpe_vocab=str(model.bpe or ""),
        )
    whole = package.OfflineRecognizer
    if model.kind == "sense-voice":
        # Numerals are put into digits here, in one way for all engines.
        return whole.from_sense_voice(**files, num_threads=threads, language="zh", use_itn=False)
    return whole.from_paraformer(paraformer=files["model"], tokens=files["tokens"], num_threads=threads)


def _best(folder: Path, pattern: str) -> Path | None:
    return min(folder.glob(pattern), key=lambda file: (".int8." not in file.name, file.name), default=None)


def _metadata(file: Path) -> dict[str, str]:
    import onnx
    from google.protobuf.message import DecodeError

    try:
        model = onnx.load(str(file), load_external_data=False)
    except DecodeError as error:
        raise WeightsCorrupt(f"{file.name} is no ONNX model: unpack the sherpa-onnx model again") from error
    return {prop.key: prop.value for prop in model.metadata_props}


def _characters(tokens: Path) -> frozenset[str]:
    """The characters that are tokens of their own: ``symbol number`` a line."""
    lines = tokens.read_text("utf-8", errors="replace").splitlines()
    return frozenset(symbol for line in lines if line.strip() and len(symbol := line.split()[0]) == 1)
