"""Sound files of every kind, good and bad."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from courier_voice.audio.wav import read_audio, write_wav
from courier_voice.core.errors import AudioError
from courier_voice.core.words import RATE, Audio


def tone(seconds: float, rate: int, hertz: float = 440.0) -> np.ndarray:
    return (0.3 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


def loudest_hertz(audio: Audio) -> float:
    return float(np.abs(np.fft.rfft(audio.samples)).argmax() / audio.seconds)


@pytest.mark.parametrize("rate", [8000, 16000, 22050, 44100, 48000])
@pytest.mark.parametrize("kind", ["wav", "flac", "ogg", "mp3"])
def test_any_format_and_rate_becomes_16_khz_mono(tmp_path: Path, kind: str, rate: int) -> None:
    left = tone(1.0, rate)
    soundfile.write(tmp_path / f"a.{kind}", np.stack([left, left * 0.5], axis=1), rate)
    audio = read_audio(tmp_path / f"a.{kind}")
    assert audio.rate == RATE
    assert audio.samples.dtype == np.float32
    assert audio.samples.ndim == 1
    assert audio.seconds == pytest.approx(1.0, abs=0.06)
    assert loudest_hertz(audio) == pytest.approx(440, abs=3)
    assert np.sqrt(np.mean(audio.samples[2000:-2000] ** 2)) == pytest.approx(0.225 / np.sqrt(2), abs=0.03)


def test_what_differs_between_the_channels_is_averaged(tmp_path: Path) -> None:
    left = tone(1.0, RATE)
    soundfile.write(tmp_path / "a.wav", np.stack([left, -left], axis=1), RATE)
    assert np.abs(read_audio(tmp_path / "a.wav").samples).max() < 1e-3


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.floats(-1, 1, width=32), min_size=1, max_size=400))
def test_what_is_written_is_read_back_without_its_offset(tmp_path: Path, values: list[float]) -> None:
    written = np.array(values, np.float32)
    write_wav(tmp_path / "a.wav", Audio(written))
    expected = np.clip(written - written.mean(), -1, 1)
    np.testing.assert_allclose(read_audio(tmp_path / "a.wav").samples, expected, atol=1e-3)


def test_too_loud_is_clipped(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", tone(0.5, RATE) * 10, RATE, subtype="FLOAT")
    assert np.abs(read_audio(tmp_path / "a.wav").samples).max() == 1.0


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        ("今天送二十件".encode() * 40, "is not a sound file"),
        (b"RIFF", "is not a sound file"),
        (np.random.default_rng(0).bytes(5000), "is not a sound file"),
    ],
    ids=["empty", "text", "four bytes", "random bytes"],
)
def test_a_file_that_is_no_sound_is_refused_by_name_with_the_fix(tmp_path: Path, content: bytes, says: str) -> None:
    (tmp_path / "turn.wav").write_bytes(content)
    with pytest.raises(AudioError, match=rf"^turn\.wav {says}.*(again|ffmpeg)"):
        read_audio(tmp_path / "turn.wav")


def test_a_missing_file_and_a_folder_are_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match=r"^gone\.wav does not exist: give the path"):
        read_audio(tmp_path / "gone.wav")
    with pytest.raises(AudioError, match=r"is a folder: give the path") as caught:
        read_audio(tmp_path)
    assert str(tmp_path) not in str(caught.value)


def test_a_header_without_samples_is_refused(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.zeros(0, np.float32), RATE)
    with pytest.raises(AudioError, match=r"^a\.wav announces no samples: record it again"):
        read_audio(tmp_path / "a.wav")


def test_samples_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    samples = tone(0.5, RATE)
    samples[100] = np.nan
    soundfile.write(tmp_path / "a.wav", samples, RATE, subtype="FLOAT")
    with pytest.raises(AudioError, match=r"^a\.wav holds invalid samples .*16-bit PCM"):
        read_audio(tmp_path / "a.wav")


@pytest.mark.parametrize("kind", ["wav", "flac", "ogg"])
def test_of_a_file_cut_in_half_the_half_is_used_and_the_log_says_so(
    tmp_path: Path, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / f"a.{kind}"
    soundfile.write(path, np.random.default_rng(0).normal(0, 0.1, 4 * RATE).astype(np.float32), RATE)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with caplog.at_level(logging.WARNING):
        assert 0.5 < read_audio(path).seconds < 2.2
    if kind != "ogg":  # which is a stream: it does not say how long it is
        assert f"a.{kind} is cut off or damaged" in caplog.text


def test_a_whole_file_is_read_without_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    for kind in ("wav", "flac", "ogg", "mp3"):
        soundfile.write(tmp_path / f"a.{kind}", tone(1.0, 44100), 44100)
        read_audio(tmp_path / f"a.{kind}")
    assert caplog.text == ""


def test_writing_where_there_is_no_folder_is_an_audio_error(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match=r"^a\.wav cannot be written: check that its folder exists"):
        write_wav(tmp_path / "nowhere" / "a.wav", Audio(tone(0.1, RATE)))
