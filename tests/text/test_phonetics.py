import pytest
from hypothesis import given
from hypothesis import strategies as st

from courier_voice.text.phonetics import (
    find_by_sound,
    pinyin,
    same_digits,
    sound_distance,
)

HAN = st.text("金锦桂花园文景苑山三四是十林宁零里路一幺女驴分风A6栋，", max_size=8)


def test_a_syllable_for_each_character_that_sounds() -> None:
    assert pinyin("锦桂花园6栋，A座") == ("jin", "gui", "hua", "yuan", "liu", "dong", "a", "zuo")
    assert pinyin("重庆银行") == ("chong", "qing", "yin", "hang")
    assert pinyin("，。 ") == ()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("桂香园", "贵香园"),
        ("新安里", "心安里"),
        ("薛女士", "薛女是"),
        ("柏林路6号", "柏林路六号"),
        ("史老板", "石老板"),
    ],
)
def test_homophones_sound_the_same(one: str, other: str) -> None:
    assert sound_distance(one, other) == 0.0


@pytest.mark.parametrize(
    ("said", "near", "far"),
    [
        ("兰山苑", "南山苑", "东山苑"),
        ("陈先森", "陈先生", "陈女士"),
        ("四通大厦", "石通大厦", "五通大厦"),
        ("福林家园", "胡林家园", "丽水家园"),
        ("金星路", "京兴路", "解放路"),
    ],
)
def test_what_gets_confused_is_nearer(said: str, near: str, far: str) -> None:
    assert sound_distance(said, near) < sound_distance(said, far)


@given(HAN, HAN)
def test_distance_is_symmetric_within_bounds_and_zero_for_itself(one: str, other: str) -> None:
    distance = sound_distance(one, other)
    assert 0.0 <= distance <= 1.0
    assert distance == sound_distance(other, one)
    assert sound_distance(one, one) == 0.0


@given(st.text(max_size=20))
def test_any_text_has_its_syllables_in_place(text: str) -> None:
    assert len(pinyin(text)) <= len(text.lower())


def test_a_name_is_found_by_its_sound() -> None:
    heard = "给贵香圆六栋的人发短信"
    found = find_by_sound("桂香园", heard)
    assert found is not None
    assert (heard[found[0] : found[1]], found[2]) == ("贵香圆", 0.0)
    assert find_by_sound("瑞金大厦", heard) is None
    assert find_by_sound("", heard) is None
    assert find_by_sound("桂香园", "") is None


@given(st.text("东南西北", max_size=5), st.text("东南西北", max_size=5))
def test_what_is_there_is_found_where_it_is(before: str, after: str) -> None:
    assert find_by_sound("桂香园", before + "贵香园" + after) == (len(before), len(before) + 3, 0.0)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("六栋", "6栋", True),
        ("6栋", "9栋", False),
        ("十一号楼", "11号楼", True),
        ("A座", "a座", True),
        ("A座6", "B座6", False),
    ],
)
def test_numbers_are_compared_exactly(one: str, other: str, same: bool) -> None:
    assert same_digits(one, other) is same
