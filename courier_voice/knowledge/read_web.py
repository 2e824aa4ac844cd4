"""HTML pages, by lxml: it is here for Word's files already."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from lxml import html
from lxml.etree import ParserError

from courier_voice.core.errors import KnowledgeError
from courier_voice.knowledge.charset import decoded
from courier_voice.knowledge.heads import Cell, Grid
from courier_voice.knowledge.parts import Part, Reading, clean
from courier_voice.knowledge.tables import table_parts

UNSEEN = frozenset({"script", "style", "noscript", "template", "head", "nav", "svg", "button", "select", "input"})
BLOCKS = frozenset(
    "address article aside blockquote body caption center dd details div dl dt fieldset figcaption figure footer form"
    " header hr li main ol p pre section summary table tbody td tfoot th thead tr ul h1 h2 h3 h4 h5 h6".split()
)
CHARSET = re.compile(rb"<meta[^>]+charset\s*=\s*[\"']?\s*([\w-]+)", re.IGNORECASE)
MOST_SPAN = 200


def parse(path: Path) -> Reading:
    """Headings, paragraphs, numbered lists and tables of the page, in order; what is not shown is not read."""
    data = path.read_bytes()
    text = _decoded(data, path.name)
    try:
        page = html.fromstring(re.sub(r"^\s*<\?xml[^>]*\?>", "", text))
    except (ParserError, ValueError) as error:
        raise KnowledgeError(f"{path.name}: 网页读不了，请重新保存为完整网页") from error
    title = page.findtext(".//title") or ""
    return Reading(tuple(_parts(page)), title=clean(title))


def html_parts(text: str) -> list[Part]:
    """The parts of a piece of HTML inside another format."""
    return _parts(html.fragment_fromstring(text, create_parent="div"))


def _decoded(data: bytes, name: str) -> str:
    declared = CHARSET.search(data[:2048])
    if declared:
        charset = declared[1].decode("ascii").lower()
        try:
            return data.decode("gb18030" if charset in ("gb2312", "gbk") else charset)
        except (LookupError, UnicodeDecodeError):
            pass
    return decoded(data, name)


def _parts(root: Any) -> list[Part]:
    parts: list[Part] = []
    words: list[str] = []

    def end(level: int | None = None) -> None:
        text = clean("".join(words))
        words.clear()
        if text:
            parts.append(Part(text, level))

    def walk(node: Any) -> None:
        if not isinstance(node.tag, str) or node.tag in UNSEEN or _hidden(node):
            return
        if node.tag == "table" and node.find(".//table") is None:
            end()
            parts.extend(_table(node))
            return
        block = node.tag in BLOCKS
        if block or node.tag == "br":
            end()
        if node.tag == "li":
            words.append(_number(node))
        words.append(node.text or "")
        for child in node:
            walk(child)
            words.append(child.tail or "")
        if block:
            end(int(node.tag[1]) if re.fullmatch(r"h[1-6]", node.tag) else None)

    walk(root)
    end()
    return parts


def _hidden(node: Any) -> bool:
    style = re.sub(r"\s", "", node.get("style", "")).lower()
    return "hidden" in node.attrib or "display:none" in style or "visibility:hidden" in style


def _number(item: Any) -> str:
    """The number a browser would show before a list item."""
    above = item.getparent()
    if above is None or above.tag != "ol":
        return ""
    first = int(above.get("start")) if (above.get("start") or "").isdecimal() else 1
    return f"{first + sum(1 for other in item.itersiblings('li', preceding=True))}. "


def _table(table: Any) -> list[Part]:
    """The caption and the rows; ``thead``, or rows of nothing but ``th``, are the head."""
    grid: dict[tuple[int, int], Cell] = {}
    rows = [row for row in table.iter("tr") if not _hidden(row)]
    depth = 0
    for number, row in enumerate(rows):
        column = 0
        cells = [cell for cell in row if cell.tag in ("td", "th")]
        if number == depth and cells and (row.getparent().tag == "thead" or all(cell.tag == "th" for cell in cells)):
            depth += 1
        for cell in cells:
            while (number, column) in grid:
                column += 1
            down = min(_span(cell, "rowspan") or len(rows), len(rows) - number)
            across = _span(cell, "colspan") or 1
            whole = Cell(clean(" ".join(cell.itertext())), down, across)
            grid.update({(number + y, column + x): whole for y in range(down) for x in range(across)})
            column += across
    caption = table.find("caption")
    parts = [Part(clean(caption.text_content()))] if caption is not None else []
    width = max((column + 1 for _, column in grid), default=0)
    filled: Grid = [[grid.get((y, x), Cell("")) for x in range(width)] for y in range(len(rows))]
    return parts + table_parts(filled, depth=depth or None)


def _span(cell: Any, name: str) -> int:
    value = cell.get(name, "1").strip()
    return min(int(value), MOST_SPAN) if value.isdecimal() else 1
