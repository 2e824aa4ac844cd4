"""Excel workbooks, by openpyxl: values as shown, merged cells known."""

from __future__ import annotations

import datetime
import re
from itertools import groupby
from pathlib import Path
from typing import Any

from openpyxl import load_workbook

from courier_voice.core.errors import KnowledgeError
from courier_voice.knowledge.dates import dateless
from courier_voice.knowledge.heads import Cell, Grid
from courier_voice.knowledge.parts import BROKEN_PACKAGE, Part, Reading, clean
from courier_voice.knowledge.tables import SINGLE_UNIT, table_parts

NAMELESS = re.compile(r"(Sheet|工作表|表)\s?\d*$", re.IGNORECASE)


def parse(path: Path) -> Reading:
    """Every shown sheet is a heading; in it blank rows part tables and notes. Hidden sheets and formulas that nobody
    has calculated are left out and reported."""
    try:
        book = load_workbook(path, data_only=True)
        formulas = load_workbook(path)
    except BROKEN_PACKAGE as error:
        raise KnowledgeError(f"{path.name}: 表格文件已损坏，请用 Excel 打开并另存为 .xlsx") from error
    parts: list[Part] = []
    warnings = []
    for sheet in book.worksheets:
        if sheet.sheet_state != "visible":
            warnings.append(f"{path.name}: 隐藏的工作表“{sheet.title}”没有读入，需要的话请取消隐藏")
            continue
        uncounted = _uncounted(sheet, formulas[sheet.title])
        if uncounted:
            warnings.append(f"{path.name}: “{sheet.title}”的{uncounted}处公式没有结果，请用 Excel 打开并保存一次")
        found = _sheet(sheet)
        if found and not NAMELESS.match(sheet.title) and found[0].text != sheet.title:
            found.insert(0, Part(clean(sheet.title), 1))
        parts += found
    properties = book.properties
    return Reading(
        tuple(parts),
        properties.title or dateless(path.stem),
        properties.version or "",
        _margin(book),
        warnings=tuple(warnings),
    )


def _uncounted(sheet: Any, formulas: Any) -> int:
    return sum(
        cell.data_type == "f" and sheet[cell.coordinate].value is None for row in formulas.iter_rows() for cell in row
    )


def _sheet(sheet: Any) -> list[Part]:
    spans: dict[tuple[int, int], Cell] = {}
    for merged in sheet.merged_cells.ranges:
        rows, cols = merged.max_row - merged.min_row + 1, merged.max_col - merged.min_col + 1
        whole = Cell(shown(sheet.cell(merged.min_row, merged.min_col)), rows, cols)
        for row in range(merged.min_row, merged.max_row + 1):
            spans.update({(row, col): whole for col in range(merged.min_col, merged.max_col + 1)})
    grid = [
        [spans.get((cell.row, cell.column)) or Cell(shown(cell)) for cell in row]
        for row in sheet.iter_rows()
        if not sheet.row_dimensions[row[0].row].hidden
    ]
    parts: list[Part] = []
    unit = ""
    for filled, rows in groupby(grid, key=lambda row: any(cell.text for cell in row)):
        region = list(rows)
        if not filled:
            continue
        lines, table = _lines_above(region)
        parts += [Part(line) for line in lines]
        unit = next((found[1] for line in reversed(lines) if (found := SINGLE_UNIT.search(line))), unit)
        if table:
            parts += table_parts(table, unit=unit)
            unit = ""
    return parts


def _lines_above(region: Grid) -> tuple[list[str], Grid]:
    """Rows with a single text are lines; from the first row with two or more on it is a table."""
    lines: list[str] = []
    for number, row in enumerate(region):
        texts = {id(cell): cell.text for cell in row if cell.text}
        if len(texts) > 1:
            return lines, region[number:]
        lines += texts.values()
    return lines, []


def shown(cell: Any) -> str:
    """A cell's value as Excel shows it, as far as it matters: percent, dates, a unit in the number format."""
    value, style = cell.value, cell.number_format or ""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, datetime.datetime | datetime.date):
        return f"{value.year}年{value.month}月{value.day}日"
    if isinstance(value, datetime.time):
        return value.strftime("%H:%M")
    if isinstance(value, int | float):
        percent = "%" in style
        number = f"{round(value * 100 if percent else value, 10):.10f}".rstrip("0").rstrip(".")
        behind = "".join(re.findall(r'"([^"]*)"', style.split(";")[0]))
        return number + "%" * percent + clean(behind)
    return clean(str(value))


def _margin(book: Any) -> str:
    texts = []
    for sheet in book.worksheets:
        for margin in (sheet.oddHeader, sheet.oddFooter):
            texts += [side.text or "" for side in (margin.left, margin.center, margin.right)]
    return clean(" ".join(texts))
