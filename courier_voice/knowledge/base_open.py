"""The knowledge base of a folder, with the readers, the splitter and the vector store it is filled through."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

from courier_voice.core.intent import Advice
from courier_voice.core.parcels import Day, Parcel
from courier_voice.core.ports import ChatModel
from courier_voice.knowledge.accounts import AccountRules
from courier_voice.knowledge.answer import Answerer, advice
from courier_voice.knowledge.answer_llm import LlmWriter
from courier_voice.knowledge.base import Base
from courier_voice.knowledge.base_fill import Filler, Making, Progress
from courier_voice.knowledge.embed import Embedder
from courier_voice.knowledge.find import Finder
from courier_voice.knowledge.readers import FORMATS, READER, read
from courier_voice.knowledge.ready import NONE, read_ready
from courier_voice.knowledge.reword import Rewords
from courier_voice.knowledge.split import SPLITTER, split
from courier_voice.knowledge.store import VectorStore
from courier_voice.knowledge.words import Document

log = logging.getLogger(__name__)

EMPTY: Final = "资料库里还没有文件，请先运行 courier-voice kb add，不带参数就装入随附的法规和公司文件。"
"""Said where nothing was ever put in: that the documents do not say it would be a lie."""

MAKING: Final = Making(read, split, str(READER), str(SPLITTER), frozenset(FORMATS))


def open_base(
    home: Path, embedder: Embedder | None, store: str = "", tables: Rewords | None = None, ready: Path | None = None
) -> Filler:
    """``home`` is made when missing; ``store`` may be a LanceDB URI elsewhere; ``tables`` words the rows of tables;
    ``ready`` is a file of vectors made before. Raises KnowledgeError."""
    base = Base(home / "base.sqlite3")
    making = worded(MAKING, tables) if tables else MAKING
    known = read_ready(ready, embedder.stamp) if ready and embedder else NONE
    return Filler(base, open_store(store or home / "vectors", embedder), embedder, making, home / ".lock", known)


def worded(making: Making, tables: Rewords) -> Making:
    """Making of documents with tables' rows in the words of ``tables``, whose stamp is part of the reader's version."""

    def word(document: Document, report: Progress) -> Document:
        rows = dict.fromkeys(block.text for block in document.blocks if block.table)
        said: dict[str, str] = {}
        for row in rows:
            report(document.name, len(said), len(rows))
            said[row] = tables(row)
        blocks = (replace(b, text=said[b.text]) if b.table else b for b in document.blocks)
        return replace(document, blocks=tuple(blocks))

    return replace(making, word=word, reader=f"{making.reader}+{tables.stamp}")


def open_store(where: Path | str, embedder: Embedder | None) -> VectorStore | None:
    """The vectors of an embedder, of each stamp its own; None without one."""
    if embedder is None:
        return None
    from courier_voice.knowledge.store_lance import LanceStore

    return LanceStore(where, embedder.stamp)


def answerer(filler: Filler, model: ChatModel | None = None) -> Answerer:
    """What answers out of a base; with a language model in its words, checked."""
    finder = Finder(filler.base, filler.store, filler.embedder)
    return Answerer(finder, LlmWriter(model) if model else None)


class Library:
    """Knowledge of the agent: the rules of a key account where they apply, else the documents, as ``kb ask`` has them.

    ``base`` opens them with the first question that needs them: nobody waits for an embedder he does not use. Nothing
    is embedded or fetched here, as a turn does not wait for it; documents that come while the agent runs are asked.
    """

    def __init__(self, base: Callable[[], Filler], model: ChatModel | None = None) -> None:
        self._open, self._model = base, model
        self._accounts = AccountRules()
        self._filler: Filler | None = None
        self._answerer: Answerer | None = None

    def ask(self, question: str, about: Parcel | None, day: Day) -> Advice:
        """Raises KnowledgeError, ModelError, and WeightsError or SettingsError of the embedder chosen."""
        told = self._accounts.ask(question, about, day)
        if told.answered:
            return told
        documents = self._opened()
        return advice(documents.answer(question)) if documents else Advice(EMPTY, answered=False)

    def warm(self) -> None:
        """Open the documents and look something up, so that the first question need not wait for it. Raises as
        ``ask``."""
        if self._opened() and self._filler:
            answerer(self._filler).answer("怎么包装")

    def _opened(self) -> Answerer | None:
        """None while there are no documents."""
        if self._filler is None:
            self._filler = self._open()
            if self._filler.embedder is None:
                log.warning("documents are found by words only: courier-voice models pull embedding-gemma; kb update")
        if not self._filler.base.documents():
            log.warning("the knowledge base is empty, so only key accounts' rules answer: courier-voice kb add")
            return None
        self._answerer = self._answerer or answerer(self._filler, self._model)
        return self._answerer
