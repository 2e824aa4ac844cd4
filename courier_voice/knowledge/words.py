"""What the knowledge base is made of: documents as read, chunks as searched, passages as found."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Block:
    """One paragraph, list item or table row, as a sentence.

    ``path`` holds the headings above it, outermost first; ``section`` the numbered article or clause it belongs to
    (第二十二条, 3.2), or empty; ``page`` counts from 1 where the format has pages; ``table`` says it was a row.
    """

    text: str
    path: tuple[str, ...] = ()
    section: str = ""
    page: int | None = None
    table: bool = False


@dataclass(frozen=True)
class Document:
    """A document as read. ``name`` is its file name, ``unread`` the pages that hold pictures but no text.

    ``warnings`` say in plain Chinese what could not be read and what to do about it; empty when all was.
    """

    name: str
    title: str
    blocks: tuple[Block, ...]
    version: str = ""
    effective: date | None = None
    unread: tuple[int, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Chunk:
    """What is embedded and searched. ``id`` is made from document, version, place and text, so that it is stable.

    ``section`` is that of its first block; ``sections`` are all it touches, which are several only when the splitter
    does not follow the structure.
    """

    id: str
    doc: str
    title: str
    text: str
    path: tuple[str, ...] = ()
    section: str = ""
    page: int | None = None
    version: str = ""
    effective: date | None = None
    sections: tuple[str, ...] = ()


@dataclass(frozen=True)
class Passage:
    """A chunk that was found, with its score: the higher the better, comparable within one search only."""

    chunk: Chunk
    score: float
