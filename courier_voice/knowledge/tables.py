"""Tables as sentences: a row with the names of its columns, merged cells given back to every row they span, and the
unit in a column's name put behind its numbers. 首重（元/kg） over 12 reads 首重12元/kg."""

from __future__ import annotations

import re
from collections.abc import Sequence

from courier_voice.knowledge.heads import Cell, Column, Grid, columns_of, depth_of, is_pairs
from courier_voice.knowledge.parts import SENTENCE_END, Part

SINGLE_UNIT = re.compile(r"单位\s?[:：]\s?([^\s，。；）)]+)")
SAME = frozenset({"同上", "″", "〃", "同左"})
NOTE = re.compile(r"(注|备注|说明|附注)\d?\s?[:：.、]")


def table_parts(
    grid: Grid, pages: Sequence[int | None] | None = None, depth: int | None = None, unit: str = ""
) -> list[Part]:
    """A table's rows as sentences, its captions, notes and group titles where they stood.

    ``grid`` is rectangular; a merged cell is one object in every place it spans. ``pages`` has a page a row; ``depth``
    is the number of header rows where the format tells it, else it is worked out. ``unit`` is one for the whole table.
    """
    kept = [number for number, row in enumerate(grid) if any(cell.text for cell in row)]
    grid = _without_empty_columns([grid[number] for number in kept])
    page_of = [pages[number] if pages else None for number in kept]
    above = 0
    parts = []
    while above < len(grid) and len(grid) > 1 and _is_banner(grid[above], first=True):
        text = grid[above][0].text
        if found := SINGLE_UNIT.search(text):
            unit = found[1]
        parts.append(Part(text, page=page_of[above]))
        above += 1
    body = grid[above:]
    if not body:
        return parts
    if depth is None and is_pairs(body):
        rows = [_pairs(row) for row in body]
        return parts + [Part(text, page=page, row=True) for text, page in zip(rows, page_of[above:], strict=True)]
    depth = min(depth_of(body) if depth is None else max(depth - above, 0), len(body))
    columns = columns_of(body[:depth], len(body[0]), unit)
    return parts + _body(body[depth:], columns, page_of[above + depth :])


def _body(rows: Grid, columns: Sequence[Column], pages: Sequence[int | None]) -> list[Part]:
    parts = []
    group = ""
    before: list[str] = [""] * len(columns)
    for row, page in zip(rows, pages, strict=True):
        if _is_banner(row):
            text = row[0].text
            if NOTE.match(text) or text[-1] in SENTENCE_END:
                parts.append(Part(text, page=page))
            else:
                group = text
            continue
        values = [above if cell.text in SAME else cell.text for cell, above in zip(row, before, strict=True)]
        if not values[0] and before[0] and len(values) > 2:
            values[0] = before[0]
        before = values
        said = [column.said(value) for column, value in zip(columns, _once(row, values, columns), strict=True)]
        text = "；".join(filter(None, [group, *said]))
        if text:
            parts.append(Part(text + "。" * (text[-1] not in SENTENCE_END), page=page, row=True))
    return parts


def _once(row: Sequence[Cell], values: list[str], columns: Sequence[Column]) -> list[str]:
    """A cell that spans columns is said once when they have no names of their own to tell them apart."""
    return [
        "" if n and row[n] is row[n - 1] and columns[n].name == columns[n - 1].name else value
        for n, value in enumerate(values)
    ]


def _pairs(row: Sequence[Cell]) -> str:
    texts = [cell.text for cell in row]
    said = [
        f"{name}：{value}" if name else value for name, value in zip(texts[::2], texts[1::2], strict=False) if value
    ]
    return "；".join(said or filter(None, texts)) + "。"


def _is_banner(row: Sequence[Cell], first: bool = False) -> bool:
    """One cell over the whole width; at a table's head or as a note also one that only stands alone in its row."""
    if len(row) < 2:
        return False
    if all(cell is row[0] for cell in row):
        return True
    text = row[0].text
    alone = bool(text) and not any(cell.text for cell in row if cell is not row[0])
    return alone and (first or bool(NOTE.match(text)))


def _without_empty_columns(grid: Grid) -> Grid:
    kept = [n for n in range(len(grid[0]) if grid else 0) if any(row[n].text for row in grid)]
    return [[row[n] for n in kept] for row in grid]
