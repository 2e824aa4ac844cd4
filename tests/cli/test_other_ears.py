"""Other recognisers from the command line: chosen by settings, looked at by doctor, heard with by transcribe."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from courier_voice.app import build_asr
from courier_voice.asr.sherpa import Sherpa
from courier_voice.commands import listen
from courier_voice.commands.doctor import checks
from courier_voice.core.errors import SettingsError
from courier_voice.settings import load_settings
from tests.asr.standins import Bench, Loud, funasr_runtime, install, model_folder, transcriptions

CALL = Path(__file__).resolve().parents[2] / "fixtures" / "audio" / "real" / "cmn_call.wav"
Run = Callable[..., Any]


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
def url(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with transcriptions(bench) as url:
        monkeypatch.setenv("COURIER_ASR__BASE_URL", url)
        yield url


def recogniser(**asr: object) -> dict[str, Any]:
    found = {check.check: check for check in checks(load_settings(asr=asr, llm={"client": "http"}))}
    assert not found["weights whisper-base"].needed
    return vars(found["recogniser"])


def test_a_file_is_heard_by_a_server(run: Run, url: str, bench: Bench) -> None:
    ran = run("transcribe", CALL, "--engine", "openai", "--json")
    assert ran.code == 0
    (row,) = ran.rows
    assert (row["text"], row["confidence"], row["nbest"]) == ("给王女士打电话", None, [])
    assert bench.asked[0]["language"] == "zh"


def test_a_server_that_is_down_ends_in_an_error_with_its_cure(run: Run, url: str, bench: Bench) -> None:
    bench.goes_wrong("garbage")
    ran = run("transcribe", CALL, "--engine", "openai", "--json")
    assert ran.code == 1
    assert ran.rows == []
    assert "COURIER_ASR__BASE_URL" in ran.err


def test_doctor_asks_the_server(url: str, bench: Bench) -> None:
    assert recogniser(engine="openai", base_url=url)["detail"] == f"openai at {url}"
    bench.status = 401
    assert "COURIER_ASR__API_KEY" in recogniser(engine="openai", base_url=url)["fix"]
    assert "COURIER_ASR__BASE_URL" in recogniser(engine="openai", base_url="")["fix"]


def test_doctor_asks_funasr(bench: Bench) -> None:
    with funasr_runtime(bench) as url:
        assert recogniser(engine="funasr", base_url=url)["ok"]
    found = recogniser(engine="funasr", base_url=url, timeout_s=2)
    assert not found["ok"]
    assert "no connection" in found["fix"]


def test_doctor_looks_into_the_folder(tmp_path: Path, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = model_folder(tmp_path / "m", "sense-voice")
    monkeypatch.setitem(sys.modules, "sherpa_onnx", None)
    assert "pip install sherpa-onnx" in recogniser(engine="sherpa-onnx", model=str(folder))["fix"]
    install(monkeypatch, bench)
    assert recogniser(engine="sherpa-onnx", model=str(folder))["detail"] == "sense-voice through sherpa-onnx"
    (folder / "tokens.txt").unlink()
    assert "COURIER_ASR__MODEL" in recogniser(engine="sherpa-onnx", model=str(folder))["fix"]


def test_settings_choose(tmp_path: Path, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, bench)
    folder = model_folder(tmp_path / "m", "streaming-zipformer")
    asr = build_asr(load_settings(asr={"engine": "sherpa-onnx", "model": str(folder)}), Loud())
    assert isinstance(asr, Sherpa)
    with pytest.raises(SettingsError, match="COURIER_ASR__BASE_URL"):
        build_asr(load_settings(asr={"engine": "openai"}), Loud())


def test_words_are_shown_while_he_speaks(tmp_path: Path, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, bench)
    bench.says = "打给13812345678"
    shown, all_of_it = list[str](), Event()

    def show(words: str, **_: object) -> None:
        shown.append(words)
        if "*" in words:
            all_of_it.set()

    monkeypatch.setattr(listen.stderr, "print", show)
    agent: Any = SimpleNamespace(seen=None)
    partials = listen.words_of(Sherpa(model_folder(tmp_path / "m", "streaming-zipformer"), Loud()), agent)
    assert partials is not None
    partials.begin()
    source = partials.watch(np.full((200, 512), 0.1, np.float32))
    for number, _ in enumerate(source):
        if number == 190:
            assert all_of_it.wait(10)
    assert "打给" in "".join(shown)
    assert "13812345678" not in "".join(shown)
    assert listen.words_of(SimpleNamespace(), agent) is None  # type: ignore[arg-type]
