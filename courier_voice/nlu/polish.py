"""Dictated words to a polite text: code cleans them, a model words them, code checks it; else a template."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from courier_voice.core.errors import ModelError, ModelOutputError
from courier_voice.core.parcels import Day
from courier_voice.core.ports import ChatModel, Role
from courier_voice.dialog.courtesy import framed, template
from courier_voice.dialog.dictation import Message, read
from courier_voice.dialog.guard import problems
from courier_voice.prompting import load

log = logging.getLogger(__name__)

MOST_TOKENS: Final = 80
LONGEST_DICTATION: Final = 110
"""Characters. The model loses things in longer ones, and its reply would be cut off."""
_GRAMMAR: Final = rf'root ::= [^\x00-\x1FA-Za-z<>{{}}"]{{4,{LONGEST_DICTATION + 20}}}'


@dataclass(frozen=True)
class Polished:
    """A text fit to be sent. ``fallback``: it is the template's; ``problems`` say why the model's was refused."""

    sms: str
    fallback: bool
    problems: tuple[str, ...] = ()


class TemplatePolisher:
    """Polishing without a model."""

    def polished(self, spoken: str) -> Polished:
        return Polished(template(spoken), fallback=True)

    def polish(self, spoken: str, day: Day) -> str:
        return template(spoken)


class LlmPolisher:
    """Polishing by a language model, checked; its trouble is never the caller's."""

    def __init__(self, model: ChatModel) -> None:
        self.model = model
        self.prompt = load("sms/polish")
        self._prefix: tuple[tuple[Role, str], ...] = (("system", self.prompt.render()),)
        self._warm = False

    def warm(self) -> None:
        """Evaluate the shared prompt once, so that the model can go back to it. Raises ModelError."""
        self.model.warm(self._prefix)
        self._warm = True

    def polish(self, spoken: str, day: Day) -> str:
        return self.polished(spoken).sms

    def polished(self, spoken: str) -> Polished:
        """One attempt by the model; the template when it fails or states anything else than was dictated."""
        message = read(spoken)
        if not message.clauses or len(message.text) > LONGEST_DICTATION:
            return Polished(framed(message), fallback=True)
        try:
            sms = framed(message, self._ask(message))
        except ModelError as error:
            log.warning("polishing without the model: %s", error)
            return Polished(framed(message), fallback=True, problems=("模型没有回答",))
        wrong = tuple(problems(message, sms))
        if wrong:
            return Polished(framed(message), fallback=True, problems=wrong)
        return Polished(sms, fallback=False)

    def _ask(self, message: Message) -> str:
        if not self._warm:
            self.warm()
        asked: Sequence[tuple[Role, str]] = (*self._prefix, ("user", f"口述：{message.text}\n短信："))
        reply = self.model.complete(asked, max_tokens=MOST_TOKENS, grammar=_GRAMMAR)
        body = reply.strip().removeprefix("短信：")
        if not body:
            raise ModelOutputError("the model gave an empty text: check max_tokens and the grammar")
        return body
