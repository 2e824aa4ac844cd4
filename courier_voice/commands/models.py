"""The models a command needs, loaded with a word about what is being waited for."""

from __future__ import annotations

from courier_voice.app import build_llm, build_nlu
from courier_voice.commands.out import waiting
from courier_voice.core.errors import SettingsError
from courier_voice.core.ports import ChatModel
from courier_voice.nlu.cascade import Cascade
from courier_voice.nlu.llm import LlmUnderstander
from courier_voice.settings import Settings

ROUTES = ("llm", "cascade")


def ready_nlu(settings: Settings, route: str = "cascade") -> tuple[Cascade, ChatModel]:
    """Understanding, warmed. Raises SettingsError for a route that is not there, WeightsError without a model."""
    if route not in ROUTES:
        raise SettingsError(f"--nlu {route} is not there; choose one of: {', '.join(ROUTES)}")
    with waiting("正在准备语言模型（第一次要读一遍提示词，约一两分钟；之后不到一秒）…"):
        model = build_llm(settings)
        cascade = build_nlu(settings, model)
        if isinstance(cascade.model, LlmUnderstander):
            cascade.model.warm()
    return cascade, model
