"""Texts in a language model's words where code finds that they say the same, else as they are; asked for once.

A table's row must come out whole: nothing added, nothing lost. A reminder may be shorter, and may say nothing else.
"""

from __future__ import annotations

import hashlib
import logging
import re
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Final, Literal

from courier_voice.core.errors import KnowledgeError, ModelError
from courier_voice.core.ports import ChatModel, Role
from courier_voice.knowledge.answer_check import CHECK, unsupported
from courier_voice.knowledge.answer_claims import amounts
from courier_voice.knowledge.answer_llm import quoted
from courier_voice.prompting import load

log = logging.getLogger(__name__)

Kind = Literal["table", "tip"]
MOST: Final = {"table": 240, "tip": 66}
"""Characters a text may have afterwards."""
_TOKENS: Final = {"table": 200, "tip": 70}
_LONGEST: Final = 320
"""Characters of a text that is shown to the model; a longer one stays as it is."""
_GRAMMAR: Final = r'root ::= [^\x00-\x1F<>{}"]{2,240}'
_SENTENCES: Final = 2
_PATIENCE_S: Final = 5.0
_IN_A_TURN_S: Final = 0.1
"""How long another process's writing is waited for."""
_NAME: Final = re.compile("(?:^|(?<=；))[^；：。]{1,12}：")
"""A column's name before its value: it may be left out where the value speaks for itself."""
_WORDS: Final = re.compile(r"[\w.%‰]+")


class Rewords:
    """What a model made of texts of one ``kind``, kept in the SQLite ``file``, refused ones too.

    Without ``model`` only what is there already is given, for turns, which neither wait nor fail over it. With one it
    raises KnowledgeError when the file cannot be used.
    """

    def __init__(self, file: Path, kind: Kind, model: ChatModel | None = None) -> None:
        self._file, self._kind, self._model = file, kind, model
        self._prompt = load(f"knowledge/{kind}")

    @property
    def stamp(self) -> str:
        """Of the prompt and of the check: other ones word everything anew."""
        return f"{self._prompt.stamp}+check{CHECK}"

    def known(self, text: str) -> str | None:
        """The model's words for a text; empty where they were refused, None where it was never asked."""
        if not self._file.is_file():
            return None
        rows = self._do("SELECT said FROM reworded WHERE key = ?", (self._key(text),))
        return str(rows[0][0]) if rows else None

    def __call__(self, text: str) -> str:
        """The text in other words, or as it is where there are none that say the same."""
        try:
            said = self.known(text)
        except KnowledgeError as error:
            if self._model is not None:
                raise
            log.warning("going on without the words found before: %s", error)
            return text
        if said is None and self._model is not None and len(text) <= _LONGEST:
            said = self._asked(text, self._model)
        return said or text

    def ahead(self, texts: Sequence[str], step: Callable[[], None]) -> int:
        """Ask for those never asked for; how many texts have other words in the end. May be stopped and goes on."""
        done = 0
        for text in texts:
            done += self(text) != text
            step()
        return done

    def _asked(self, text: str, model: ChatModel) -> str | None:
        messages: tuple[tuple[Role, str], ...] = (
            ("system", self._prompt.render()),
            ("user", f"<<<\n{quoted(text)}\n>>>\n改写："),
        )
        try:
            reply = model.complete(messages, max_tokens=_TOKENS[self._kind], grammar=_GRAMMAR)
        except ModelError as error:
            log.warning("going on without the model's words: %s", error)
            return None  # to be asked for another time
        said = reply.strip().removeprefix("改写：").strip()
        said = whole_sentences(said) if self._kind == "tip" else said
        if wrong := refusal(text, said, self._kind):
            log.info("kept as it was, because of %s", "、".join(wrong))
            said = ""
        self._do("INSERT OR REPLACE INTO reworded VALUES (?, ?)", (self._key(text), said))
        return said

    def _key(self, text: str) -> str:
        return hashlib.sha256(f"{self.stamp}\n{text}".encode()).hexdigest()

    def _do(self, command: str, values: tuple[str, ...]) -> list[tuple[str, ...]]:
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            patience_s = _PATIENCE_S if self._model else _IN_A_TURN_S
            with closing(sqlite3.connect(self._file, timeout=patience_s)) as kept, kept:
                kept.execute("CREATE TABLE IF NOT EXISTS reworded (key TEXT PRIMARY KEY, said TEXT)")
                return kept.execute(command, values).fetchall()
        except (sqlite3.Error, OSError) as error:
            raise KnowledgeError(f"{self._file.name} cannot be used ({error}): make room, or remove it") from error


def refusal(text: str, said: str, kind: Kind) -> list[str]:
    """Why words may not stand for a text: what they add or turn round, what they lose, how long they are."""
    if not said or len(said) > MOST[kind]:
        return [f"{len(said)} characters"]
    wrong = unsupported(said, [text])
    if kind == "tip":
        return wrong + (["more than two sentences"] if len(re.findall("[。；！]", said)) > _SENTENCES else [])
    if lost := amounts(text) - amounts(said):
        wrong += [amount.value for amount in lost]
    caption, _, rest = text.partition("；")
    cells = re.sub(r"[\d.%‰]+", " ", _NAME.sub("", text if "：" in caption else rest))
    return wrong + [word for word in _WORDS.findall(cells) if not _kept(word, said)]


def whole_sentences(said: str) -> str:
    """The first two sentences that were finished."""
    return "".join(re.findall("[^。；！]+[。；！]", said)[:_SENTENCES])


def _kept(word: str, said: str) -> bool:
    """Whether a cell's words are still there: all their characters but one in five."""
    there = sum(char in said for char in word)
    return there >= 0.8 * len(word)
