"""CTranslate2 Whisper weights as an openai-whisper checkpoint, so that one download serves both engines.

The binary layout is that of ``ctranslate2.specs.model_spec.ModelSpec._serialize`` (version 6); the names on the left
of the tables are CTranslate2's, on the right openai-whisper's.
"""

from __future__ import annotations

import os
import re
import struct
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np
from filelock import FileLock
from numpy.typing import NDArray

from courier_voice.core.errors import WeightsCorrupt, WeightsError, WeightsMissing

Arrays = dict[str, NDArray[Any]]

_VERSION: Final = 6
_DTYPES: Final = ("<f4", "i1", "<i2", "<i4", "<f2")
"""By CTranslate2's type number; 5 is bfloat16, which numpy has not."""

_LINEAR: Final = {"weight": "weight", "bias": "bias"}
_NORM: Final = {"gamma": "weight", "beta": "bias"}

_TOP: Final = {
    "encoder/conv1": ("encoder.conv1", _LINEAR),
    "encoder/conv2": ("encoder.conv2", _LINEAR),
    "encoder/layer_norm": ("encoder.ln_post", _NORM),
    "encoder/position_encodings": ("encoder", {"encodings": "positional_embedding"}),
    "decoder/embeddings": ("decoder.token_embedding", {"weight": "weight"}),
    "decoder/layer_norm": ("decoder.ln", _NORM),
    "decoder/position_encodings": ("decoder", {"encodings": "positional_embedding"}),
}
_BLOCK: Final = {
    "self_attention/layer_norm": (("attn_ln",), _NORM),
    "self_attention/linear_0": (("attn.query", "attn.key", "attn.value"), _LINEAR),
    "self_attention/linear_1": (("attn.out",), _LINEAR),
    "ffn/layer_norm": (("mlp_ln",), _NORM),
    "ffn/linear_0": (("mlp.0",), _LINEAR),
    "ffn/linear_1": (("mlp.2",), _LINEAR),
}
_CROSS: Final = {
    "attention/layer_norm": (("cross_attn_ln",), _NORM),
    "attention/linear_0": (("cross_attn.query",), _LINEAR),
    "attention/linear_1": (("cross_attn.key", "cross_attn.value"), _LINEAR),
    "attention/linear_2": (("cross_attn.out",), _LINEAR),
}


def openai_checkpoint(directory: Path) -> Path:
    """``openai.pt`` beside a CTranslate2 Whisper's ``model.bin``, made on first use (a second, 145 MB for base).

    ``whisper.load_model`` takes the path. Raises WeightsMissing without a ``model.bin``, WeightsCorrupt when it is not
    a Whisper of version 6 and WeightsError when it is quantised or the directory cannot be written to.
    """
    model, target = directory / "model.bin", directory / "openai.pt"
    if not model.is_file():
        raise WeightsMissing(f"there is no model.bin in {directory}; run: courier-voice models pull {directory.name}")
    try:
        with FileLock(directory / ".openai.lock"):
            if not target.exists() or target.stat().st_mtime_ns < model.stat().st_mtime_ns:
                save_openai(read_variables(model), target)
    except OSError as error:
        raise WeightsError(
            f"cannot write {target} ({error.strerror}); set COURIER_WEIGHTS to a directory you own, with room"
        ) from error
    return target


def read_variables(path: Path) -> Arrays:
    """Every variable of a CTranslate2 model by name, aliases left out."""
    with path.open("rb") as file:
        try:
            if _number(file, "<I") != _VERSION or _string(file) != "WhisperSpec":
                raise WeightsCorrupt(
                    f"{path} is not a CTranslate2 Whisper of version {_VERSION}; convert the model anew"
                )
            _number(file, "<I")  # revision of the specification
            return dict(_variable(file) for _ in range(_number(file, "<I")))
        except (struct.error, ValueError, IndexError, UnicodeDecodeError) as error:
            raise WeightsCorrupt(f"{path} is cut off, or of a number type other than int, float16, float32") from error


def to_openai(variables: Arrays) -> dict[str, Any]:
    """``{"dims", "model_state_dict"}`` as openai-whisper loads it, in the number type it came in.

    Raises WeightsError when a variable is missing or left over, as in a quantised model.
    """
    left = dict(variables)
    try:
        arrays = dict(_renamed(left))
        heads = {side: int(left.pop(f"{side}/num_heads")) for side in ("encoder", "decoder")}
    except KeyError as error:
        raise WeightsError(f"this CTranslate2 Whisper has no {error}; convert from the original model") from error
    if over := [name for name, value in left.items() if value.ndim > 0]:
        raise WeightsError(
            f"cannot convert {over[0]} and {len(over) - 1} more; take float16 or float32 weights, not int8"
        )
    layers = {side: _layers(variables, side) for side in ("encoder", "decoder")}
    vocabulary, text_state = arrays["decoder.token_embedding.weight"].shape
    audio_context, audio_state = arrays["encoder.positional_embedding"].shape
    dims = {
        "n_mels": arrays["encoder.conv1.weight"].shape[1],
        "n_audio_ctx": audio_context,
        "n_audio_state": audio_state,
        "n_audio_head": heads["encoder"],
        "n_audio_layer": layers["encoder"],
        "n_vocab": vocabulary,
        "n_text_ctx": arrays["decoder.positional_embedding"].shape[0],
        "n_text_state": text_state,
        "n_text_head": heads["decoder"],
        "n_text_layer": layers["decoder"],
    }
    return {"dims": dims, "model_state_dict": arrays}


def _renamed(left: Arrays) -> Iterator[tuple[str, NDArray[Any]]]:
    for source, (target, leaves) in _TOP.items():
        for leaf, name in leaves.items():
            yield f"{target}.{name}", left.pop(f"{source}/{leaf}")
    for side, table in (("encoder", _BLOCK), ("decoder", _BLOCK | _CROSS)):
        for layer in range(_layers(left, side)):
            for source, (targets, leaves) in table.items():
                for leaf, name in leaves.items():
                    fused = left.pop(f"{side}/layer_{layer}/{source}/{leaf}")
                    for target, part in zip(targets, np.split(fused, len(targets)), strict=True):
                        if name == "bias" and target.endswith(".key"):
                            _expect_zero(part)  # Whisper's keys have no bias; the fused layer pads with zeros
                        else:
                            yield f"{side}.blocks.{layer}.{target}.{name}", part


def _expect_zero(part: NDArray[Any]) -> None:
    if part.any():
        raise WeightsError("an attention key has a bias, so this is no Whisper; convert from the original model")


def _layers(names: Iterable[str], side: str) -> int:
    found = (re.match(rf"{side}/layer_(\d+)/", name) for name in names)
    return 1 + max((int(match[1]) for match in found if match), default=-1)


def fused_layers(names: Iterable[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each linear or convolution layer's weight in CTranslate2, and openai-whisper's layers in it, first on top."""
    known = set(names)
    for conv in ("conv1", "conv2"):
        if f"encoder/{conv}/weight" in known:
            yield f"encoder/{conv}/weight", (f"encoder.{conv}",)
    for side, table in (("encoder", _BLOCK), ("decoder", _BLOCK | _CROSS)):
        for layer in range(_layers(known, side)):
            for source, (targets, leaves) in table.items():
                if leaves is _LINEAR:
                    parts = tuple(f"{side}.blocks.{layer}.{target}" for target in targets)
                    yield f"{side}/layer_{layer}/{source}/weight", parts


def save_openai(variables: Arrays, target: Path) -> None:
    """Variables as an openai-whisper checkpoint at ``target``, whole or not at all. Raises WeightsError."""
    import torch

    checkpoint = to_openai(variables)
    arrays = checkpoint["model_state_dict"]
    # clone: a slice of a fused layer would be saved with the whole layer behind it
    tensors = {name: torch.from_numpy(array).clone() for name, array in arrays.items()}
    temporary = target.with_suffix(".pt.new")
    with temporary.open("wb") as file:
        torch.save({"dims": checkpoint["dims"], "model_state_dict": tensors}, file)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(target)


def _variable(file: BinaryIO) -> tuple[str, NDArray[Any]]:
    name = _string(file)
    shape = struct.unpack(f"<{rank}I", file.read(4 * rank)) if (rank := _number(file, "<B")) else ()
    dtype = np.dtype(_DTYPES[_number(file, "<B")])
    array = np.fromfile(file, dtype, _number(file, "<I") // dtype.itemsize)
    return name, array.reshape(shape)


def _string(file: BinaryIO) -> str:
    return file.read(_number(file, "<H"))[:-1].decode()


def _number(file: BinaryIO, layout: str) -> int:
    return int(struct.unpack(layout, file.read(struct.calcsize(layout)))[0])
