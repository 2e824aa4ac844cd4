"""Any number, said in any of the ways it is said, comes back; and normalisation loses and invents nothing."""

from decimal import Decimal

import cn2an
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from courier_voice.core.words import Utterance
from courier_voice.text.normalize import comparable, normalize
from courier_voice.text.numerals import split_list, value, written
from courier_voice.text.units import digits, length_cm, money_yuan, weight_kg

UNITS = ("千", "百", "十")


def said(number: int) -> str:
    spoken: str = cn2an.an2cn(number, "low")
    return spoken


@st.composite
def spoken_numbers(draw: st.DrawFn, most: int = 99_999_999, short: bool = True) -> tuple[int, str]:
    """A number and one of the ways to say it: 两 for 二 before 百千万, 三千八 for 三千八百, 十五 for 一十五."""
    number = draw(
        st.integers(0, most) | st.sampled_from([k * p for k in range(1, 99) for p in (100, 1000) if k * p <= most])
    )
    text = said(number)
    if draw(st.booleans()):
        for power in "百千万":
            text = text.replace(f"二{power}", f"两{power}")
        text = text.replace("十两万", "十二万")
    if short and draw(st.booleans()):
        for power, above in (("百", "千"), ("千", "万"), ("十", "百")):
            if len(text) >= 4 and text.endswith(power) and text[-3] == above:
                text = text[:-1].replace("两", "二") if text[-2] == "两" else text[:-1]
                break
    return number, text


@given(spoken_numbers())
@example((3800, "三千八"))
@example((12000, "一万二"))
@example((660, "六百六"))
def test_a_spoken_amount_comes_back(spoken: tuple[int, str]) -> None:
    number, text = spoken
    assert value(text) == number
    assert money_yuan(f"{text}元") == number
    assert money_yuan(text) == number


@given(
    spoken_numbers(most=9999, short=False).filter(lambda spoken: spoken[0] > 0),
    st.sampled_from(["货款{}块钱", "共{}公斤，到付", "重{}斤。", "长{}厘米", "送到{}号", "还有{}件没送"]),
)
def test_in_a_sentence_it_becomes_digits(spoken: tuple[int, str], sentence: str) -> None:
    number, text = spoken
    if text == "一" and "件" in sentence:
        sentence = "就{}件"
    assert normalize(sentence.format(text)).text == sentence.format(number)


@given(st.integers(0, 300), st.integers(1, 99))
def test_decimals_come_back(whole: int, part: int) -> None:
    fraction = f"{part:02d}".rstrip("0")
    spoken = "".join("零一二三四五六七八九"[int(digit)] for digit in fraction)
    expected = float(f"{whole}.{fraction}")
    assert weight_kg(f"{said(whole)}点{spoken}公斤") == expected
    assert length_cm(f"{said(whole)}点{spoken[0]}厘米") == float(f"{whole}.{fraction[0]}")


@given(st.integers(1, 99), st.integers(1, 9))
def test_what_follows_a_unit_is_its_tenth(whole: int, tenth: int) -> None:
    tail = "一二三四五六七八九"[tenth - 1]
    wanted = float(Decimal(whole) + Decimal(tenth) / 10)
    assert weight_kg(f"{said(whole)}公斤{tail}") == wanted
    assert weight_kg(f"{said(whole)}斤{tail}两") == wanted / 2
    assert money_yuan(f"{said(whole)}块{tail}") == wanted
    assert length_cm(f"{said(whole)}米{tail}") == round(100 * wanted)


SPOKEN_DIGITS = {
    "0": "零洞",
    "1": "一幺",
    "2": "二两",
    "3": "三",
    "4": "四",
    "5": "五",
    "6": "六",
    "7": "七拐",
    "8": "八",
    "9": "九勾",
}


@st.composite
def spelled(draw: st.DrawFn, least: int = 4, most: int = 4) -> tuple[str, str]:
    number = draw(st.text("0123456789", min_size=least, max_size=most))
    return number, "".join(draw(st.sampled_from(SPOKEN_DIGITS[digit])) for digit in number)


@given(spelled(), st.sampled_from(["尾号{}", "给尾号{}打电话", "查一下尾号{}的地址", "尾号{}，签收", "尾号是{}。"]))
def test_a_spelled_tail_comes_back(tail: tuple[str, str], sentence: str) -> None:
    number, spoken = tail
    assert normalize(sentence.format(spoken)).text == sentence.format(number)
    assert digits(sentence.format(spoken)) == number


@given(spelled(least=11, most=11))
def test_a_spelled_phone_number_comes_back(phone: tuple[str, str]) -> None:
    assert digits(f"电话{phone[1]}") == phone[0]


@given(
    st.lists(st.integers(2, 9).map(lambda tens: 10 * tens), min_size=3, max_size=3).map(
        lambda tens: sorted(tens, reverse=True)
    )
)
def test_the_sides_of_a_box_come_apart(sides: list[int]) -> None:
    assert [int(value(part)) for part in split_list("".join(map(said, sides)))] == sides
    assert normalize("乘".join(map(said, sides))).text == "乘".join(map(str, sides))


NUMERIC = (
    "零一二三四五六七八九十百千万两幺洞拐勾半点公斤块米号楼栋件个来第周路长宽高乘尾 0123456789.,，。A毛分克厘单元陆武要"
)


def rebuilt(utterance: Utterance) -> tuple[str, str]:
    """Both texts, put together from what the edits left alone and what they changed."""
    heard, text, at, out = "", "", 0, 0
    for edit in utterance.edits:
        assert edit.start < edit.end, "an edit must replace something"
        assert at <= edit.start, "edits overlap"
        kept = utterance.heard[at : edit.start]
        assert kept == utterance.text[out : edit.out_start]
        heard += kept + utterance.heard[edit.start : edit.end]
        text += kept + utterance.text[edit.out_start : edit.out_end]
        at, out = edit.end, edit.out_end
    assert utterance.heard[at:] == utterance.text[out:]
    return heard + utterance.heard[at:], text + utterance.text[out:]


@given(st.text(NUMERIC, max_size=24) | st.text(max_size=16))
def test_edits_say_exactly_what_changed(said_text: str) -> None:
    utterance = normalize(said_text)
    assert rebuilt(utterance) == (utterance.heard, utterance.text)
    for edit in utterance.edits:
        assert utterance.heard[edit.start : edit.end] in utterance.as_heard(utterance.text)
    assert utterance.as_heard(utterance.text) == utterance.heard


FRAGMENTS = (
    "尾号|七四幺六|三零五八|一七零3|7416|幺零|两公斤三|三斤半|四斤二两|三点五公斤|3.5公斤|八百克|半斤|2公斤3|两千|三千八|一万二|六百六|一百零五块五|18块|"
    "四十乘三十乘二十|四十三十二十|长五十二|宽三十六|高8|零点四米|一米二|十二瓶|两箱|一件|三个|一个|11号楼|十一号楼|二七零三|六栋|三单元|9排4号|二十二楼|八一路|"
    "一百一十九号|五福新村|一品天城|四点一刻|两点五十|3点40|十分钟|一下|万一|一起|三轮车|第二户|百分之五|七八个|左拐"
).split("|")
SENTENCES = st.lists(st.tuples(st.sampled_from(FRAGMENTS), st.sampled_from("，。的给用送到存放搁")), max_size=6).map(
    lambda pieces: "".join(fragment + glue for fragment, glue in pieces)
)


@given(SENTENCES | st.text(max_size=16))
def test_normalising_twice_is_normalising_once(said_text: str) -> None:
    once = normalize(said_text)
    assert normalize(once.text).text == once.text
    assert normalize(once.heard) == once
    assert comparable(once.text) == comparable(said_text)


PROTECTED = (
    "八一路 五福新村 一品天城 七里桥村 三里屯 十里堡 一下 万一 一会儿 一样 一起 一直 统一 三轮车".split()
    + "一声 一遍 第一 第二 百分之五 千万 三三两两".split()
)


@given(st.lists(st.sampled_from(PROTECTED), min_size=1, max_size=4), st.sampled_from(["，", "的", "那边"]))
def test_names_and_idioms_stay(words: list[str], between: str) -> None:
    sentence = between.join(words)
    assert normalize(sentence).text == sentence
    assert normalize(sentence).edits == ()


@pytest.mark.parametrize("nothing", ["", "百", "四十三十二十", "百百", "公斤", "两十", "一亿二", "七二十", "00万万"])
def test_what_is_no_number_has_no_value(nothing: str) -> None:
    with pytest.raises(ValueError, match=r"not one spoken number"):
        value(nothing)


@pytest.mark.parametrize(("number", "text"), [("3.50", "3.5"), ("1E+2", "100"), ("0.0", "0"), ("1200", "1200")])
def test_numbers_are_written_plainly(number: str, text: str) -> None:
    assert written(Decimal(number)) == text


@example("三百五二十")
@given(st.text("零一二三四五六七八九十百千万亿两幺洞点半个双公斤克米元块长宽高乘尾号毛分角，0125 ", max_size=14))
def test_no_heap_of_numerals_is_too_odd_to_be_read(heap: str) -> None:
    read = normalize(heap)
    assert bool(read.text) == bool(read.heard)
