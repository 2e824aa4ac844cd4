"""The models a command needs, loaded with a word about what is being waited for."""

from __future__ import annotations

from contextlib import suppress
from typing import Final

from courier_voice.agent import Agent
from courier_voice.app import build_asr, build_llm, build_polisher
from courier_voice.commands.out import downloads, stderr, waiting
from courier_voice.core.errors import CourierVoiceError, ModelError, SettingsError, WeightsError, WeightsMissing
from courier_voice.core.ports import ChatModel, Transcriber
from courier_voice.nlu.cascade import Cascade
from courier_voice.nlu.llm import LlmUnderstander
from courier_voice.nlu.polish import LlmPolisher, TemplatePolisher
from courier_voice.settings import Settings
from courier_voice.understanding import EMBEDDER, build_nlu
from courier_voice.weights.fetch import pull
from courier_voice.weights.locate import locate

SECOND_READER: Final = f"courier-voice models pull {EMBEDDER}"


def ready_llm(settings: Settings) -> ChatModel:
    """The language model, loaded. Raises WeightsError, and SettingsError when its prompt states have no place.

    That place is looked at first: a command must not fail over its outbox after a minute of reading the prompt.
    """
    try:
        settings.home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise SettingsError(
            f"{settings.home} cannot be written ({reason}): make room, give yourself the right, or set COURIER_HOME "
            "to another folder"
        ) from error
    with waiting("正在准备语言模型…"):
        return build_llm(settings)


def ready_nlu(settings: Settings, *, whole: bool = False, at_once: bool = False) -> tuple[Cascade, ChatModel | None]:
    """Understanding, warmed, and the language model: None by the fast route, and where a cascade lacks its weights.
    ``whole``: what is to be measured brings the second reader's weights at first use; ``at_once``: what must answer
    quickly has it loaded, where its weights are, before the first doubtful utterance.

    Raises as ``ready_llm``, and ModelError.
    """
    advised = settings.nlu.route == "cascade" and settings.nlu.advice
    if whole and advised and settings.kb.pull:
        bring(EMBEDDER, settings, "COURIER_NLU__ADVICE=false: without a second reader")
    model = _chosen(settings)
    with waiting("正在准备语言模型（第一次要读一遍提示词，约一两分钟；之后不到一秒）…" if model else "正在准备…"):
        cascade = build_nlu(settings, model)
        if isinstance(cascade.model, LlmUnderstander):
            cascade.model.warm()
    adviser = getattr(cascade.fast, "advise", None)
    if adviser and (whole or at_once):
        with waiting("正在准备第二个读者（第一次要把它变小，约半分钟）…"):
            adviser.warm()
    if advised and adviser is None:
        stderr.print(f"without a second reader, a little is understood less; run: {SECOND_READER}", style="dim")
    return cascade, model


def ready_asr(settings: Settings) -> Transcriber:
    """The recogniser, loaded and run once, its second opinion too: the first utterance waits for nothing more. Raises
    as `app.build_asr`."""
    with waiting("正在准备识别模型…"):
        asr = build_asr(settings)
        getattr(asr, "warm", lambda: None)()
    return asr


def ready_documents(agent: Agent) -> None:
    """The documents of an agent, opened: the first question waits for nothing more. What is wrong is told then."""
    with waiting("正在打开资料库…"), suppress(CourierVoiceError):
        getattr(agent.knowledge, "warm", lambda: None)()


def ready_polisher(model: ChatModel | None) -> LlmPolisher | TemplatePolisher:
    """What words texts, its prompt read: the first text waits for nothing more. Without a model, a template."""
    polisher = build_polisher(model)
    if isinstance(polisher, LlmPolisher):
        with waiting("正在准备短信的措辞…"), suppress(ModelError):  # it is tried again with the first text
            polisher.warm()
    return polisher


def bring(name: str, settings: Settings, otherwise: str) -> None:
    """Weights at first use; without a network it goes on without them. ``otherwise`` tells how to do without."""
    try:
        locate(name, settings.weights)
    except WeightsMissing:
        stderr.print(f"bringing the embedding model, 1.1 GB, once ({otherwise})", markup=False)
        try:
            with downloads() as progress:
                pull([name], settings.weights, progress)
        except WeightsError as error:
            stderr.print(f"going on without it: {error}", markup=False)


def _chosen(settings: Settings) -> ChatModel | None:
    if settings.nlu.route == "fast":
        return None
    try:
        return ready_llm(settings)
    except WeightsError as error:
        if settings.nlu.route == "llm":
            raise
        stderr.print(f"without a language model, by the fast one alone: {error}", markup=False)
        return None


def by_route(route: str | None) -> dict[str, object]:
    """The settings' changes that a --nlu option makes."""
    return {"nlu": {"route": route}} if route else {}
