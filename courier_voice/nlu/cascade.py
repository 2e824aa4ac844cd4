"""Routes of understanding, cheapest first: control words, then a model."""

from __future__ import annotations

from typing import Protocol

from courier_voice.core.turn import NluContext, Understanding
from courier_voice.core.words import Utterance
from courier_voice.nlu.controls import control


class Model(Protocol):
    def understand(self, utterance: Utterance, context: NluContext) -> Understanding: ...


class Cascade:
    """Control words by list, all else by the model."""

    def __init__(self, model: Model) -> None:
        self.model = model

    def reflex(self, utterance: Utterance) -> Understanding | None:
        draft = control(utterance)
        return Understanding((draft,), "control") if draft else None

    def understand(self, utterance: Utterance, context: NluContext) -> Understanding:
        return self.reflex(utterance) or self.model.understand(utterance, context)
