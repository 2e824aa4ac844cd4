"""Replaying without models: scenes apart from each other, errors as rows."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import pytest

from courier_voice.core.errors import TranscriptionError
from courier_voice.core.turn import Draft, NluContext, Understanding
from courier_voice.core.words import Audio, Transcript, Utterance
from courier_voice.evals.goldens import load_scenes
from courier_voice.evals.replay import from_transcripts, replay_scenes, transcribe_only
from courier_voice.nlu.cascade import Cascade
from courier_voice.nlu.polish import TemplatePolisher
from courier_voice.settings import Api, load_settings

AUDIO = Path(__file__).parents[2] / "fixtures" / "audio"


class Dial:
    """Takes everything for a call to 0578."""

    def understand(self, utterance: Utterance, context: NluContext) -> Understanding:
        return Understanding((Draft("dial", {"target": {"tail": "0578"}}),), "llm")


class Deaf:
    """Fails on its second sound."""

    def __init__(self) -> None:
        self.sounds = 0

    def transcribe(self, audio: Audio, hints: Sequence[str] = ()) -> Transcript:
        self.sounds += 1
        if self.sounds == 2:
            raise TranscriptionError("broken")
        return Transcript("六六八八", "六六八八", 1.0, (), audio.seconds)


def test_the_recogniser_alone(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.CRITICAL):
        rows = list(transcribe_only(load_scenes(AUDIO / "calls"), Deaf()))
    assert [row.heard for row in rows] == ["六六八八", "", "六六八八", "六六八八"]
    assert [row.error for row in rows] == ["", "TranscriptionError: broken", "", ""]
    assert set(rows[0].ms) == {"asr", "total"}


def test_every_scene_starts_afresh_and_never_at_a_real_api(tmp_path: Path) -> None:
    (scene,) = load_scenes(AUDIO / "calls")
    heard = {"calls/tail.flac": Transcript("帮我接通零五七八的收件人", "", 1.0)}
    settings = load_settings(home=tmp_path, api=Api(base_url="http://127.0.0.1:9"))
    started: list[str] = []
    rows = list(
        replay_scenes(
            [scene, scene],
            settings,
            nlu=Cascade(Dial()),
            polisher=TemplatePolisher(),
            listen=from_transcripts(heard),
            before=started.append,
        )
    )
    assert [row.success for row in rows] == [True, False, False, False] * 2
    assert [call["waybill"] for row in rows for call in row.made] == ["JD0415520360578"] * 2
    assert started == [f"calls/{turn.wav}" for turn in scene.turns] * 2
    assert list(tmp_path.iterdir()) == []


def test_a_bug_in_a_turn_is_a_row_and_a_log_record(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    scenes = load_scenes(AUDIO / "calls")

    def broken(*_: object) -> object:
        raise ZeroDivisionError("here")

    rows = list(
        replay_scenes(
            scenes,
            load_settings(home=tmp_path),
            nlu=Cascade(Dial()),
            polisher=TemplatePolisher(),
            listen=broken,  # type: ignore[arg-type]
        )
    )
    assert {row.error for row in rows} == {"ZeroDivisionError: here"}
    assert len(caplog.records) == len(rows)
