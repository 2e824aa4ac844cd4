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
    engine: Literal["faster-whisper", "whisper"] = "faster-whisper"
    model: str = "whisper-base"
    """A name of the catalogue, ``hf:org/repo``, ``whisper:NAME`` (openai-whisper only) or a path."""
    beam: int = Field(default=5, ge=1, le=20)
    hypotheses: int = Field(default=3, ge=1, le=20)
    threads: int = Field(default=2, ge=1)


class Llm(Group):
    client: Literal["llama.cpp", "http", "transformers"] = "llama.cpp"
    model: str = "qwen2.5-coder-1.5b"
    """A catalogue name or path for local clients, the server's model name for ``http``."""
    base_url: str = "http://127.0.0.1:8000/v1"
    api_key: SecretStr = SecretStr("")
    enforcement: Literal["auto", "grammar", "json_schema", "json_object", "none"] = "auto"
    timeout_s: float = Field(default=20.0, gt=0)
    context: int = Field(default=12288, ge=1024)
    threads: int = Field(default=2, ge=1)
    nearest: int = Field(default=0, ge=0, le=20)
    """Worked examples put next to the utterance, chosen by sound."""


class Api(Group):
    base_url: str = ""
    """Empty: the mock carrier in this process, over ``world``."""
    token: SecretStr = SecretStr("courier-demo-token")
    world: Path | None = None
    faults: tuple[str, ...] = ()
    """Faults of the mock in this process, as for ``mock-api --fault``."""


class Tts(Group):
    engine: Literal["auto", "kokoro", "espeak", "console"] = "auto"
    voice: str = "zf_xiaoxiao"
    speed: float = Field(default=1.1, ge=0.5, le=2.0)


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="COURIER_", env_nested_delimiter="__", extra="ignore", frozen=True)

    home: Path = Field(default_factory=lambda: platformdirs.user_data_path("courier-voice"))
    weights: Path = Field(default_factory=lambda: platformdirs.user_cache_path("courier-voice") / "weights")
    asr: Asr = Asr()
    llm: Llm = Llm()
    api: Api = Api()
    tts: Tts = Tts()


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
