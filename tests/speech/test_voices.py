from __future__ import annotations

import os
import shutil
import socket
import sys
from pathlib import Path

import numpy as np
import platformdirs
import pytest

from courier_voice.core.errors import SpeechError, WeightsCorrupt, WeightsMissing
from courier_voice.speech.espeak import Espeak
from courier_voice.speech.kokoro import Kokoro

WEIGHTS = Path(os.environ.get("COURIER_WEIGHTS") or platformdirs.user_cache_path("courier-voice") / "weights")
MODEL, VOICES = WEIGHTS / "kokoro-82m", WEIGHTS / "kokoro-voices-zh"


@pytest.fixture(scope="module")
def kokoro() -> Kokoro:
    return Kokoro(MODEL, VOICES)


def test_kokoro_speaks_at_a_natural_pace_and_level(kokoro: Kokoro) -> None:
    audio = kokoro.synthesize("正在打给王女士，尾号6688。")
    assert audio.rate == 24_000
    assert audio.samples.dtype == np.float32
    assert 2.5 < audio.seconds < 6  # 13 syllables
    assert 0.02 < np.sqrt(np.mean(audio.samples**2)) < 0.3
    assert np.abs(audio.samples).max() <= 1


def test_kokoro_takes_long_texts_in_pieces_and_reads_letters() -> None:
    fast = Kokoro(MODEL, VOICES, speed=2)
    one, eleven = fast.synthesize("放在A座"), fast.synthesize("放在A座前台" * 11)  # more than one piece
    assert 0.4 < one.seconds < 2
    assert eleven.seconds > 6 * one.seconds


@pytest.mark.parametrize("nothing", ["", "  ", "……", "。"])
def test_kokoro_has_nothing_to_say(kokoro: Kokoro, nothing: str) -> None:
    assert len(kokoro.synthesize(nothing).samples) == 0


def test_kokoro_is_quiet_on_the_console_and_on_the_network(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a voice must not use the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    Kokoro(MODEL, VOICES, voice="zm_yunxia").synthesize("好")
    assert capfd.readouterr() == ("", "")


def test_kokoro_names_the_fix(tmp_path: Path) -> None:
    with pytest.raises(WeightsMissing, match="models pull"):
        Kokoro(tmp_path, VOICES)
    with pytest.raises(WeightsMissing, match="models pull"):
        Kokoro(MODEL, tmp_path)
    with pytest.raises(SpeechError, match="zf_xiaoxiao"):
        Kokoro(MODEL, VOICES, voice="nobody")
    (tmp_path / "broken.bin").write_bytes(b"123")
    with pytest.raises(WeightsCorrupt, match="broken"):
        Kokoro(MODEL, tmp_path, voice="broken")
    (tmp_path / "model.onnx").write_bytes(b"not a model")
    shutil.copy(MODEL / "vocab.json", tmp_path)
    with pytest.raises(WeightsCorrupt, match=r"model\.onnx"):
        Kokoro(tmp_path, VOICES).synthesize("好")


def test_espeak_speaks_again_and_again_without_printing(capsys: pytest.CaptureFixture[str]) -> None:
    voice = Espeak()
    for text in ("尾号6688", "219元"):
        audio = voice.synthesize(text)
        assert 0.5 < audio.seconds < 4
        assert np.sqrt(np.mean(audio.samples**2)) > 0.01
    assert capsys.readouterr().out == ""


def test_espeak_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "espeakng_loader", None)
    with pytest.raises(SpeechError, match="reinstall espeakng-loader"):
        Espeak().synthesize("好")
