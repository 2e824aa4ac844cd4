"""The transcriptions endpoint: what is sent, which forms are tried, where likelihoods come from."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from pydantic import SecretStr

from courier_voice.asr.http import HttpTranscriber
from courier_voice.asr.style import EXAMPLES
from courier_voice.core.errors import SettingsError, TranscriptionError
from courier_voice.core.words import Audio
from tests.asr.standins import Bench, Loud, transcriptions

SOUND = Audio(np.full(16000, 0.1, np.float32))


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
def url(bench: Bench) -> Iterator[str]:
    with transcriptions(bench) as url:
        yield url


def asr(url: str, **options: Any) -> HttpTranscriber:
    return HttpTranscriber(url, "whisper-1", Loud(), sleep=lambda _: None, **options)


def test_what_is_sent(bench: Bench, url: str) -> None:
    asr(url, api_key=SecretStr("k"), share=True).transcribe(SOUND, ("王女士",))
    assert bench.asked == [
        {
            "model": "whisper-1",
            "language": "zh",
            "temperature": "0",
            "prompt": "".join(EXAMPLES) + "王女士。",
            "response_format": "verbose_json",
            "key": "Bearer k",
        }
    ]


def test_segments_tell_how_sure_the_server_is(bench: Bench, url: str) -> None:
    first = {"text": "给王", "avg_logprob": -0.2, "no_speech_prob": 0.1}
    second = {"text": "女士打", "avg_logprob": -0.7, "no_speech_prob": 0.0}
    bench.extra = {"segments": [first, second, {"text": " "}]}
    heard = asr(url).transcribe(SOUND)
    assert heard.nbest[0].logprob == pytest.approx(-0.5)
    assert heard.confidence == pytest.approx(math.exp(-0.5) * 0.96)


@pytest.mark.parametrize("segments", [None, [], [{"text": "给"}], [{"text": "给", "avg_logprob": 0.0}], [{}]])
def test_segments_that_do_not_tell_leave_it_open(bench: Bench, url: str, segments: object) -> None:
    bench.extra = {"segments": segments}
    heard = asr(url).transcribe(SOUND)
    assert (heard.confidence, heard.nbest) == (None, ())


def test_newer_models_tell_tokens_and_the_form_is_remembered(bench: Bench, url: str) -> None:
    bench.forms, bench.extra = (
        ("json",),
        {"logprobs": [{"token": "给", "logprob": -0.1}, {"token": "王", "logprob": -0.3}]},
    )
    one = asr(url)
    assert one.transcribe(SOUND).nbest[0].logprob == pytest.approx(-0.2)
    one.transcribe(SOUND)
    assert [asked["response_format"] for asked in bench.asked] == ["verbose_json", "json", "json"]
    assert bench.asked[-1]["include[]"] == "logprobs"


def test_servers_that_know_text_alone_give_it(bench: Bench, url: str) -> None:
    bench.forms = ("json",)
    assert asr(url).transcribe(SOUND).text == "给王女士打电话"
    assert len(bench.asked) == 3


@pytest.mark.parametrize(
    ("status", "advice", "tries"),
    [
        (401, "COURIER_ASR__API_KEY", 1),
        (404, "COURIER_ASR__BASE_URL", 1),
        (400, "COURIER_ASR__MODEL", 3),
        (503, "503", 2),
    ],
)
def test_a_refusal_names_its_cure_and_none_of_his_words(
    bench: Bench, url: str, status: int, advice: str, tries: int
) -> None:
    bench.status = status
    with pytest.raises(TranscriptionError, match=advice) as caught:
        asr(url, share=True, api_key=SecretStr("s3cret")).transcribe(SOUND, ("王女士",))
    assert len(bench.asked) == tries
    assert "王女士" not in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_it_tells_whether_it_is_there(bench: Bench, url: str) -> None:
    asr(url).answers()
    asr(url + "/elsewhere").answers()  # a server need not list its models
    bench.status = 401
    with pytest.raises(TranscriptionError, match="API_KEY"):
        asr(url).answers()


@pytest.mark.parametrize("url", ["", "ws://localhost/v1", "localhost:8000/v1"])
def test_another_kind_of_address_is_refused(url: str) -> None:
    with pytest.raises(SettingsError, match="COURIER_ASR__BASE_URL=http://"):
        asr(url)
