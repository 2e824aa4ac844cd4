"""Where somebody speaks: Silero VAD, its ONNX model called directly, because importing silero-vad imports torch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from courier_voice.core.errors import AudioError
from courier_voice.core.words import RATE, Audio, Segment

FRAME: Final = 512
"""Samples a frame, 32 ms: what the model was trained on."""
FRAME_S: Final = FRAME / RATE

_CONTEXT: Final = 64
"""Samples of the frame before that the model wants in front of each."""
_BLOCK: Final = 512
"""Frames a model call, 16 s: bounds memory on long files."""

_SOME_VOICE: Final = 0.35
_Run = tuple[int, int]
"""First frame and the one after the last."""


class VoiceStream:
    """The bare model over one stream: how probably each 32 ms frame is speech. Its state is carried on."""

    SIZE: Final = 128
    """Of its state."""

    def __init__(self) -> None:
        self._h = np.zeros((1, 1, self.SIZE), np.float32)
        self._c = np.zeros((1, 1, self.SIZE), np.float32)
        self._before = np.zeros(_CONTEXT, np.float32)

    def probabilities(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Probabilities ``[n]`` for the next 16 kHz samples ``[n * 512]``."""
        frames = samples.reshape(-1, FRAME)
        context = np.vstack([self._before, frames[:-1, -_CONTEXT:]])
        feed = {"input": np.hstack([context, frames]), "h": self._h, "c": self._c}
        speech, self._h, self._c = _session().run(None, feed)
        self._before = frames[-1, -_CONTEXT:].copy()
        return np.asarray(speech, np.float32)

    @property
    def state(self) -> NDArray[np.float32]:
        """What the model keeps of all it has heard, ``[SIZE]``."""
        return np.asarray(self._h[0, 0])


class Attentive:
    """How probably a frame of a stream that never ends is speech. After ``forget_s`` without any the state is begun
    anew: in a long roar, as of a train, it comes to take speech for more of the same.
    """

    def __init__(self, forget_s: float = 5.0) -> None:
        self._stream, self._quiet, self._longest = VoiceStream(), 0, round(forget_s / FRAME_S)

    def __call__(self, frame: NDArray[np.float32]) -> float:
        probability = float(self._stream.probabilities(frame)[0])
        self._quiet = 0 if probability >= _SOME_VOICE else self._quiet + 1
        if self._quiet >= self._longest:
            self._stream, self._quiet = VoiceStream(), 0
        return probability


@dataclass(frozen=True)
class SileroDetector:
    """core.ports.SpeechDetector.

    A run of speech starts at ``threshold`` and ends when the probability has been under ``threshold - 0.15`` (Silero's
    own hysteresis) for ``close_gap_s``. Runs less than ``phrase_gap_s`` apart are a phrase; a phrase counts if one of
    its runs is over ``threshold`` for ``voiced_s`` in all. The notes of a melody are shorter, and a word half drowned
    in a passing train still counts for the one after it. ``pad_s`` goes on both sides.
    """

    threshold: float = 0.5
    close_gap_s: float = 0.25
    phrase_gap_s: float = 1.0
    voiced_s: float = 0.22
    pad_s: float = 0.2

    def segments(self, audio: Audio) -> tuple[Segment, ...]:
        """Where somebody speaks, in order and apart; empty for silence, noise and hum. Raises AudioError off 16 kHz."""
        if audio.rate != RATE:
            raise AudioError(f"speech detection works at {RATE} Hz, not {audio.rate}: read files with read_audio")
        speech = _probabilities(audio.samples)
        runs = list(_runs(speech, self.threshold, round(self.close_gap_s / FRAME_S)))
        phrases = _phrases(runs, round(self.phrase_gap_s / FRAME_S))
        spoken = [run for phrase in phrases if self._sure(phrase, speech) for run in phrase]
        return _padded(spoken, self.pad_s, audio.seconds)

    def _sure(self, phrase: Sequence[_Run], speech: NDArray[np.float32]) -> bool:
        needed = round(self.voiced_s / FRAME_S)
        return any((speech[start:end] >= self.threshold).sum() >= needed for start, end in phrase)


@lru_cache(maxsize=1)
def _session() -> Any:
    import onnxruntime

    package = find_spec("silero_vad")
    folders = package.submodule_search_locations if package else None
    model = Path(folders[0], "data", "silero_vad_16k_sequence.onnx") if folders else None
    if model is None or not model.is_file():
        raise AudioError("the voice detector's model is missing: pip install --upgrade 'silero-vad>=6.2.3'")
    options = onnxruntime.SessionOptions()
    options.inter_op_num_threads = options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])


def _probabilities(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    whole = np.pad(samples, (0, -len(samples) % FRAME))
    stream, step = VoiceStream(), _BLOCK * FRAME
    blocks = [stream.probabilities(whole[at : at + step]) for at in range(0, len(whole), step)]
    return np.concatenate(blocks) if blocks else np.zeros(0, np.float32)


def _runs(speech: NDArray[np.float32], threshold: float, close_gap: int) -> Iterator[_Run]:
    start, last = -1, -1
    for frame, probability in enumerate(speech):
        if probability >= threshold and start < 0:
            start = frame
        if start >= 0 and probability >= threshold - 0.15:
            last = frame
        elif start >= 0 and frame - last >= close_gap:
            yield start, last + 1
            start = -1
    if start >= 0:
        yield start, last + 1


def _phrases(runs: Sequence[_Run], gap: int) -> list[list[_Run]]:
    phrases: list[list[_Run]] = []
    for run in runs:
        if phrases and run[0] - phrases[-1][-1][1] < gap:
            phrases[-1].append(run)
        else:
            phrases.append([run])
    return phrases


def _padded(runs: Sequence[_Run], pad_s: float, seconds: float) -> tuple[Segment, ...]:
    segments: list[Segment] = []
    for start, end in runs:
        start_s, end_s = max(0.0, start * FRAME_S - pad_s), min(seconds, end * FRAME_S + pad_s)
        if segments and start_s <= segments[-1].end_s:
            start_s = segments.pop().start_s
        segments.append(Segment(start_s, end_s))
    return tuple(segments)
