"""Version and effective date."""

from __future__ import annotations

from datetime import date

import pytest

from courier_voice.knowledge.dates import dateless, effective_date, version_of


@pytest.mark.parametrize(
    ("name", "lines", "expected"),
    [
        ("a.md", ["生效日期：2026-03-01", "本规定自2025年1月1日起施行。"], date(2026, 3, 1)),
        ("a.md", ["施行日期为2026年3月1日"], date(2026, 3, 1)),
        ("a.md", ["第九条 本办法自2021年11月1日起施行。"], date(2021, 11, 1)),
        ("a.md", ["自 2026 年 3 月 1 日起执行。"], date(2026, 3, 1)),
        ("条例(2019-03-02).md", ["2018年3月2日 国务院令第697号公布", "本条例自2018年5月1日起施行。"], date(2019, 3, 2)),
        ("条例(2021-09-30).md", ["2021年9月29日 通过", "本条例自2022年3月1日起施行。"], date(2022, 3, 1)),
        ("通知_2026.03.05.docx", ["请各站执行。"], date(2026, 3, 5)),
        ("a.md", ["（2012年11月29日第三十次会议通过）"], date(2012, 11, 29)),
        ("a.md", ["客户自2026年1月1日寄的件都赔。"], None),
        ("a.md", ["生效日期：2026-13-01"], None),
    ],
)
def test_when_rules_hold(name: str, lines: list[str], expected: date | None) -> None:
    assert effective_date(name, lines) == expected


def test_a_day_in_the_running_head_counts() -> None:
    assert effective_date("a.pdf", ["正文。"], "禾雀速运 生效日期：2026年2月1日") == date(2026, 2, 1)


@pytest.mark.parametrize(
    ("name", "title", "lines", "stated", "expected"),
    [
        ("a.docx", "规定", ["版本：V2.1"], "9", "V2.1"),
        ("a.docx", "规定", ["版本号: 3.0"], "", "3.0"),
        ("规定V1.2.docx", "规定", [], "", "V1.2"),
        ("a.docx", "派件规定（2024年修订版）", [], "", "2024版"),
        ("规定(2019-03-02).md", "规定", [], "", "2019-03-02"),
        ("规定(2019-03-02).md", "规定", [], "7", "7"),
        ("a.docx", "规定", ["旧版本10日内收回。"], "", ""),
    ],
)
def test_which_version(name: str, title: str, lines: list[str], stated: str, expected: str) -> None:
    assert version_of(name, title, lines, stated) == expected


@pytest.mark.parametrize(
    ("stem", "title"),
    [("快递暂行条例(2019-03-02)", "快递暂行条例"), ("派件规定_V2.1", "派件规定"), ("(2019-03-02)", "(2019-03-02)")],
)
def test_a_file_s_name_without_its_date(stem: str, title: str) -> None:
    assert dateless(stem) == title
