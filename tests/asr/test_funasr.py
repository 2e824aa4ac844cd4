"""FunASR's servers as they are: two dialects, segments, last messages that say nothing, none at all, certificates."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import numpy as np
import pytest

from courier_voice.core.errors import SettingsError, TranscriptionError
from courier_voice.core.words import Audio
from tests.asr.standins import Bench, Loud, funasr_runtime, transcriptions

funasr = pytest.importorskip("courier_voice.asr.funasr", exc_type=ImportError)

SOUND = Audio(np.full(16000, 0.1, np.float32))
Connect = Callable[..., Any]


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
def connect(bench: Bench) -> Iterator[Connect]:
    with ExitStack() as stack:

        def make(dialect: str = "c++", **options: Any) -> Any:
            bench.dialect = dialect
            url = stack.enter_context(funasr_runtime(bench))
            return funasr.FunAsr(url, Loud(), **{"timeout_s": 5.0, "quiet_s": 0.05, "sleep": lambda _: None, **options})

        yield make


def test_the_first_message_is_as_documented(connect: Connect, bench: Bench) -> None:
    connect(share=True).transcribe(SOUND, ("王女士", "锦绣花园"))
    assert bench.asked == [
        {
            "mode": "offline",
            "wav_name": "speech",
            "wav_format": "pcm",
            "audio_fs": 16000,
            "is_speaking": True,
            "chunk_size": [5, 10, 5],
            "chunk_interval": 10,
            "hotwords": '{"王女士": 20, "锦绣花园": 20}',
            "itn": False,
        }
    ]
    assert bench.seconds == [1.0]


@pytest.mark.parametrize("dialect", ["c++", "python"])
def test_segments_the_server_cut_are_joined(connect: Connect, bench: Bench, dialect: str) -> None:
    bench.segments = ("打给尾号", "六六")
    bench.says = "八八"
    assert connect(dialect).transcribe(SOUND).text == "打给尾号六六八八"


@pytest.mark.parametrize("dialect", ["c++", "python"])
def test_a_server_that_found_no_words_is_believed(connect: Connect, bench: Bench, dialect: str) -> None:
    bench.says = ""
    assert connect(dialect).transcribe(SOUND).text == ""
    assert len(bench.asked) == 1


@pytest.mark.parametrize("dialect", ["c++", "python"])
def test_a_slow_decoder_is_waited_for(connect: Connect, bench: Bench, dialect: str) -> None:
    bench.goes_wrong("timeout", times=1)
    assert connect(dialect).transcribe(SOUND).text == "给王女士打电话"
    assert len(bench.asked) == 1


@pytest.mark.parametrize("dialect", ["c++", "python"])
def test_words_grow_and_give_way_to_the_second_pass(connect: Connect, bench: Bench, dialect: str) -> None:
    bench.partials = ("给望", "女士大")
    stream = connect(dialect).stream()
    seen = list[str]()
    while "给望女士大" not in seen[-1:]:
        seen.append(stream.accept(np.full(512, 0.1, np.float32)))
        assert len(seen) < 100_000
    assert set(seen) <= {"", "给望", "给望女士大"}
    assert stream.finish().text == "给王女士打电话"


def test_a_stream_that_breaks_says_so(connect: Connect, bench: Bench) -> None:
    bench.goes_wrong("closed")
    stream = connect().stream()
    with pytest.raises(TranscriptionError, match=r"no connection|did not answer in time"):
        [stream.accept(np.full(512, 0.1, np.float32)) for _ in range(1000)]


def test_offline_gives_no_words_while_he_speaks(connect: Connect) -> None:
    assert connect(mode="offline").stream() is None


def test_it_tells_whether_it_is_there(connect: Connect, bench: Bench) -> None:
    connect().answers()
    bench.goes_wrong("500")
    with pytest.raises(TranscriptionError, match="503"):
        connect().answers()


def test_another_protocol_is_an_error_with_its_cure(bench: Bench) -> None:
    with transcriptions(bench) as url, pytest.raises(TranscriptionError, match="ws://host:10095"):
        funasr.FunAsr(url.replace("http", "ws"), Loud()).transcribe(SOUND)


def test_plain_where_tls_is_expected_is_an_error_with_its_cure(connect: Connect, bench: Bench) -> None:
    plain = connect()._url
    asr = funasr.FunAsr(plain.replace("ws://", "wss://"), Loud(), timeout_s=1.0, sleep=lambda _: None)
    with pytest.raises(TranscriptionError, match="ws, or wss"):
        asr.transcribe(SOUND)


@pytest.mark.parametrize("url", ["", "http://localhost:10095", "localhost:10095"])
def test_another_kind_of_address_is_refused(url: str) -> None:
    with pytest.raises(SettingsError, match="COURIER_ASR__BASE_URL=ws://"):
        funasr.FunAsr(url, Loud())


def test_half_an_address_is_an_error_with_its_cure() -> None:
    with pytest.raises(TranscriptionError, match="COURIER_ASR__BASE_URL=ws://"):
        funasr.FunAsr("ws://", Loud()).transcribe(SOUND)
