"""Frames out of streams of bytes: raw, WAV, and what is neither."""

from __future__ import annotations

import io
import os
import socket
import threading
from pathlib import Path

import numpy as np
import pytest
import soundfile

from courier_voice.audio.endpoint import FRAME
from courier_voice.audio.piped import piped
from courier_voice.audio.wav import read_audio
from courier_voice.core.errors import AudioError

WORD = read_audio(Path(__file__).resolve().parents[2] / "fixtures/audio/real/cmn_call.wav").samples
RAW = (np.clip(WORD, -1, 32767 / 32768) * 32768).round().astype("<i2").tobytes()


def heard(data: bytes) -> np.ndarray:
    frames = list(piped(io.BytesIO(data)))
    assert {len(frame) for frame in frames} <= {FRAME}
    return np.concatenate(frames)


def wav(rate: int = 16_000, channels: int = 1, subtype: str = "PCM_16", seconds: float = 1.0) -> bytes:
    t = np.arange(round(seconds * rate)) / rate
    tone = np.tile((0.5 * np.sin(2 * np.pi * 300 * t))[:, None], channels)
    file = io.BytesIO()
    soundfile.write(file, tone, rate, format="WAV", subtype=subtype)
    return file.getvalue()


def test_raw_sound_comes_as_it_was_written_the_last_frame_filled_up() -> None:
    given = heard(RAW)
    np.testing.assert_allclose(given[: len(WORD)], WORD, atol=1e-4)
    assert not given[len(WORD) :].any()


@pytest.mark.parametrize(("rate", "channels"), [(16_000, 1), (44_100, 2), (8_000, 1)])
def test_a_wav_is_known_by_its_header(rate: int, channels: int) -> None:
    given = heard(wav(rate, channels))
    t = np.arange(16_000) / 16_000
    assert len(given) == pytest.approx(16_000, abs=2 * FRAME)
    assert np.corrcoef(given[1000:15_000], np.sin(2 * np.pi * 300 * t)[1000:15_000])[0, 1] > 0.99


def test_what_stands_behind_the_samples_of_a_wav_is_no_sound() -> None:
    whole = wav()
    assert np.array_equal(heard(whole + b"LIST\x04\x00\x00\x00\xff\x7f\xff\x7f"), heard(whole))


def test_a_wav_whose_length_was_not_known_is_heard_to_its_end() -> None:
    whole = wav()
    at = whole.index(b"data") + 4
    assert np.array_equal(heard(whole[:at] + b"\xff\xff\xff\xff" + whole[at + 4 :]), heard(whole))


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "empty"),
        (b"fLaC\x00\x00\x00\x22", "FLAC"),
        (b"OggS\x00\x02", "OGG"),
        (b"RIFF\x24\x00\x00\x00AVI fmt ", "no WAV"),
        (wav(subtype="PCM_24"), "16-bit"),
        (wav(subtype="FLOAT"), "16-bit"),
        (wav()[:36], "without sound"),
    ],
)
def test_what_is_neither_is_refused_with_its_cure(data: bytes, why: str) -> None:
    with pytest.raises(AudioError, match=f"{why}.*ffmpeg"):
        list(piped(io.BytesIO(data)))


def test_half_a_sample_at_the_end_is_told_and_the_rest_is_heard(caplog: pytest.LogCaptureFixture) -> None:
    assert np.array_equal(heard(RAW + b"\x01"), heard(RAW))
    assert "middle of a sample" in caplog.text
    caplog.clear()
    heard(RAW)
    assert caplog.text == ""


def test_a_frame_of_a_pipe_comes_as_soon_as_it_is_written_and_a_late_reader_loses_none() -> None:
    out, into = os.pipe()
    with os.fdopen(out, "rb") as stream, os.fdopen(into, "wb", buffering=0) as writer:
        writer.write(RAW[: 2 * FRAME])
        frames = piped(stream)
        np.testing.assert_allclose(next(frames), WORD[:FRAME], atol=1e-4)
        writer.write(RAW[2 * FRAME :])  # a second and more, which nobody reads yet
        writer.close()
        np.testing.assert_allclose(np.concatenate(list(frames))[: len(WORD) - FRAME], WORD[FRAME:], atol=1e-4)


def test_a_socket_is_a_stream_too() -> None:
    near, far = socket.socketpair()
    with near, far.makefile("rb") as stream:
        sender = threading.Thread(target=lambda: (near.sendall(RAW), near.shutdown(socket.SHUT_WR)))
        sender.start()
        given = np.concatenate(list(piped(stream)))
        sender.join()
    far.close()
    assert len(given) == -(-len(WORD) // FRAME) * FRAME
