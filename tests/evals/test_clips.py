from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from courier_voice.audio.wav import read_audio
from courier_voice.core.words import RATE, Audio
from courier_voice.evals.clips import (
    SPEECH,
    background,
    followed,
    joined,
    over_noise,
    paused,
    quiet_s,
    read_noises,
    rms,
    spoken_s,
)

AUDIO = Path(__file__).parents[2] / "fixtures" / "audio"


@pytest.fixture(scope="module")
def clip() -> Audio:
    return read_audio(AUDIO / "calls" / "tail.flac")


def test_a_recording_followed_by_its_own_background_ends_where_it_did(clip: Audio) -> None:
    longer = followed(clip, 3.0)
    assert longer.seconds == pytest.approx(clip.seconds + 3)
    before, after = spoken_s(clip), spoken_s(longer)
    assert before
    assert after == pytest.approx(before, abs=0.1)
    assert rms(background(clip, 2.0)) < 0.1 * rms(clip.samples)


def test_a_pause_in_the_middle_is_heard_as_one(clip: Audio) -> None:
    span = spoken_s(clip)
    assert span
    middle = sum(span) / 2
    stopped = paused(clip, quiet_s(clip, (middle - 0.2, middle + 0.2)), 1.5)
    assert stopped.seconds == pytest.approx(clip.seconds + 1.5)
    assert len(SPEECH.segments(clip)) == 1
    assert len(SPEECH.segments(stopped)) == 2


def test_nobody_speaks_in_silence() -> None:
    silence = Audio(np.zeros(RATE, np.float32))
    assert spoken_s(silence) is None
    assert len(background(silence, 0.5)) == RATE // 2


def test_the_quietest_moment_is_found() -> None:
    sound = np.ones(RATE, np.float32)
    sound[8000:8800] = 0
    assert quiet_s(Audio(sound), (0.1, 0.9)) == pytest.approx(0.525, abs=0.02)


def test_parts_meet_without_a_click() -> None:
    one = np.ones(1600, np.float32)
    both = joined(one, -one)
    assert len(both) == 3200
    assert np.abs(np.diff(both)).max() < 0.02
    assert one.min() == 1


@pytest.mark.parametrize("snr_db", [15.0, 5.0, 0.0])
def test_noise_is_as_loud_as_said(clip: Audio, snr_db: float) -> None:
    rain = read_noises(AUDIO / "noise")["rain"]
    mixed = over_noise(clip, rain, snr_db, at=7)
    behind = np.take(rain, np.arange(7, 7 + len(clip.samples)), mode="wrap")
    scale = np.vdot(mixed.samples - clip.samples, behind) / np.vdot(behind, behind)
    segment = SPEECH.segments(clip)[0]
    speech = rms(clip.cut(segment.start_s, segment.end_s).samples)
    assert 20 * np.log10(speech / (scale * rms(behind))) == pytest.approx(snr_db, abs=0.5)


def test_what_would_clip_is_made_quieter(clip: Audio) -> None:
    loud = over_noise(Audio(clip.samples * 2), np.ones(100, np.float32), -20, at=0)
    assert np.abs(loud.samples).max() == pytest.approx(1.0)
