"""The models a command needs, loaded with a word about what is being waited for."""

from __future__ import annotations

from courier_voice.app import build_llm, build_nlu
from courier_voice.commands.out import waiting
from courier_voice.core.errors import SettingsError
from courier_voice.core.ports import ChatModel
from courier_voice.nlu.cascade import Cascade
from courier_voice.nlu.llm import LlmUnderstander
from courier_voice.settings import Settings


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


def ready_nlu(settings: Settings) -> tuple[Cascade, ChatModel]:
    """Understanding, warmed. Raises as ``ready_llm``, and ModelError."""
    model = ready_llm(settings)
    with waiting("正在准备语言模型（第一次要读一遍提示词，约一两分钟；之后不到一秒）…"):
        cascade = build_nlu(settings, model)
        if isinstance(cascade.model, LlmUnderstander):
            cascade.model.warm()
    return cascade, model
