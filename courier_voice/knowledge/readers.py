"""Files as documents, each by its format's own library.

python-docx, openpyxl and python-pptx are the plain way to the whole structure of their formats; pdfplumber gives what
structure a PDF has, type sizes and ruled lines (pypdfium2 is faster but knows no tables); lxml and markdown-it-py read
HTML and Markdown. None needs a model, so that a file always reads the same.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Final

from courier_voice.core.errors import KnowledgeError
from courier_voice.knowledge.dates import dateless, effective_date, version_of
from courier_voice.knowledge.outline import blocks_of
from courier_voice.knowledge.parts import STARTS_ANEW, Part, Reading
from courier_voice.knowledge.words import Document

READER: Final = 1
"""Counts up when the same file would read otherwise than before."""

FORMATS: Final[Mapping[str, str]] = {
    ".docx": "word",
    ".pdf": "pdf",
    ".xlsx": "sheets",
    ".pptx": "slides",
    ".html": "web",
    ".htm": "web",
    ".md": "plain",
    ".txt": "plain",
}
ANCESTORS: Final[Mapping[str, str]] = {
    ".doc": ".docx",
    ".xls": ".xlsx",
    ".ppt": ".pptx",
    ".wps": ".docx",
    ".et": ".xlsx",
}
NAMELESS: Final = re.compile(
    r"(microsoft|document|presentation|powerpoint|untitled|文档|演示文稿|无标题)", re.IGNORECASE
)
"""Titles that programs give by themselves."""
ENCRYPTED_OFFICE: Final = bytes.fromhex("d0cf11e0a1b11ae1")


def read(path: Path) -> Document:
    """The document in ``path``: its blocks in reading order, each with headings, article and page, tables as sentences.

    Pages that hold no text but pictures are in ``unread``, and ``warnings`` tells what to do about them.
    Raises KnowledgeError, with the fix, if the file is missing, of a format not read, encrypted, broken or empty.
    """
    suffix = path.suffix.lower()
    if suffix in ANCESTORS:
        raise KnowledgeError(f"{path.name}: 这种旧格式读不了，请另存为 {ANCESTORS[suffix]} 再添加")
    if suffix not in FORMATS:
        raise KnowledgeError(f"{path.name}: 格式不支持，请转换成 {' '.join(FORMATS)} 之一")
    if not path.is_file():
        raise KnowledgeError(f"{path.name}: 没有这个文件，请检查路径")
    with path.open("rb") as file:
        start = file.read(8)
    if not start:
        raise KnowledgeError(f"{path.name}: 文件是空的，请重新导出")
    if suffix in (".docx", ".xlsx", ".pptx"):
        if start == ENCRYPTED_OFFICE:
            raise KnowledgeError(f"{path.name}: 文件有密码或是旧格式，请去掉密码、另存为 {suffix} 再添加")
        if not zipfile.is_zipfile(path):
            raise KnowledgeError(f"{path.name}: 文件已损坏，请用原软件打开并另存为 {suffix}")
    parse: Callable[[Path], Reading] = import_module(f"courier_voice.knowledge.read_{FORMATS[suffix]}").parse
    return _document(path.name, parse(path))


def _document(name: str, reading: Reading) -> Document:
    parts = [part for part in reading.parts if part.text]
    lines = [part.text for part in parts]
    title = _title(parts, reading.title, Path(name).stem)
    warnings = list(reading.warnings)
    if reading.unread:
        pages = "、".join(map(str, reading.unread))
        warnings.append(f"{name}: 第{pages}页只有图片没有文字，没有读入，请换成文字版或先做文字识别")
    if not parts and not reading.unread:
        raise KnowledgeError(f"{name}: 里面没有文字，请检查文件内容")
    return Document(
        name=name,
        title=title,
        blocks=blocks_of(parts, title),
        version=version_of(name, title, lines, reading.version, reading.margin),
        effective=effective_date(name, [title, *lines], reading.margin),
        unread=reading.unread,
        warnings=tuple(warnings),
    )


def _title(parts: Sequence[Part], stated: str, stem: str) -> str:
    """The first heading if it stands alone on its level, else what the properties state, else the first heading if it
    opens the text without a number, else the file's name without its date."""
    levels = [part.level for part in parts if part.level is not None]
    first = next((part for part in parts[:3] if part.level is not None), None)
    if first is not None and first.level == min(levels):
        if levels.count(first.level) == 1 and not STARTS_ANEW.match(first.text):
            return first.text
        if not stated and first is parts[0] and not STARTS_ANEW.match(first.text):
            return first.text
    return dateless(stem) if not stated or NAMELESS.match(stated) else stated
