"""One contract for every recogniser that is none of Whisper's here, against stand-ins that speak the real protocols."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from courier_voice.asr.http import HttpTranscriber
from courier_voice.asr.sherpa import Sherpa
from courier_voice.core.errors import TranscriptionError
from courier_voice.core.ports import Transcriber
from courier_voice.core.words import Audio, Transcript
from courier_voice.dialog.hearings import hearings
from tests.asr.standins import Bench, Loud, funasr_runtime, install, model_folder, transcriptions

REMOTE = ("openai", "funasr c++", "funasr python", "funasr online")
LOCAL = ("sense-voice", "paraformer", "streaming-zipformer")
STREAMING = (*REMOTE[1:], "streaming-zipformer")
LATE_S = {"timeout": 0.5, "500": 10.0, "closed": 10.0, "garbage": 10.0}
HINTS = ("王女士", "锦绣花园")

Make = Callable[..., Transcriber]


def sound(seconds: float, rate: int = 16000) -> Audio:
    return Audio(np.full(round(seconds * rate), 0.1, np.float32), rate)


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture(params=[*REMOTE, *LOCAL])
def make(
    request: pytest.FixtureRequest, bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Make]:
    name: str = request.param
    with ExitStack() as stack:
        if name in LOCAL:
            install(monkeypatch, bench)
            folder = model_folder(tmp_path / name, name)
            yield lambda **_: Sherpa(folder, Loud(), threads=1)
        elif name == "openai":
            url = stack.enter_context(transcriptions(bench))
            yield lambda **o: HttpTranscriber(url, "m", Loud(), **{"sleep": lambda _: None, **o})
        else:
            bench.dialect = "python" if name.endswith("python") else "c++"
            url = stack.enter_context(funasr_runtime(bench))
            from courier_voice.asr.funasr import FunAsr

            mode = "online" if name.endswith("online") else "2pass"
            options = {"quiet_s": 0.1, "mode": mode, "sleep": lambda _: None}
            yield lambda **o: FunAsr(url, Loud(), **{**options, **o})


def test_what_is_said_comes_back_simplified(make: Make, bench: Bench) -> None:
    heard = make().transcribe(sound(1.5))
    assert heard.text == "给王女士打电话"
    assert heard.raw == "给王女士打電話"
    assert heard.audio_s == 1.5
    assert heard.confidence is None or 0 < heard.confidence <= 1
    assert [h.text for h in heard.nbest] == ([] if heard.confidence is None else [heard.text])
    assert bench.seconds[0] == pytest.approx(1.5, abs=0.67)


def test_the_agent_goes_by_a_reading_without_likelihood(make: Make) -> None:
    (reading,) = hearings(make().transcribe(sound(1.5)), None, several=True)
    assert reading.utterance.text == "给王女士打电话"
    assert reading.gap == 0


@pytest.mark.parametrize("audio", [Audio(np.zeros(0, np.float32)), Audio(np.zeros(32000, np.float32))])
def test_without_speech_nobody_is_asked(make: Make, bench: Bench, audio: Audio) -> None:
    assert make().transcribe(audio) == Transcript("", "", 0.0, (), audio.seconds)
    assert bench.asked == []


@pytest.mark.parametrize("text", ["", "。", "<|zh|><|NEUTRAL|>", "打电话打电话打电话打电话打电话", "啊" * 90])
def test_what_nobody_can_have_said_is_nothing(make: Make, bench: Bench, text: str) -> None:
    bench.says = text
    assert make().transcribe(sound(1.5)).text == ""


def test_marks_are_taken_off(make: Make, bench: Bench) -> None:
    bench.says = "<|zh|><|HAPPY|><|Speech|><|woitn|>确认😊"
    assert make().transcribe(sound(1.5)).text == "确认"


def test_another_rate_is_refused(make: Make, bench: Bench) -> None:
    with pytest.raises(TranscriptionError, match="read files with read_audio"):
        make().transcribe(sound(1, 44100))
    assert bench.asked == []


def test_long_audio_goes_in_pieces_and_is_joined(make: Make, bench: Bench) -> None:
    heard = make().transcribe(sound(60))
    assert heard.text == " ".join(["给王女士打电话"] * 3)
    assert max(bench.seconds) < 26
    assert heard.audio_s == 60


def test_one_object_hears_again_and_again(make: Make, bench: Bench) -> None:
    asr = make()
    for says in ("确认", "取消"):
        bench.says = says
        assert asr.transcribe(sound(0.8)).text == says


def test_hints_are_passed_where_they_may(make: Make, bench: Bench, request: pytest.FixtureRequest) -> None:
    make(share=True).transcribe(sound(1.5), HINTS)
    told = str(bench.asked[-1])
    name = request.node.callspec.params["make"]
    assert ("王女士" in told) == (name not in ("sense-voice", "paraformer"))
    assert ("锦绣花园" in told) == (name in REMOTE)  # not in the Zipformer's tokens


@pytest.mark.parametrize("make", REMOTE, indirect=True)
def test_hints_stay_here_unless_told_otherwise(make: Make, bench: Bench) -> None:
    make().transcribe(sound(1.5), HINTS)
    assert "王女士" not in str(bench.asked[-1])


@pytest.mark.parametrize("make", REMOTE, indirect=True)
@pytest.mark.parametrize(
    ("trouble", "advice", "passes"),
    [
        ("500", "503|500", True),
        ("timeout", "COURIER_ASR__TIMEOUT_S", True),
        ("closed", "COURIER_ASR__BASE_URL", True),
        ("garbage", "does not speak", False),
    ],
)
def test_trouble_is_an_error_with_its_cure(
    make: Make, bench: Bench, trouble: str, advice: str, passes: bool, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    bench.goes_wrong(trouble)
    with pytest.raises(TranscriptionError, match=advice) as caught:
        make(share=True, timeout_s=LATE_S[trouble]).transcribe(sound(0.5), HINTS)
    assert caught.value.retryable is passes
    assert ("识别服务" in caught.value.said) is passes
    assert "王女士" not in caplog.text + str(caught.value) + repr(caught.value.__cause__)


@pytest.mark.parametrize("make", REMOTE, indirect=True)
@pytest.mark.parametrize("trouble", ["500", "timeout", "closed"])
def test_passing_trouble_is_tried_again(make: Make, bench: Bench, trouble: str) -> None:
    bench.goes_wrong(trouble, times=1)
    assert make(timeout_s=LATE_S[trouble]).transcribe(sound(0.5)).text == "给王女士打电话"


@pytest.mark.parametrize("make", LOCAL, indirect=True)
def test_a_model_that_breaks_is_an_error_with_its_cure(make: Make, bench: Bench) -> None:
    bench.goes_wrong("runtime")
    with pytest.raises(TranscriptionError, match="unpack the model again"):
        make().transcribe(sound(1.5))


@pytest.mark.parametrize("make", STREAMING, indirect=True)
def test_streaming_engines_give_words_while_he_speaks(make: Make, bench: Bench, request: pytest.FixtureRequest) -> None:
    bench.partials = ("给王", "女士")
    stream = make().stream(HINTS)  # type: ignore[attr-defined]
    words = [stream.accept(np.full(512, 0.1, np.float32)) for _ in range(40)]
    heard = stream.finish()
    assert all(len(now) >= len(before) for before, now in pairwise(words))
    online = request.node.callspec.params["make"] == "funasr online"
    assert heard.text == ("给王女士给王女士打电话" if online else "给王女士打电话")
    assert heard.audio_s == pytest.approx(40 * 0.032)


@pytest.mark.parametrize("make", STREAMING, indirect=True)
def test_a_stream_nobody_spoke_in_is_empty(make: Make, bench: Bench) -> None:
    bench.says = ""
    assert make().stream().finish().text == ""  # type: ignore[attr-defined]


@pytest.mark.parametrize("make", ["sense-voice", "paraformer"], indirect=True)
def test_the_others_say_that_they_give_none(make: Make) -> None:
    assert make().stream() is None  # type: ignore[attr-defined]
