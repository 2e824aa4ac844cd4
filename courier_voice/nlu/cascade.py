"""Routes of understanding, cheapest first: control words, the fast model where it is sure, a language model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final, Protocol

from courier_voice.core.turn import Draft, NluContext, Understanding
from courier_voice.core.words import Utterance
from courier_voice.nlu.controls import control
from courier_voice.text.normalize import normalize

UNSURE: Final = 0.2
"""Without a language model, what the fast one believes less than this is asked for again in other words."""


class Model(Protocol):
    def understand(self, utterance: Utterance, context: NluContext) -> Understanding: ...


class Fast(Model, Protocol):
    threshold: float
    """The confidence from which on a reading needs no second opinion."""


class Cascade:
    """Control words by list, then the fast model where it is sure, then ``model``; either of the two may be missing.

    ``mend`` puts misspelt words of the trade right, in text that was typed or comes from another recogniser.
    """

    def __init__(
        self, model: Model | None = None, fast: Fast | None = None, mend: Callable[[str], str] | None = None
    ) -> None:
        self.model, self.fast, self._mend = model, fast, mend

    def reflex(self, utterance: Utterance) -> Understanding | None:
        draft = control(utterance)
        return Understanding((draft,), "control") if draft else None

    def understand(self, utterance: Utterance, context: NluContext) -> Understanding:
        utterance = self._mended(utterance)
        return self.reflex(utterance) or self._read(utterance, context)

    def glance(self, utterance: Utterance, context: NluContext) -> Understanding | None:
        """Control words and the fast model, however sure; None without one."""
        utterance = self._mended(utterance)
        return self.reflex(utterance) or (self.fast.understand(utterance, context) if self.fast else None)

    def _mended(self, utterance: Utterance) -> Utterance:
        better = self._mend(utterance.heard) if self._mend else utterance.heard
        return utterance if better == utterance.heard else replace(normalize(better), nbest=utterance.nbest)

    def _read(self, utterance: Utterance, context: NluContext) -> Understanding:
        quick = self.fast.understand(utterance, context) if self.fast else None
        if quick and self.fast and quick.drafts[0].confidence >= self.fast.threshold:
            return quick
        larger = self.model.understand(utterance, context) if self.model else None
        if larger and not (quick and larger.drafts[0].intent == "none"):
            return larger  # the fast model has told already that it is a command, so a none only means: not understood
        return _or_nothing(quick) if quick else larger or Understanding((Draft("none", confidence=0.0),), "fast")


def _or_nothing(quick: Understanding) -> Understanding:
    """A reading that is more likely wrong than right is none: the courier hears that he was not understood."""
    if quick.drafts[0].confidence >= UNSURE:
        return quick
    return replace(quick, drafts=(Draft("none", confidence=quick.drafts[0].confidence),))
