"""The wake phrase's table: what is counted, and that noise is mixed at the ratio it says."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from courier_voice.app import data_dir
from courier_voice.audio.wav import read_audio, write_wav
from courier_voice.commands.eval_wake import CONDITIONS, recorded, talk
from courier_voice.core.words import RATE, Audio, Transcript
from courier_voice.evals.mix import active_level, end_to_end, mixed
from courier_voice.evals.wake import UNMADE, false_wakes, hits, marks, tried
from courier_voice.training.clips import Clip


def test_hits_are_counted_by_phrase_and_condition() -> None:
    rows = [
        {"phrase": "小哥小哥", "condition": "10dB", "distances": [0.1]},
        {"phrase": "小哥小哥", "condition": "10dB", "distances": [0.9, 0.25]},
        {"phrase": "小派小派", "condition": "10dB", "distances": []},
        {"phrase": "小派小派", "condition": "clean", "distances": [0.0]},
    ]
    told = {(row["hits"], row["condition"]): row for row in hits(rows)}
    assert told["小哥小哥", "10dB"]["rate"] == 0.5
    assert told["小哥小哥", "10dB"]["by_limit"] == {"0": 0.0, "0.13": 0.5, "0.2": 0.5, "0.26": 1.0, "0.38": 1.0}
    assert told["all", "10dB"]["clips"] == 3
    assert told["小派小派", "10dB"]["rate"] == 0.0
    assert ("小派小派", "5dB") not in told


def test_false_wakes_are_counted_by_the_hour() -> None:
    rows = [
        {"source": "rain", "seconds": 900.0, "distances": [0.9, 0.1], "cpu_s": 0.4},
        {"source": "talk", "seconds": 900.0, "distances": [0.3, 0.21], "cpu_s": 0.2},
        {"source": "made", "seconds": 1800.0, "distances": [0.1], "cpu_s": 0.15, "alike": True},
    ]
    told = list(false_wakes(rows))
    assert [(row["false_wakes"], row["woke"], row["an_hour"]) for row in told] == [
        ("rain", 1, 4.0),
        ("talk", 0, 0.0),
        ("made", 1, 2.0),
        (UNMADE, 1, 2.0),
        ("all", 2, 2.0),
    ]
    assert (told[-2]["minutes"], told[-1]["minutes"]) == (30.0, 60.0)
    assert told[-1]["cpu_s_each"] == 0.15
    assert marks(told) == {"marks": {"hits_10dB": None, "false_wakes": False}}
    good = {"hits": "all", "condition": "10dB", "rate": 0.95}
    assert marks([good, {"false_wakes": UNMADE, "an_hour": 1.0}]) == {"marks": {"hits_10dB": True, "false_wakes": True}}


class Ear:
    def __init__(self) -> None:
        self.seconds: list[float] = []

    def transcribe(self, audio: Audio, hints: Sequence[str] = ()) -> Transcript:
        self.seconds.append(audio.seconds)
        return Transcript("小哥小哥下一单", "", 0.9)


def test_every_utterance_of_a_recording_is_tried_by_its_beginning() -> None:
    ear = Ear()
    clip = read_audio(data_dir("fixtures") / "audio" / "calls" / "tail.flac")
    row = tried(end_to_end([clip, clip]), "小哥小哥", ear)
    assert row["distances"] == [0.0, 0.0]
    assert all(seconds <= 2.4 for seconds in ear.seconds)


@pytest.mark.parametrize("snr_db", [10.0, 0.0])
def test_noise_is_mixed_at_its_ratio(snr_db: float) -> None:
    rng = np.random.default_rng(0)
    speech = Audio((0.1 * rng.standard_normal(RATE)).astype(np.float32))
    noise = (0.3 * rng.standard_normal(3 * RATE)).astype(np.float32)
    quiet, loud = mixed(speech, None, snr_db, rng), mixed(speech, noise, snr_db, rng)
    behind = loud.samples - quiet.samples
    ratio = 20 * np.log10(active_level(speech.samples) / active_level(behind))
    assert ratio == pytest.approx(snr_db, abs=0.3)
    assert len(loud.samples) == len(quiet.samples) > RATE


def test_talk_is_tried_in_silence_and_over_noise_as_the_phrase_is(tmp_path: Path) -> None:
    noises = {"hiss": np.random.default_rng(0).standard_normal(RATE).astype(np.float32)}
    clips = [Clip(f"{n}.wav", "dev", "小哥，我的快递到了没有", "talk", (), "somebody", 1.0) for n in range(12)]
    for clip in clips:
        write_wav(tmp_path / clip.file, Audio(np.tile(np.float32([0.1, -0.1]), RATE // 2)))
    tried_on = list(talk(clips, tmp_path, "talk", noises, 0))
    assert [about["source"] for _, about, _ in tried_on] == [f"talk, {c}" for c, _ in CONDITIONS] * 2
    assert len({name for name, _, _ in tried_on}) == len(tried_on), "each goes into the journal"
    quiet, ten, five = (float(np.std(sound.samples[:8000])) for _, _, sound in tried_on[:3])
    assert quiet == 0.0 < ten < five
    for name, about, _ in recorded(1, noises, 0):
        assert about["source"] in ("recorded noise", *(f"recorded turns, {c}" for c, _ in CONDITIONS)), name
