"""Every check is made, what fails names its fix, and only what say and demo need makes the whole fail."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

Run = Callable[..., Any]


class PortAudioError(Exception):
    pass


def card(monkeypatch: pytest.MonkeyPatch, *, there: bool) -> None:
    def device(*_: Any, **__: Any) -> dict[str, str]:
        if not there:
            raise PortAudioError("Error querying device -1")
        return {"name": "USB headset"}

    def stream(**_: Any) -> Any:
        device()
        return SimpleNamespace(start=lambda: None, close=lambda: None)

    module = ModuleType("sounddevice")
    module.__spec__ = SimpleNamespace(name="sounddevice")  # type: ignore[assignment]
    module.PortAudioError, module.InputStream, module.query_devices = PortAudioError, stream, device  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "sounddevice", module)


def checked(ran: Any) -> dict[str, dict[str, Any]]:
    for row in ran.rows:
        assert set(row) == {"check", "ok", "needed", "detail", "fix"}
        assert row["detail"]
        assert bool(row["fix"]) is not row["ok"]
    return {row["check"]: row for row in ran.rows}


def test_all_is_well(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    card(monkeypatch, there=True)
    ran = run("doctor", "--json")
    rows = checked(ran)
    assert ran.code == 0
    assert [name for name, row in rows.items() if not row["ok"]] == []
    assert rows["microphone"]["detail"] == rows["speaker"]["detail"] == "USB headset"
    for name in ("python", "language model", "recogniser", "voice", "api", "home", "outbox", "weights whisper-base"):
        assert name in rows


def test_without_sound_hardware_it_still_works_and_the_fix_is_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    card(monkeypatch, there=False)
    ran = run("doctor", "--json")
    assert ran.code == 0
    rows = checked(ran)
    assert {name for name, row in rows.items() if not row["ok"]} == {"microphone", "speaker"}
    assert "plug one in" in rows["microphone"]["fix"]
    shown = run("doctor")
    assert shown.code == 0
    assert "plug one in" in shown.out


def test_without_weights_it_fails_and_names_the_command(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("COURIER_WEIGHTS", str(tmp_path / "none"))
    monkeypatch.setenv("COURIER_TTS__ENGINE", "auto")
    ran = run("doctor", "--json")
    assert ran.code == 1
    rows = checked(ran)
    for name in ("whisper-base", "qwen2.5-coder-1.5b"):
        assert rows[f"weights {name}"]["needed"]
        assert rows[f"weights {name}"]["fix"] == f"run: courier-voice models pull {name}"
    assert not rows["weights kokoro-82m"]["needed"]
    assert rows["voice"]["detail"].startswith("espeak-ng")
    assert "models pull" in rows["language model"]["fix"]


def test_a_second_reader_whose_weights_lack_is_told_of_and_not_needed(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("COURIER_WEIGHTS", str(tmp_path / "none"))
    monkeypatch.setenv("COURIER_NLU__ADVICE", "true")
    monkeypatch.setenv("COURIER_KB__PULL", "false")
    row = checked(run("doctor", "--json"))["second reader"]
    assert (row["ok"], row["needed"]) == (False, False)
    assert "courier-voice models pull embedding-gemma" in row["fix"]
    ran = run("understand", "给尾号六六八八打电话", "--json")
    assert "courier-voice models pull embedding-gemma" in ran.err
    monkeypatch.setenv("COURIER_NLU__ADVICE", "false")
    assert "embedding-gemma" not in run("understand", "给尾号六六八八打电话", "--json").err


def test_what_is_down_or_broken_is_said_each_with_its_fix(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        closed = f"http://127.0.0.1:{listener.getsockname()[1]}"
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("COURIER_HOME", str(tmp_path / "file" / "home"))
    monkeypatch.setenv("COURIER_API__BASE_URL", closed)
    monkeypatch.setenv("COURIER_LLM__CLIENT", "http")
    monkeypatch.setenv("COURIER_LLM__BASE_URL", f"{closed}/v1")
    ran = run("doctor", "--json")
    assert ran.code == 1
    rows = checked(ran)
    assert "check the network" in rows["api"]["fix"]
    assert "COURIER_LLM__BASE_URL" in rows["language model"]["fix"]
    assert "COURIER_HOME" in rows["home"]["fix"]
    assert not rows["weights qwen2.5-coder-1.5b"]["needed"]


def test_the_outbox_is_counted_and_a_damaged_one_reported(run: Run, tmp_path: Path) -> None:
    (home := tmp_path / "home").mkdir()
    (home / "outbox.sqlite3").write_bytes(b"not a database, and long enough to be taken for one" * 50)
    ran = run("doctor", "--json")
    assert ran.code == 1
    assert "damaged" in checked(ran)["outbox"]["fix"]
    (home / "outbox.sqlite3").unlink()
    assert checked(run("doctor", "--json"))["outbox"]["detail"].startswith("0 queued")
