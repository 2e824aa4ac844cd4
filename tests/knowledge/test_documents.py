"""The shipped documents read back: every paragraph, every figure of every table, every question's section."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from courier_voice.knowledge.readers import read
from courier_voice.knowledge.split import split
from courier_voice.knowledge.words import Document
from courier_voice.text.normalize import normalize

FIXTURES = Path(__file__).parents[2] / "fixtures"
SOURCES = [
    yaml.safe_load(path.read_text(encoding="utf-8"))
    for path in sorted((FIXTURES / "knowledge" / "sources").glob("*.yaml"))
]
LAWS = sorted((FIXTURES / "knowledge" / "laws").glob("*.md"))
WRITTEN = [source for source in SOURCES if not source.get("scanned")]
QUESTIONS = [
    json.loads(line)
    for name in ("kb_company", "kb_more", "kb_questions")
    for line in (FIXTURES / "eval" / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
]
UNIT = re.compile(r"（((?:[\d.]*(?:元|kg|cm|天|工作日|小时|分钟|米|票|次|%)/?)+)）")


@cache
def document(name: str) -> Document:
    folder = "laws" if (FIXTURES / "knowledge" / "laws" / name).exists() else "company"
    return read(FIXTURES / "knowledge" / folder / name)


def entries(source: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for page in source.get("sheets", source.get("slides", [source])):
        yield from page["body"]
        if "notes" in page:
            yield {"p": page["notes"]}


@pytest.mark.parametrize("source", WRITTEN, ids=lambda source: source["file"])
def test_every_paragraph_and_heading_is_read(source: dict[str, Any]) -> None:
    found = document(source["file"])
    texts = [block.text for block in found.blocks]
    headings = {heading for block in found.blocks for heading in block.path}
    for entry in entries(source):
        for kind, text in entry.items():
            if kind == "p":
                assert text.replace("\u3000", " ") in texts or text in headings
            elif kind == "auto":
                assert any(re.fullmatch(r"第[一二三四五六七八]条 " + re.escape(text), line) for line in texts)
            elif kind in ("h1", "h2"):
                assert text in headings
    assert found.title == source["title"] or source["file"].endswith(".txt")


@pytest.mark.parametrize("source", WRITTEN, ids=lambda source: source["file"])
def test_every_figure_of_every_table_is_in_its_rows_sentence(source: dict[str, Any]) -> None:
    rows = [block.text for block in document(source["file"]).blocks if block.table]
    for table in (entry["table"] for entry in entries(source) if "table" in entry):
        for row in table["rows"]:
            said = [
                fact(names, value, table.get("unit", "")) for names, value in zip(table["columns"], row, strict=True)
            ]
            parts = [set(text.rstrip("。").split("；")) for text in rows]
            assert {part for part in said if part} in parts


def fact(names: list[str], value: Any, unit: str) -> str:
    """What a cell must say, told from the source and not from the file."""
    value = {"√": "是", "×": "否"}.get(str(value), str(value))
    if value == "":
        return ""
    own = UNIT.search(names[-1]) or UNIT.search(names[0])
    name = UNIT.sub("", "".join(names))
    if not re.fullmatch(r"[\d.-]+", value):
        return f"{name}：{value}"
    measured = own[1] if own else unit.removeprefix("单位：")
    if not measured:
        return f"{name}：{value}"
    return f"{name}{' ' * name[-1].isascii()}{value}{measured}"


@pytest.mark.parametrize("source", WRITTEN, ids=lambda source: source["file"])
def test_version_and_effective_date(source: dict[str, Any]) -> None:
    found = document(source["file"])
    assert found.version == source["version"]
    assert found.effective == source["effective"]


def test_the_later_version_of_a_rule_is_known_by_its_date() -> None:
    new, old = document("派件作业规定(2026-04-01).html"), document("派件作业规定(2024-05-01).docx")
    assert new.title == old.title
    assert new.effective is not None
    assert old.effective is not None
    assert new.effective > old.effective


def test_a_scan_is_reported_and_not_silently_empty() -> None:
    found = document("站点安全公告（扫描件）.pdf")
    assert found.unread == (1,)
    assert not found.blocks
    assert "第1页" in found.warnings[0]
    assert "文字识别" in found.warnings[0]


@pytest.mark.parametrize("path", LAWS, ids=lambda path: path.stem)
def test_a_law_has_each_of_its_articles_once_and_in_order(path: Path) -> None:
    written = re.findall(
        r"^(第[一二三四五六七八九十百千零]+条)[\s\u3000]", path.read_text(encoding="utf-8"), re.MULTILINE
    )
    chunks = split(document(path.name))
    assert list(dict.fromkeys(chunk.section for chunk in chunks if chunk.section)) == written


@pytest.mark.parametrize(
    ("name", "effective"),
    [
        ("快递暂行条例(2019-03-02).md", date(2019, 3, 2)),
        ("浙江省快递业促进条例(2021-09-30).md", date(2022, 3, 1)),
        ("民法典-合同编.md", date(2021, 1, 1)),
        ("上海市实施《邮政法》办法.md", date(2012, 12, 1)),
    ],
)
def test_a_law_holds_from_its_own_day_or_its_amendments(name: str, effective: date) -> None:
    assert document(name).effective == effective


def test_a_law_is_titled_by_its_heading_and_its_book_is_in_the_path() -> None:
    contracts = document("民法典-合同编.md")
    assert contracts.title == "中华人民共和国民法典"
    last = contracts.blocks[-1]
    assert last.path == ("合同编", "第三分编 准合同", "第二十九章 不当得利")
    assert last.section == "第九百八十八条"


@pytest.mark.parametrize("question", [q for q in QUESTIONS if q["doc"]], ids=lambda q: q["id"])
def test_every_key_fact_stands_in_the_section_asked_for(question: dict[str, Any]) -> None:
    text = " ".join(b.text for b in document(question["doc"]).blocks if b.section == question["article"])
    assert text
    if question["id"].startswith("dev-kbc") and question["type"] == "number":
        plain = normalize(text).text.replace("千克", "kg")
        for fact in question["key_facts"]:
            assert any(one in text or normalize(one).text in plain for one in fact.split("|"))


def test_questions_are_enough_and_some_have_no_answer() -> None:
    company = [question for question in QUESTIONS if question["id"].startswith("dev-kbc")]
    assert sum(question["doc"] is not None for question in company) >= 40
    assert sum(question["doc"] is None for question in company) >= 10
    assert len({question["question"] for question in QUESTIONS}) == len(QUESTIONS)
    assert {source["file"] for source in WRITTEN} - {q["doc"] for q in company} == {"派件作业规定(2024-05-01).docx"}


def test_the_shipped_files_are_small() -> None:
    assert all(path.stat().st_size < 100_000 for path in (FIXTURES / "knowledge" / "company").iterdir())
