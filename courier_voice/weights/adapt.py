"""A low-rank adapter worked into Whisper's weights, for both engines: nothing of it is left to do at run time.

An adapter is a safetensors file: float16 ``<layer>.lora_A [r, in]`` and ``<layer>.lora_B [out, r]`` by
openai-whisper's layer names (a convolution's: ``[r, in, width]``, ``[out, r, 1]``), with ``scale`` (alpha / r) and
``base`` (the sha256 of the model.bin it belongs to) in its metadata. A layer's weight becomes W + scale * B A
(Hu et al. 2021, arXiv:2106.09685, section 4.1).
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from filelock import FileLock
from numpy.typing import NDArray

from courier_voice.core.errors import SettingsError, WeightsCorrupt, WeightsError, WeightsMissing
from courier_voice.weights.chinese import REVISION, cut
from courier_voice.weights.convert import Arrays, fused_layers, read_variables, save_openai
from courier_voice.weights.locate import locate
from courier_voice.weights.verify import sha256

SHIPPED: Final = Path(__file__).parent / "ear"
"""The adapter in the package: adapter.safetensors, and card.md on how it came about."""

BASE: Final = "whisper-base"

PARTWAY: Final = 0.3
"""The share of the shipped adapter that is worked into the model asked in doubt (`asr.second`): people talking of other
things it hears as well as the published model or better (``courier-voice eval ways``)."""

_DONE: Final = "model.sha256"
_SIDES: Final = ("encoder", "decoder")


@dataclass(frozen=True)
class Adapter:
    """``deltas``: float32 ``[out, in]`` to add, by openai-whisper's layer name."""

    deltas: Arrays
    base: str
    sha256: str


def read_adapter(path: Path, share: float = 1.0) -> Adapter:
    """An adapter, ``share`` of it.

    Raises WeightsMissing when there is none at ``path``, WeightsCorrupt when it is not of the form above.
    """
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        raise WeightsMissing(
            f"there is no adapter {path.name}; give its path, or --asr-adapter none for the plain model"
        )
    try:
        with safe_open(path, framework="numpy") as file:
            about = file.metadata() or {}
            scale, base = float(about["scale"]), about["base"]
            layers = {name.removesuffix(".lora_A") for name in file.keys() if name.endswith(".lora_A")}  # noqa: SIM118
            deltas = {name: _delta(file, name, scale * share) for name in sorted(layers)}
    except (SafetensorError, KeyError, ValueError, OSError) as error:
        raise WeightsCorrupt(f"{path.name} is no adapter of this kind; train or copy it again") from error
    return Adapter(deltas, base, sha256(path))


def _delta(file: Any, name: str, scale: float) -> NDArray[Any]:
    up, down = (file.get_tensor(f"{name}.lora_{side}").astype(np.float32) for side in "BA")
    if down.ndim == 3:  # a convolution: [r, in, width] and [out, r, 1]
        return np.asarray(scale * np.einsum("or,riw->oiw", up[..., 0], down), np.float32)
    return np.asarray(scale * (up @ down), np.float32)


def chosen_model(
    model: str, adapter: str, root: Path, share: float = 1.0, *, chinese: bool = False
) -> tuple[Path, bool]:
    """Where the recogniser's weights are, and whether an adapter is in them.

    ``model`` as for `locate`; ``adapter``: ``auto`` (the shipped one, for the base it was trained on), ``none`` or a
    path; of it ``share`` is used; ``chinese``: as for `adapted`. Raises what `locate` and `adapted` raise, and
    SettingsError for weights that are no CTranslate2 folder.
    """
    path = locate(model, root)
    if adapter == "none" or (adapter == "auto" and model != BASE):
        return path, False
    if not path.is_dir():
        raise SettingsError(
            f"an adapter goes on a CTranslate2 folder such as {BASE}; use --asr-adapter none with {model}"
        )
    file = SHIPPED / "adapter.safetensors" if adapter == "auto" else Path(adapter).expanduser()
    return adapted(path, file, root, share, chinese=chinese), True


def adapted(base: Path, adapter: Path, root: Path, share: float = 1.0, *, chinese: bool = False) -> Path:
    """A folder under ``root`` with ``base`` (a CTranslate2 Whisper, float16) and ``share`` of ``adapter`` in one.

    Made on first use.

    It holds model.bin (CTranslate2, int8), openai.pt (openai-whisper) and model.sha256 with the sha256 of both;
    ``chinese``: only model.bin, with the tokens of `weights.chinese`.
    Raises WeightsMissing, WeightsCorrupt when the adapter belongs to another base, WeightsError on a full disk.
    """
    loaded = read_adapter(adapter, share)
    suffix = (f"x{share:g}" if share != 1 else "") + (f"-zh{REVISION}" if chinese else "")
    target = root / f"{base.name}+ear-{loaded.sha256[:12]}{suffix}"
    if (target / _DONE).is_file():
        return target
    try:
        root.mkdir(parents=True, exist_ok=True)
        with FileLock(root / f".{target.name}.lock"):
            if not (target / _DONE).is_file():
                _make(base, loaded, target, chinese)
    except OSError as error:
        raise WeightsError(
            f"cannot write the tuned recogniser to {root} ({error.strerror}); make 250 MB of room there, "
            "or set COURIER_WEIGHTS"
        ) from error
    return target


def hashes(directory: Path) -> dict[str, str]:
    """File name -> sha256 as noted when the folder was made."""
    lines = (directory / _DONE).read_text().splitlines()
    return {name: digest for digest, name in (line.split("  ") for line in lines)}


def _make(base: Path, adapter: Adapter, target: Path, chinese: bool) -> None:
    model = base / "model.bin"
    if not model.is_file():
        raise WeightsMissing(f"there is no model.bin in {base.name}; run: courier-voice models pull {base.name}")
    if sha256(model) != adapter.base:
        raise WeightsCorrupt(
            "the adapter was trained on another base model; use the base it names, or --asr-adapter none"
        )
    variables = add(read_variables(model), adapter.deltas)
    making = target.with_suffix(".making")
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir()
    words = (base / "vocabulary.txt").read_text("utf-8").splitlines()
    config = json.loads((base / "config.json").read_text("utf-8"))
    if chinese:
        variables, config, words = cut(variables, config, words)
    else:
        save_openai(variables, making / "openai.pt")
    _save_int8(variables, words, making)
    (making / "config.json").write_text(json.dumps(config), "utf-8")
    shutil.copy(base / "tokenizer.json", making / "tokenizer.json")
    lines = [
        f"{sha256(file)}  {file.name}\n" for file in (making / "model.bin", making / "openai.pt") if file.is_file()
    ]
    (making / _DONE).write_text("".join(lines))
    shutil.rmtree(target, ignore_errors=True)
    making.replace(target)


def add(variables: Arrays, deltas: Arrays) -> Arrays:
    """CTranslate2's variables with every delta added to its place in a (fused) layer. Raises WeightsCorrupt."""
    changed = dict(variables)
    left = dict(deltas)
    for fused, parts in fused_layers(variables):
        pieces = [piece.astype(np.float32) for piece in np.split(variables[fused], len(parts))]
        if not any(part in left for part in parts):
            continue
        for number, part in enumerate(parts):
            if (delta := left.pop(part, None)) is not None:
                if delta.shape != pieces[number].shape:
                    raise WeightsCorrupt(f"the adapter's {part} is {delta.shape}, the model's {pieces[number].shape}")
                pieces[number] = pieces[number] + delta
        changed[fused] = np.concatenate(pieces).astype(variables[fused].dtype)
    if left:
        raise WeightsCorrupt(f"the adapter changes layers this model has not: {min(left)}")
    return changed


def _save_int8(variables: Arrays, words: list[str], target: Path) -> None:
    from ctranslate2.specs import WhisperSpec
    from ctranslate2.specs.model_spec import index_spec

    depth = {side: sum(f"{side}/layer_{n}/ffn/linear_0/weight" in variables for n in range(99)) for side in _SIDES}
    heads = {side: int(variables[f"{side}/num_heads"]) for side in _SIDES}
    spec = WhisperSpec(depth["encoder"], heads["encoder"], depth["decoder"], heads["decoder"])
    for name, value in variables.items():
        if value.ndim:
            parent, leaf = name.rsplit("/", 1)
            setattr(index_spec(spec, parent), leaf, value)
    spec.decoder.projection.weight = spec.decoder.embeddings.weight
    spec.register_vocabulary(words)
    spec.validate()
    spec.optimize(quantization="int8_float32")
    spec.save(str(target))
