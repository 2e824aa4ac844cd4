"""Misheard words of the trade are put right; whatever makes sense as it stands stays."""

from __future__ import annotations

import random
from collections.abc import Iterator
from importlib.resources import files

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from courier_voice.nlu.lexicon import goods_by_sound
from courier_voice.nlu.mend import ORDINARY, WORDS
from courier_voice.text.normalize import normalize
from courier_voice.text.phonetics import sound_distance
from courier_voice.understanding import build_mender

MEND = build_mender()
HOMOPHONES = {
    "签": "牵迁铅",
    "收": "手首",
    "揽": "懒览",
    "保": "宝饱",
    "价": "架嫁",
    "驿": "易译",
    "拒": "具巨",
    "运": "韵晕",
}
HOMOPHONES |= {
    "付": "副负",
    "派": "牌湃",
    "件": "见剑",
    "备": "倍辈",
    "注": "驻筑",
    "妥": "椭",
    "投": "骰",
    "破": "迫",
    "损": "笋",
}


@pytest.mark.parametrize(
    ("heard", "meant"),
    [
        ("六一零八放在钱台了", "六一零八放在前台了"),
        ("这单懒收三公斤", "这单揽收三公斤"),
        ("为号三三八二到哪了", "尾号三三八二到哪了"),
        ("脱寄物是被子", "托寄物是被子"),
        ("搁一站了", "搁驿站了"),
        ("是一岁品轻点放", "是易碎品轻点放"),
        ("东西是玻璃的，一碎品", "东西是玻璃的，易碎品"),
        ("报价两千", "保价两千"),
        ("物业带收的", "物业代收的"),
        ("这件客户具收", "这件客户拒收"),
        ("给他保一下异常", "给他报一下异常"),
        ("运非到付", "运费到付"),
        ("打给金城大厦必坐一二零三", "打给金城大厦B座一二零三"),
        ("打给柳岸小区六栋已单元", "打给柳岸小区六栋一单元"),
        ("打给柳岸小区起号楼的", "打给柳岸小区七号楼的"),
        ("长六十款四十高三十", "长六十宽四十高三十"),
        ("放快地柜里", "放快递柜里"),
    ],
)
def test_what_was_meant(heard: str, meant: str) -> None:
    assert MEND(heard) == meant


@pytest.mark.parametrize(
    "said",
    [
        "站里缺人手你来不来",
        "他没带钱我先走了",
        "别取笑我了",
        "车停到负一层了",
        "打他电话没人接",
        "我去见个客户",
        "下一站是人民广场",
        "坐一站地铁就到",
        "孩子才一岁多",
        "给客户报价三百",
        "东西被住户拿走了",
        "改七点送",
        "是号楼长说的",
        "愉快地到了公司",
        "牵手走过这条街",
        "我们越界了吗",
        "兽医站在哪里",
        "望月街三号",
        "这一场比赛真好看",
        "拍件照片发给我",
        "超时了两单",
        "他叫云飞",
        "帮我带收件箱里的信",
        "长二十米高三十米",
    ],
)
def test_ordinary_talk_stays(said: str) -> None:
    assert MEND(said) == said


@pytest.mark.parametrize("word", sorted(ORDINARY))
def test_an_ordinary_word_that_sounds_like_one_of_the_trade_stays(word: str) -> None:
    assert MEND(f"说，{word}。") == f"说，{word}。"


@pytest.mark.parametrize("word", WORDS)
def test_a_word_of_the_trade_is_itself(word: str) -> None:
    assert MEND(word) == word


def ordinary_lines() -> Iterator[str]:
    """Talk, news and law: written text, in which nothing is misheard."""
    data = files("courier_voice.training").joinpath("data")
    for file in sorted(data.iterdir(), key=lambda file: file.name):
        if file.name.startswith(("everyday", "news", "law_", "street", "general")):
            yield from (line for line in file.read_text("utf-8").splitlines() if line and line[0] != "#")


def test_texts_in_which_nothing_was_misheard_stay() -> None:
    lines = list(ordinary_lines())
    assert len(lines) > 1000
    assert [line for line in lines if MEND(line) != line] == []


SPOKEN = st.lists(
    st.sampled_from(
        [
            *WORDS,
            *"这单客户说的了吗给把打到零一二三八两公斤块，。王李张女士先生楼号栋金城花园",
            *"".join(HOMOPHONES.values()),
        ]
    ),
    max_size=12,
).map("".join)


@given(SPOKEN)
@example("家人代收电表箱")
def test_mending_keeps_length_and_sound_and_does_nothing_twice(heard: str) -> None:
    mended = MEND(heard)
    assert len(mended) == len(heard)
    assert MEND(mended) == mended


@given(SPOKEN)
def test_numbers_are_never_made_or_lost_but_where_a_house_stands(heard: str) -> None:
    mended = MEND(heard)
    for old, new in zip(heard, mended, strict=True):
        if old in "零二三四五六七八九十百千万亿两幺0123456789":
            assert new == old
    if not any(word in heard for word in ("号楼", "单元", "站", "岁", "碎")):
        assert [c for c in mended if c in "零一二三四五六七八九两"] == [
            c for c in heard if c in "零一二三四五六七八九两"
        ]


@given(st.sampled_from([w for w in WORDS if len(w) > 3]), st.integers(0, 99))
def test_long_words_come_back_whatever_homophones_they_were_heard_as(word: str, seed: int) -> None:
    rng = random.Random(seed)
    heard = "".join(rng.choice(HOMOPHONES.get(char, char) + char) for char in word)
    assert sound_distance(MEND(heard), word) == 0.0
    assert MEND(heard) == word


def test_quotes_of_a_mended_text_are_found() -> None:
    utterance = normalize(MEND("给为号三三八二发断信说放钱台了"))
    assert utterance.as_heard("放前台了") == "放前台了"
    assert "3382" in utterance.text


@pytest.mark.parametrize(
    ("heard", "meant"),
    [
        ("小河村三牌五号的件", "小河村三排五号的件"),
        ("上一丹送到没", "上一单送到没"),
        ("尾号一零一二是哪洞", "尾号一零一二是哪栋"),
        ("跟梁阿移说一声", "跟梁阿姨说一声"),
        ("放小卖不了", "放小卖部了"),
        ("违紧品能寄吗", "违禁品能寄吗"),
        ("寄一个冲电宝", "寄一个充电宝"),
        ("空气渣锅怎么包", "空气炸锅怎么包"),
    ],
)
def test_house_words_titles_and_goods(heard: str, meant: str) -> None:
    assert MEND(heard) == meant


@pytest.mark.parametrize(
    "said", ["上面那牌坊", "担心那单子", "看他哪冻着了", "骑手已取餐", "那袋垃圾带下去", "这次元旦", "打印纸两箱"]
)
def test_what_only_sounds_like_goods_or_houses_stays(said: str) -> None:
    assert MEND(said) == said


@pytest.mark.parametrize(
    ("heard", "meant"),
    [("纳肉", "腊肉"), ("茶业", "茶叶"), ("冲电宝", "充电宝"), ("栗子", "栗子"), ("合同书", "合同书"), ("表", "表")],
)
def test_goods_by_their_sound(heard: str, meant: str) -> None:
    assert goods_by_sound(heard) == meant
