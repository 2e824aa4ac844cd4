"""The knowledge base of a folder, with the readers, the splitter and the vector store it is filled through."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from courier_voice.knowledge.base import Base
from courier_voice.knowledge.base_fill import Filler, Making
from courier_voice.knowledge.embed import Embedder
from courier_voice.knowledge.readers import FORMATS, READER, read
from courier_voice.knowledge.split import SPLITTER, split
from courier_voice.knowledge.store import VectorStore

MAKING: Final = Making(read, split, str(READER), str(SPLITTER), frozenset(FORMATS))


def open_base(home: Path, embedder: Embedder | None, store: str = "") -> Filler:
    """``home`` is made when missing; ``store`` may be a LanceDB URI elsewhere. Raises KnowledgeError."""
    base = Base(home / "base.sqlite3")
    return Filler(base, open_store(store or home / "vectors", embedder), embedder, MAKING, home / ".lock")


def open_store(where: Path | str, embedder: Embedder | None) -> VectorStore | None:
    """The vectors of an embedder, of each stamp its own; None without one."""
    if embedder is None:
        return None
    from courier_voice.knowledge.store_lance import LanceStore

    return LanceStore(where, embedder.stamp)
