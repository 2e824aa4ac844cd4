"""Settings → Agent: the one place that knows every backend. Backends are imported when chosen."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from courier_voice.agent import Agent
from courier_voice.core.errors import SettingsError, WeightsError
from courier_voice.core.ports import ChatModel, LogisticsApi, Speaker, SpeechDetector, Synthesizer, Transcriber
from courier_voice.core.privacy import PhoneFilter
from courier_voice.settings import Settings

if TYPE_CHECKING:
    from courier_voice.logistics.mock.carrier import Carrier
    from courier_voice.logistics.outbox import Outbox
    from courier_voice.nlu.cascade import Cascade
    from courier_voice.nlu.polish import LlmPolisher, TemplatePolisher

log = logging.getLogger(__name__)


def data_dir(name: str) -> Path:
    """A directory shipped with the project (``fixtures``): inside the wheel, or beside the package in a checkout."""
    package = Path(__file__).parent
    packed = package / f"_{name}"
    return packed if packed.is_dir() else package.parent / name


def start_logging(level: str = "WARNING") -> None:
    """Log to stderr; no record leaves with a phone number."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
    handler.addFilter(PhoneFilter())
    logging.basicConfig(level=level, handlers=[handler], force=True)


def build_detector() -> SpeechDetector:
    from courier_voice.audio.endpoint import SileroDetector

    return SileroDetector()


def build_asr(settings: Settings, detector: SpeechDetector | None = None) -> Transcriber:
    """The recogniser chosen. Raises WeightsError naming the command that brings its weights."""
    from courier_voice.weights.locate import locate

    chosen = settings.asr
    path = locate(chosen.model, settings.weights)
    detector = detector or build_detector()
    if chosen.engine == "faster-whisper":
        from courier_voice.asr.faster import FasterWhisper

        return FasterWhisper(path, detector, beam=chosen.beam, hypotheses=chosen.hypotheses, threads=chosen.threads)
    from courier_voice.asr.openai import OpenAIWhisper
    from courier_voice.weights.convert import openai_checkpoint

    checkpoint = openai_checkpoint(path) if path.is_dir() else path
    return OpenAIWhisper(
        str(checkpoint), detector, beam=chosen.beam, hypotheses=chosen.hypotheses, threads=chosen.threads
    )


def build_llm(settings: Settings) -> ChatModel:
    """The language model chosen. Raises WeightsError or SettingsError."""
    chosen = settings.llm
    if chosen.client == "http":
        from courier_voice.llm.http import HttpModel

        return HttpModel(
            base_url=chosen.base_url,
            model=chosen.model,
            api_key=chosen.api_key,
            enforcement=chosen.enforcement,
            timeout_s=chosen.timeout_s,
        )
    from courier_voice.weights.locate import locate

    path = locate(chosen.model, settings.weights)
    path = path / "model.gguf" if (path / "model.gguf").is_file() else path
    if chosen.client == "transformers":
        from courier_voice.llm.transformers import Transformers

        return Transformers(path)
    if find_spec("xllamacpp") is None:
        raise SettingsError("llm.client is llama.cpp, but xllamacpp is not installed: pip install xllamacpp")
    from courier_voice.llm.llamacpp import LlamaCpp

    return LlamaCpp(path, context=chosen.context, threads=chosen.threads, cache_dir=settings.home / "kv")


def build_nlu(settings: Settings, model: ChatModel) -> Cascade:
    from courier_voice.nlu.cascade import Cascade
    from courier_voice.nlu.llm import LlmUnderstander

    return Cascade(LlmUnderstander(model, nearest=settings.llm.nearest))


def build_polisher(model: ChatModel | None) -> LlmPolisher | TemplatePolisher:
    from courier_voice.nlu.polish import LlmPolisher, TemplatePolisher

    return LlmPolisher(model) if model else TemplatePolisher()


def build_synthesizer(settings: Settings) -> Synthesizer:
    """Kokoro when its weights are there, else eSpeak NG. Raises WeightsError when Kokoro was asked for by name."""
    from courier_voice.weights.locate import locate

    chosen = settings.tts
    if chosen.engine in ("auto", "kokoro"):
        try:
            from courier_voice.speech.kokoro import Kokoro

            model, voices = (locate(name, settings.weights) for name in ("kokoro-82m", "kokoro-voices-zh"))
            return Kokoro(model, voices, chosen.voice, chosen.speed)
        except WeightsError as error:
            if chosen.engine == "kokoro":
                raise
            log.info("speaking with eSpeak NG: %s", error)
    from courier_voice.speech.espeak import Espeak

    return Espeak()


def build_speaker(settings: Settings, write: Callable[[str], object]) -> Speaker:
    """A voice through the sound card; text through ``write`` when there is none or ``console`` was chosen."""
    from courier_voice.speech.console import ConsoleSpeaker

    console = ConsoleSpeaker(write)
    if settings.tts.engine == "console":
        return console
    from courier_voice.speech.cache import PhraseCache
    from courier_voice.speech.player import SoundDevicePlayer
    from courier_voice.speech.speaker import VoiceSpeaker

    synth = build_synthesizer(settings)
    stamp = str(getattr(synth, "stamp", type(synth).__name__))
    return VoiceSpeaker(synth, SoundDevicePlayer(), PhraseCache(settings.home / "phrases", stamp), console)


@dataclass
class Wired:
    """An agent and what stands behind it."""

    agent: Agent
    outbox: Outbox
    carrier: Carrier | None
    """The mock carrier, when it runs in this process."""


def build_api(settings: Settings) -> tuple[LogisticsApi, Carrier | None]:
    """The carrier's API: over HTTP, or the mock in this process with its clock stopped at the world's ``now``."""
    from courier_voice.logistics.client import HttpLogistics, http_client

    if settings.api.base_url:
        token = settings.api.token.get_secret_value()
        return HttpLogistics(http_client(settings.api.base_url, token)), None
    from courier_voice.logistics.mock.carrier import Carrier
    from courier_voice.logistics.mock.faults import parse_fault
    from courier_voice.logistics.mock.serve import in_process_client
    from courier_voice.logistics.mock.world import load_world

    world = settings.api.world or data_dir("fixtures") / "worlds" / "demo.json"
    carrier = Carrier(load_world(world), frozen=True)
    faults = [parse_fault(spec) for spec in settings.api.faults]
    return HttpLogistics(in_process_client(carrier, faults=faults)), carrier


def build_agent(
    settings: Settings,
    *,
    nlu: Cascade,
    polisher: LlmPolisher | TemplatePolisher,
    speaker: Speaker,
    asr: Transcriber | None = None,
    outbox: Path | None = None,
) -> Wired:
    """An agent at the start of a conversation. Costs nothing but the API: models are given, so many can share them."""
    from courier_voice.knowledge.accounts import AccountRules
    from courier_voice.logistics.outbox import Outbox

    api, carrier = build_api(settings)
    effects = Outbox(outbox or settings.home / "outbox.sqlite3", api)
    agent = Agent(nlu, api, effects, AccountRules(), polisher, speaker, asr)
    return Wired(agent, effects, carrier)
