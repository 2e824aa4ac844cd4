"""Tables as sentences: heads of several rows, merged cells, units, notes."""

from __future__ import annotations

import pytest

from courier_voice.knowledge.heads import Cell, Column, grid_of, split_unit
from courier_voice.knowledge.tables import table_parts


def rows(grid: list[list[Cell]], **options: object) -> list[str]:
    return [part.text for part in table_parts(grid, **options)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "name", "unit"),
    [
        ("首重（元/kg）", "首重", "元/kg"),
        ("续重(元/0.5kg)", "续重", "元/0.5kg"),
        ("费用（元，含税）", "费用（含税）", "元"),
        ("时限（小时）", "时限", "小时"),
        ("运费/元", "运费", "元"),
        ("费率（％）", "费率", "%"),
        ("重量（单位：千克）", "重量", "千克"),
        ("说明（必填）", "说明（必填）", ""),
        ("收/派", "收/派", ""),
    ],
)
def test_a_unit_in_a_name(text: str, name: str, unit: str) -> None:
    assert split_unit(text) == (name, unit)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("12", "首重12元"),
        ("1,200", "首重1,200元"),
        ("12-15", "首重12-15元"),
        ("≤30", "首重≤30元"),
        ("100以上", "首重100元以上"),
        ("面议", "首重：面议"),
        ("12元", "首重：12元"),
        ("0", "首重0元"),
        ("—", ""),
        ("√", "首重：是"),
    ],
)
def test_a_value_takes_the_unit_only_if_it_is_a_number(value: str, said: str) -> None:
    assert Column("首重", "元").said(value) == said


def test_a_head_of_two_rows_and_cells_merged_downwards() -> None:
    place, fee, far = Cell("区域", 2, 1), Cell("运费（元）", 1, 2), Cell("省外", 2, 1)
    grid = [
        [place, fee, fee],
        [place, Cell("首重"), Cell("续重")],
        [far, Cell("12"), Cell("5")],
        [far, Cell("14"), Cell("6")],
    ]
    assert rows(grid) == ["区域：省外；运费首重12元；运费续重5元。", "区域：省外；运费首重14元；运费续重6元。"]


def test_a_head_of_three_rows() -> None:
    item, all_fees, near = Cell("产品", 3, 1), Cell("运费", 1, 3), Cell("省内（元/kg）", 1, 2)
    grid = [
        [item, all_fees, all_fees, all_fees],
        [item, near, near, far := Cell("省外（元）", 2, 1)],
        [item, Cell("首重"), Cell("续重"), far],
        [Cell("特快"), Cell("12"), Cell("3"), Cell("20")],
    ]
    assert rows(grid) == ["产品：特快；运费省内首重12元/kg；运费省内续重3元/kg；运费省外20元。"]


def test_a_head_of_two_rows_without_merging() -> None:
    grid = grid_of([["区域", "运费（元）", ""], ["", "首重", "续重"], ["同城", "8", "1"], ["省内", "10", "2"]])
    assert rows(grid) == ["区域：同城；运费首重8元；运费续重1元。", "区域：省内；运费首重10元；运费续重2元。"]


def test_names_left_blank_below_the_first_and_the_same_again() -> None:
    grid = grid_of([["类别", "物品", "限量"], ["液体", "白酒", "6瓶"], ["", "香水", "同上"]])
    assert rows(grid) == ["类别：液体；物品：白酒；限量：6瓶。", "类别：液体；物品：香水；限量：6瓶。"]


def test_a_caption_a_unit_for_all_a_group_and_a_note() -> None:
    caption, group, note = Cell("收费表 单位：元", 1, 3), Cell("大件", 1, 3), Cell("注：节日另议。", 1, 3)
    grid = [
        [caption] * 3,
        [Cell("序号"), Cell("服务"), Cell("收费")],
        [Cell("1"), Cell("改址"), Cell("6")],
        [group] * 3,
        [Cell("2"), Cell("上楼"), Cell("8")],
        [note] * 3,
    ]
    parts = table_parts(grid, pages=[1, 1, 1, 1, 2, 2])
    assert [(part.text, part.row, part.page) for part in parts] == [
        ("收费表 单位：元", False, 1),
        ("序号：1；服务：改址；收费6元。", True, 1),
        ("大件；序号：2；服务：上楼；收费8元。", True, 2),
        ("注：节日另议。", False, 2),
    ]


def test_a_form_is_name_and_value() -> None:
    grid = grid_of([["文件编号", "HQ-01", "版本", "V2.1"], ["生效日期", "2026-03-01", "编制部门", "运营部"]])
    assert rows(grid) == ["文件编号：HQ-01；版本：V2.1。", "生效日期：2026-03-01；编制部门：运营部。"]


def test_a_table_of_versions_is_no_form() -> None:
    grid = grid_of([["版本", "修订内容"], ["V1.0", "首次发布"], ["V2.0", "调整时限"]])
    assert rows(grid) == ["版本：V1.0；修订内容：首次发布。", "版本：V2.0；修订内容：调整时限。"]


def test_weights_as_names_of_columns() -> None:
    grid = grid_of([["区域", "1", "2", "3"], ["同城", "8", "9", "10"]])
    assert rows(grid) == ["区域：同城；1：8；2：9；3：10。"]


def test_a_table_without_names_keeps_its_words() -> None:
    assert rows(grid_of([["1", "改址", "6元"], ["2", "上楼", "8元"]])) == ["1；改址；6元。", "2；上楼；8元。"]


def test_rows_and_columns_of_nothing_are_left_out() -> None:
    grid = grid_of([["区域", "", "首重（元）"], ["", "", ""], ["同城", "", "8"]])
    assert rows(grid) == ["区域：同城；首重8元。"]
    assert rows(grid_of([["", ""]])) == []
