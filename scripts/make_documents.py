"""Make the invented company documents of ``fixtures/knowledge/company`` from ``fixtures/knowledge/sources/*.yaml``.

A source gives a table by columns (each the names above it, outermost first) and full rows; here they become merged
cells and heads of several rows, so that a reader has something to resolve. The same source makes the same bytes.

    python scripts/make_documents.py
"""

from __future__ import annotations

import io
import re
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import docx
import yaml
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Pt
from openpyxl import Workbook
from openpyxl.styles import Alignment
from PIL import Image, ImageDraw
from pptx import Presentation
from pptx.util import Cm
from reportlab.lib.colors import black
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle
from source_tables import Cell, Source, cells_of

ROOT: Final = Path(__file__).parent.parent / "fixtures" / "knowledge"
MADE: Final = datetime(2026, 5, 1)
COMPANY: Final = "禾雀速运"
FONT: Final = "STSong-Light"
ARTICLES: Final = """<w:abstractNum %s w:abstractNumId="90"><w:multiLevelType w:val="singleLevel"/><w:lvl w:ilvl="0">
<w:start w:val="1"/><w:numFmt w:val="chineseCounting"/><w:suff w:val="space"/><w:lvlText w:val="第%%1条"/></w:lvl>
</w:abstractNum>"""


def word(source: Source, path: Path) -> None:
    document = docx.Document()
    document.styles["Normal"].font.size = Pt(11)
    document.add_heading(source["title"], 0)
    document.sections[0].header.paragraphs[0].text = source.get("margin", "")
    numbering = document.part.numbering_part.element
    numbering.insert(0, parse_xml(ARTICLES % nsdecls("w")))
    number = numbering.add_num(90).numId
    for entry in source["body"]:
        if "table" in entry or "pairs" in entry:
            _word_table(document, entry)
        elif "auto" in entry:
            properties = document.add_paragraph(entry["auto"])._p.get_or_add_pPr().get_or_add_numPr()
            properties.get_or_add_ilvl().val, properties.get_or_add_numId().val = 0, number
        elif "p" in entry:
            document.add_paragraph(entry["p"])
        else:
            (kind, text), *_ = entry.items()
            document.add_heading(text, int(kind[1]))
    document.core_properties.author = COMPANY
    document.core_properties.title = source["title"]
    document.core_properties.created = document.core_properties.modified = MADE
    document.save(str(path))


def _word_table(document: Any, entry: Source) -> None:
    if "pairs" in entry:
        rows = entry["pairs"]
        cells = [Cell(text, y, x, 1, 1) for y, row in enumerate(rows) for x, text in enumerate(row)]
        height, width = len(rows), len(rows[0])
    else:
        cells, height, width = cells_of(entry["table"])
        if "caption" in entry["table"]:
            document.add_paragraph(entry["table"]["caption"])
    table = document.add_table(height, width, style="Table Grid")
    for cell in cells:
        place = table.cell(cell.row, cell.col)
        if cell.rows * cell.cols > 1:
            place = place.merge(table.cell(cell.row + cell.rows - 1, cell.col + cell.cols - 1))
        place.text = str(cell.text)
    for row in {cell.row for cell in cells if cell.head}:
        table.rows[row]._tr.get_or_add_trPr().append(parse_xml(f"<w:tblHeader {nsdecls('w')}/>"))
    assert table._tbl.find(qn("w:tblGrid")) is not None


def sheets(source: Source, path: Path) -> None:
    book = Workbook()
    book.remove(book.active)
    for page in source["sheets"]:
        sheet = book.create_sheet(page["name"])
        row = 1
        for entry in page["body"]:
            if "table" in entry:
                table = entry["table"]
                for line in filter(None, (table.get("caption"), table.get("unit"))):
                    sheet.cell(row, 1, line)
                    sheet.merge_cells(None, row, 1, row, len(table["columns"]))
                    row += 1
                cells, height, _ = cells_of(table)
                for cell in cells:
                    sheet.cell(
                        row + cell.row, cell.col + 1, None if cell.text == "" else cell.text
                    ).alignment = Alignment(wrap_text=True)
                    if cell.rows * cell.cols > 1:
                        top, left = row + cell.row, cell.col + 1
                        sheet.merge_cells(None, top, left, top + cell.rows - 1, left + cell.cols - 1)
                row += height
                continue
            if "p" in entry:
                sheet.cell(row, 1, entry["p"])
            row += 1
    book.properties.title, book.properties.creator = source["title"], COMPANY
    book.properties.created = book.properties.modified = MADE
    book.save(path)


def slides(source: Source, path: Path) -> None:
    deck = Presentation()
    for page in source["slides"]:
        slide = deck.slides.add_slide(deck.slide_layouts[5])
        slide.shapes.title.text = page["title"]
        top = 5.0
        for entry in page["body"]:
            if "table" in entry:
                cells, height, width = cells_of(entry["table"])
                table = slide.shapes.add_table(height, width, Cm(2), Cm(top), Cm(20), Cm(height)).table
                for cell in cells:
                    place = table.cell(cell.row, cell.col)
                    place.text = str(cell.text)
                    if cell.rows * cell.cols > 1:
                        place.merge(table.cell(cell.row + cell.rows - 1, cell.col + cell.cols - 1))
                top += height
            else:
                slide.shapes.add_textbox(Cm(2), Cm(top), Cm(20), Cm(1.5)).text_frame.text = entry["p"]
                top += 2.0
        if "notes" in page:
            slide.notes_slide.notes_text_frame.text = page["notes"]
    deck.core_properties.title, deck.core_properties.author = source["title"], COMPANY
    deck.core_properties.created = deck.core_properties.modified = MADE
    deck.save(str(path))


def pdf(source: Source, path: Path) -> None:
    if source.get("scanned"):
        _scan(path)
        return
    pdfmetrics.registerFont(UnicodeCIDFont(FONT))

    def style(size: float) -> ParagraphStyle:
        return ParagraphStyle(str(size), fontName=FONT, fontSize=size, leading=size * 1.5, wordWrap="CJK", spaceAfter=4)

    sizes = {"p": style(10.5), "h1": style(15), "h2": style(12.5)}
    story: list[Any] = [Paragraph(source["title"], style(20))]
    for entry in source["body"]:
        if "table" in entry:
            table = entry["table"]
            story += [Paragraph(table["caption"], sizes["p"])]
            cells, height, width = cells_of(table)
            grid: list[list[Any]] = [[""] * width for _ in range(height)]
            ruled: list[Any] = [("GRID", (0, 0), (-1, -1), 0.5, black)]
            for cell in cells:
                grid[cell.row][cell.col] = Paragraph(str(cell.text), style(9))
                ruled.append(("SPAN", (cell.col, cell.row), (cell.col + cell.cols - 1, cell.row + cell.rows - 1)))
            story += [Table(grid, style=TableStyle(ruled)), Spacer(1, 8)]
        else:
            (kind, text), *_ = entry.items()
            story.append(Paragraph(text, sizes[kind]))

    def margins(canvas: Canvas, page: Any) -> None:
        canvas.setFont(FONT, 8)
        canvas.drawString(72, A4[1] - 40, f"{COMPANY}内部资料")
        canvas.drawCentredString(A4[0] / 2, 30, f"第{page.page}页")

    report = SimpleDocTemplate(str(path), pagesize=A4, invariant=1, title=source["title"], author=COMPANY)
    report.build(story, onFirstPage=margins, onLaterPages=margins)


def _scan(path: Path) -> None:
    """A page that is only a picture: grey lines where the words were, and a stamp."""
    picture = Image.new("L", (620, 877), 250)
    draw = ImageDraw.Draw(picture)
    for line in range(12):
        draw.line((70, 160 + 40 * line, 520 - line % 3 * 90, 163 + 40 * line), fill=60, width=5)
    draw.ellipse((400, 650, 540, 790), outline=120, width=6)
    canvas = Canvas(str(path), pagesize=A4, invariant=1)
    canvas.drawImage(ImageReader(picture), 0, 0, *A4)
    canvas.save()


def web(source: Source, path: Path) -> None:
    lines = [
        '<!DOCTYPE html>\n<html lang="zh">',
        f'<head><meta charset="utf-8"><title>{source["title"]}</title></head>\n<body>',
    ]
    lines += ['<nav><a href="#">首页</a> <a href="#">返回</a></nav>', f"<h1>{source['title']}</h1>"]
    for entry in source["body"]:
        if "table" not in entry:
            (kind, text), *_ = entry.items()
            lines.append(f"<{kind}>{text}</{kind}>")
            continue
        cells, height, _ = cells_of(entry["table"])
        lines.append("<table border>")
        if "caption" in entry["table"]:
            lines.append(f"<caption>{entry['table']['caption']}</caption>")
        for row in range(height):
            lines.append("<tr>")
            for cell in sorted((cell for cell in cells if cell.row == row), key=lambda cell: cell.col):
                tag = "th" if cell.head else "td"
                lines.append(f'<{tag} rowspan="{cell.rows}" colspan="{cell.cols}">{cell.text}</{tag}>')
            lines.append("</tr>")
        lines.append("</table>")
    path.write_text("\n".join([*lines, "</body></html>", ""]), encoding="utf-8")


def plain(source: Source, path: Path) -> None:
    """Markdown, or (``.txt``) text as old office machines save it: GB18030."""
    markdown = path.suffix == ".md"
    lines = [f"# {source['title']}"] if markdown else []
    for entry in source["body"]:
        if "table" in entry:
            head = ["".join(names) for names in entry["table"]["columns"]]
            rows = [head, ["---"] * len(head), *entry["table"]["rows"]]
            lines.append("\n".join(f"| {' | '.join(map(str, row))} |" for row in rows))
        else:
            (kind, text), *_ = entry.items()
            lines.append(f"{'#' * int(kind[1])} {text}" if kind != "p" else text)
    text = ("\n\n" if markdown else "\r\n").join(lines) + "\n"
    path.write_bytes(text.encode("utf-8" if markdown else "gb18030"))


WRITERS: Final = {
    ".docx": word, ".xlsx": sheets, ".pptx": slides, ".pdf": pdf, ".html": web, ".md": plain, ".txt": plain
}  # fmt: skip


def timeless(path: Path) -> None:
    """The same archive without the time it was packed at."""
    made = io.BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as new:
        for name in old.namelist():
            data = old.read(name)
            if name == "docProps/core.xml":
                data = re.sub(rb"(<dcterms:modified[^>]*>)[^<]*", rb"\g<1>2026-05-01T00:00:00Z", data)
            new.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED, 9)
    path.write_bytes(made.getvalue())


def main() -> None:
    (ROOT / "company").mkdir(exist_ok=True)
    for file in sorted((ROOT / "sources").glob("*.yaml")):
        source = yaml.safe_load(file.read_text(encoding="utf-8"))
        path = ROOT / "company" / source["file"]
        WRITERS[path.suffix](source, path)
        if path.suffix in (".docx", ".xlsx", ".pptx"):
            timeless(path)
        print(f"{path.stat().st_size:7d}  {path.name}")


if __name__ == "__main__":
    main()
