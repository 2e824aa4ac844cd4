"""One download, two engines: both must compute the same from it."""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from courier_voice.core.errors import WeightsCorrupt, WeightsError, WeightsMissing
from courier_voice.weights.convert import openai_checkpoint, read_variables, to_openai
from courier_voice.weights.locate import locate, weights_root


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("whisper-base")
    (directory / "model.bin").symlink_to(locate("whisper-base", weights_root()) / "model.bin")
    return openai_checkpoint(directory)


@pytest.fixture(scope="module")
def features() -> Any:
    """Made-up log-mel features, float32 [1, 80, 3000]: loud in the first second, as speech would be."""
    noise = np.random.default_rng(7).standard_normal((1, 80, 3000), dtype=np.float32)
    return np.where(np.arange(3000) < 100, 0.4 + 0.3 * noise, -0.6).astype(np.float32)


@pytest.fixture(scope="module")
def openai_model(checkpoint: Path) -> Any:
    import whisper

    return whisper.load_model(str(checkpoint), device="cpu")  # loads strictly: nothing missing, nothing left over


@pytest.fixture(scope="module")
def ct2_model(checkpoint: Path) -> Any:
    import ctranslate2

    directory = str(locate("whisper-base", weights_root()))
    return ctranslate2.models.Whisper(directory, device="cpu", compute_type="float32", intra_threads=2)


def test_encoders_agree(openai_model: Any, ct2_model: Any, features: Any) -> None:
    import ctranslate2
    import torch

    ours = np.array(ct2_model.encode(ctranslate2.StorageView.from_array(features)))
    with torch.no_grad():
        theirs = openai_model.encoder(torch.from_numpy(features)).numpy()
    np.testing.assert_allclose(theirs, ours, atol=0.02)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # whisper leaves a file open
def test_decoders_agree(openai_model: Any, ct2_model: Any, features: Any) -> None:
    import ctranslate2
    import torch

    ours = dict(ct2_model.detect_language(ctranslate2.StorageView.from_array(features))[0])
    with torch.no_grad():
        _, theirs = openai_model.detect_language(torch.from_numpy(features))
    assert {f"<|{language}|>" for language in theirs[0]} == set(ours)
    for language, probability in theirs[0].items():
        assert probability == pytest.approx(ours[f"<|{language}|>"], abs=1e-3)


def test_the_checkpoint_is_made_once_and_anew_when_the_weights_change(checkpoint: Path) -> None:
    first = checkpoint.stat().st_mtime_ns
    assert openai_checkpoint(checkpoint.parent).stat().st_mtime_ns == first
    os.utime(checkpoint, (1, 1))
    assert openai_checkpoint(checkpoint.parent).stat().st_mtime_ns > first
    assert not list(checkpoint.parent.glob("*.new"))


def test_missing_and_left_over_variables_are_refused() -> None:
    variables = read_variables(locate("whisper-base", weights_root()) / "model.bin")
    with pytest.raises(WeightsError, match="conv3/weight"):
        to_openai({**variables, "encoder/conv3/weight": np.ones((2, 2))})
    variables.pop("decoder/layer_5/ffn/linear_1/bias")
    with pytest.raises(WeightsError, match="decoder/layer_5/ffn/linear_1/bias"):
        to_openai(variables)


def test_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(WeightsMissing, match=r"no model\.bin"):
        openai_checkpoint(tmp_path)
    model = tmp_path / "model.bin"
    header = struct.pack("<IH", 6, 12) + b"WhisperSpec\0" + struct.pack("<II", 3, 1)
    for content in (b"", b"not a model at all", header, header + struct.pack("<H", 2) + b"x\0\x01\x02\x00\x00\x00\x05"):
        model.write_bytes(content)
        with pytest.raises(WeightsCorrupt):
            openai_checkpoint(tmp_path)
