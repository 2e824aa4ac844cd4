"""Whether taking noise out helps the recogniser: recorded turns over street noise, with and without each denoiser.

None of them is part of the agent. Engines are those whose weights, if they have any, come inside their package.
"""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from courier_voice.audio.wav import read_audio
from courier_voice.core.ports import Transcriber
from courier_voice.core.words import RATE, Audio
from courier_voice.evals.goldens import GoldenTurn, Scene
from courier_voice.evals.marks import Row, heard_row
from courier_voice.evals.mix import mixed
from courier_voice.text.normalize import normalize

Samples = NDArray[np.float32]
Clean = Callable[[Samples], Samples]
"""16 kHz samples to as many."""

RATIOS: Final = (5.0, 0.0)
PACKAGES: Final = {"webrtc": "pywebrtc_audio", "rnnoise": "pyrnnoise", "noisereduce": "noisereduce"}
LEFT_OUT: Final = {
    "deepfilternet": "its wheel (0.5.6) holds no weights: it fetches them from GitHub when first used",
    "gtcrn": "no package on PyPI holds its weights; sherpa-onnx runs them from a file of one's own",
}
_RNNOISE_RATE: Final = 48_000


def denoisers() -> tuple[dict[str, Clean], dict[str, str]]:
    """Engines that are installed, by name, and why others are left out."""
    made, missing = {"webrtc": _webrtc, "rnnoise": _rnnoise, "noisereduce": _noisereduce}, dict(LEFT_OUT)
    ready: dict[str, Clean] = {}
    for name, package in PACKAGES.items():
        if importlib.util.find_spec(package):
            ready[name] = made[name]()
        else:
            missing[name] = f"not installed: pip install {package.replace('_', '-')}"
    return ready, missing


def measured(
    scenes: Sequence[Scene],
    noises: Mapping[str, Samples],
    asr: Transcriber,
    engines: Mapping[str, Clean],
    done: Callable[[], None],
    seed: int = 0,
) -> Iterator[dict[str, Any]]:
    """A row a ratio and engine (``none``: as it was heard): CER, tails right, and CPU seconds of cleaning a second.
    Every turn is mixed once, with one of the noises, for all engines."""
    turns = turns_of(scenes)
    for snr_db in RATIOS:
        heard: dict[str, list[Row]] = {name: [] for name in ("none", *engines)}
        cost, seconds = dict.fromkeys(heard, 0.0), 0.0
        for number, (scene, turn) in enumerate(turns):
            noise = list(noises.values())[number % len(noises)]
            noisy = mixed(read_audio(scene.sound(turn)), noise, snr_db, np.random.default_rng((seed, number)))
            seconds += noisy.seconds
            for name, rows in heard.items():
                began = time.process_time()
                sound = Audio(engines[name](noisy.samples)) if name in engines else noisy
                cost[name] += time.process_time() - began
                rows.append(heard_row(scene, turn, normalize(asr.transcribe(sound).text), {}))
            done()
        for name, rows in heard.items():
            tails = [row.tail for row in rows if row.tail is not None]
            yield {
                "denoiser": name,
                "snr_db": snr_db,
                "turns": len(rows),
                "cer": round(sum(row.edits for row in rows) / max(1, sum(row.chars for row in rows)), 4),
                "tails": [sum(tails), len(tails)],
                "cpu_s_a_second": round(cost[name] / max(seconds, 1e-9), 4),
            }


def turns_of(scenes: Sequence[Scene]) -> list[tuple[Scene, GoldenTurn]]:
    """The turns recorded without noise in which somebody speaks."""
    quiet = ("clean", "human")
    return [(scene, turn) for scene in scenes for turn in scene.turns if turn.condition in quiet and turn.spoken]


def _webrtc() -> Clean:
    from pywebrtc_audio import NoiseSuppressor

    def clean(samples: Samples) -> Samples:
        suppressor = NoiseSuppressor(RATE)
        return np.asarray(suppressor.process(samples), np.float32)[: len(samples)]

    return clean


def _rnnoise() -> Clean:
    """Its binding alone, loaded by path: the package itself would import PyAV and matplotlib."""
    import soxr

    package = importlib.util.find_spec("pyrnnoise")
    folder = Path(next(iter((package and package.submodule_search_locations) or ["."])))
    spec = importlib.util.spec_from_file_location("rnnoise_binding", folder / "rnnoise.py")
    assert spec is not None
    assert spec.loader is not None
    binding = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(binding)

    def clean(samples: Samples) -> Samples:
        loud = soxr.resample(samples, RATE, _RNNOISE_RATE)
        size = binding.FRAME_SIZE
        frames = np.pad(loud, (0, -len(loud) % size + size)).reshape(-1, size)
        state = binding.create()
        try:
            out = [
                binding.process_mono_frame(state, np.clip(frame * 32767, -32768, 32767).astype(np.int16))[0]
                for frame in frames
            ]
        finally:
            binding.destroy(state)
        late = np.concatenate(out)[size:].astype(np.float32) / 32768  # one frame behind
        return np.asarray(soxr.resample(late[: len(loud)], _RNNOISE_RATE, RATE), np.float32)[: len(samples)]

    return clean


def _noisereduce() -> Clean:
    package = importlib.import_module("noisereduce")
    return lambda samples: np.asarray(package.reduce_noise(y=samples, sr=RATE), np.float32)
