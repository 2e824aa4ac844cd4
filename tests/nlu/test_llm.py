"""The language model's route around a scripted model: prompt, repair, surrender."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from courier_voice.core.ports import Role
from courier_voice.core.turn import NluContext
from courier_voice.nlu.llm import LlmUnderstander, Nearest, shots
from courier_voice.text.normalize import normalize


class Model:
    """Says what it was told to, in order, and keeps what it was asked."""

    def __init__(self, *replies: str) -> None:
        self.replies, self.asked = list(replies), list[list[tuple[Role, str]]]()

    def complete(
        self,
        messages: Sequence[tuple[Role, str]],
        *,
        max_tokens: int,
        grammar: str | None = None,
        schema: Mapping[str, object] | None = None,
    ) -> str:
        assert grammar
        assert schema
        self.asked.append(list(messages))
        return self.replies.pop(0)

    def warm(self, messages: Sequence[tuple[Role, str]]) -> None:
        self.asked.append(list(messages))


def test_broken_output_gets_one_repair() -> None:
    model = Model("打给6688", '[{"intent":"dial","tail":"6688"}]')
    meant = LlmUnderstander(model).understand(normalize("给六六八八打电话"), NluContext())
    assert meant.drafts[0].intent == "dial"
    assert len(model.asked) == 2
    assert "not JSON" in model.asked[1][-1][1]


def test_then_it_is_none_and_said_so() -> None:
    model = Model("唉", "唉")
    meant = LlmUnderstander(model).understand(normalize("给六六八八打电话"), NluContext())
    assert [(d.intent, d.confidence) for d in meant.drafts] == [("none", 0.0)]


def test_the_warmed_prefix_begins_every_question() -> None:
    model = Model('[{"intent":"help"}]')
    understander = LlmUnderstander(model)
    understander.warm()
    meant = understander.understand(normalize("能干啥"), NluContext("form"))
    assert model.asked[1][0] == model.asked[0][0]
    assert model.asked[1][-1][1].endswith("[form]能干啥")
    assert meant.prompt == understander.prompt.stamp


def test_the_nearest_examples_sound_alike() -> None:
    nearest = Nearest(shots())
    assert '"dial"' in nearest("播打未号二六五七", 1)[0].answer
    assert '"sign_off"' in nearest("零七七一放快第柜，点一下托投", 1)[0].answer
    assert nearest("完全不相干", 0) == ()
