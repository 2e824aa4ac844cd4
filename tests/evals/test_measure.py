"""The commands replay, eval and bench, their models replaced by what models said once."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import typer

from courier_voice.commands import evaluate, hands_free, measure
from courier_voice.core.errors import GoldenError, TranscriptionError
from courier_voice.core.words import Audio, Transcript
from courier_voice.evals import sets
from courier_voice.evals.recorded import RecordedLlm, load_transcripts
from courier_voice.nlu.cascade import Cascade
from courier_voice.settings import load_settings
from courier_voice.understanding import build_nlu

FIXTURES = Path(__file__).parents[2] / "fixtures"
TEXTS = FIXTURES / "audio" / "texts"


class Ear:
    """Hears the same in everything, or nothing at all."""

    def __init__(self, text: str = "取消") -> None:
        self.text = text

    def transcribe(self, audio: Audio, hints: Sequence[str] = ()) -> Transcript:
        if not self.text:
            raise TranscriptionError("broken")
        return Transcript(self.text, self.text, 0.5, (), audio.seconds)


class Mute(RecordedLlm):
    """Understands nothing."""

    def complete(self, *_: object, **__: object) -> str:
        return '[{"intent":"none"}]'


@pytest.fixture(autouse=True)
def _models(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("COURIER_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("courier_voice.commands.out.start_logging", lambda *_: None)
    model = Mute({})
    nlu = build_nlu(load_settings(), model)
    for module in (measure, evaluate):
        monkeypatch.setattr(module, "ready_nlu", lambda _, **_how: (nlu, model))
    monkeypatch.setattr(measure, "build_asr", lambda _: Ear())


def rows(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_replay_is_a_row_a_turn_then_the_summary(capsys: pytest.CaptureFixture[str]) -> None:
    measure.replay(TEXTS, None, None, 0, True)
    *turns, last = rows(capsys)
    assert [row["wav"] for row in turns] == ["stroller.flac", "yes.flac", "to_whom.flac", "what.flac", "no.flac"]
    assert {row["heard"] for row in turns} == {"取消"}
    assert [row["success"] for row in turns] == [False, False, False, False, True]
    assert last["summary"]["all"]["turns"] == 5
    assert set(last["summary"]) == {"clean", "15dB", "10dB", "all"}


def test_replay_from_transcripts_needs_no_recogniser(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delattr(measure, "build_asr")
    measure.replay(TEXTS, None, None, 0, True, "transcripts")
    heard = [row["heard"] for row in rows(capsys)[:-1]]
    assert heard[2] == load_transcripts(FIXTURES / "audio")["texts/to_whom.flac"].text


def test_what_is_recorded_can_be_replayed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(FIXTURES / "worlds", tmp_path / "worlds")
    scene = Path(shutil.copytree(TEXTS, tmp_path / "audio" / "texts"))
    with pytest.raises(GoldenError, match="--record"):
        measure.replay(scene, None, None, 0, True, "transcripts")
    measure.replay(scene, None, None, 0, True, "live", record=True)
    first = rows(capsys)
    assert len(load_transcripts(tmp_path / "audio")) == 5
    assert (tmp_path / "audio" / "replies.json").read_text() == "{\n\n}\n"
    measure.replay(scene, None, None, 0, True, "transcripts")
    assert [row["reply"] for row in rows(capsys)[:-1]] == [row["reply"] for row in first[:-1]]


def test_a_turn_that_broke_is_an_exit_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(measure, "build_asr", lambda _: Ear(""))
    with pytest.raises(typer.Exit):
        measure.replay(TEXTS, None, None, 0, True, "asr-only")
    assert rows(capsys)[-1]["summary"]["all"]["errors"] == 5


def test_replay_for_people(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    measure.replay(FIXTURES / "audio", None, None, 1, False)
    told = capsys.readouterr()
    assert "calls/tail.flac [intent、action、calls、reply_has]" in told.err
    assert "slot F1" in told.out


@pytest.mark.parametrize(("run", "items"), [(evaluate.nlu, 3), (evaluate.dialogs, 2), (evaluate.sms, 3)])
def test_eval_is_a_row_an_item_then_the_summary(run: Any, items: int, capsys: pytest.CaptureFixture[str]) -> None:
    run(None, items, False, True)
    *done, last = rows(capsys)
    assert len(done) == items
    assert all("right" in row for row in done)
    assert set(last) == {"summary"}


def test_eval_for_people_lists_what_is_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    evaluate.nlu(None, 15, False, False, "fast")
    told = capsys.readouterr().out
    assert "✗ dev-nlu-" in told
    assert "frame_accuracy: 0." in told


def test_eval_goes_on_where_it_stopped(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    scored: list[str] = []
    row = sets.nlu_row

    def until_the_third(item: Any, nlu: Cascade) -> Any:
        if len(scored) == 2:
            scored.append("interrupted")
            raise KeyboardInterrupt
        scored.append(item["id"])
        return row(item, nlu)

    monkeypatch.setattr(sets, "nlu_row", until_the_third)
    with pytest.raises(KeyboardInterrupt):
        evaluate.nlu(None, 4, False, True)
    evaluate.nlu(None, 4, False, True)
    assert scored == ["dev-nlu-001", "dev-nlu-002", "interrupted", "dev-nlu-003", "dev-nlu-004"]
    assert [r.get("id") for r in rows(capsys)[2:-1]] == ["dev-nlu-001", "dev-nlu-002", "dev-nlu-003", "dev-nlu-004"]


def test_bench_refuses_what_it_cannot_do() -> None:
    with pytest.raises(typer.BadParameter):
        measure.bench(0, False, True)
    with pytest.raises(typer.BadParameter):
        hands_free.bench(0, None, True)
