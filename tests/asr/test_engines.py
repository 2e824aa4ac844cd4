"""Both engines on their real weights: people, noise, long files, bad weights."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import platformdirs
import pytest
import soundfile
import soxr

from courier_voice.asr.faster import FasterWhisper
from courier_voice.asr.openai import OpenAIWhisper
from courier_voice.asr.style import TUNED, Habits
from courier_voice.audio.endpoint import SileroDetector
from courier_voice.audio.wav import read_audio
from courier_voice.core.errors import TranscriptionError
from courier_voice.core.ports import Transcriber
from courier_voice.core.words import Audio, Transcript
from courier_voice.text.normalize import normalize
from courier_voice.weights.adapt import chosen_model
from courier_voice.weights.convert import openai_checkpoint

WEIGHTS = Path(os.environ.get("COURIER_WEIGHTS") or platformdirs.user_cache_path("courier-voice") / "weights")
MODEL = WEIGHTS / "whisper-base"
SOUNDS = Path(__file__).resolve().parents[2] / "fixtures" / "audio"
PEOPLE = SOUNDS / "real"

# openai-whisper leaves its vocabulary file open
pytestmark = pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")


def load(engine: str, **options: object) -> Transcriber:
    if engine == "whisper":
        return OpenAIWhisper(str(openai_checkpoint(MODEL)), SileroDetector(), beam=2, threads=1, **options)  # type: ignore[arg-type]
    return FasterWhisper(MODEL, SileroDetector(), **options)  # type: ignore[arg-type]


@pytest.fixture(scope="module", params=["faster-whisper", "whisper"])
def engine(request: pytest.FixtureRequest) -> Transcriber:
    return load(request.param)


@pytest.fixture(scope="module")
def faster() -> Transcriber:
    return load("faster-whisper")


def test_people_are_understood(engine: Transcriber) -> None:
    heard = {name: engine.transcribe(read_audio(PEOPLE / f"cmn_{name}.wav")) for name in ("call", "confirm", "weight")}
    assert "电话" in heard["call"].text
    assert "确认" in heard["confirm"].text
    assert "重量三点五公斤" in heard["weight"].text
    for transcript in heard.values():
        assert 0.4 < transcript.confidence <= 1
        assert transcript.audio_s > 1


def test_readings_are_ranked_and_the_first_is_the_text(engine: Transcriber) -> None:
    heard = engine.transcribe(read_audio(PEOPLE / "aishell1_BAC009S0724W0121.wav"))
    assert 1 <= len(heard.nbest) <= 3
    assert heard.nbest[0].text == heard.text
    assert len({h.text for h in heard.nbest}) == len(heard.nbest)
    assert all(h.logprob < 0 for h in heard.nbest)


@pytest.mark.parametrize(("name", "digits"), [("cmn_digits_6688", "6688"), ("cmn_digits_1357", "1357")])
def test_spoken_digits_become_digits(faster: Transcriber, name: str, digits: str) -> None:
    assert digits in normalize(faster.transcribe(read_audio(PEOPLE / f"{name}.wav")).text).text


@pytest.mark.parametrize("sound", ["no_speech/silence_1", "noise/rain", "noise/engine", "noise/train"])
def test_silence_and_noise_are_an_empty_transcript(engine: Transcriber, sound: str) -> None:
    heard = engine.transcribe(read_audio(SOUNDS / f"{sound}.flac"))
    assert (heard.text, heard.raw, heard.confidence, heard.nbest) == ("", "", 0.0, ())


def test_nothing_at_all_is_an_empty_transcript(engine: Transcriber) -> None:
    assert engine.transcribe(Audio(np.zeros(0, np.float32))) == Transcript("", "", 0.0)


def test_a_stereo_file_of_another_rate_is_understood_alike(faster: Transcriber, tmp_path: Path) -> None:
    original = read_audio(PEOPLE / "cmn_call.wav")
    left = soxr.resample(original.samples, 16000, 44100)
    soundfile.write(tmp_path / "a.flac", np.stack([left, left], axis=1), 44100)
    assert faster.transcribe(read_audio(tmp_path / "a.flac")).text == faster.transcribe(original).text


def test_a_long_file_is_heard_to_its_end() -> None:
    told: list[float] = []
    transcriber = load("faster-whisper", progress=lambda done, _: told.append(done))
    pause = np.zeros(16000, np.float32)
    bridge, call = (read_audio(PEOPLE / f"{name}.wav").samples for name in ("fleurs_zh_1883", "cmn_call"))
    long = Audio(np.concatenate([*[bridge, pause] * 4, call, pause]))
    heard = transcriber.transcribe(long)
    assert heard.text.count("八月") == 4
    assert "电话" in heard.text[-8:]
    assert len(told) >= 3
    assert told == sorted(told)


def test_hints_bend_what_the_tuned_model_hears_and_leave_the_plain_one_alone(faster: Transcriber) -> None:
    audio = read_audio(PEOPLE / "dsp_16307130192-11-01.wav")
    hints = ("饭店", "王女士", "锦绣花园")
    assert faster.transcribe(audio, hints).text == faster.transcribe(audio).text
    folder, tuned = chosen_model("whisper-base", "auto", WEIGHTS)
    assert tuned
    ours = FasterWhisper(folder, SileroDetector(), habits=TUNED)
    assert "饭店" in ours.transcribe(audio, hints).text


def test_many_hints_do_not_break_the_limit_of_the_context(engine: Transcriber) -> None:
    hints = [f"打给第{number}号楼的王女士，告诉她快递到了。" for number in range(100)]
    assert "电话" in engine.transcribe(read_audio(PEOPLE / "cmn_call.wav"), hints=hints).text


def test_without_examples_and_with_one_hypothesis() -> None:
    plain = load("faster-whisper", hypotheses=1, habits=Habits((), (30.0,)))
    heard = plain.transcribe(read_audio(PEOPLE / "cmn_weight.wav"))
    assert "公斤" in heard.text
    assert len(heard.nbest) == 1


def broken_faster(folder: Path) -> Transcriber:
    (folder / "model.bin").write_bytes(b"no model")
    return FasterWhisper(folder, SileroDetector())


def broken_openai(folder: Path) -> Transcriber:
    (folder / "model.pt").write_bytes(b"no model")
    return OpenAIWhisper(str(folder / "model.pt"), SileroDetector())


@pytest.mark.parametrize("build", [broken_faster, broken_openai])
def test_weights_that_do_not_load_are_an_error_with_the_fix(
    build: Callable[[Path], Transcriber], tmp_path: Path
) -> None:
    with pytest.raises(TranscriptionError, match="courier-voice models verify"):
        build(tmp_path)


def test_an_unknown_official_name_is_an_error_that_lists_some() -> None:
    with pytest.raises(TranscriptionError, match=r"or name an official model .*base"):
        OpenAIWhisper("no-such-model", SileroDetector())


def test_utterances_that_wait_are_heard_together_as_they_are_one_by_one() -> None:
    model, _ = chosen_model("whisper-base", "auto", WEIGHTS)
    tuned = FasterWhisper(model, SileroDetector(), beam=2, hypotheses=1, habits=TUNED)
    waiting = [read_audio(PEOPLE / f"cmn_{name}.wav") for name in ("call", "confirm", "weight")]
    waiting.insert(1, Audio(np.zeros(16_000, np.float32), 16_000))
    alone = [tuned.transcribe(audio).text for audio in waiting]
    together = [heard.text for heard in tuned.transcribe_waiting(waiting)]
    assert alone[1] == together[1] == ""
    assert together[0].startswith(alone[0][:2])
    assert "确认" in together[2]
    assert together[3].startswith(alone[3][:4])
    assert tuned.transcribe_waiting([]) == []
