"""Commands run through ``main`` in this process, with models loaded once, and as a program of their own."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from courier_voice import cli
from courier_voice.app import build_asr, build_llm
from courier_voice.core.ports import ChatModel, Transcriber
from courier_voice.settings import load_settings


@dataclass(frozen=True)
class Ran:
    """What a command left: its exit code, what it wrote, and its JSON lines."""

    code: int
    out: str
    err: str

    @property
    def rows(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]


Run = Callable[..., Ran]


@pytest.fixture(autouse=True)
def _home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An outbox of the test's own; nothing is played."""
    monkeypatch.setenv("COURIER_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COURIER_TTS__ENGINE", "console")
    monkeypatch.setenv("COURIER_KB__EMBEDDER", "none")
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Iterator[Run]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level

    def running(*args: object) -> Ran:
        monkeypatch.setattr(sys, "argv", ["courier-voice", *map(str, args)])
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return Ran(int(ended.value.code or 0), *capfd.readouterr())

    yield running
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture(scope="session")
def kv() -> Path:
    """Prompt states live where the user's do, or every run of the tests would read the prompt anew for a minute."""
    return load_settings().home / "kv"


@pytest.fixture
def program(kv: Path, tmp_path: Path) -> Run:
    """The command as a process of its own."""

    def running(*args: object, **env: str) -> Ran:
        home = tmp_path / "home"
        home.mkdir(exist_ok=True)
        if not (home / "kv").exists():
            kv.mkdir(parents=True, exist_ok=True)
            (home / "kv").symlink_to(kv)
        command = [sys.executable, "-m", "courier_voice.cli", *map(str, args)]
        done = subprocess.run(command, env=os.environ | env, capture_output=True, encoding="utf-8", timeout=500)
        return Ran(done.returncode, done.stdout, done.stderr)

    return running


@pytest.fixture(scope="session")
def _llm(kv: Path) -> Iterator[ChatModel]:
    settings = load_settings(home=kv.parent)
    model = build_llm(settings)
    yield model
    model.close()  # type: ignore[attr-defined]


@pytest.fixture(scope="session")
def _asr() -> Transcriber:
    return build_asr(load_settings())


@pytest.fixture
def recogniser(monkeypatch: pytest.MonkeyPatch, _asr: Transcriber) -> None:
    """The real recogniser, already loaded, for whatever command asks for it."""
    for module in ("read", "models"):
        monkeypatch.setattr(f"courier_voice.commands.{module}.build_asr", lambda _: _asr)


@pytest.fixture
def language_model(monkeypatch: pytest.MonkeyPatch, _llm: ChatModel) -> None:
    """The real language model, likewise."""
    monkeypatch.setattr("courier_voice.commands.models.build_llm", lambda _: _llm)


@pytest.fixture(scope="session")
def sounds() -> Path:
    return Path(__file__).resolve().parents[2] / "fixtures" / "audio"


@pytest.fixture(scope="session")
def word(sounds: Path) -> np.ndarray:
    """A person saying 打电话, 16 kHz."""
    from courier_voice.audio.wav import read_audio

    return read_audio(sounds / "real" / "cmn_call.wav").samples
