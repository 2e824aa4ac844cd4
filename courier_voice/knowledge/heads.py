"""The head of a table: how many rows it has, and what each column is called and measured in."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from courier_voice.knowledge.parts import clean

ONE_UNIT = (
    r"(?:\d+(?:\.\d+)?)?(?:人民币|万元|元|角|kg|KG|Kg|千克|公斤|克|g|吨|斤|mm|毫米|cm|CM|厘米|km|公里|米|m³|m3|m|立方米|立方厘米"
    r"|cm³|cm3|%|％|‰|百分比|件|票|单|天|日|工作日|小时|h|分钟|min|秒|分|次|箱|层|个|部|台|瓶|袋|℃|升|L|ml|毫升|年|月|周|户|格|人)"
)
UNIT = re.compile(rf"{ONE_UNIT}(?:/{ONE_UNIT})*$")
IN_BRACKETS = re.compile(r"[（(\[]\s?(?:单位\s?[:：]\s?)?([^（）()\[\]]+?)\s?[）)\]]")
AFTER_SLASH = re.compile(r"(?<=[\u4e00-\u9fff])[/／](元|kg|cm|%|天|小时|件|次)$")
VALUE = re.compile(
    r"[≤≥<>约¥￥]?\d[\d,]*(?:\.\d+)?\s?%?$|\d{4}\s?[年./-]\s?\d{1,2}(?:\s?[月./-]\s?\d{1,2}\s?日?|月)?$"
    r"|[Vv]\d+(?:\.\d+)*$|[A-Z]{1,6}-[\w-]*\d[\w.-]*$"
)
NUMBER = r"(?:\d[\d,]*(?:\.\d+)?)"
QUANTITY = re.compile(
    rf"(?:[≤≥<>＜＞约]|不超过|不足|不低于|至少|最多|最高|最低|超过)?\s?{NUMBER}(?:\s?[-~～—–至到]\s?{NUMBER})?"
    r"(以上|以下|以内|起)?$"
)
COUNTS = re.compile(r"(序号|编号|数量|件数|重量|体积|代码|电话|时间|日期|天数|次数)")
NOTHING = frozenset({"", "/", "-", "—", "–", "——", "\\"})
TICKS = {"√": "是", "✓": "是", "✔": "是", "●": "是", "×": "否", "✗": "否", "✘": "否", "✕": "否"}
ABOUT = re.compile(
    r"(版本号?|文件编号|编号|(生效|施行|实施|执行|发布|修订)日期|编制部门|制定部门|发布部门|归口部门|适用范围|密级)$"
)
MOST = 4
"""Rows of column names; more is a form, not a table."""


@dataclass(frozen=True, eq=False)
class Cell:
    """A cell, and how many rows and columns it spans."""

    text: str
    rows: int = 1
    cols: int = 1


Grid = list[list[Cell]]


@dataclass(frozen=True)
class Column:
    """What a column is called, and the unit of its numbers if its name tells one."""

    name: str
    unit: str = ""

    def said(self, value: str) -> str:
        """``value`` with name and unit; empty if the cell says nothing."""
        if value in NOTHING:
            return ""
        value = TICKS.get(value, value)
        quantity = QUANTITY.match(value)
        if not quantity:
            return f"{self.name}：{value}" if self.name else value
        bound = quantity[1] or ""
        amount = value[: len(value) - len(bound)] + self.unit + bound
        between = " " if self.name[-1:].isascii() and self.name else ""
        return f"{self.name}{between}{amount}" if self.unit else f"{self.name}：{value}" if self.name else value


def grid_of(rows: Sequence[Sequence[str]]) -> Grid:
    """A grid of texts in which nothing is merged; short rows are filled up."""
    width = max(map(len, rows), default=0)
    return [[Cell(clean(text)) for text in [*row, *[""] * (width - len(row))]] for row in rows]


def is_pairs(grid: Grid) -> bool:
    """Name, value, name, value: a form and not a table with a head."""
    width = len(grid[0])
    if width not in (2, 4):
        return False
    first = [cell.text for cell in grid[0]]
    names = [row[0].text for row in grid]
    if any(map(ABOUT.match, names)) and not any(map(VALUE.match, names)):
        return not ABOUT.match(first[1])
    return not VALUE.match(first[0]) and bool(VALUE.match(first[1])) and (width == 2 or not VALUE.match(first[2]))


def depth_of(grid: Grid) -> int:
    """How many rows at the top name the columns: as far as the cells of the first row reach down, and one below every
    cell that spans columns; none if a plain value stands in the first row."""
    first = grid[0]
    values = [bool(VALUE.match(cell.text)) for cell in first]
    if any(values) and not (len(first) > 2 and not values[0] and all(values[1:])):
        return 0
    depth = 1
    row = 0
    while row < depth < min(MOST, len(grid)):
        for cell in grid[row]:
            below = row + 1 < len(grid) and grid[row + 1]
            spans = cell.cols > 1 and not (below and any(VALUE.match(other.text) for other in below))
            starts = row == 0 or not any(cell is other for other in grid[row - 1])
            if starts and cell.rows < len(grid):
                depth = max(depth, row + cell.rows + spans)
        row += 1
    if depth == 1 and _continues(grid):
        return 2
    return min(depth, MOST, len(grid))


def _continues(grid: Grid) -> bool:
    """Two rows of names, nothing merged: blanks beside a name above, names below them, values only further down."""
    if len(grid) < 3:
        return False
    first, second = grid[0], grid[1]
    beside = [n for n in range(1, len(first)) if not first[n].text]
    return (
        bool(beside)
        and all(second[n].text for n in beside)
        and not any(QUANTITY.match(cell.text) for cell in second)
        and any(QUANTITY.match(grid[2][n].text) for n in beside)
    )


def columns_of(head: Grid, width: int, unit: str = "") -> list[Column]:
    """A column's name is all names above it, outermost first; its unit the innermost one. ``unit`` is for columns
    whose names have none."""
    columns = []
    for number in range(width):
        names: list[str] = []
        measured = ""
        for level, row in enumerate(head):
            text = row[number].text
            if not text and level + 1 < len(head):
                text = next((row[n].text for n in range(number, -1, -1) if row[n].text), "")
            name, found = split_unit(text)
            measured = found or measured
            if name and (not names or names[-1] != name):
                names.append(name)
        name = _joined(names)
        columns.append(Column(name, measured or ("" if COUNTS.search(name) else unit)))
    return columns


def split_unit(text: str) -> tuple[str, str]:
    """首重（元/kg） → 首重, 元/kg. What stands in brackets but is no unit stays: 费用（含税）."""
    unit = ""
    for found in IN_BRACKETS.finditer(text):
        inside = re.split(r"[，,、;；]", found[1])
        units = [part.strip() for part in inside if UNIT.match(part.strip())]
        if units:
            unit = units[-1]
            rest = [part for part in inside if part.strip() not in units]
            text = text.replace(found[0], f"（{'，'.join(rest)}）" if rest else "")
    if not unit and (slashed := AFTER_SLASH.search(text)):
        return text[: slashed.start()], slashed[1]
    return text.strip(), unit.replace("％", "%").replace("百分比", "%")


def _joined(names: Sequence[str]) -> str:
    text = ""
    for name in names:
        text += (" " if text and text[-1].isascii() and name[0].isascii() else "") + name
    return text
