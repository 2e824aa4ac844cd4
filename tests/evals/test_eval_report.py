"""eval report and eval ablate, by the shipped fast model alone."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from courier_voice.app import data_dir
from courier_voice.commands import eval_report, evaluate
from courier_voice.commands.kb_set import KB
from courier_voice.core.errors import SettingsError
from courier_voice.evals.ablate import ablation_row, variants
from courier_voice.evals.recorded import RecordedLlm
from courier_voice.evals.report_about import about
from courier_voice.evals.report_page import page
from courier_voice.evals.report_sets import DIALOGS, TALK, Ready
from courier_voice.logistics.mock.world import load_world
from courier_voice.nlu.polish import TemplatePolisher
from courier_voice.settings import Settings, load_settings
from courier_voice.understanding import build_nlu


@pytest.fixture(autouse=True)
def _home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("COURIER_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("courier_voice.commands.out.start_logging", lambda *_: None)


def made(out: Path, capsys: pytest.CaptureFixture[str], **changes: Any) -> tuple[dict[str, Any], str]:
    options: dict[str, Any] = {
        "out": out, "route": "fast", "talk_route": "fast", "audio": "none", "kb": False, "ablations": False, "without_noise": None,
        "limit": 6, "fresh": False, "unmasked": False, "json_": True,
    }  # fmt: skip
    eval_report.report(**options | changes)
    capsys.readouterr()
    return json.loads((out / "report.json").read_text("utf-8")), (out / "report.html").read_text("utf-8")


def personal() -> list[str]:
    """Whoever lives in the world of the dialogues, and where."""
    tasks = load_world(data_dir("fixtures") / "worlds" / "beihu.json").tasks
    return [s for task in tasks for s in (task.customer, task.address, task.virtual_number)]


def test_a_report_names_what_it_was_made_with(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told, html = made(tmp_path / "new" / "folder", capsys, audio="transcripts", ablations=True, limit=1)
    assert set(told["sets"]) == {"nlu", "dialogs", "sms", "talk", "audio"}
    assert told["about"]["settings"]["nlu"]["route"] == "fast"
    assert len(told["about"]["models"]["fast"]["sha256"]) == 64
    assert any(stamp.startswith("nlu/understand@") for stamp in told["about"]["prompts"])
    assert told["files"]["eval/talk.txt"]["rows"] == 1
    assert str(tmp_path) not in html + json.dumps(told)
    assert not re.search("api_key|base_url", json.dumps(told))
    assert page(told) == html
    table = told["ablations"]
    assert table["whole"]["intent"] == told["sets"]["nlu"]["intent_accuracy"]
    assert "models pull" in table["LLM only"]["left_out"]
    assert "--without-noise" in table["without ASR noise"]["left_out"]
    assert table["fast only"]["audio_turns"] == told["sets"]["audio"]["conditions"]["all"]["success"]


def test_nobody_is_named_unless_asked_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = personal()
    said = "，".join(names)
    turn = {"user": said, "errors": [said], "reply": said, "calls": [{"op": "sms", "args": {"message": said}}]}
    turn |= {"kind": "act", "intent": "send_sms", "route": "fast", "ms": 1.0, "unasked": False}
    row = {"id": "d", "right": False, "turns": [turn], "covers": []}
    leaky = replace(DIALOGS, prepare=lambda _: lambda _: row)
    monkeypatch.setattr(eval_report, "TEXT_SETS", (leaky,))
    told, html = made(tmp_path, capsys, limit=1)
    assert told["masked"] is True
    assert told["sets"]["dialogs"]["unconfirmed_effects"] == 1
    assert [name for name in names if name in html or name in json.dumps(told, ensure_ascii=False)] == []
    told, html = made(tmp_path, capsys, limit=1, unmasked=True)
    assert told["masked"] is False
    assert all(name in html for name in names)


def test_an_interrupted_report_does_not_begin_anew(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("courier_voice.evals.talk.talk_row", interrupt)
    with pytest.raises(KeyboardInterrupt):
        made(tmp_path, capsys, limit=2)
    kept = {file.name.partition("-")[0] for file in (tmp_path / "home" / "evals").iterdir() if file.stat().st_size}
    assert kept == {"nlu", "dialogs", "sms"}
    monkeypatch.undo()
    monkeypatch.setenv("COURIER_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("courier_voice.evals.sets.sms_row", interrupt)
    told, _ = made(tmp_path, capsys, limit=2)
    assert told["sets"]["sms"]["texts"] == 2
    assert list((tmp_path / "home" / "evals").iterdir()) == []


def interrupt(*_: object) -> Any:
    raise KeyboardInterrupt


def test_questions_over_documents_are_a_set_too(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = {"question": "q", "rank": 2, "first": ["law", "1"], "ms": 1.0, "asked": True, "right": False}
    said = {"question": "q", "answer": "a", "answered": True, "missing": [], "polarity": None, "invented": []}
    row = {"retrieval": found, "answers": said | {"cited": True, "asked": True, "right": True, "ms": 2.0}}
    quick = replace(KB, prepare=lambda _: lambda item: {"id": item["id"], "right": False, **row})
    monkeypatch.setattr(eval_report, "KB", quick)
    monkeypatch.setattr(eval_report, "TEXT_SETS", ())
    told, html = made(tmp_path, capsys, kb=True, limit=2)
    assert (told["sets"]["kb"]["questions"], told["sets"]["kb"]["retrieval"]["top3"]) == (2, 1.0)
    assert [failure["fault"][:10] for failure in told["failures"]["kb"]] == ["q\n    rank"] * 2
    assert 'data-key="sets.kb.answers.cited"' in html


def test_a_place_that_cannot_be_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match="--out"):
        made(tmp_path / "file" / "below", capsys)


def test_for_people(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    settings = load_settings(nlu={"route": "fast"})
    parts = Ready(settings, build_nlu(settings, None), TemplatePolisher())
    monkeypatch.setattr(eval_report, "ready", lambda _: parts)
    eval_report.ablate("fast", None, 1, False, False)
    told = capsys.readouterr().out
    assert "fast only" in told
    assert "without ASR noise: left out, no model trained without ASR noise" in told
    evaluate.talk(None, 3, False, True)
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["summary"]["lines"] == 3


def test_what_can_be_left_out() -> None:
    table = {v.name: v for v in variants(True, None, {"nbest": None})}
    assert next(iter(table)) == "whole"
    assert table["without n-best"].nlu == {"nbest": False}
    assert "nlu.pinyin" in table["without pinyin"].missing
    assert table["LLM only"].missing == ""
    assert ablation_row(table["without pinyin"], {}) == {
        "variant": "without pinyin", "left_out": "there is no setting nlu.pinyin in this version"
    }  # fmt: skip
    base = load_settings()
    assert table["LLM only"].settings(base).nlu.route == "llm"
    assert table["LLM only"].settings(base).nlu.threshold == base.nlu.threshold


def test_a_variant_uses_the_same_language_model(tmp_path: Path) -> None:
    model = RecordedLlm({})
    base = load_settings(nlu={"route": "cascade"})
    parts = Ready(base, build_nlu(base, model), TemplatePolisher(), model)
    alone = eval_report.changed(parts, next(v for v in variants(True, None) if v.name == "LLM only"))
    assert alone.nlu.fast is None
    assert alone.nlu.model is not None
    quick = eval_report.changed(parts, next(v for v in variants(True, None) if v.name == "fast only"))
    assert quick.nlu.model is None
    assert quick.settings.nlu.route == "fast"


def test_models_are_told_by_hash(tmp_path: Path) -> None:
    weights = tmp_path / "own.gguf"
    weights.write_bytes(b"model")
    settings: Settings = load_settings(llm={"model": str(weights)}, asr={"adapter": "none"})
    model = RecordedLlm({})
    told = about(Ready(settings, build_nlu(settings, model), TemplatePolisher(), model), hears=True)
    assert told["models"]["llm"]["model"] == "own.gguf"
    assert list(told["models"]["llm"]["sha256"]) == ["own.gguf"]
    assert told["models"]["asr"]["adapter"] == "none"
    assert len(told["models"]["asr"]["sha256"]["model.bin"]) == 64
    assert told["settings"]["llm"]["model"] == "own.gguf"
    assert TALK.file.name == "talk.txt"
