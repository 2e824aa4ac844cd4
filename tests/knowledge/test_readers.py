"""Reading: what each format makes hard, and what is said when it cannot be read."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook
from PIL import Image
from pptx import Presentation
from pptx.util import Cm
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Paragraph, SimpleDocTemplate, Table

from courier_voice.core.errors import KnowledgeError
from courier_voice.knowledge.readers import FORMATS, read

FONT = "STSong-Light"


def texts(path: Path) -> list[str]:
    return [block.text for block in read(path).blocks]


# PDF


def long_pdf(path: Path) -> None:
    pdfmetrics.registerFont(UnicodeCIDFont(FONT))
    small, large = (
        ParagraphStyle(str(n), fontName=FONT, fontSize=n, leading=n * 1.5, wordWrap="CJK") for n in (10, 16)
    )
    rows = [["网点", "电话尾号"], *[[f"第{n}网点", str(1000 + n)] for n in range(60)]]
    long = "本办法适用于全部营业部，派送员和揽收员都要遵守，" * 4 + "没有例外。"
    table = Table(
        rows, style=[("GRID", (0, 0), (-1, -1), 0.5, "black"), ("FONTNAME", (0, 0), (-1, -1), FONT)], repeatRows=1
    )
    story: list[Any] = [Paragraph("网点管理办法", large), Paragraph(long, small), table, Paragraph("表后的话。", small)]

    def margins(canvas: Canvas, page: Any) -> None:
        canvas.setFont(FONT, 10)
        canvas.drawString(72, A4[1] - 40, "内部资料 版本：V1.7")
        canvas.drawString(280, 30, f"第 {page.page} 页")

    SimpleDocTemplate(str(path), pagesize=A4).build(story, onFirstPage=margins, onLaterPages=margins)


def test_pdf_lines_are_joined_tables_go_on_over_pages_and_margins_are_left_out(tmp_path: Path) -> None:
    long_pdf(tmp_path / "a.pdf")
    found = read(tmp_path / "a.pdf")
    assert found.title == "网点管理办法"
    assert found.version == "V1.7"
    assert found.blocks[0].text == "本办法适用于全部营业部，派送员和揽收员都要遵守，" * 4 + "没有例外。"
    rows = [block for block in found.blocks if block.table]
    assert [row.text for row in rows] == [f"网点：第{n}网点；电话尾号：{1000 + n}。" for n in range(60)]
    assert {row.page for row in rows} == {1, 2}
    assert found.blocks[-1].text == "表后的话。"
    assert len(found.blocks) == 62


def test_pdf_with_a_scan_among_its_pages_says_which(tmp_path: Path) -> None:
    pdfmetrics.registerFont(UnicodeCIDFont(FONT))
    Image.new("L", (60, 60), 99).save(tmp_path / "p.png")
    canvas = Canvas(str(tmp_path / "a.pdf"))
    canvas.setFont(FONT, 12)
    canvas.drawString(80, 600, "第一条 这一页有字，读得出来。")
    canvas.showPage()
    canvas.drawImage(str(tmp_path / "p.png"), 0, 0, 500, 700)
    canvas.save()
    found = read(tmp_path / "a.pdf")
    assert (found.unread, found.blocks[0].section) == ((2,), "第一条")
    assert "第2页" in found.warnings[0]


def test_pdf_with_a_password_names_the_fix(tmp_path: Path) -> None:
    canvas = Canvas(str(tmp_path / "a.pdf"), encrypt="geheim")
    canvas.drawString(80, 600, "secret")
    canvas.save()
    with pytest.raises(KnowledgeError, match="去掉密码"):
        read(tmp_path / "a.pdf")


def test_a_scan_below_a_running_head_is_unread_too(tmp_path: Path) -> None:
    pdfmetrics.registerFont(UnicodeCIDFont(FONT))
    Image.new("L", (60, 60), 99).save(tmp_path / "p.png")
    canvas = Canvas(str(tmp_path / "a.pdf"))
    canvas.setFont(FONT, 12)
    canvas.drawImage(str(tmp_path / "p.png"), 40, 40, 500, 700)
    canvas.drawString(80, 800, "禾雀速运运营部内部资料，请勿外传")
    canvas.save()
    assert read(tmp_path / "a.pdf").unread == (1,)


# Excel


def test_excel_shows_values_as_people_see_them_and_reports_the_rest(tmp_path: Path) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["项目", "费率", "收费", "合计"])
    sheet.append(["保价", 0.005, 12.0, "=B2*C2"])
    sheet["B2"].number_format, sheet["C2"].number_format = "0.0%", '0"元"'
    sheet.append([])
    sheet.append(["本表自2026年1月1日起执行。"])
    book.create_sheet("旧价").append(["作废"])
    book["旧价"].sheet_state = "hidden"
    book.save(tmp_path / "价目表.xlsx")
    found = read(tmp_path / "价目表.xlsx")
    assert [block.text for block in found.blocks] == [
        "项目：保价；费率：0.5%；收费：12元。",
        "本表自2026年1月1日起执行。",
    ]
    assert found.title == "价目表"
    assert str(found.effective) == "2026-01-01"
    assert any("隐藏" in warning for warning in found.warnings)
    assert any("公式" in warning for warning in found.warnings)


# PowerPoint


def test_slides_are_pages_in_reading_order_and_a_picture_alone_is_unread(tmp_path: Path) -> None:
    Image.new("L", (20, 20)).save(tmp_path / "p.png")
    deck = Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[6])
    slide.shapes.add_textbox(Cm(1), Cm(9), Cm(5), Cm(1)).text_frame.text = "在下面。"
    group = slide.shapes.add_group_shape()
    group.shapes.add_textbox(Cm(1), Cm(2), Cm(5), Cm(1)).text_frame.text = "在上面的组里。"
    deck.slides.add_slide(deck.slide_layouts[6]).shapes.add_picture(str(tmp_path / "p.png"), 0, 0)
    deck.save(str(tmp_path / "a.pptx"))
    found = read(tmp_path / "a.pptx")
    assert [(block.text, block.page) for block in found.blocks] == [("在上面的组里。", 1), ("在下面。", 1)]
    assert found.unread == (2,)


# HTML, Markdown, text

PAGE = """<html><head><meta charset="gb2312"><title>站点</title><style>p{}</style></head><body><h1>派送须知</h1>
<ol start="3"><li>先<b>打电话</b>。</li><li>再上门。</li></ol><p style="display: none">看不见</p>一句<br>另一句
<table><thead><tr><th>区域</th><th>时限（天）</th></tr></thead><tr><td>同城</td><td>1</td></tr></table></body></html>"""


def test_a_page_in_gb2312_with_numbered_items_and_what_is_hidden(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_bytes(PAGE.encode("gb18030"))
    found = read(tmp_path / "a.html")
    assert found.title == "派送须知"
    assert [block.text for block in found.blocks] == [
        "3. 先打电话。",
        "4. 再上门。",
        "一句",
        "另一句",
        "区域：同城；时限1天。",
    ]


def test_markdown_lists_tables_and_soft_breaks(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(
        "# 须知\n\n<!-- 不读 -->\n\n第一条 先验视，\n后封箱。\n（一）看外观；\n（二）看内件。\n\n3. **三**项\n4. 四项\n\n"
        "| 区域 | 时限（天） |\n|---|---|\n| 同城 | 1 |\n\n<table><tr><th>甲</th><th>乙</th></tr><tr><td>一</td><td>二</td></tr></table>\n",
        encoding="utf-8",
    )
    assert texts(tmp_path / "a.md") == [
        "第一条 先验视，后封箱。", "（一）看外观；", "（二）看内件。", "3. 三项", "4. 四项", "区域：同城；时限1天。", "甲：一；乙：二。",
    ]  # fmt: skip


@pytest.mark.parametrize("charset", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "big5"])
def test_text_in_any_chinese_character_set(tmp_path: Path, charset: str) -> None:
    (tmp_path / "a.txt").write_bytes("第一條 收件人不在的，不可以放在門口。".encode(charset))
    assert texts(tmp_path / "a.txt") == ["第一條 收件人不在的，不可以放在門口。"]


def test_text_broken_for_width_is_joined_and_tabs_are_a_table(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(
        "一、派送要求\n派送前必须先联系收件人，约定时间和地点，没有联系上的\n不得擅自投放。\n\n区域\t时限（天）\n同城\t1\n省内\t2\n完。\n",
        encoding="utf-8",
    )
    assert texts(tmp_path / "a.txt") == [
        "派送前必须先联系收件人，约定时间和地点，没有联系上的不得擅自投放。", "区域：同城；时限1天。", "区域：省内；时限2天。", "完。",
    ]  # fmt: skip


# What cannot be read


@pytest.mark.parametrize("suffix", [".docx", ".xlsx", ".pptx", ".pdf"])
@pytest.mark.parametrize("data", [b"not a document at all", b"PK\x03\x04 broken", b"%PDF-1.4 broken", b""])
def test_a_broken_file_names_the_fix(tmp_path: Path, suffix: str, data: bytes) -> None:
    (tmp_path / f"a{suffix}").write_bytes(data)
    with pytest.raises(KnowledgeError, match="请"):
        read(tmp_path / f"a{suffix}")


@pytest.mark.parametrize("suffix", [".docx", ".xlsx", ".pptx"])
def test_an_archive_of_something_else_names_the_fix(tmp_path: Path, suffix: str) -> None:
    with zipfile.ZipFile(tmp_path / f"a{suffix}", "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("x.xml", "<x")
    with pytest.raises(KnowledgeError, match="另存为"):
        read(tmp_path / f"a{suffix}")


def test_an_encrypted_office_file_names_the_fix(tmp_path: Path) -> None:
    (tmp_path / "a.xlsx").write_bytes(bytes.fromhex("d0cf11e0a1b11ae1") + bytes(512))
    with pytest.raises(KnowledgeError, match="去掉密码"):
        read(tmp_path / "a.xlsx")


@pytest.mark.parametrize(
    ("name", "fix"), [("a.doc", "另存为 .docx"), ("a.xls", "另存为 .xlsx"), ("a.png", "转换成"), ("a.md", "检查路径")]
)
def test_other_files_name_the_fix(tmp_path: Path, name: str, fix: str) -> None:
    with pytest.raises(KnowledgeError, match=fix):
        read(tmp_path / name)


@pytest.mark.parametrize("suffix", [".md", ".txt", ".html"])
def test_a_file_of_blanks_is_an_error(tmp_path: Path, suffix: str) -> None:
    (tmp_path / f"a{suffix}").write_text(" \n\n ", encoding="utf-8")
    with pytest.raises(KnowledgeError, match=r"没有文字|重新保存"):
        read(tmp_path / f"a{suffix}")


def test_every_format_has_its_reader() -> None:
    assert set(FORMATS) == {".docx", ".pdf", ".xlsx", ".pptx", ".html", ".htm", ".md", ".txt"}
