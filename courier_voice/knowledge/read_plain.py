"""Markdown and plain text, in whatever Chinese character set they were saved."""

from __future__ import annotations

import re
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from courier_voice.knowledge.charset import decoded
from courier_voice.knowledge.heads import grid_of
from courier_voice.knowledge.parts import Part, Reading, clean, unwrapped
from courier_voice.knowledge.read_web import html_parts
from courier_voice.knowledge.tables import table_parts


def parse(path: Path) -> Reading:
    """Headings, lists and tables of Markdown; of plain text the paragraphs, and tables drawn by tabs or bars."""
    text = decoded(path.read_bytes(), path.name)
    if path.suffix.lower() == ".md":
        return Reading(tuple(_markdown(text)))
    return Reading(tuple(_plain(text)))


def _plain(text: str) -> list[Part]:
    parts: list[Part] = []
    lines: list[str] = []
    rows: list[list[str]] = []
    for line in [*text.splitlines(), ""]:
        cells = [cell.strip() for cell in re.split(r"\t+|\s?[|｜│]\s?", line.strip().strip("|｜│"))]
        if len(cells) > 1:
            if not re.fullmatch(r"[\s:|+-]*", line):
                rows.append(cells)
            continue
        if len(rows) > 1:
            parts += [Part(one) for one in unwrapped(lines)] + table_parts(grid_of(rows))
            lines = []
        else:
            lines += [" ".join(row) for row in rows]
        rows = []
        lines.append(line)
    return parts + [Part(one) for one in unwrapped(lines)]


def _markdown(text: str) -> list[Part]:
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    parts: list[Part] = []
    numbers: list[str] = []
    rows: list[list[str]] | None = None
    level: int | None = None
    for token in tokens:
        if token.type == "heading_open":
            level = int(token.tag[1])
        elif token.type == "list_item_open":
            numbers.append(f"{token.info}{token.markup} " if token.info else "")
        elif token.type == "list_item_close":
            numbers[-1:] = []
        elif token.type == "table_open":
            rows = []
        elif token.type == "tr_open" and rows is not None:
            rows.append([])
        elif token.type == "table_close" and rows is not None:
            parts += table_parts(grid_of(rows), depth=1)
            rows = None
        elif token.type == "inline" and rows is not None:
            rows[-1].append(_words(token))
        elif token.type == "inline":
            lines = [_words(token)] if level is not None else unwrapped(_words(token).splitlines())
            if numbers and lines:
                lines[0], numbers[-1] = numbers[-1] + lines[0], ""
            parts += [Part(clean(line), level) for line in lines]
            level = None
        elif token.type in ("fence", "code_block"):
            parts += [Part(clean(line)) for line in token.content.splitlines() if line.strip()]
        elif token.type == "html_block" and not token.content.lstrip().startswith("<!--"):
            parts += html_parts(token.content)
    return parts


def _words(token: Token) -> str:
    """The text of a line without its marks; a picture gives its description, line breaks stay."""
    words = []
    for child in token.children or []:
        if child.type in ("softbreak", "hardbreak"):
            words.append("\n")
        elif child.type in ("text", "code_inline", "image"):
            words.append(child.content)
        elif child.type == "html_inline" and re.match(r"<br\s*/?>", child.content, re.IGNORECASE):
            words.append("\n")
    return "".join(words)
