"""Any server with OpenAI's ``/v1/audio/transcriptions`` (OpenAI, vLLM, speaches, LocalAI, SenseVoice servers …).

What of its readings' likelihood a server tells is found out by asking: for segments with their log-probabilities
(Whisper's), then for tokens with theirs (OpenAI's newer models), then for the text alone.
"""

from __future__ import annotations

import logging
import time
import weakref
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from statistics import fmean
from typing import Any, Final

import httpx
import numpy as np
from pydantic import BaseModel, SecretStr, ValidationError

from courier_voice.asr.hearing import Reading, transcribe
from courier_voice.asr.remote import AS_IT_IS, Passing, patiently, unreachable, wav, words_of
from courier_voice.asr.style import EXAMPLES, hint_sentence
from courier_voice.core.errors import SettingsError, TranscriptionError
from courier_voice.core.ports import SpeechDetector
from courier_voice.core.words import Audio, Transcript

log = logging.getLogger(__name__)

_FORMS: Final[tuple[Mapping[str, str], ...]] = (
    {"response_format": "verbose_json"},
    {"response_format": "json", "include[]": "logprobs"},
    {"response_format": "json"},
)


class _Segment(BaseModel):
    text: str = ""
    avg_logprob: float | None = None
    no_speech_prob: float | None = None


class _Token(BaseModel):
    logprob: float


class _Answer(BaseModel):
    text: str
    segments: list[_Segment] | None = None
    logprobs: list[_Token] | None = None


class _Refused(TranscriptionError):
    """The server does not take the request in this form."""


class HttpTranscriber:
    """core.ports.Transcriber behind ``base_url`` (up to and with ``/v1``). Thread-safe.

    ``timeout_s`` is for one try; 429, 5xx, timeouts and lost connections are tried ``attempts`` times. The text before
    the audio is the house's examples, and the hints where ``share`` allows names and places to leave. ``sleep`` is
    there for tests. Raises SettingsError for another kind of address.
    """

    def __init__(
        self,
        base_url: str,
        model: str,
        detector: SpeechDetector,
        *,
        api_key: SecretStr | None = None,
        timeout_s: float = 10.0,
        share: bool = False,
        attempts: int = 2,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if not base_url.startswith(("http://", "https://")):
            raise SettingsError("asr.engine is openai: set COURIER_ASR__BASE_URL=http://host:port/v1")
        self._model, self._detector, self._share = model, detector, share
        self._form, self._known = 0, False
        self._try_on = partial(patiently, attempts=attempts, sleep=sleep)
        self._http = httpx.Client(
            base_url=base_url.rstrip("/") + "/",
            headers={"Authorization": f"Bearer {api_key.get_secret_value()}"} if api_key else {},
            timeout=httpx.Timeout(timeout_s, connect=min(5.0, timeout_s)),
        )
        weakref.finalize(self, self._http.close)

    def transcribe(self, audio: Audio, hints: Sequence[str] = ()) -> Transcript:
        """Hear 16 kHz audio of any length. Raises TranscriptionError."""
        prompt = "".join(EXAMPLES) + (hint_sentence(hints) if self._share else "")
        return transcribe(partial(self._hear, prompt), self._detector, audio, habits=AS_IT_IS)

    def answers(self) -> None:
        """Look whether the server is there and knows us; not all list their models. Raises TranscriptionError."""
        self._try_on(partial(self._send, "GET", "models"))

    def _hear(self, prompt: str, piece: Audio, _window_s: float) -> list[Reading]:
        sound, refused = wav(piece), None
        for form in range(self._form, len(_FORMS)):
            try:
                answer = self._try_on(partial(self._ask, sound, prompt, _FORMS[form]))
            except _Refused as error:
                if self._known:
                    raise
                refused = refused or error
                continue
            self._form, self._known = form, True
            return [_reading(self._read(answer))]
        assert refused is not None
        raise refused

    def _ask(self, sound: bytes, prompt: str, form: Mapping[str, str]) -> bytes:
        fields = {"model": self._model, "language": "zh", "temperature": "0", "prompt": prompt, **form}
        files = {"file": ("speech.wav", sound, "audio/wav")}
        response, host = self._send("POST", "audio/transcriptions", data=fields, files=files), self._http.base_url.host
        if response.status_code in (400, 415, 422):
            raise _Refused(f"{host} refused the audio ({response.status_code}): check COURIER_ASR__MODEL")
        if not response.is_success:
            raise TranscriptionError(
                f"{host} refused the request ({response.status_code}): check COURIER_ASR__BASE_URL (…/v1) and "
                "COURIER_ASR__MODEL"
            )
        return response.content

    def _send(self, method: str, path: str, **content: Any) -> httpx.Response:
        """The answer, unless it is none, says that the server is busy, or that we are nobody."""
        host = self._http.base_url.host
        try:
            response = self._http.request(method, path, **content)
        except httpx.TimeoutException as error:
            raise Passing(
                unreachable(f"{host} did not answer in time: try later or raise COURIER_ASR__TIMEOUT_S")
            ) from error
        except (httpx.TransportError, httpx.InvalidURL, httpx.DecodingError) as error:
            raise Passing(
                unreachable(f"no connection to {host}: check COURIER_ASR__BASE_URL and that the server runs")
            ) from error
        status = response.status_code
        if status == 429 or status >= 500:
            asked = response.headers.get("Retry-After", "")
            busy = unreachable(f"{host} answered {status}: it is overloaded or broken, try later")
            raise Passing(busy, float(asked) if asked.isdecimal() else None)
        if status in (401, 403):
            raise TranscriptionError(f"{host} refused the API key ({status}): check COURIER_ASR__API_KEY")
        return response

    def _read(self, answer: bytes) -> _Answer:
        try:
            return _Answer.model_validate_json(answer)
        except ValidationError:
            host = self._http.base_url.host
            raise TranscriptionError(
                f"{host} does not speak the transcriptions protocol: check COURIER_ASR__BASE_URL (…/v1)"
            ) from None


def _reading(answer: _Answer) -> Reading:
    text = words_of(answer.text)
    if answer.logprobs:
        return Reading(text, fmean(token.logprob for token in answer.logprobs))
    segments = [segment for segment in answer.segments or () if segment.text.strip()]
    weights = [len(segment.text) for segment in segments]
    told = [segment.avg_logprob for segment in segments if segment.avg_logprob]  # 0 is a field filled in, not certainty
    if not told or len(told) < len(segments):
        return Reading(text, None)
    silent = [segment.no_speech_prob or 0.0 for segment in segments]
    return Reading(text, float(np.average(told, weights=weights)), float(np.average(silent, weights=weights)))
