"""The rule for a yes that comes too early: whoever says 对 or 发吧 before the read-back has been played to its end
cannot know what he agrees to. Such a yes is not taken; the question is asked again. All else he says is understood as
ever.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from courier_voice.core.ports import Understander
from courier_voice.core.turn import Draft, NluContext, Understanding
from courier_voice.core.words import Utterance


@dataclass(frozen=True)
class Hasty:
    """Understander that reads every yes as 再说一遍, whichever model heard it: no proposal can be agreed to."""

    nlu: Understander

    def reflex(self, utterance: Utterance) -> Understanding | None:
        return _without_yes(self.nlu.reflex(utterance))

    def understand(self, utterance: Utterance, context: NluContext) -> Understanding:
        meant = self.nlu.understand(utterance, context)
        return _without_yes(meant) or meant

    def glance(self, utterance: Utterance, context: NluContext) -> Understanding | None:
        return _without_yes(self.nlu.glance(utterance, context))


def asks(context: NluContext) -> bool:
    """Whether a question or a read-back is open, so that a yes would do something."""
    return context.waiting not in ("", "form")


def _without_yes(meant: Understanding | None) -> Understanding | None:
    if meant is None:
        return None
    drafts = tuple(Draft("repeat") if draft.intent == "confirm" else draft for draft in meant.drafts)
    return replace(meant, drafts=drafts)
