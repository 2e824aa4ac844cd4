from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from courier_voice.speech.spoken import clauses, quantity, spoken


@pytest.mark.parametrize(
    ("shown", "said"),
    [
        ("尾号6688", "尾号六六八八"),
        ("尾号1357，3件", "尾号幺三五七，三件"),
        ("尾号为0578", "尾号为零五七八"),
        ("王女士6688", "王女士六六八八"),
        ("2.8公斤", "二点八公斤"),
        ("2.05kg", "二点零五公斤"),
        ("219元", "二百一十九元"),
        ("¥1,200", "一千二百元"),
        ("保价2000元", "保价两千元"),
        ("12000元", "一万二千元"),
        ("3件", "三件"),
        ("2件", "两件"),
        ("12件", "十二件"),
        ("共2单，2个快超时", "共两单，两个快超时"),
        ("第2户", "第二户"),
        ("14:30", "十四点三十分"),
        ("14:05", "十四点零五分"),
        ("2:00", "两点"),
        ("13:00-16:00", "十三点到十六点"),
        ("5月2日", "五月二日"),
        ("2025-05-14", "二零二五年五月十四日"),
        ("11号楼2703", "十一号楼二七零三"),
        ("3号楼2单元501", "三号楼二单元五零一"),
        ("瑞丰广场C座22楼", "瑞丰广场西座二十二楼"),
        ("八一路119号", "八一路一百一十九号"),
        ("A座1203室", "诶座一二零三室"),
        ("JD0237745225083", "杰弟零二三七七四五二二五零八三"),
        ("137****6625", "幺三七，六六二五"),
        ("35×35×28厘米", "三十五乘三十五乘二十八厘米"),
        ("2~8℃", "二到八摄氏度"),
        ("8%", "百分之八"),
        ("取件码8-2-1203", "取件码八杠二杠幺二零三"),
        ("４号楼", "四号楼"),
        ("没有数字。", "没有数字。"),
    ],
)
def test_words_for_what_is_shown(shown: str, said: str) -> None:
    assert spoken(shown) == said


REPLIES = st.lists(
    st.sampled_from(
        ["尾号", "号楼", "单元", "元", "公斤", "件", "点", "，", "。", ":", "-", "JD", "王女士", "第", "kg", "%"]
    )
    | st.integers(0, 10**14).map(str)
    | st.floats(0, 1e4).map("{:.2f}".format)
    | st.text(max_size=3)
).map("".join)


@given(REPLIES)
def test_no_digit_or_letter_is_left_to_guess(shown: str) -> None:
    assert not re.search(r"[0-9A-Za-z]", spoken(shown))


@given(REPLIES)
def test_words_stay_as_they_are(shown: str) -> None:
    said = spoken(shown)
    assert spoken(said) == said


@given(st.integers(0, 10**12 - 1))
def test_quantities_keep_their_value(number: int) -> None:
    import cn2an

    assert cn2an.cn2an(quantity(str(number)), "smart") == number


@given(st.text(st.sampled_from("一二三，。、！？：\n "), max_size=300), st.integers(1, 80))
def test_clauses_lose_nothing_and_are_short(text: str, limit: int) -> None:
    cut = list(clauses(text, limit))
    assert re.sub(r"[\s，。、！？：]", "", "".join(cut)) == re.sub(r"[\s，。、！？：]", "", text)
    assert all(len(re.sub(r"[，。、！？：\n]", "", clause)) <= limit for clause in cut)


def test_clauses_end_with_their_sentence() -> None:
    assert list(clauses("正在打给王女士。尾号6688！好")) == ["正在打给王女士。", "尾号6688！", "好"]
