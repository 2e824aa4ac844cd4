"""Which route an utterance takes."""

from __future__ import annotations

from dataclasses import dataclass, field

from courier_voice.core.turn import Draft, NluContext, Understanding
from courier_voice.core.words import Utterance
from courier_voice.nlu.cascade import Cascade
from courier_voice.nlu.fast import FastUnderstander
from courier_voice.text.normalize import normalize


@dataclass
class Sure:
    """A fast model as sure as it is told to be."""

    confidence: float
    threshold: float = 0.9

    def understand(self, utterance: Utterance, context: NluContext) -> Understanding:
        return Understanding((Draft("dial", {}, self.confidence),), "fast")


@dataclass
class Large:
    asked: list[str] = field(default_factory=list)

    def understand(self, utterance: Utterance, context: NluContext) -> Understanding:
        self.asked.append(utterance.text)
        return Understanding((Draft("send_sms"),), "llm")


def route(cascade: Cascade, said: str = "给王女士打电话") -> tuple[str, str]:
    meant = cascade.understand(normalize(said), NluContext())
    return meant.route, meant.drafts[0].intent


def test_what_the_fast_model_is_sure_of_goes_no_further() -> None:
    large = Large()
    assert route(Cascade(large, Sure(0.95))) == ("fast", "dial")
    assert large.asked == []


def test_the_rest_goes_to_the_language_model() -> None:
    assert route(Cascade(Large(), Sure(0.85))) == ("llm", "send_sms")


def test_a_none_of_the_language_model_does_not_undo_a_command_the_fast_one_has_read() -> None:
    class Nothing:
        def understand(self, utterance: Utterance, context: NluContext) -> Understanding:
            return Understanding((Draft("none"),), "llm")

    assert route(Cascade(Nothing(), Sure(0.6))) == ("fast", "dial")
    assert route(Cascade(Nothing(), Sure(0.1))) == ("fast", "none")
    assert route(Cascade(Nothing())) == ("llm", "none")


def test_either_alone() -> None:
    assert route(Cascade(Large())) == ("llm", "send_sms")
    assert route(Cascade(None, Sure(0.6))) == ("fast", "dial")


def test_without_a_language_model_a_guess_is_not_acted_on() -> None:
    assert route(Cascade(None, Sure(0.1))) == ("fast", "none")


def test_control_words_ask_no_model() -> None:
    assert route(Cascade(), "取消") == ("control", "cancel")
    assert route(Cascade(), "给王女士打电话") == ("fast", "none")


def test_the_shipped_threshold_can_be_set() -> None:
    assert FastUnderstander(threshold=0.9).threshold == 0.9
    assert 0 < FastUnderstander().threshold < 1
