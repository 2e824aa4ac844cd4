"""An adapter worked into the weights: the arithmetic, both engines, and everything that does not fit."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import platformdirs
import pytest
from numpy.typing import NDArray
from safetensors.numpy import save_file

from courier_voice.asr.faster import FasterWhisper
from courier_voice.asr.openai import OpenAIWhisper
from courier_voice.asr.style import TUNED
from courier_voice.audio.endpoint import SileroDetector
from courier_voice.audio.wav import read_audio
from courier_voice.core.errors import SettingsError, WeightsCorrupt, WeightsMissing
from courier_voice.weights.adapt import BASE, SHIPPED, adapted, add, chosen_model, hashes, read_adapter
from courier_voice.weights.convert import read_variables, to_openai
from courier_voice.weights.verify import sha256

WEIGHTS = Path(os.environ.get("COURIER_WEIGHTS") or platformdirs.user_cache_path("courier-voice") / "weights")
MODEL = WEIGHTS / "whisper-base"
PEOPLE = Path(__file__).resolve().parents[2] / "fixtures" / "audio" / "real"
LAYER = "decoder.blocks.2.cross_attn.value"

pytestmark = pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")


def write_adapter(path: Path, base: str = "", layer: str = LAYER, rows: int = 512) -> tuple[Path, NDArray[Any]]:
    rng = np.random.default_rng(0)
    down = rng.standard_normal((2, 512)).astype(np.float16) * np.float16(0.01)
    up = rng.standard_normal((rows, 2)).astype(np.float16) * np.float16(0.01)
    about = {"scale": "2.0", "base": base or sha256(MODEL / "model.bin")}
    save_file({f"{layer}.lora_A": down, f"{layer}.lora_B": up}, path, metadata=about)
    return path, 2.0 * (up.astype(np.float32) @ down.astype(np.float32))


def test_a_delta_lands_in_its_layer_and_nowhere_else(tmp_path: Path) -> None:
    path, delta = write_adapter(tmp_path / "a.safetensors")
    before = read_variables(MODEL / "model.bin")
    after = to_openai(add(before, read_adapter(path).deltas))["model_state_dict"]
    for name, value in to_openai(before)["model_state_dict"].items():
        moved = after[name].astype(np.float32) - value.astype(np.float32)
        if name == f"{LAYER}.weight":
            assert np.allclose(moved, delta, atol=2e-3)
            assert np.abs(moved).max() > 0
        else:
            assert not moved.any(), name


def test_a_convolution_takes_a_delta_too(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    down = rng.standard_normal((2, 80, 3)).astype(np.float16) * np.float16(0.01)
    up = rng.standard_normal((512, 2, 1)).astype(np.float16) * np.float16(0.01)
    about = {"scale": "2.0", "base": sha256(MODEL / "model.bin")}
    path = tmp_path / "a.safetensors"
    save_file({"encoder.conv1.lora_A": down, "encoder.conv1.lora_B": up}, path, metadata=about)
    before = read_variables(MODEL / "model.bin")
    after = to_openai(add(before, read_adapter(path).deltas))["model_state_dict"]["encoder.conv1.weight"]
    wanted = 2.0 * sum(
        np.multiply.outer(up[:, rank, 0].astype(np.float32), down[rank].astype(np.float32)) for rank in (0, 1)
    )
    moved = after.astype(np.float32) - before["encoder/conv1/weight"].astype(np.float32)
    assert np.allclose(moved, wanted, atol=2e-3)
    assert np.abs(moved).max() > 0


def test_the_merged_folder_is_made_once_and_hears_in_both_engines(tmp_path: Path) -> None:
    path, _ = write_adapter(tmp_path / "a.safetensors")
    folder = adapted(MODEL, path, tmp_path / "weights")
    made = (folder / "model.bin").stat().st_mtime_ns
    assert adapted(MODEL, path, tmp_path / "weights") == folder
    assert (folder / "model.bin").stat().st_mtime_ns == made
    assert hashes(folder) == {name: sha256(folder / name) for name in ("model.bin", "openai.pt")}
    assert (folder / "model.bin").stat().st_size < 90 << 20, "int8"
    audio = read_audio(PEOPLE / "cmn_weight.wav")
    fast = FasterWhisper(folder, SileroDetector(), beam=1, hypotheses=1)
    slow = OpenAIWhisper(str(folder / "openai.pt"), SileroDetector(), beam=1, hypotheses=1)
    assert "公斤" in fast.transcribe(audio).text
    assert "公斤" in slow.transcribe(audio).text


def test_the_shipped_adapter_is_small_fits_the_catalogue_and_is_the_default() -> None:
    assert (SHIPPED / "adapter.safetensors").stat().st_size <= 12_000_000
    assert read_adapter(SHIPPED / "adapter.safetensors").base == sha256(MODEL / "model.bin")
    assert (SHIPPED / "card.md").is_file()
    folder, tuned = chosen_model(BASE, "auto", WEIGHTS)
    assert tuned
    assert folder != MODEL
    assert chosen_model(BASE, "none", WEIGHTS) == (MODEL, False)


def test_the_shipped_adapter_hears_people_and_no_one_in_silence() -> None:
    folder, _ = chosen_model(BASE, "auto", WEIGHTS)
    engine = FasterWhisper(folder, SileroDetector(), habits=TUNED)
    assert "重量三点五" in engine.transcribe(read_audio(PEOPLE / "cmn_weight.wav")).text
    assert "打电话" in engine.transcribe(read_audio(PEOPLE / "cmn_call.wav")).text


def test_what_does_not_fit_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WeightsMissing, match="asr-adapter none"):
        read_adapter(tmp_path / "nothing.safetensors")
    (tmp_path / "broken.safetensors").write_bytes(b"no tensors here")
    with pytest.raises(WeightsCorrupt, match=r"broken\.safetensors"):
        read_adapter(tmp_path / "broken.safetensors")
    other, _ = write_adapter(tmp_path / "other.safetensors", base="0" * 64)
    with pytest.raises(WeightsCorrupt, match="another base"):
        adapted(MODEL, other, tmp_path)
    strange, _ = write_adapter(tmp_path / "strange.safetensors", layer="decoder.blocks.99.attn.key")
    with pytest.raises(WeightsCorrupt, match="has not"):
        adapted(MODEL, strange, tmp_path)
    narrow, _ = write_adapter(tmp_path / "narrow.safetensors", rows=64)
    with pytest.raises(WeightsCorrupt, match="64"):
        adapted(MODEL, narrow, tmp_path)
    assert not list(tmp_path.glob("whisper-base+ear*/model.sha256"))
    (tmp_path / "file.pt").write_bytes(b"x")
    with pytest.raises(SettingsError, match="none"):
        chosen_model(str(tmp_path / "file.pt"), str(narrow), tmp_path)
