"""The JSON of CONTRACTS §2, on real models: its keys, its types, and nothing beside it on stdout."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]

KINDS = {"ask", "confirm", "act", "answer", "reject"}
OPS = {"dial", "sms", "pickup", "waybill", "tasks", "sign_off", "exception", "knowledge"}
WORLD = Path(__file__).resolve().parents[2] / "fixtures" / "worlds" / "demo.json"


def check_turn(turn: dict[str, Any]) -> None:
    assert turn["kind"] in KINDS
    assert isinstance(turn["reply"], str)
    for call in turn["calls"]:
        assert set(call) == {"op", "waybill", "args"}
        assert call["op"] in OPS


@pytest.mark.usefixtures("language_model")
def test_understand(run: Run, tmp_path: Path) -> None:
    (file := tmp_path / "said.txt").write_text('给尾号0578打电话\n\n{"text": "确认"}\n', encoding="utf-8")
    ran = run("understand", "--file", file, "--json")
    assert ran.code == 0
    assert [row["text"] for row in ran.rows] == ["给尾号0578打电话", "确认"]
    for row in ran.rows:
        assert set(row) == {"text", "intents", "route", "ms"}
        assert row["ms"] >= 0
        for intent in row["intents"]:
            assert set(intent) == {"intent", "slots", "confidence"}
            assert 0 <= intent["confidence"] <= 1
    assert [row["route"] for row in ran.rows] == ["fast", "control"]
    assert ran.rows[0]["intents"][0]["slots"] == {"target": {"tail": "0578"}}
    assert ran.rows[1]["intents"] == [{"intent": "confirm", "slots": {}, "confidence": 1.0}]


@pytest.mark.usefixtures("recogniser")
def test_transcribe(run: Run, sounds: Path) -> None:
    person, rain = sounds / "real" / "cmn_call.wav", sounds / "noise" / "rain.flac"
    ran = run("transcribe", person, rain, "--json")
    assert ran.code == 0
    heard, nothing = ran.rows
    for row in ran.rows:
        assert {"file", "text", "raw", "confidence", "audio_s", "ms"} <= set(row)
        assert 0 <= row["confidence"] <= 1
        assert row["audio_s"] > 0
    assert (heard["file"], nothing["file"]) == (str(person), str(rain))
    assert "电话" in heard["text"]
    assert heard["nbest"][0]["text"] == heard["text"]
    assert (nothing["text"], nothing["nbest"]) == ("", [])


@pytest.mark.usefixtures("language_model")
def test_say_reads_back_and_acts_only_after_yes(run: Run) -> None:
    asked = run("say", "尾号0578", "本人签收", "--json")
    assert asked.code == 0
    (turn,) = asked.rows
    check_turn(turn)
    assert (turn["kind"], turn["calls"]) == ("confirm", [])
    assert {"heard", "text", "intents", "route", "prompt", "worded", "kind", "calls", "reply", "ms"} == set(turn)
    assert turn["prompt"].startswith("fast@")

    done = run("say", "尾号0578", "本人签收", "--yes", "--json")
    assert done.code == 0
    confirm, act = done.rows
    assert (confirm["kind"], act["kind"]) == ("confirm", "act")
    assert [call["op"] for call in act["calls"]] == ["sign_off"]
    assert act["calls"][0]["waybill"].endswith("0578")


def test_say_as_a_program_writes_one_json_line_and_nothing_else(program: Run) -> None:
    ran = program("say", "今天还有几单没送", "--json")
    assert ran.code == 0, ran.err
    (turn,) = ran.rows
    check_turn(turn)
    assert [call["op"] for call in turn["calls"]] == ["tasks"]
    assert turn["kind"] == "answer"


@pytest.mark.usefixtures("language_model")
def test_converse_starts_every_dialogue_afresh(run: Run, tmp_path: Path) -> None:
    script = tmp_path / "script.jsonl"
    dialogue = {"turns": [{"user": "尾号0578本人签收"}, {"user": "确认"}]}
    script.write_text("".join(json.dumps({"id": name, **dialogue}) + "\n" for name in "ab"), encoding="utf-8")
    ran = run("converse", "--world", WORLD, "--script", script, "--json")
    assert ran.code == 0
    assert [row["id"] for row in ran.rows] == ["a", "b"]
    for row in ran.rows:
        assert set(row) == {"id", "turns"}
        for turn in row["turns"]:
            assert set(turn) == {"user", "kind", "intent", "calls", "reply"}
            check_turn(turn)
        assert [turn["kind"] for turn in row["turns"]] == ["confirm", "act"]


@pytest.mark.usefixtures("language_model")
def test_polish(run: Run, tmp_path: Path) -> None:
    (file := tmp_path / "messages.jsonl").write_text('{"spoken": "快递放门口了"}\n', encoding="utf-8")
    ran = run("polish", "--file", file, "--json")
    assert ran.code == 0
    (row,) = ran.rows
    assert set(row) == {"spoken", "sms", "fallback", "ms"}
    assert row["spoken"] == "快递放门口了"
    assert "门口" in row["sms"]
    assert isinstance(row["fallback"], bool)


def test_models_list(run: Run) -> None:
    ran = run("models", "list", "--json")
    assert ran.code == 0
    for row in ran.rows:
        assert {"name", "role", "state", "bytes", "default", "licence", "upstream"} <= set(row)
    states = {row["name"]: row["state"] for row in ran.rows if row["default"]}
    assert set(states.values()) == {"present"}
    assert {"whisper-base", "qwen2.5-coder-1.5b"} <= set(states)


def test_models_list_for_people_is_on_stdout(run: Run) -> None:
    ran = run("models", "list")
    assert ran.code == 0
    assert "whisper-base" in ran.out


def test_the_knowledge_base_takes_a_document_and_answers_from_it(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COURIER_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COURIER_KB__EMBEDDER", "none")
    (tmp_path / "规定.md").write_text("# 收寄规定\n\n第一条 锂电池不得单独收寄。\n", encoding="utf-8")
    assert [row["state"] for row in run("kb", "add", str(tmp_path / "规定.md"), "--json").rows] == ["added"]
    assert [row["doc"] for row in run("kb", "list", "--json").rows] == ["规定.md"]
    (found,) = run("kb", "search", "锂电池能单独收寄吗", "--json").rows
    assert [(each["doc"], each["section"]) for each in found["passages"]] == [("规定.md", "第一条")]
    (answer,) = run("kb", "ask", "锂电池能单独收寄吗", "--json").rows
    assert answer["answered"]
    assert answer["answer"].startswith("不能，《收寄规定》第一条")
    assert answer["citations"] == [{"doc": "规定.md", "section": "第一条"}]
    assert [row["state"] for row in run("kb", "remove", "规定.md", "--json").rows] == ["removed"]
