"""Word documents: what python-docx does not hand out by itself."""

from __future__ import annotations

from pathlib import Path

import docx
from docx.opc.constants import RELATIONSHIP_TYPE as RT
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from PIL import Image

from courier_voice.knowledge.readers import read

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml"


def texts(path: Path) -> list[str]:
    return [block.text for block in read(path).blocks]


def test_word_numbers_that_are_not_in_the_text(tmp_path: Path) -> None:
    document = docx.Document()
    numbering = document.part.numbering_part.element
    levels = "".join(
        f'<w:lvl w:ilvl="{level}"><w:start w:val="1"/><w:numFmt w:val="{form}"/><w:lvlText w:val="{text}"/></w:lvl>'
        for level, (form, text) in enumerate(
            [("chineseCounting", "第%1条"), ("chineseCounting", "（%2）"), ("bullet", "·")]
        )
    )
    numbering.insert(0, parse_xml(f'<w:abstractNum {nsdecls("w")} w:abstractNumId="77">{levels}</w:abstractNum>'))
    number = numbering.add_num(77).numId
    lines = [(0, "先验视。"), (1, "看外观；"), (1, "看内件。"), (2, "拍照。"), (0, "后封箱。"), (1, "贴面单。")]
    for level, text in [*lines, *[(0, f"第{n}句。") for n in range(9)]]:
        properties = document.add_paragraph(text)._p.get_or_add_pPr().get_or_add_numPr()
        properties.get_or_add_ilvl().val, properties.get_or_add_numId().val = level, number
    document.save(str(tmp_path / "a.docx"))
    found = read(tmp_path / "a.docx").blocks
    assert [block.text for block in found[:6]] == [
        "第一条 先验视。", "（一） 看外观；", "（二） 看内件。", "拍照。", "第二条 后封箱。", "（一） 贴面单。",
    ]  # fmt: skip
    assert [block.section for block in found[:6]] == ["第一条"] * 4 + ["第二条"] * 2
    assert found[-1].section == "第十一条"


def test_word_tracked_changes_controls_and_text_boxes(tmp_path: Path) -> None:
    document = docx.Document()
    paragraph = document.add_paragraph("超时")._p
    paragraph.append(parse_xml(f"<w:del {nsdecls('w')}><w:r><w:delText>两</w:delText></w:r></w:del>"))
    paragraph.append(parse_xml(f"<w:ins {nsdecls('w')}><w:r><w:t>三小时上报。</w:t></w:r></w:ins>"))
    body = document.element.body
    control = "<w:sdt {}><w:sdtContent><w:p><w:r><w:t>控件里的话。</w:t></w:r></w:p></w:sdtContent></w:sdt>"
    body.insert(1, parse_xml(control.format(nsdecls("w"))))
    box = "<w:p {}><w:r><w:pict><w:txbxContent><w:p><w:r><w:t>框里的话。</w:t></w:r></w:p></w:txbxContent></w:pict></w:r></w:p>"
    body.insert(2, parse_xml(box.format(nsdecls("w"))))
    document.save(str(tmp_path / "a.docx"))
    assert texts(tmp_path / "a.docx") == ["超时三小时上报。", "控件里的话。", "框里的话。"]


def test_word_headings_by_outline_level_and_pages(tmp_path: Path) -> None:
    document = docx.Document()
    document.add_heading("派送办法", 0)
    heading = document.add_paragraph("派送")
    heading._p.get_or_add_pPr().append(parse_xml(f'<w:outlineLvl {nsdecls("w")} w:val="1"/>'))
    document.add_paragraph("先打电话。")
    document.add_paragraph("目录里的一行\t3", style=document.styles.add_style("toc 1", 1))
    later = document.add_paragraph("再上门。")
    later.runs[0]._r.insert(0, parse_xml(f"<w:lastRenderedPageBreak {nsdecls('w')}/>"))
    document.save(str(tmp_path / "a.docx"))
    found = read(tmp_path / "a.docx")
    assert [(block.text, block.path, block.page) for block in found.blocks] == [
        ("先打电话。", ("派送",), 1),
        ("再上门。", ("派送",), 2),
    ]


def test_word_footnotes_stand_below_their_paragraph_and_pictures_are_told(tmp_path: Path) -> None:
    Image.new("L", (20, 20)).save(tmp_path / "p.png")
    document = docx.Document()
    document.add_paragraph("单件限重三十公斤。")._p.append(
        parse_xml(f'<w:r {nsdecls("w")}><w:footnoteReference w:id="2"/></w:r>')
    )
    document.add_paragraph("再说一句。")
    document.add_picture(str(tmp_path / "p.png"))
    notes = f'<w:footnotes {nsdecls("w")}><w:footnote w:id="2"><w:p><w:r><w:t>生鲜除外。</w:t></w:r></w:p></w:footnote></w:footnotes>'
    part = Part(PackURI("/word/footnotes.xml"), f"{WORD}.footnotes+xml", notes.encode(), document.part.package)
    document.part.relate_to(part, RT.FOOTNOTES)
    document.save(str(tmp_path / "a.docx"))
    found = read(tmp_path / "a.docx")
    assert [block.text for block in found.blocks] == ["单件限重三十公斤。", "注：生鲜除外。", "再说一句。"]
    assert "1张图片" in found.warnings[0]


def test_word_of_nothing_but_a_picture_is_unread(tmp_path: Path) -> None:
    Image.new("L", (20, 20)).save(tmp_path / "p.png")
    document = docx.Document()
    document.add_picture(str(tmp_path / "p.png"))
    document.save(str(tmp_path / "a.docx"))
    assert read(tmp_path / "a.docx").unread == (1,)
