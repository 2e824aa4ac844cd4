"""Settings → understanding: the mender, the fast model with its second reader, the cascade."""

from __future__ import annotations

import logging
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from courier_voice.core.errors import WeightsError
from courier_voice.core.ports import ChatModel
from courier_voice.settings import Settings

if TYPE_CHECKING:
    from courier_voice.nlu.advise import Adviser
    from courier_voice.nlu.cascade import Cascade
    from courier_voice.nlu.mend import Mender

EMBEDDER: Final = "embedding-gemma"
log = logging.getLogger(__name__)


def build_nlu(settings: Settings, model: ChatModel | None) -> Cascade:
    """Understanding by the route chosen; without a language model by the fast one alone. Raises ModelError."""
    from courier_voice.nlu.cascade import Cascade
    from courier_voice.nlu.fast import FastUnderstander
    from courier_voice.nlu.llm import LlmUnderstander

    route = settings.nlu.route
    slow = LlmUnderstander(model, nearest=settings.llm.nearest) if model and route != "fast" else None
    advise = build_adviser(settings) if route == "cascade" else None
    fast = None if slow and route == "llm" else FastUnderstander(threshold=settings.nlu.threshold, advise=advise)
    return Cascade(slow, fast, build_mender() if settings.nlu.pinyin else None)


def build_adviser(settings: Settings) -> Adviser | None:
    """The second reader; None when it is not wanted, or EmbeddingGemma's weights are not on this machine."""
    from courier_voice.nlu.advise import Adviser
    from courier_voice.weights.locate import locate

    if not settings.nlu.advice:
        return None
    try:
        folder = locate(EMBEDDER, settings.weights)
    except WeightsError as error:
        log.info("unsure readings get no second one: %s", error)
        return None
    from courier_voice.knowledge.embed import gemma

    return Adviser(lambda: gemma(folder, settings.kb.threads))


@lru_cache(maxsize=1)
def build_mender() -> Mender:
    """Pinyin correction that leaves the words alone which the fast model's card knows. Raises ModelError."""
    from courier_voice.nlu.fast import shipped_card
    from courier_voice.nlu.mend import Mender

    return Mender(shipped_card().word)
