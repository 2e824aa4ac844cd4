"""The baseline of readers: a file's text line by line, tables as cells side by side, no headings, no columns' names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from pathlib import Path

from courier_voice.knowledge.charset import decoded
from courier_voice.knowledge.outline import blocks_of
from courier_voice.knowledge.parts import Part, clean
from courier_voice.knowledge.readers import read
from courier_voice.knowledge.words import Document


def read_plainly(path: Path) -> Document:
    """The document with its name, title and dates as ever, its text as most programs would give it. Numbered articles
    are still known by their numbers, so that both can be scored. Raises KnowledgeError as ``readers.read``."""
    known = read(path)
    lines = (clean(line) for text in _TEXTS[path.suffix.lower()](path) for line in text.splitlines())
    return replace(known, blocks=blocks_of([Part(line) for line in lines if line], ""))


def _word(path: Path) -> Iterator[str]:
    import docx
    from docx.table import Table

    for each in docx.Document(str(path)).iter_inner_content():
        if isinstance(each, Table):
            yield from (" ".join(cell.text for cell in row.cells) for row in each.rows)
        else:
            yield each.text


def _sheets(path: Path) -> Iterator[str]:
    import openpyxl

    for sheet in openpyxl.load_workbook(path, data_only=True):
        yield sheet.title
        yield from (
            " ".join(str(value) for value in row if value is not None) for row in sheet.iter_rows(values_only=True)
        )


def _slides(path: Path) -> Iterator[str]:
    import pptx

    for shape in chain.from_iterable(slide.shapes for slide in pptx.Presentation(str(path)).slides):
        if shape.has_text_frame:
            yield shape.text_frame.text
        if getattr(shape, "has_table", False):
            yield from (" ".join(cell.text for cell in row.cells) for row in shape.table.rows)


def _pdf(path: Path) -> Iterator[str]:
    import pdfplumber

    with pdfplumber.open(path) as pages:
        yield from (page.extract_text() for page in pages.pages)


def _web(path: Path) -> Iterator[str]:
    from lxml import html

    for row in (tree := html.fromstring(path.read_bytes())).iter("tr"):
        for cell in row:
            cell.tail = " "
    yield str(tree.text_content())


def _text(path: Path) -> Iterator[str]:
    yield decoded(path.read_bytes(), path.name)


_TEXTS = {
    ".docx": _word,
    ".xlsx": _sheets,
    ".pptx": _slides,
    ".pdf": _pdf,
    ".html": _web,
    ".htm": _web,
    ".md": _text,
    ".txt": _text,
}
