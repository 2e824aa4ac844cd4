"""Word documents, by python-docx: styles, automatic numbers, merged cells, and what it leaves out by itself
(inserted words, content controls, text boxes)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docx
from docx.opc.exceptions import PackageNotFoundError
from docx.oxml import parse_xml
from docx.oxml.ns import qn

from courier_voice.core.errors import KnowledgeError
from courier_voice.knowledge.heads import Cell, Grid
from courier_voice.knowledge.numbering import Numbers
from courier_voice.knowledge.parts import BROKEN_PACKAGE, Part, Reading, clean
from courier_voice.knowledge.tables import table_parts

HEADING = re.compile(r"(?:heading|标题)\s?([1-9])$", re.IGNORECASE)
TITLE = re.compile(r"(title|标题|文档标题)$", re.IGNORECASE)
CONTENTS = re.compile(r"(toc|目录)(\s?\d| heading|$)", re.IGNORECASE)
FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
BLIP = "{http://schemas.openxmlformats.org/drawingml/2006/main}blip"
BREAKS = {qn("w:tab"): "\t", qn("w:br"): "\n", qn("w:cr"): "\n", qn("w:noBreakHyphen"): "-"}


def parse(path: Path) -> Reading:
    """Headings by style or outline level, list numbers as Word shows them, tables in their places, pages where Word
    noted them when it last saved. A file of nothing but pictures has its page 1 unread."""
    try:
        document = docx.Document(str(path))
    except (PackageNotFoundError, *BROKEN_PACKAGE) as error:
        raise KnowledgeError(f"{path.name}: Word 文件已损坏，请用 Word 打开并另存为 .docx") from error
    parts = tuple(_Walk(document).parts(document.element.body))
    pictured = not parts and next(document.element.body.iter(qn("w:drawing"), qn("w:pict")), None) is not None
    pictures = sum(1 for _ in document.element.body.iter(BLIP))
    warnings = [f"{path.name}: {pictures}张图片里的文字没有读入，要紧的话请写成正文"] if parts and pictures else []
    margins = [
        margin.text
        for section in document.sections
        for side in (section.header, section.footer)
        for margin in side.paragraphs
    ]
    properties = document.core_properties
    return Reading(
        parts,
        properties.title,
        properties.version,
        clean(" ".join(margins)),
        unread=(1,) if pictured else (),
        warnings=tuple(warnings),
    )


class _Walk:
    """One pass over a body: the counters of its lists, and its page."""

    def __init__(self, document: Any) -> None:
        self.styles = {style.style_id: style for style in document.styles}
        self.numbers = Numbers(document)
        self.notes = _footnotes(document)
        breaks = document.element.body.iter(qn("w:lastRenderedPageBreak"))
        self.page: int | None = 1 if next(breaks, None) is not None else None

    def parts(self, parent: Any) -> Iterator[Part]:
        for child in parent:
            if child.tag == qn("w:p"):
                yield from self.paragraph(child)
            elif child.tag == qn("w:tbl"):
                grid, depth = self.grid(child)
                yield from table_parts(grid, [self.page] * len(grid), depth or None)
                self.turn(child)
            elif child.tag == qn("w:sdt"):
                content = child.find(qn("w:sdtContent"))
                yield from self.parts(content if content is not None else ())
            elif child.tag in (qn("w:ins"), qn("w:customXml"), qn("w:smartTag")):
                yield from self.parts(child)

    def paragraph(self, element: Any) -> Iterator[Part]:
        self.turn(element)
        boxes: list[Any] = []
        lines = [clean(line) for line in "".join(_words(element, boxes)).split("\n")]
        names = self.style_names(element)
        level = self.level(element, names)
        number = self.numbers.next(element, self.lineage(element)) if any(lines) else ""
        if not any(CONTENTS.match(name) for name in names):
            for line in filter(None, lines):
                yield Part(clean(number + line), level, self.page)
                number = ""
        for box in boxes:
            yield from self.parts(box)
        for mark in element.iter(qn("w:footnoteReference")):
            if text := self.notes.get(mark.get(qn("w:id"))):
                yield Part(f"注：{text}", page=self.page)

    def turn(self, element: Any) -> None:
        if self.page is not None:
            self.page += sum(1 for _ in element.iter(qn("w:lastRenderedPageBreak")))

    def lineage(self, element: Any) -> list[Any]:
        """The paragraph's style and those it is based on."""
        chosen = element.find(f"{qn('w:pPr')}/{qn('w:pStyle')}")
        style = self.styles.get(chosen.get(qn("w:val"))) if chosen is not None else None
        lineage: list[Any] = []
        while style is not None and style not in lineage:
            lineage.append(style)
            style = getattr(style, "base_style", None)
        return lineage

    def style_names(self, element: Any) -> list[str]:
        return [style.name or "" for style in self.lineage(element)]

    def level(self, element: Any, names: list[str]) -> int | None:
        for name in names:
            if found := HEADING.match(name):
                return int(found[1])
            if TITLE.match(name):
                return 1
        for owner in (element, *(style.element for style in self.lineage(element))):
            outline = owner.find(f"{qn('w:pPr')}/{qn('w:outlineLvl')}")
            if outline is not None:
                level = int(outline.get(qn("w:val")))
                return level + 1 if level < 9 else None
        return None

    def grid(self, table: Any) -> tuple[Grid, int]:
        """The cells, and how many rows Word repeats as head on every page."""
        rows = [row for row in table if row.tag == qn("w:tr")]
        width = 0
        places: dict[tuple[int, int], Any] = {}
        for y, row in enumerate(rows):
            x = _amount(row, "w:trPr", "w:gridBefore", 0)
            for cell in row.iter(qn("w:tc")):
                if next(cell.iterancestors(qn("w:tbl")), None) is not table:
                    continue
                merge = cell.find(f"{qn('w:tcPr')}/{qn('w:vMerge')}")
                goes_on = merge is not None and merge.get(qn("w:val"), "continue") == "continue"
                whole = places.get((y - 1, x), cell) if goes_on else cell
                across = _amount(cell, "w:tcPr", "w:gridSpan", 1)
                places.update({(y, x + n): whole for n in range(across)})
                x += across
            width = max(width, x)
        cells: dict[Any, Cell] = {}
        for whole in dict.fromkeys(places.values()):
            own = [place for place, cell in places.items() if cell is whole]
            down, across = len({y for y, _ in own}), len({x for _, x in own})
            boxes: list[Any] = []
            text = clean(" ".join("".join(_words(line, boxes)) for line in whole.iter(qn("w:p"))))
            cells[whole] = Cell(text, down, across)
        grid = [[cells[places[y, x]] if (y, x) in places else Cell("") for x in range(width)] for y in range(len(rows))]
        depth = 0
        while depth < len(rows) and rows[depth].find(f"{qn('w:trPr')}/{qn('w:tblHeader')}") is not None:
            depth += 1
        return grid, depth


def _footnotes(document: Any) -> dict[str, str]:
    part = next((r.target_part for r in document.part.rels.values() if r.reltype.endswith("/footnotes")), None)
    if part is None:
        return {}
    notes = parse_xml(part.blob).iter(qn("w:footnote"))
    return {note.get(qn("w:id")): clean("".join(_words(note, []))) for note in notes}


def _amount(element: Any, properties: str, name: str, default: int) -> int:
    found = element.find(f"{qn(properties)}/{qn(name)}")
    return int(found.get(qn("w:val"))) if found is not None else default


def _words(element: Any, boxes: list[Any]) -> Iterator[str]:
    """The words of a paragraph with tracked insertions and without deletions; its text boxes go to ``boxes``."""
    for child in element:
        if child.tag == qn("w:t"):
            yield child.text or ""
        elif child.tag in BREAKS:
            yield BREAKS[child.tag] if child.get(qn("w:type")) != "page" else ""
        elif child.tag == qn("w:txbxContent"):
            boxes.append(child)
        elif child.tag not in (FALLBACK, qn("w:del"), qn("w:moveFrom"), qn("w:pPr"), qn("w:instrText")):
            yield from _words(child, boxes)
