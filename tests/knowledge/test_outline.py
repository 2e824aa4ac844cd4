"""Headings, articles and clauses by their words."""

from __future__ import annotations

import pytest

from courier_voice.knowledge.numbering import written
from courier_voice.knowledge.outline import blocks_of
from courier_voice.knowledge.parts import Part, unwrapped


def sections(*lines: str | Part) -> list[str]:
    return [block.section for block in blocks_of([Part(x) if isinstance(x, str) else x for x in lines], "规定")]


def test_items_belong_to_their_article() -> None:
    found = sections(
        "前言。",
        "第一条 收件要求：",
        "（一）验视；",
        "1. 看外观；",
        "二、封箱。",
        "3.2 称重。",
        "第二条 派件。",
        "续一段。",
    )
    assert found == ["", *["第一条"] * 5, "第二条", "第二条"]


def test_an_article_that_is_only_quoted_begins_none() -> None:
    found = sections(
        "第五条 收件。",
        "第三条规定的情形除外。",
        "第六条和第七条另有规定的，从其规定。",
        "第六条揽收时当面称重。",
        "第七条的罚则另定。",
    )
    assert found == ["第五条", "第五条", "第五条", "第六条", "第六条"]


def test_articles_with_a_title_in_brackets_and_in_figures() -> None:
    assert sections("第十条【验视】先看。", "第11条 再封。", "第十二条之一 另加。") == [
        "第十条",
        "第11条",
        "第十二条之一",
    ]


def test_clauses_below_clauses() -> None:
    found = sections(
        "一、派送要求如下，请各站执行。",
        "（一）先电话。",
        "1、打两次。",
        "（二）再上门。",
        "二、签收要求如下，请各站执行。",
        "（一）核对姓名。",
    )
    assert found == ["一", "一（一）", "一（一）", "一（二）", "二", "二（一）"]


def test_decimal_clauses_and_the_items_below_them() -> None:
    found = sections(
        "1. 总则。", "1.1 适用范围说明。", "1. 甲；", "2. 乙。", "1.2 名词说明。", "2. 派送。", "2.1 先打电话。"
    )
    assert found == ["1", "1.1", "1.1", "1.1", "1.2", "2", "2.1"]


@pytest.mark.parametrize(
    "text", ["3.5元起收。", "2.5kg以内按首重。", "12.5%的件超时。", "1.5小时内送达。", "2026.3.1起执行新价。"]
)
def test_an_amount_is_no_clause(text: str) -> None:
    assert sections("先说一句。", text) == ["", ""]


def test_tables_and_appendices_are_sections_where_nothing_else_is() -> None:
    assert sections("表1 运价", Part("同城；8元。", row=True), "附件2：罚则", "超时罚款。") == ["表1", "表1", "附件2"]
    assert sections("3.2 运价见下表。", "表1 运价", Part("同城；8元。", row=True)) == ["3.2", "3.2", "3.2"]


def test_a_heading_without_a_number_ends_the_article_above() -> None:
    assert sections("第一条 收件。", Part("附则", 2), "解释权归总部。") == ["第一条", ""]


def test_headings_nest_by_level_and_by_words() -> None:
    lines = [
        Part("规定", 1),
        Part("第一章 派 送", 2),
        Part("第一节 联系"),
        Part("先打电话。"),
        Part("第二章 签收", 2),
        Part("核对姓名。"),
    ]
    assert [block.path for block in blocks_of(lines, "规定")] == [("第一章 派送", "第一节 联系"), ("第二章 签收",)]


def test_a_heading_with_nothing_below_it_is_not_lost() -> None:
    lines = [
        Part("第一章 总则", 1),
        Part("禁止收寄现金", 2),
        Part("禁止收寄活体动物", 2),
        Part("第二章 附则", 1),
        Part("完。"),
    ]
    assert [(block.text, block.path) for block in blocks_of(lines, "规定")] == [
        ("禁止收寄现金", ("第一章 总则",)),
        ("禁止收寄活体动物", ("第一章 总则",)),
        ("完。", ("第二章 附则",)),
    ]


def test_a_paragraph_dressed_as_a_heading_stays_a_paragraph() -> None:
    (block,) = blocks_of(
        [Part("第三条 收件人不在的，经其同意可以放在指定的代收点，没有同意的不得擅自投放。", 1)], "规定"
    )
    assert (block.section, block.path) == ("第三条", ())


def test_lines_are_joined_only_where_they_were_broken_for_width() -> None:
    assert unwrapped(["收件人不在的，经本人同意可以放在", "指定地点。", "短行", "（一）另一项"]) == [
        "收件人不在的，经本人同意可以放在指定地点。", "短行", "（一）另一项",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("number", "form", "shown"),
    [
        (1, "chineseCounting", "一"), (12, "chineseCountingThousand", "十二"), (20, "japaneseCounting", "二十"),
        (105, "chineseCounting", "一百零五"), (3, "decimalEnclosedCircle", "③"), (4, "upperRoman", "IV"),
        (9, "lowerRoman", "ix"), (2, "lowerLetter", "b"), (7, "decimal", "7"), (7, "unheardOf", "7"),
    ],
)  # fmt: skip
def test_word_s_forms_of_numbers(number: int, form: str, shown: str) -> None:
    assert written(number, form) == shown
