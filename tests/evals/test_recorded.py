from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from courier_voice.core.errors import GoldenError
from courier_voice.core.turn import Draft, NluContext, Understanding
from courier_voice.core.words import Audio, Hypothesis, Transcript, Utterance
from courier_voice.evals.recorded import RecordedNlu, RecordingAsr, RecordingNlu, load_drafts, load_transcripts

HEARD = Transcript("打给零五七八", "打給零五七八", 0.75, (Hypothesis("打给零五七八", -0.25),), 2.5)
READ = Understanding((Draft("dial", {"target": {"tail": "0578"}}),), "llm", "nlu/understand@1:00000000")
SAID = Utterance("打给零五七八", "打给0578")


class Ear:
    def transcribe(self, audio: Audio, hints: Sequence[str] = ()) -> Transcript:
        return HEARD


class Mind:
    def understand(self, utterance: Utterance, context: NluContext) -> Understanding:
        return READ


def test_what_was_heard_and_read_comes_back(tmp_path: Path) -> None:
    asr, nlu = RecordingAsr(Ear()), RecordingNlu(Mind())
    asr.start("a/1.flac")
    nlu.start("a/1.flac")
    assert asr.transcribe(Audio(np.zeros(1, np.float32))) == HEARD
    assert nlu.understand(SAID, NluContext()) == READ
    asr.save(tmp_path)
    nlu.save(tmp_path)
    assert load_transcripts(tmp_path) == {"a/1.flac": HEARD}
    assert load_drafts(tmp_path) == {"a/1.flac": READ}


def test_recording_one_scene_keeps_the_others(tmp_path: Path) -> None:
    for key in ("b/1.flac", "a/1.flac", "b/1.flac"):
        asr = RecordingAsr(Ear())
        asr.start(key)
        asr.transcribe(Audio(np.zeros(1, np.float32)))
        asr.save(tmp_path)
    assert list(load_transcripts(tmp_path)) == ["a/1.flac", "b/1.flac"]
    assert [f.name for f in tmp_path.iterdir()] == ["transcripts.json"]


def test_a_turn_never_asked_about_means_nothing() -> None:
    nlu = RecordedNlu({"a/1.flac": READ})
    nlu.start("a/1.flac")
    assert nlu.understand(SAID, NluContext()) == READ
    nlu.start("a/2.flac")
    assert nlu.understand(SAID, NluContext()).drafts == (Draft("none"),)


def test_without_recordings_the_command_is_named(tmp_path: Path) -> None:
    with pytest.raises(GoldenError, match="--record"):
        load_transcripts(tmp_path)
    (tmp_path / "drafts.json").write_text("{")
    with pytest.raises(GoldenError, match="--record"):
        load_drafts(tmp_path)
