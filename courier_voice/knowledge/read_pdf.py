"""PDF files, by pdfplumber: headings are larger type, tables are ruled lines, scans are pages without characters."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pdfplumber
from pdfminer.pdfdocument import PDFEncryptionError, PDFPasswordIncorrect
from pdfminer.pdfexceptions import PDFException
from pdfplumber.utils.exceptions import PdfminerException

from courier_voice.core.errors import KnowledgeError
from courier_voice.knowledge.heads import Cell, Grid
from courier_voice.knowledge.parts import SENTENCE_END, STARTS_ANEW, Part, Reading, clean
from courier_voice.knowledge.tables import table_parts

LARGER = 1.12
"""Type this much larger than the body's is a heading's."""
SMALLER = 0.88
"""Type this much smaller than the body's, near an edge, is a running head's."""
MARGIN = 0.09
"""Share of a page's height at its top and bottom where what repeats on other pages is no text of the document."""
FEW, SOME = 10, 60
"""Characters of a page that is blank but for a stray mark, or but for a running head."""
UNKNOWN = re.compile(r"\(cid:\d+\)")
SNAP = 3.0
"""Points within which two edges of cells are one."""
PAGE_NUMBER = re.compile(r"[-—\s]*(第\s?)?\d{1,4}\s?(页)?(\s?[/／共]\s?\d{1,4}\s?页?)?[-—\s]*$")


@dataclass(frozen=True)
class _Line:
    """A printed line, or (``grid``) a table. ``top``, ``right`` in points, ``size`` that of most of its type."""

    text: str
    page: int
    top: float
    height: float
    size: float = 0.0
    right: float = 0.0
    grid: Grid | None = None


def parse(path: Path) -> Reading:
    """Paragraphs are put together from lines, tables that go on over a page break from their pieces; running heads and
    page numbers are left out. Pages with a picture and next to no characters are unread."""
    lines: list[_Line] = []
    unread = []
    try:
        with path.open("rb") as file, pdfplumber.open(file) as pdf:
            for number, page in enumerate(pdf.pages, start=1):
                found = _page(page, number)
                lines += found
                if _is_picture(page, found):
                    unread.append(number)
                page.close()
            stated = pdf.metadata.get("Title")
    except PdfminerException as error:
        if error.args and isinstance(error.args[0], PDFPasswordIncorrect | PDFEncryptionError):
            raise KnowledgeError(f"{path.name}: PDF 有密码，请去掉密码再添加") from error
        raise KnowledgeError(f"{path.name}: PDF 已损坏，请重新导出") from error
    except (PDFException, KeyError, ValueError, TypeError, IndexError) as error:
        raise KnowledgeError(f"{path.name}: PDF 已损坏，请重新导出") from error
    body = _body_size(lines)
    running = _running(lines, body)
    margin = " ".join(dict.fromkeys(line.text for line in lines if line in running))
    kept = [line for line in lines if line not in running]
    title = clean(stated) if isinstance(stated, str) and stated.lower() not in ("untitled", "(anonymous)") else ""
    return Reading(tuple(_parts(kept, body)), title, margin=margin, unread=tuple(unread))


def _is_picture(page: Any, lines: list[_Line]) -> bool:
    """Whether what the page tells is in pictures: hardly a character, or a picture over most of it and next to no text,
    or characters that the file gives no letters for."""
    written = sum(len(line.text) for line in lines) + sum(
        len(c.text) for line in lines for row in line.grid or [] for c in row
    )
    pictured = sum(float(image["width"]) * float(image["height"]) for image in page.images)
    if written < FEW:
        return bool(page.images or page.curves or page.chars)
    return written < SOME and pictured > float(page.width) * float(page.height) / 2


def _page(page: Any, number: int) -> list[_Line]:
    """Lines and tables from the top down; characters inside tables are not lines."""
    tables = [table for table in page.find_tables() if len(table.cells) > 1]
    outside = page
    for table in tables:
        box = table.bbox
        outside = outside.filter(lambda thing, box=box: not _inside(thing, box))
    height = float(page.height)
    lines = [_Line("", number, table.bbox[1], height, grid=_grid(page, table)) for table in tables]
    for line in outside.extract_text_lines(return_chars=True, x_tolerance=2, y_tolerance=3):
        text = clean(UNKNOWN.sub("", line["text"]))
        if text:
            sizes = Counter(round(char["size"], 1) for char in line["chars"])
            lines.append(_Line(text, number, line["top"], height, sizes.most_common(1)[0][0], line["x1"]))
    return sorted(lines, key=lambda line: line.top)


def _inside(thing: Any, box: tuple[float, float, float, float]) -> bool:
    if thing.get("object_type") != "char":
        return False
    x, y = (thing["x0"] + thing["x1"]) / 2, (thing["top"] + thing["bottom"]) / 2
    return bool(box[0] <= x <= box[2] and box[1] <= y <= box[3])


def _grid(page: Any, table: Any) -> Grid:
    """Cells by their ruled edges: one that spans several rows or columns is one object in all of them."""
    down = _edges([edge for cell in table.cells for edge in (cell[1], cell[3])])
    across = _edges([edge for cell in table.cells for edge in (cell[0], cell[2])])
    grid: Grid = [[Cell("")] * (len(across) - 1) for _ in down[1:]]
    for x0, top, x1, bottom in table.cells:
        text = page.crop((x0, top, x1, bottom), strict=False).extract_text(x_tolerance=2, y_tolerance=3) or ""
        ys, xs = _between(down, top, bottom), _between(across, x0, x1)
        between = " " if text.isascii() else ""
        whole = Cell(clean(UNKNOWN.sub("", between.join(text.splitlines()))), len(ys), len(xs))
        for y in ys:
            for x in xs:
                grid[y][x] = whole
    return grid


def _edges(edges: list[float]) -> list[float]:
    kept: list[float] = []
    for edge in sorted(edges):
        if not kept or edge - kept[-1] > SNAP:
            kept.append(edge)
    return kept


def _between(edges: list[float], low: float, high: float) -> range:
    first = min(range(len(edges)), key=lambda n: abs(edges[n] - low))
    last = min(range(len(edges)), key=lambda n: abs(edges[n] - high))
    return range(first, max(last, first + 1))


def _body_size(lines: list[_Line]) -> float:
    sizes: Counter[float] = Counter()
    for line in lines:
        if line.grid is None:
            sizes[line.size] += len(line.text)
    return sizes.most_common(1)[0][0] if sizes else 0.0


def _running(lines: list[_Line], body: float) -> list[_Line]:
    """Running heads and feet: near an edge, and small, a page number, or the same but for digits on another page."""
    near = [line for line in lines if line.grid is None and not MARGIN < line.top / line.height < 1 - MARGIN]
    pages: dict[str, set[int]] = {}
    for line in near:
        pages.setdefault(re.sub(r"\d+", "#", line.text), set()).add(line.page)
    return [
        line
        for line in near
        if PAGE_NUMBER.match(line.text) or line.size < body * SMALLER or len(pages[re.sub(r"\d+", "#", line.text)]) > 1
    ]


def _parts(lines: list[_Line], body: float) -> list[Part]:
    larger = sorted({line.size for line in lines if line.size > body * LARGER}, reverse=True)
    full = max((line.right for line in lines if line.size <= body * LARGER), default=0.0)
    parts: list[Part] = []
    before: _Line | None = None
    at = 0
    while at < len(lines):
        line = lines[at]
        if line.grid is not None:
            at, grid, pages = _whole_table(lines, at)
            parts += table_parts(grid, pages)
            before = None
            continue
        level = larger.index(line.size) + 1 if line.size in larger else None
        if before is not None and parts and _goes_on(before, line, full, body, level):
            between = " " if before.text[-1].isascii() and line.text[0].isascii() else ""
            parts[-1] = Part(parts[-1].text + between + line.text, level, parts[-1].page)
        else:
            parts.append(Part(line.text, level, line.page))
        before = line
        at += 1
    return parts


def _goes_on(before: _Line, line: _Line, full: float, body: float, level: int | None) -> bool:
    """Whether ``line`` is the next line of the same paragraph: ``before`` reached the right edge."""
    if line.size != before.size or STARTS_ANEW.match(line.text):
        return False
    if level is not None:
        return line.page == before.page and line.top - before.top < 2 * line.size
    return before.right > full - 2 * body and not (before.text[-1] in SENTENCE_END and before.right < full - body)


def _whole_table(lines: list[_Line], at: int) -> tuple[int, Grid, list[int | None]]:
    """The table at ``at`` with its pieces on the following pages, a repeated head left out."""
    first = lines[at].grid or []
    grid, pages = [*first], [lines[at].page] * len(first)
    page = lines[at].page
    at += 1
    while (
        at < len(lines) and (piece := lines[at].grid) and lines[at].page == page + 1 and len(piece[0]) == len(grid[0])
    ):
        page += 1
        same = 0
        while same < len(piece) and same < len(first) and _texts(piece[same]) == _texts(first[same]):
            same += 1
        grid += piece[same:]
        pages += [page] * len(piece[same:])
        at += 1
    return at, grid, [*pages]


def _texts(row: list[Cell]) -> list[str]:
    return [cell.text for cell in row]
