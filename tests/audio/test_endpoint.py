"""Voice detection on real people, real noises and made music."""

from __future__ import annotations

import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from courier_voice.audio.endpoint import FRAME, SileroDetector, VoiceStream
from courier_voice.audio.wav import read_audio
from courier_voice.core.errors import AudioError
from courier_voice.core.words import Audio

SOUNDS = Path(__file__).resolve().parents[2] / "fixtures" / "audio"
PEOPLE = sorted((SOUNDS / "real").glob("*.wav"))
NOISES = sorted((SOUNDS / "noise").glob("*.flac"))
DETECTOR = SileroDetector()


def mixed(speech: Audio, noise: Audio, decibel: float) -> Audio:
    """Speech over noise; the ratio is over the part where somebody speaks."""
    background = np.resize(noise.samples, speech.samples.shape)
    loud = speech.samples[np.abs(speech.samples) > 0.02 * np.abs(speech.samples).max()]
    gain = np.sqrt(np.mean(loud**2) / 10 ** (decibel / 10) / np.mean(background**2))
    return Audio((speech.samples + gain * background).astype(np.float32))


def notes(*hertz: float, seconds: float = 0.4, decay: float = 0.25) -> Audio:
    times = np.arange(round(seconds * 16000)) / 16000
    shape = np.minimum(1, times / 0.005) * np.exp(-times / decay)
    parts = [0.2 * shape * sum(np.sin(2 * np.pi * f * k * times) / k for k in (1, 2, 3)) for f in hertz]
    return Audio(np.concatenate(parts).astype(np.float32))


def names(paths: list[Path]) -> list[str]:
    return [path.stem for path in paths]


@pytest.mark.parametrize("path", PEOPLE, ids=names(PEOPLE))
def test_people_are_heard(path: Path) -> None:
    audio = read_audio(path)
    segments = DETECTOR.segments(audio)
    assert segments
    assert all(0 <= s.start_s < s.end_s <= audio.seconds for s in segments)
    assert all(a.end_s < b.start_s for a, b in pairwise(segments))


def test_people_are_heard_over_noise_and_the_noise_alone_is_not() -> None:
    missed = set()
    for noise in NOISES:
        background = read_audio(noise)
        assert DETECTOR.segments(background) == ()
        missed |= {(p.stem, noise.stem) for p in PEOPLE if not DETECTOR.segments(mixed(read_audio(p), background, 5))}
    # spliced single words at the loudest moment of the noise: no frame of 6688 comes over 0.6
    assert missed <= {("cmn_digits_6688", "train"), ("cmn_call", "rain")}


@pytest.mark.parametrize("gain", [0.05, 0.3, 3.0])
@pytest.mark.parametrize("noise", NOISES, ids=names(NOISES))
def test_noise_is_not_speech_at_any_volume(noise: Path, gain: float) -> None:
    samples = np.clip(read_audio(noise).samples * gain, -1, 1)
    assert DETECTOR.segments(Audio(samples)) == ()


@pytest.mark.parametrize(
    "audio",
    [
        Audio(np.zeros(0, np.float32)),
        Audio(np.zeros(100, np.float32)),
        Audio(np.zeros(16000 * 3, np.float32)),
        Audio(np.random.default_rng(0).normal(0, 0.003, 16000 * 5).astype(np.float32)),
        Audio((0.02 * np.sin(np.arange(16000 * 5) * 2 * np.pi * 50 / 16000)).astype(np.float32)),
        Audio((0.02 * np.sin(np.arange(16000 * 5) * 2 * np.pi * 150 / 16000)).astype(np.float32)),
        notes(262, 294, 330, 349, 392, 440, 494, 523),
        notes(220, 330, 277, 440, 220, 165, decay=1.2),
    ],
    ids=["nothing", "6 ms", "silence", "hiss", "hum", "higher hum", "melody", "held notes"],
)
def test_silence_hum_and_music_are_not_speech(audio: Audio) -> None:
    assert DETECTOR.segments(audio) == ()


def test_a_pause_parts_two_segments_and_silence_around_is_left_out() -> None:
    word, silence = read_audio(SOUNDS / "real" / "cmn_confirm.wav").samples, np.zeros(32000, np.float32)
    segments = DETECTOR.segments(Audio(np.concatenate([silence, word, silence, word, silence])))
    assert len(segments) == 2
    assert segments[0].start_s >= 1.5
    assert segments[1].start_s - segments[0].end_s >= 1.5


def test_a_stream_in_single_frames_gives_what_the_whole_gives() -> None:
    samples = read_audio(PEOPLE[0]).samples[: FRAME * 40]
    whole, stream = VoiceStream().probabilities(samples), VoiceStream()
    single = [stream.probabilities(samples[at : at + FRAME])[0] for at in range(0, len(samples), FRAME)]
    np.testing.assert_allclose(single, whole, atol=1e-4)


def test_another_rate_is_refused_with_the_fix() -> None:
    with pytest.raises(AudioError, match="16000 Hz, not 8000: read files with read_audio"):
        DETECTOR.segments(Audio(np.zeros(8000, np.float32), 8000))


def test_detecting_imports_no_torch() -> None:
    code = (
        "import sys, numpy as np; from courier_voice.audio.endpoint import SileroDetector; "
        "from courier_voice.core.words import Audio; SileroDetector().segments(Audio(np.zeros(16000, np.float32))); "
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
