"""A voice is periodic, wind and rain are not."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from courier_voice.audio.endpoint import FRAME, VoiceStream
from courier_voice.audio.mic import frames_of
from courier_voice.audio.voicing import LAGS, Voicing
from courier_voice.audio.wav import read_audio
from courier_voice.evals.street import wind

SOUNDS = Path(__file__).resolve().parents[2] / "fixtures" / "audio"


def test_of_spoken_frames_half_are_more_periodic_than_nearly_all_of_the_wind_and_the_rain() -> None:
    spoken = read_audio(SOUNDS / "real" / "cmn_call.wav")
    voicing, sure = Voicing(), VoiceStream()
    frames = list(frames_of(spoken))
    told = [voicing(frame).max() for frame in frames]
    speech = [v for v, p in zip(told, sure.probabilities(np.concatenate(frames)), strict=True) if p > 0.5]
    assert np.median(speech) > 0.3
    for noise in (wind(4, 1), read_audio(SOUNDS / "noise" / "rain.flac").samples[: 4 * 16000]):
        voicing = Voicing()
        others = [voicing(noise[at : at + FRAME]).max() for at in range(0, len(noise) - FRAME, FRAME)]
        assert np.quantile(others, 0.95) < 0.3


def test_silence_is_not_voiced_and_a_steady_tone_complex_is() -> None:
    voicing = Voicing()
    assert not voicing(np.zeros(FRAME, np.float32)).any()
    t = np.arange(4 * FRAME) / 16000
    vowel = np.sum([np.sin(2 * np.pi * 150 * n * t) / n for n in range(1, 14)], 0).astype(np.float32)
    told = [voicing(vowel[at : at + FRAME]) for at in range(0, len(vowel), FRAME)]
    assert told[-1].max() > 0.7


def test_a_higher_voice_is_told_from_a_lower_one() -> None:
    t = np.arange(4 * FRAME) / 16000
    highest = []
    for hz in (120, 300):
        voicing = Voicing()
        voice = np.sum([np.sin(2 * np.pi * hz * n * t) / n for n in range(1, 14)], 0).astype(np.float32)
        told = [voicing(voice[at : at + FRAME]) for at in range(0, len(voice), FRAME)][-1]
        highest.append(int(np.argmax(told > 0.6)))
    assert highest[1] < highest[0] < LAGS
