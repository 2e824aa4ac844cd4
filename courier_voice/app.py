"""Settings → Agent: the one place that knows every backend. Backends are imported when chosen."""

from __future__ import annotations

import hashlib
import logging
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from courier_voice.agent import Agent
from courier_voice.core.errors import SettingsError, WeightsError
from courier_voice.core.intent import Polisher
from courier_voice.core.ports import ChatModel, LogisticsApi, Speaker, SpeechDetector, Synthesizer, Transcriber
from courier_voice.core.privacy import PersonalFilter, masked_trace
from courier_voice.settings import Settings, device
from courier_voice.understanding import EMBEDDER, build_mender

if TYPE_CHECKING:
    from courier_voice.asr.style import Habits
    from courier_voice.dialog.sms_rules import SmsRules
    from courier_voice.knowledge.base_fill import Filler
    from courier_voice.knowledge.reword import Rewords
    from courier_voice.logistics.closed import ClosedOutbox
    from courier_voice.logistics.keeping import Kept
    from courier_voice.logistics.mock.carrier import Carrier
    from courier_voice.logistics.offline import OfflineLogistics
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
    """Log to stderr; no record, warning or traceback leaves with a phone number, a customer's name or an address."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
    handler.addFilter(PersonalFilter())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.captureWarnings(True)
    sys.excepthook = lambda kind, error, trace: print(masked_trace(kind, error, trace), end="", file=sys.stderr)
    threading.excepthook = lambda args: print(
        masked_trace(args.exc_type, args.exc_value, args.exc_traceback), end="", file=sys.stderr
    )


def build_detector() -> SpeechDetector:
    from courier_voice.audio.endpoint import SileroDetector

    return SileroDetector()


def build_asr(settings: Settings, detector: SpeechDetector | None = None) -> Transcriber:
    """The recogniser chosen. Raises WeightsError naming the command that brings its weights, SettingsError."""
    from courier_voice.asr.second import SecondOpinion
    from courier_voice.asr.style import PLAIN, TUNED
    from courier_voice.weights.adapt import PARTWAY, chosen_model

    chosen = settings.asr
    if chosen.engine not in ("faster-whisper", "whisper"):
        return _other_engine(settings, detector or build_detector())
    path, tuned = chosen_model(chosen.model, chosen.adapter, settings.weights, chinese=chosen.chinese)
    detector = detector or build_detector()
    if not tuned:
        return _engine(settings, path, detector, PLAIN)
    first = _engine(settings, path, detector, TUNED)
    if not chosen.second_opinion:
        return first
    partway, _ = chosen_model(chosen.model, chosen.adapter, settings.weights, PARTWAY, chinese=chosen.chinese)
    return SecondOpinion(first, lambda: _engine(settings, partway, detector, TUNED))


def _engine(settings: Settings, path: Path, detector: SpeechDetector, habits: Habits) -> Transcriber:
    chosen = settings.asr
    if chosen.engine == "faster-whisper":
        from courier_voice.asr.faster import FasterWhisper

        return FasterWhisper(
            path,
            detector,
            beam=chosen.beam,
            hypotheses=chosen.hypotheses,
            threads=chosen.threads,
            habits=habits,
        )
    from courier_voice.asr.openai import OpenAIWhisper
    from courier_voice.weights.convert import openai_checkpoint

    checkpoint = path / "openai.pt" if habits.knows_silence else openai_checkpoint(path) if path.is_dir() else path
    return OpenAIWhisper(
        str(checkpoint),
        detector,
        beam=chosen.beam,
        hypotheses=chosen.hypotheses,
        threads=chosen.threads,
        habits=habits,
    )


def _other_engine(settings: Settings, detector: SpeechDetector) -> Transcriber:
    chosen = settings.asr
    timeout_s, share = chosen.timeout_s, chosen.share_personal_data
    if chosen.engine == "openai":
        from courier_voice.asr.http import HttpTranscriber

        url, key = chosen.base_url, chosen.api_key
        return HttpTranscriber(url, chosen.model, detector, api_key=key, timeout_s=timeout_s, share=share)
    if chosen.engine == "funasr":
        from courier_voice.asr.funasr import FunAsr

        return FunAsr(chosen.base_url, detector, mode=chosen.mode, timeout_s=timeout_s, share=share)
    from courier_voice.asr.sherpa import Sherpa
    from courier_voice.weights.locate import locate

    return Sherpa(locate(chosen.model, settings.weights), detector, threads=chosen.threads)


def build_llm(settings: Settings) -> ChatModel:
    """The language model chosen. Raises WeightsError or SettingsError."""
    chosen = settings.llm
    if chosen.client == "http":
        from courier_voice.llm.http import HttpModel
        from courier_voice.llm.shielded import Shielded

        remote = HttpModel(
            base_url=chosen.base_url,
            model=chosen.model,
            api_key=chosen.api_key,
            enforcement=chosen.enforcement,
            timeout_s=chosen.timeout_s,
        )
        return Shielded(remote, share=chosen.share_personal_data)
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


def build_polisher(model: ChatModel | None) -> LlmPolisher | TemplatePolisher:
    from courier_voice.nlu.polish import LlmPolisher, TemplatePolisher

    return LlmPolisher(model) if model else TemplatePolisher()


def build_rewords(settings: Settings, kind: Literal["table", "tip"], model: ChatModel | None = None) -> Rewords:
    """A language model's words for tables or reminders; without one, those it found before."""
    from courier_voice.knowledge.reword import Rewords

    return Rewords(settings.home / "kb" / "reworded.sqlite3", kind, model)


def build_knowledge(settings: Settings, tables: ChatModel | None = None) -> Filler:
    """The knowledge base under COURIER_HOME, and what fills it, tables worded by a model where one is given. Raises
    KnowledgeError, and WeightsError or SettingsError for an embedder asked for by name."""
    from courier_voice.knowledge.base_open import open_base
    from courier_voice.knowledge.embed import make
    from courier_voice.weights.locate import locate

    embedder = make(settings.kb, lambda: locate(EMBEDDER, settings.weights))
    rewords = build_rewords(settings, "table", tables) if tables or settings.kb.tables == "llm" else None
    ready = data_dir("fixtures") / "knowledge" / "vectors.npz" if settings.kb.ready else None
    return open_base(settings.home / "kb", embedder, settings.kb.store, rewords, ready)


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
    player = SoundDevicePlayer(device(settings.tts.device))
    return VoiceSpeaker(synth, player, PhraseCache(settings.home / "phrases", stamp), console)


@dataclass
class Wired:
    """An agent and what stands behind it."""

    agent: Agent
    outbox: Outbox | ClosedOutbox
    carrier: Carrier | None
    """The mock carrier, when it runs in this process."""
    api: OfflineLogistics


def build_store(settings: Settings, api: LogisticsApi, rules: SmsRules) -> Kept:
    """Outbox, ledger and cache under COURIER_HOME. The mock in this process has a day that begins with every start:
    nothing of it is kept."""
    from courier_voice.logistics.keeping import open_kept

    token = settings.api.token.get_secret_value()
    scope = hashlib.sha256(f"{settings.api.base_url} {token}".encode()).hexdigest() if settings.api.base_url else ""
    days = settings.ledger.retention_days
    return open_kept(settings.home, api, rules, key=settings.ledger.key, retention_days=days, scope=scope)


def build_api(settings: Settings) -> tuple[LogisticsApi, Carrier | None]:
    """The carrier's API: over HTTP, or the mock in this process with its clock stopped at the world's ``now``."""
    from courier_voice.logistics.client import HttpLogistics, http_client

    if settings.api.base_url:
        token = settings.api.token.get_secret_value()
        client = http_client(settings.api.base_url, token, connect_s=settings.api.connect_s, read_s=settings.api.read_s)
        return HttpLogistics(client, backoff_s=settings.api.backoff_s), None
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
    polisher: Polisher,
    speaker: Speaker,
    asr: Transcriber | None = None,
    outbox: Path | None = None,
) -> Wired:
    """An agent at the start of a conversation. Costs nothing but the API: models are given, so many can share them."""
    from courier_voice.dialog.sms_rules import SmsRules
    from courier_voice.knowledge.base_open import Library
    from courier_voice.logistics.keeping import scratch
    from courier_voice.logistics.offline import OfflineLogistics

    raw, carrier = build_api(settings)
    rules = SmsRules(**settings.sms.model_dump())
    kept = build_store(settings, raw, rules) if outbox is None else scratch(outbox, raw, rules)
    api = OfflineLogistics(raw, kept.cache, kept.effects.pending)
    mend, nbest = build_mender() if settings.nlu.pinyin else None, settings.nlu.nbest
    wording = getattr(polisher, "model", None) if settings.kb.answers == "llm" else None
    knowledge = Library(lambda: build_knowledge(settings), wording)
    agent = Agent(nlu, api, kept.effects, knowledge, polisher, speaker, asr, kept.ledger, rules, mend, nbest)
    agent.shorten = build_rewords(settings, "tip")
    return Wired(agent, kept.effects, carrier, api)
