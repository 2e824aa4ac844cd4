"""Bad input: each gets its own message on stderr, the exit code 1, and nothing on stdout but what is right."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import soundfile
import soxr

from courier_voice.settings import load_settings

Run = Callable[..., Any]


def not_sound(folder: Path, word: np.ndarray) -> Path:
    (file := folder / "letter.wav").write_text("这是一封信，不是录音。" * 40, encoding="utf-8")
    return file


def empty(folder: Path, word: np.ndarray) -> Path:
    (file := folder / "empty.wav").touch()
    return file


def header_only(folder: Path, word: np.ndarray) -> Path:
    soundfile.write(file := folder / "header.wav", word[:0], 16000)
    return file


def a_folder(folder: Path, word: np.ndarray) -> Path:
    (file := folder / "folder.wav").mkdir()
    return file


def nowhere(folder: Path, word: np.ndarray) -> Path:
    return folder / "nowhere.wav"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (empty, "empty.wav is empty (0 bytes): record it again"),
        (not_sound, "letter.wav is not a sound file this can read; WAV, FLAC, MP3 and OGG work"),
        (header_only, "header.wav announces no samples"),
        (a_folder, "folder.wav is a folder"),
        (nowhere, "nowhere.wav does not exist"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
@pytest.mark.usefixtures("recogniser")
def test_no_sound_to_be_had(
    run: Run, tmp_path: Path, sounds: Path, word: np.ndarray, make: Callable[..., Path], message: str
) -> None:
    ran = run("transcribe", make(tmp_path, word), sounds / "real" / "cmn_call.wav", "--json")
    assert ran.code == 1
    assert message in ran.err
    assert ["电话" in row["text"] for row in ran.rows] == [True]


@pytest.mark.usefixtures("recogniser")
def test_a_truncated_file_is_used_as_far_as_it_goes(run: Run, tmp_path: Path, word: np.ndarray) -> None:
    soundfile.write(file := tmp_path / "cut.wav", np.concatenate([word, np.zeros(32000, np.float32)]), 16000)
    whole = file.read_bytes()
    file.write_bytes(whole[: 44 + 2 * len(word)])
    ran = run("transcribe", file, "--json")
    assert ran.code == 0
    assert "cut.wav is cut off or damaged: using the" in ran.err
    assert "电话" in ran.rows[0]["text"]


@pytest.mark.usefixtures("recogniser")
def test_44_khz_stereo_works(run: Run, tmp_path: Path, word: np.ndarray) -> None:
    left = soxr.resample(word, 16000, 44100)
    soundfile.write(file := tmp_path / "stereo.wav", np.stack([left, 0.5 * left], axis=1), 44100)
    ran = run("transcribe", file, "--json")
    assert (ran.code, ran.err.strip()) == (0, "")
    assert "电话" in ran.rows[0]["text"]
    assert ran.rows[0]["audio_s"] == pytest.approx(len(word) / 16000, abs=0.02)


@pytest.mark.usefixtures("recogniser")
def test_ten_minutes_with_two_words_in_them_work(run: Run, tmp_path: Path, word: np.ndarray) -> None:
    sound = np.zeros(600 * 16000, np.float32)
    for second in (3, 590):
        sound[second * 16000 : second * 16000 + len(word)] = word
    soundfile.write(file := tmp_path / "long.flac", sound, 16000)
    ran = run("transcribe", file, "--json")
    assert ran.code == 0
    assert ran.rows[0]["audio_s"] == 600
    assert ran.rows[0]["text"].count("电话") == 2


@pytest.mark.parametrize("args", [["understand", "今天几单", "--nlu", "llm"], ["transcribe", "x.wav"]])
def test_missing_weights_name_the_command_that_brings_them(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, args: list[str]
) -> None:
    monkeypatch.setenv("COURIER_WEIGHTS", str(tmp_path / "none"))
    ran = run(*args, "--json")
    assert (ran.code, ran.out) == (1, "")
    assert "are not on this machine yet; run: courier-voice models pull" in ran.err
    assert "Traceback" not in ran.err


def test_without_a_language_model_it_understands_by_the_fast_one(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("COURIER_WEIGHTS", str(tmp_path / "none"))
    ran = run("understand", "今天还有几件没送", "--json")
    assert ran.code == 0
    assert ran.rows[0]["route"] == "fast"
    assert ran.rows[0]["intents"][0]["intent"] == "query_tasks"


def test_weights_with_another_hash_are_refused_by_name(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, sounds: Path
) -> None:
    (changed := tmp_path / "whisper-base").mkdir()
    for file in (load_settings().weights / "whisper-base").iterdir():
        if file.name == "vocabulary.txt":
            text = file.read_bytes()
            (changed / file.name).write_bytes(text[:-2] + bytes(reversed(text[-2:])))
        elif file.suffix in (".bin", ".json") and not file.name.startswith("."):
            (changed / file.name).symlink_to(file)
    monkeypatch.setenv("COURIER_WEIGHTS", str(tmp_path))
    ran = run("transcribe", sounds / "real" / "cmn_call.wav", "--json")
    assert (ran.code, ran.out) == (1, "")
    assert "vocabulary.txt of whisper-base is not the file it should be" in ran.err
    assert "models pull whisper-base" in ran.err
    verified = run("models", "verify", "whisper-base", "--json")
    assert verified.code == 1
    assert [(row["name"], row["state"]) for row in verified.rows] == [("whisper-base", "corrupt")]
    assert verified.rows[0]["faults"] == {"vocabulary.txt": "corrupt"}


def test_no_microphone_is_said_before_any_model_is_waited_for(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    class PortAudioError(Exception):
        pass

    def stream(**_: Any) -> Any:
        raise PortAudioError("Error querying device -1")

    module = ModuleType("sounddevice")
    module.PortAudioError, module.InputStream = PortAudioError, stream  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "sounddevice", module)
    monkeypatch.setenv("COURIER_WEIGHTS", str(tmp_path / "none"))
    for args in (["listen"], ["listen", "--push", "--json"]):
        ran = run(*args)
        assert (ran.code, ran.out) == (1, "")
        assert "no microphone can be opened (Error querying device -1): plug one in" in ran.err


@pytest.mark.usefixtures("language_model")
def test_with_the_api_down_nothing_happens_and_it_is_said(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    monkeypatch.setenv("COURIER_API__BASE_URL", f"http://127.0.0.1:{port}")
    ran = run("say", "尾号0578本人签收", "--yes", "--json")
    assert ran.code == 1
    (turn,) = ran.rows
    assert (turn["kind"], turn["calls"]) == ("reject", [])
    assert turn["reply"] == "现在连不上系统。"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "world.json: Invalid JSON"),
        ("{}", "world.json: courier: Field required (and"),
        ("北湖", "world.json: Invalid JSON"),
    ],
)
def test_a_broken_world_is_named_before_any_model_is_waited_for(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: str, message: str
) -> None:
    monkeypatch.setenv("COURIER_WEIGHTS", str(tmp_path / "none"))
    (world := tmp_path / "world.json").write_text(content, encoding="utf-8")
    (script := tmp_path / "script.jsonl").write_text('{"id": "a", "turns": [{"user": "好"}]}', encoding="utf-8")
    for args in (["say", "今天几单", "--json"], ["converse", "--script", script], ["mock-api", "--port", 0]):
        ran = run(*args, "--world", world)
        assert (ran.code, ran.out) == (1, "")
        assert message in ran.err
        assert "correct the world file" in ran.err


@pytest.mark.parametrize(
    ("command", "option", "line", "message"),
    [
        ("converse", "--script", '{"id": "b", "turns": ', 'line 2: expected {"id", "turns": [{"user"}]}'),
        ("converse", "--script", '{"id": "b"}', 'line 2: expected {"id", "turns": [{"user"}]}'),
        ("understand", "--file", '{"txt": "好"}', 'line 2: expected JSON with "text"'),
        ("polish", "--file", '{"spoken": ', 'line 2: expected JSON with "spoken"'),
    ],
)
def test_a_broken_line_is_named_before_any_model_is_waited_for(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: str, option: str, line: str, message: str
) -> None:
    monkeypatch.setenv("COURIER_WEIGHTS", str(tmp_path / "none"))
    good = '{"id": "a", "turns": [{"user": "好"}], "text": "好", "spoken": "好"}'
    (file := tmp_path / "lines.jsonl").write_text(f"{good}\n{line}\n", encoding="utf-8")
    ran = run(command, option, file)
    assert (ran.code, ran.out) == (1, "")
    assert f"lines.jsonl, {message}" in ran.err


def test_a_file_that_is_not_text_is_refused(run: Run, tmp_path: Path) -> None:
    (file := tmp_path / "said.txt").write_bytes("给尾号0578打电话".encode("gbk"))
    for args in (["understand", "--file", file], ["polish", "--file", file], ["converse", "--script", file]):
        ran = run(*args)
        assert (ran.code, ran.out) == (1, "")
        assert "UTF-8" in ran.err


@pytest.mark.parametrize("command", ["say", "understand", "polish"])
def test_a_home_that_cannot_be_written_is_named(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: str
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("COURIER_HOME", str(tmp_path / "file" / "home"))
    ran = run(command, "今天几单", "--json")
    assert (ran.code, ran.out) == (1, "")
    assert "COURIER_HOME" in ran.err
    assert "cannot be written" in ran.err
    assert "Traceback" not in ran.err


@pytest.mark.parametrize(
    ("name", "value"),
    [("COURIER_ASR__BEAM", "many"), ("COURIER_TTS__ENGINE", "parrot")],
)
def test_a_wrong_setting_is_named(run: Run, monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    ran = run("models", "list", "--json")
    assert (ran.code, ran.out) == (1, "")
    assert name.split("__")[0] in ran.err
    assert "Traceback" not in ran.err
