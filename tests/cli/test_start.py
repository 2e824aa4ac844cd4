"""Help is quick because it imports next to nothing; wrong usage is 2; output is UTF-8 anywhere."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from courier_voice.commands import models
from courier_voice.nlu.cascade import Cascade
from courier_voice.settings import Settings

Run = Callable[..., Any]

VENDORS = (
    "torch transformers whisper faster_whisper ctranslate2 onnxruntime xllamacpp fastapi uvicorn numpy pydantic "
    "httpx rich sounddevice soundfile jieba misaki opencc"
).split()

COMMANDS = "demo listen say understand transcribe converse replay kb polish mock-api bench models doctor".split()


def test_help_lists_every_command_and_imports_no_vendor() -> None:
    look = (
        "import sys, json\n"
        "from courier_voice.cli import app\n"
        "try: app(['--help'])\n"
        "except SystemExit as end: code = end.code\n"
        "print(json.dumps([code, sorted(m for m in sys.modules if '.' not in m)]), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", look], capture_output=True, encoding="utf-8", check=True)
    code, modules = json.loads(done.stderr)
    assert code == 0
    assert "typer" in modules
    assert sorted(set(VENDORS) & set(modules)) == []
    assert [command for command in COMMANDS if f"\n  {command} " not in done.stdout] == []


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(run: Run, command: str) -> None:
    ran = run(command, "--help")
    assert ran.code == 0
    assert "Usage:" in ran.out


@pytest.mark.parametrize(
    ("args", "named"),
    [
        (["fly"], "fly"),
        (["say"], "TEXT"),
        (["say", " "], "nothing to say"),
        (["understand"], "nothing to read"),
        (["polish", ""], "nothing to read"),
        (["understand", "好", "--nlu", "magic"], "'fast', 'llm', 'cascade'"),
        (["understand", "--file", "nowhere.txt"], "nowhere.txt"),
        (["transcribe"], "WAV"),
        (["transcribe", "a.wav", "--engine", "vosk"], "'faster-whisper', 'whisper'"),
        (["converse"], "--script"),
        (["converse", "--script", "nowhere.jsonl"], "nowhere.jsonl"),
        (["say", "好", "--world", "nowhere.json"], "nowhere.json"),
        (["models", "burn"], "burn"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_usage_is_exit_code_2_and_names_what_is_wrong(run: Run, args: list[str], named: str) -> None:
    ran = run(*args)
    assert ran.code == 2
    assert ran.out == ""
    assert named.casefold() in ran.err.casefold()


def test_a_pipe_gets_utf_8_whatever_the_locale(program: Run) -> None:
    ran = program("--help", PYTHONIOENCODING="ascii:strict")
    assert ran.code == 0
    assert "普通话" in ran.out


@pytest.mark.parametrize("at_once", [True, False])
def test_what_must_answer_at_once_has_its_second_reader_loaded(monkeypatch: pytest.MonkeyPatch, at_once: bool) -> None:
    warmed: list[bool] = []
    fast = SimpleNamespace(advise=SimpleNamespace(warm=lambda: warmed.append(True)), threshold=0.5)
    monkeypatch.setattr(models, "build_nlu", lambda *_: Cascade(fast=fast))  # type: ignore[arg-type]
    cascade, _ = models.ready_nlu(Settings(nlu={"route": "fast"}), at_once=at_once)  # type: ignore[arg-type]
    assert cascade.fast is fast
    assert bool(warmed) is at_once
