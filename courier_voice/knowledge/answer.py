"""Questions answered out of the documents, short enough to be said, with document and article; or an honest no."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final

from courier_voice.core.intent import Advice
from courier_voice.knowledge.answer_asked import opening, stance
from courier_voice.knowledge.answer_check import unsupported
from courier_voice.knowledge.answer_claims import amounts
from courier_voice.knowledge.answer_conflict import Rivals, newest
from courier_voice.knowledge.answer_llm import Writer
from courier_voice.knowledge.answer_pick import Pick, pick
from courier_voice.knowledge.base import wording
from courier_voice.knowledge.find import Finder, Found
from courier_voice.knowledge.gate import enough
from courier_voice.knowledge.words import Chunk

NOT_THERE: Final = "手头的文件里没有写，请问站长。"
MORE: Final = "要听详细的吗？"
LONGEST: Final = 60
"""Characters of what is said at once about the matter; document and article come on top."""
PASSAGES: Final = 9


@dataclass(frozen=True)
class Answer:
    """``text`` is what is said, ``detail`` the passage's full words; both empty of facts when not ``answered``."""

    text: str
    answered: bool
    citations: tuple[tuple[str, str], ...] = ()
    detail: str = ""
    statement: str = ""
    """What of ``text`` is said about the matter, without yes or no and without the source."""
    checked: tuple[str, ...] = ()
    """What the language model's answer said that stands in no passage: it was thrown away for that."""
    prompt: str = ""
    """Stamp of the prompt it was worded by; empty for a document's own sentence."""


class Answerer:
    """Answers by extraction; with a ``writer`` by its words, where code finds every fact of them in the passages."""

    def __init__(self, finder: Finder, writer: Writer | None = None) -> None:
        self.finder, self._writer = finder, writer

    def answer(self, question: str, passages: int = PASSAGES) -> Answer:
        """Out of that many passages. Raises ModelError when the embedder fails, and KnowledgeError."""
        looked = self.look(question, passages)
        if looked is None or not enough(question, looked[0], looked[1].found):
            return Answer(NOT_THERE, answered=False)
        _, chosen, rivals = looked
        checked: tuple[str, ...] = ()
        if self._writer is not None:
            # The one passage that is cited: what another says would be said in this one's name.
            chunk = chosen.found.chunk
            written = self._writer.write(question, [chunk])
            checked = tuple(unsupported(written, [_source(chunk)], question))
            if not checked and len(written) <= LONGEST and tells(written):
                worded = _answer(question, written, chosen, rivals, False, checked)
                return replace(worded, prompt=self._writer.stamp)
        return _answer(question, chosen.statement, chosen, rivals, True, checked)

    def look(self, question: str, passages: int = PASSAGES) -> tuple[list[Found], Pick, Rivals | None] | None:
        """What would be answered, not yet whether: passages, the statement, and the contradiction decided on the way;
        None when nothing was found."""
        found, rivals = newest(self.finder.search(question, passages, editions=True))
        return (found, pick(question, found, LONGEST), rivals) if found else None


def _answer(
    question: str, statement: str, chosen: Pick, rivals: Rivals | None, quoted: bool, checked: tuple[str, ...]
) -> Answer:
    chunk = chosen.found.chunk
    first = opening(question, stance(question, chosen.telling)) if quoted else ""
    first = "" if first and statement.startswith(first) else f"{first}，" if first else ""
    said = f"{first}{source_said(chunk)}：{statement.rstrip('。')}。"
    if rivals is not None and rivals.kept == chunk.doc:
        said += f"以{rivals.since:%Y年}{rivals.since.month}月{rivals.since.day}日起的新规定为准。"
    if len(chosen.whole) > len(statement) + 8:
        said += MORE
    detail = f"{source_said(chunk)}：{chosen.whole}"
    return Answer(said, True, ((chunk.doc, place_of(chunk)),), detail, statement, checked)


def tells(written: str) -> bool:
    """Whether there is more in words than a yes or no: without what and why the documents' own sentence says more."""
    return bool(amounts(written)) or len(_ONLY.sub("", written)) >= _LEAST


_ONLY: Final = re.compile("可以|不可以|不能|能|不用|不要|要|是的?|不是|不会|会|没有写?|先|应当|需要|必须|\\W")
_LEAST: Final = 5


def _source(chunk: Chunk) -> str:
    return f"{chunk.title} {' '.join(chunk.path)} {chunk.section} {wording(chunk)}"


def place_of(chunk: Chunk) -> str:
    """Where in its document a chunk stands: the article, else the heading, else the page."""
    return chunk.section or (chunk.path[-1] if chunk.path else "") or (f"第{chunk.page}页" if chunk.page else "")


def source_said(chunk: Chunk) -> str:
    """Document and article as they are named aloud."""
    title = re.sub("中华人民共和国", "", chunk.title).strip("《》")
    place = chunk.section or (f"第{chunk.page}页" if chunk.page and not chunk.path else "")
    return f"《{title}》{place}" if not re.match(r"[\d.]+$", place) else f"《{title}》{place}条"


def advice(answer: Answer) -> Advice:
    """An answer as the dialogue takes it."""
    return Advice(answer.text, answer.answered, answer.citations, answer.detail, answer.prompt)
