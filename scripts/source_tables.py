"""Tables of the document sources, as the cells a file has: names and values that agree with their neighbours merged."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import Any

Source = dict[str, Any]


@dataclass(frozen=True)
class Cell:
    """A cell with its place and span; ``head`` in the rows of column names."""

    text: Any
    row: int
    col: int
    rows: int
    cols: int
    head: bool = False


def cells_of(table: Source) -> tuple[list[Cell], int, int]:
    """A source's table as cells, and its size: names side by side, or rows one below the other, that agree are one."""
    columns, rows = table["columns"], table["rows"]
    depth = max(map(len, columns))
    cells = []
    for level in range(depth):
        for _, run in groupby(
            range(len(columns)), key=lambda n: tuple(columns[n][: level + 1]) + (n,) * (len(columns[n]) <= level + 1)
        ):
            cols = list(run)
            path = columns[cols[0]]
            if level < len(path):
                last = level == len(path) - 1
                cells.append(Cell(path[level], level, cols[0], depth - level if last else 1, len(cols), True))
    for col in range(len(columns)):
        start = 0
        while start < len(rows):
            end = start + 1
            while col in table.get("merge", []) and end < len(rows) and rows[end][col] == rows[start][col]:
                end += 1
            cells.append(Cell(rows[start][col], depth + start, col, end - start, 1))
            start = end
    height = depth + len(rows)
    if "notes" in table:
        cells.append(Cell(table["notes"], height, 0, 1, len(columns)))
    return cells, height + ("notes" in table), len(columns)
