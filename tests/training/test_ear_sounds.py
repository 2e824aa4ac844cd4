"""What training does to sound: lengths, levels, seeds, and nothing that is not a number."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.random import default_rng

from courier_voice.asr.style import TUNED, hint_sentence
from courier_voice.core.words import RATE
from courier_voice.training import distort, noises
from courier_voice.training.clips import Clip
from courier_voice.training.hearings import Street, hear, in_window, prompt

NOISE = Path(__file__).resolve().parents[2] / "fixtures" / "audio" / "noise"


def tone(seconds: float, frequency: float = 300.0) -> noises.Samples:
    time = np.arange(int(seconds * RATE)) / RATE
    return (0.2 * np.sin(2 * np.pi * frequency * time)).astype(np.float32)


@given(st.integers(1000, 60_000), st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_made_noise_is_as_long_as_asked_and_finite(length: int, seed: int) -> None:
    sound = noises.made(length, default_rng(seed))
    assert sound.shape == (length,)
    assert sound.dtype == np.float32
    assert np.isfinite(sound).all()
    assert np.array_equal(sound, noises.made(length, default_rng(seed)))


def test_development_noise_is_none_of_the_training_noise() -> None:
    train, dev = noises.recordings(NOISE, dev=False), noises.recordings(NOISE, dev=True)
    whole = [soundfile.read(file, dtype="float32")[0] for file in sorted(NOISE.glob("*.flac"))]
    for first, second, both in zip(train, dev, whole, strict=True):
        assert np.array_equal(np.concatenate([first, second]), both)


@given(st.floats(0.4, 4), st.one_of(st.none(), st.floats(0, 25)), st.integers(0, 10_000))
@settings(max_examples=40, deadline=None)
def test_distorted_speech_stays_sound(seconds: float, snr_db: float | None, seed: int) -> None:
    def hiss(length: int, rng: np.random.Generator) -> noises.Samples:
        return rng.standard_normal(length).astype(np.float32)

    sound = distort.distorted(tone(seconds), hiss, default_rng(seed), snr_db)
    assert np.isfinite(sound).all()
    assert np.abs(sound).max() <= 1
    assert len(sound) >= seconds * RATE * 0.85


def test_levels_are_set_and_measured_alike() -> None:
    assert 20 * np.log10(distort.level(distort.at_level(tone(1), -30))) == pytest.approx(-30, abs=0.1)


def test_a_headset_takes_the_highs_and_leaves_the_voice() -> None:
    for seed in range(4):
        high = distort.headset(tone(1, 6000), default_rng(seed))
        low = distort.headset(tone(1, 300), default_rng(seed))
        assert np.square(low[2000:-2000]).mean() > 100 * np.square(high[2000:-2000]).mean()


def test_a_hearing_fills_a_window_and_is_the_same_for_the_same_seed(tmp_path: Path) -> None:
    clips = []
    for number, text in enumerate(("打给王女士。", "取消。", "尾号六六八八。", "锦绣花园三号楼。")):
        soundfile.write(tmp_path / f"{number}.flac", tone(1 + number), RATE)
        clips.append(Clip(f"{number}.flac", "train", text, "command", (text[:3],)))
    street = Street(noises.recordings(NOISE, dev=False), tmp_path, clips)
    texts = set()
    for seed in range(60):
        heard = hear(clips[seed % 4], street, clips, default_rng(seed))
        again = hear(clips[seed % 4], street, clips, default_rng(seed))
        assert np.array_equal(heard.samples, again.samples)
        assert (heard.before, heard.text) == (again.before, again.text)
        assert len(heard.samples) / RATE in TUNED.windows_s
        texts.add(heard.text)
    assert "" in texts, "nothing said is learned too"
    assert {clip.text for clip in clips} <= texts


def test_prompts_hold_what_is_said_only_sometimes() -> None:
    clips = [Clip(f"{n}.flac", "train", f"第{n}句。", "command", (f"名{n}",)) for n in range(40)]
    said = [prompt(clips[0], clips[1:], default_rng(seed)) for seed in range(400)]
    listed = [text for text in said if "名" in text]
    assert 0.3 < said.count("") / len(said) < 0.7
    assert 0.4 < sum("名0、" in text or "名0。" in text for text in listed) / len(listed) < 0.95
    assert hint_sentence(()) == ""


@given(st.integers(10, 40 * RATE))
@settings(max_examples=30, deadline=None)
def test_a_window_is_never_shorter_than_what_it_holds_unless_it_is_the_longest(length: int) -> None:
    sound = in_window(np.ones(length, np.float32), default_rng(length))
    assert len(sound) >= min(length, TUNED.windows_s[-1] * RATE)
