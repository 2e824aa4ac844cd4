"""PowerPoint files, by python-pptx."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from pptx import Presentation
from pptx.exc import PackageNotFoundError
from pptx.shapes.group import GroupShape
from pptx.shapes.picture import Picture

from courier_voice.core.errors import KnowledgeError
from courier_voice.knowledge.heads import Cell, Grid
from courier_voice.knowledge.parts import BROKEN_PACKAGE, Part, Reading, clean
from courier_voice.knowledge.tables import table_parts


def parse(path: Path) -> Reading:
    """A slide is a page, its title a heading; shapes are read from the top down, then the speaker's notes."""
    try:
        deck = Presentation(str(path))
        slides = list(deck.slides)
    except (PackageNotFoundError, *BROKEN_PACKAGE) as error:
        raise KnowledgeError(f"{path.name}: 演示文件已损坏，请用 PowerPoint 打开并另存为 .pptx") from error
    parts: list[Part] = []
    unread = []
    for number, slide in enumerate(slides, start=1):
        found = list(_slide(slide, number))
        if not found and any(isinstance(shape, Picture) for shape in _leaves(slide.shapes)):
            unread.append(number)
        parts += found
    properties = deck.core_properties
    return Reading(tuple(parts), properties.title or "", properties.version or "", unread=tuple(unread))


def _slide(slide: Any, page: int) -> Iterator[Part]:
    title = slide.shapes.title
    if title is not None and clean(title.text_frame.text):
        yield Part(clean(title.text_frame.text), 1 if page == 1 else 2, page)
    for shape in sorted(_leaves(slide.shapes), key=lambda shape: (shape.top or 0, shape.left or 0)):
        if title is not None and shape.shape_id == title.shape_id:
            continue
        if getattr(shape, "has_table", False):
            grid = _grid(shape.table)
            yield from table_parts(grid, [page] * len(grid))
        elif shape.has_text_frame:
            for paragraph in shape.text_frame.paragraphs:
                if text := clean(paragraph.text):
                    yield Part(text, page=page)
    if slide.has_notes_slide and slide.notes_slide.notes_text_frame is not None:
        for paragraph in slide.notes_slide.notes_text_frame.paragraphs:
            if text := clean(paragraph.text):
                yield Part(text, page=page)


def _leaves(shapes: Iterable[Any]) -> Iterator[Any]:
    for shape in shapes:
        if isinstance(shape, GroupShape):
            yield from _leaves(shape.shapes)
        else:
            yield shape


def _grid(table: Any) -> Grid:
    rows, cols = len(table.rows), len(table.columns)
    grid: Grid = [[Cell("")] * cols for _ in range(rows)]
    for y in range(rows):
        for x in range(cols):
            cell = table.cell(y, x)
            if cell.is_spanned:
                continue
            down, across = (cell.span_height, cell.span_width) if cell.is_merge_origin else (1, 1)
            whole = Cell(clean(cell.text_frame.text), down, across)
            for row in grid[y : y + down]:
                row[x : x + across] = [whole] * across
    return grid
