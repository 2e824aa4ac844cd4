"""An answer worded by a language model out of the passages; whether it may be said is decided by code."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from typing import Final, Protocol

from courier_voice.core.errors import ModelError
from courier_voice.core.ports import ChatModel, Role
from courier_voice.knowledge.base import wording
from courier_voice.knowledge.words import Chunk
from courier_voice.prompting import load

log = logging.getLogger(__name__)

MOST_TOKENS: Final = 60
LONGEST_PASSAGE: Final = 350
"""Characters of a passage that are shown: what is asked stands in the first one or two sentences found."""
_GRAMMAR: Final = r'root ::= [^\x00-\x1F<>{}"]{2,60}'
_NOT_THERE: Final = re.compile("没有(?:写|提到|说明|规定)|不清楚|无法回答")


class Writer(Protocol):
    @property
    def stamp(self) -> str:
        """Of the prompt it writes by."""
        ...

    def write(self, question: str, chunks: Sequence[Chunk]) -> str:
        """One or two sentences; empty when it has none to give. Never raises for the model's trouble."""
        ...


class LlmWriter:
    """Wording by a language model. Passages are shown to it as quoted data, without what could end the quotation."""

    def __init__(self, model: ChatModel) -> None:
        self._model = model
        self.prompt = load("knowledge/answer")

    @property
    def stamp(self) -> str:
        return self.prompt.stamp

    def write(self, question: str, chunks: Sequence[Chunk]) -> str:
        told = "\n".join(f"[{n}] {quoted(wording(chunk))}" for n, chunk in enumerate(chunks, 1))
        asked = f"资料：\n<<<\n{told}\n>>>\n问题：{quoted(question)}\n回答："
        messages: tuple[tuple[Role, str], ...] = (("system", self.prompt.render()), ("user", asked))
        try:
            reply = self._model.complete(messages, max_tokens=MOST_TOKENS, grammar=_GRAMMAR)
        except ModelError as error:
            log.warning("answering without the model: %s", error)
            return ""
        said = reply.strip().removeprefix("回答：").strip()
        return "" if _NOT_THERE.search(said) else said


def quoted(text: str) -> str:
    """A text in one line that cannot end the quotation it is put in."""
    return re.sub(r"[<>\[\]]", " ", re.sub(r"\s+", " ", text))[:LONGEST_PASSAGE]
