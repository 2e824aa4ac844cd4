"""Folders of sherpa-onnx: what is in them, what is missing, what is passed on."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from courier_voice.asr.sherpa import Sherpa, find_model
from courier_voice.core.errors import SettingsError, TranscriptionError, WeightsCorrupt, WeightsMissing
from courier_voice.core.words import Audio
from tests.asr.standins import Bench, Loud, install, model_folder, onnx_file

KINDS = ("sense-voice", "paraformer", "streaming-zipformer")


@pytest.mark.parametrize("kind", KINDS)
def test_a_folder_tells_its_kind(tmp_path: Path, kind: str) -> None:
    model = find_model(model_folder(tmp_path, kind))
    assert model.kind == kind
    assert sorted(model.parts) == (["decoder", "encoder", "joiner"] if kind == "streaming-zipformer" else ["model"])


def test_int8_goes_first_and_a_vocabulary_is_found(tmp_path: Path) -> None:
    folder = model_folder(tmp_path, "streaming-zipformer")
    onnx_file(folder / "encoder-epoch-99-avg-1.int8.onnx", decode_chunk_len="32")
    (folder / "bpe.vocab").write_text("▁A -1\n")
    model = find_model(folder)
    assert model.parts["encoder"].name == "encoder-epoch-99-avg-1.int8.onnx"
    assert model.parts["joiner"].name == "joiner-epoch-20-avg-1-chunk-16-left-128.onnx"
    assert model.bpe == folder / "bpe.vocab"


def test_a_folder_of_something_else_is_an_error_with_its_cure(tmp_path: Path) -> None:
    with pytest.raises(WeightsMissing, match="COURIER_ASR__MODEL"):
        find_model(tmp_path)
    folder = model_folder(tmp_path / "other", "whisper")
    with pytest.raises(SettingsError, match="SenseVoice or Paraformer"):
        find_model(folder)
    folder = model_folder(tmp_path / "whole", "streaming-zipformer")
    onnx_file(folder / "encoder-epoch-20-avg-1-chunk-16-left-128.onnx", model_type="zipformer2")
    with pytest.raises(SettingsError, match="does not stream"):
        find_model(folder)


def test_half_a_folder_is_an_error_that_names_the_rest(tmp_path: Path) -> None:
    folder = model_folder(tmp_path, "streaming-zipformer")
    next(folder.glob("joiner*")).unlink()
    with pytest.raises(WeightsMissing, match="lacks joiner"):
        find_model(folder)
    for file in folder.glob("*.onnx"):
        file.unlink()
    with pytest.raises(WeightsMissing, match=r"lacks model\.onnx"):
        find_model(folder)


def test_a_broken_file_is_an_error_with_its_cure(tmp_path: Path) -> None:
    folder = model_folder(tmp_path, "paraformer")
    (folder / "model.onnx").write_bytes(b"<html>")
    with pytest.raises(WeightsCorrupt, match="unpack"):
        find_model(folder)


def test_without_the_package_the_command_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sherpa_onnx", None)
    with pytest.raises(SettingsError, match="pip install sherpa-onnx"):
        Sherpa(model_folder(tmp_path, "paraformer"), Loud())


def test_a_model_the_package_does_not_take_is_an_error_with_its_cure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(monkeypatch, Bench())

    def refuse(**_: object) -> None:
        raise RuntimeError("No graph was found in the protobuf")

    monkeypatch.setattr(sys.modules["sherpa_onnx"].OfflineRecognizer, "from_paraformer", refuse)
    with pytest.raises(TranscriptionError, match="does not load: unpack it again"):
        Sherpa(model_folder(tmp_path, "paraformer"), Loud())


def test_hints_go_as_hotwords_where_all_their_characters_are_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(monkeypatch, bench := Bench())
    asr = Sherpa(model_folder(tmp_path, "streaming-zipformer"), Loud())
    asr.transcribe(Audio(np.full(16000, 0.1, np.float32)), ("王女士", "锦绣花园", "打电话"))
    assert bench.asked == [{"hotwords": "王女士/打电话"}]


def test_a_streaming_model_tells_how_sure_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, Bench())
    heard = Sherpa(model_folder(tmp_path, "streaming-zipformer"), Loud()).transcribe(
        Audio(np.full(16000, 0.1, np.float32))
    )
    assert heard.nbest[0].logprob == pytest.approx(-0.2)
    assert heard.confidence == pytest.approx(np.exp(-0.2))
