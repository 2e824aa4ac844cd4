from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from courier_voice.core.errors import GoldenError, ModelError
from courier_voice.core.ports import Role
from courier_voice.core.words import Audio, Hypothesis, Transcript
from courier_voice.evals.recorded import RecordingAsr, RecordingLlm, load_replies, load_transcripts

HEARD = Transcript("打给零五七八", "打給零五七八", 0.75, (Hypothesis("打给零五七八", -0.25),), 2.5)
ASKED = [("system", "你是助手"), ("user", "打给0578")]


class Ear:
    def transcribe(self, audio: Audio, hints: Sequence[str] = ()) -> Transcript:
        return HEARD


class Mind:
    def __init__(self) -> None:
        self.warmed: list[object] = []

    def complete(self, messages: Sequence[tuple[Role, str]], **_: object) -> str:
        return f"[{messages[-1][1]}]"

    def warm(self, messages: Sequence[tuple[Role, str]]) -> None:
        self.warmed.append(messages)


def heard(*keys: str) -> RecordingAsr:
    asr = RecordingAsr(Ear())
    for key in keys:
        asr.start(key)
        assert asr.transcribe(Audio(np.zeros(1, np.float32))) == HEARD
    return asr


def test_what_was_heard_comes_back(tmp_path: Path) -> None:
    heard("a/1.flac").save(tmp_path)
    assert load_transcripts(tmp_path) == {"a/1.flac": HEARD}


def test_what_was_answered_comes_back(tmp_path: Path) -> None:
    mind = Mind()
    llm = RecordingLlm(mind)
    llm.warm(ASKED[:1])
    assert llm.complete(ASKED, max_tokens=9) == "[打给0578]"
    llm.save(tmp_path)
    again = load_replies(tmp_path)
    again.warm(ASKED[:1])
    assert again.complete([("system", "another prompt"), ASKED[1]], max_tokens=9) == "[打给0578]"
    with pytest.raises(ModelError, match="--record"):
        again.complete([("user", "打给0579")], max_tokens=9)
    assert mind.warmed == [ASKED[:1]]


def test_recording_one_scene_keeps_the_others(tmp_path: Path) -> None:
    heard("b/1.flac").save(tmp_path)
    heard("a/1.flac").save(tmp_path)
    assert list(load_transcripts(tmp_path)) == ["a/1.flac", "b/1.flac"]
    assert [f.name for f in tmp_path.iterdir()] == ["transcripts.json"]
    heard("a/1.flac").save(tmp_path, anew=True)
    assert list(load_transcripts(tmp_path)) == ["a/1.flac"]


def test_without_recordings_the_command_is_named(tmp_path: Path) -> None:
    with pytest.raises(GoldenError, match="--record"):
        load_transcripts(tmp_path)
    (tmp_path / "replies.json").write_text("{")
    with pytest.raises(GoldenError, match="--record"):
        load_replies(tmp_path)
