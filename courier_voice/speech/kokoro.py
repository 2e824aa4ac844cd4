"""Kokoro-82M: a natural Mandarin voice on the CPU, through onnxruntime and misaki's phonemes. No network."""

from __future__ import annotations

import copy
import json
import logging
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from courier_voice.core.errors import SpeechError, WeightsCorrupt, WeightsMissing
from courier_voice.core.words import Audio
from courier_voice.speech.spoken import clauses, spoken

if TYPE_CHECKING:
    from misaki.zh import ZHG2P
    from onnxruntime import InferenceSession

RATE: Final = 24_000
_STYLE: Final = 256
_PULL: Final = "run `courier-voice models pull`"


class Kokoro:
    """Synthesizer. The model is loaded with the first sentence; one that only serves cached phrases never is.

    ``speed`` is a factor (1.2 is faster). Raises WeightsMissing or WeightsCorrupt when files are, SpeechError for a
    voice that is not there.
    """

    def __init__(
        self, model_dir: Path, voices_dir: Path, voice: str = "zf_xiaoxiao", speed: float = 1.0, threads: int = 2
    ) -> None:
        self._model_dir, self._speed, self._threads = model_dir, speed, threads
        for name in ("model.onnx", "vocab.json"):
            if not (model_dir / name).is_file():
                raise WeightsMissing(f"Kokoro has no {name}: {_PULL}")
        self._styles = read_styles(voices_dir, voice)
        self.stamp = f"kokoro-82m-v1.0-int8 {voice} {speed:g}"
        """What decides how a text sounds: for the phrase cache."""

    def synthesize(self, text: str) -> Audio:
        """Speech at 24 kHz for display text; empty when there is nothing to say in it. Raises SpeechError."""
        parts = [self._clause(clause) for clause in clauses(spoken(text))]
        return Audio(np.concatenate([np.zeros(0, np.float32), *parts]), RATE)

    def in_voice(self, styles: NDArray[np.float32], speed: float, name: str) -> Kokoro:
        """The same model, loaded once, with another voice: ``styles`` float32 ``[n, 256]`` as of `read_styles`."""
        other = copy.copy(self)
        other.__dict__ |= {"_session": self._session, "_g2p": self._g2p, "_vocab": self._vocab}
        other._styles, other._speed = styles, speed
        other.stamp = f"kokoro-82m-v1.0-int8 {name} {speed:g}"
        return other

    def _clause(self, words: str) -> NDArray[np.float32]:
        phonemes = str(self._g2p(words)[0])
        ids = [self._vocab[p] for p in phonemes if p in self._vocab]
        if not any(p.isalpha() for p in phonemes):
            return np.zeros(0, np.float32)
        # The voice file holds one style vector a sentence length: row n for n phonemes.
        inputs = {
            "tokens": np.array([[0, *ids, 0]], np.int64),
            "style": self._styles[min(len(ids), len(self._styles) - 1)][None],
            "speed": np.array([self._speed], np.float32),
        }
        session = self._session
        try:
            (samples,) = session.run(None, inputs)
        except Exception as error:  # onnxruntime's own exceptions share no public base
            raise SpeechError(f"Kokoro failed on {len(ids)} phonemes ({type(error).__name__}): {_PULL}") from error
        return np.clip(np.asarray(samples, np.float32).reshape(-1), -1, 1)

    @cached_property
    def _vocab(self) -> dict[str, int]:
        try:
            vocab: dict[str, int] = json.loads((self._model_dir / "vocab.json").read_text("utf-8"))["vocab"]
        except (ValueError, KeyError) as error:
            raise WeightsCorrupt(f"Kokoro's vocab.json is not as published: {_PULL}") from error
        return vocab

    @cached_property
    def _session(self) -> InferenceSession:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self._threads
        options.log_severity_level = 3
        try:
            return onnxruntime.InferenceSession(
                str(self._model_dir / "model.onnx"), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # see above
            raise WeightsCorrupt(f"Kokoro's model.onnx does not load: {_PULL}") from error

    @cached_property
    def _g2p(self) -> ZHG2P:
        import jieba

        jieba.setLogLevel(logging.WARNING)  # it announces its dictionary on stderr otherwise
        from misaki.zh import ZHG2P

        return ZHG2P()


def read_styles(voices_dir: Path, voice: str) -> NDArray[np.float32]:
    """A voice's style vectors ``[510, 256]``, row n for n phonemes; the first 128 are its timbre, the rest its prosody.

    Raises WeightsMissing, WeightsCorrupt, SpeechError for a voice that is not there.
    """
    file = voices_dir / f"{voice}.bin"
    if not file.is_file():
        there = ", ".join(sorted(f.stem for f in voices_dir.glob("*.bin")))
        if not there:
            raise WeightsMissing(f"no Kokoro voices: {_PULL}")
        raise SpeechError(f"no voice {voice!r}: choose one of {there}")
    styles = np.fromfile(file, np.float32)
    if not styles.size or styles.size % _STYLE:
        raise WeightsCorrupt(f"voice {voice!r} is not [n, {_STYLE}] float32: {_PULL}")
    return styles.reshape(-1, _STYLE)
