"""What is said, and how it should read afterwards: sentences.tsv, one case a line."""

from collections import Counter
from pathlib import Path

import pytest

from courier_voice.text.normalize import comparable, normalize, to_simplified

TABLE = Path(__file__).with_name("sentences.tsv")
CASES = [line.split("\t") for line in TABLE.read_text("utf-8").splitlines() if not line.startswith("#")]


@pytest.mark.parametrize(("heard", "wanted"), [(case[1], case[-1]) for case in CASES])
def test_a_sentence_reads_as_meant_and_stays_so(heard: str, wanted: str) -> None:
    once = normalize(heard)
    assert once.text == wanted
    assert normalize(once.text).text == wanted


def test_the_table_covers_every_category() -> None:
    kinds = Counter(case[0] for case in CASES)
    assert set(kinds) == {
        "tail",
        "weight",
        "money",
        "size",
        "count",
        "address",
        "time",
        "kept",
        "script",
        "width",
        "mixed",
    }
    assert len(CASES) == len({case[1] for case in CASES})


def test_other_readings_are_normalised_and_the_best_is_not_repeated() -> None:
    utterance = normalize("尾号三零五八", ["尾號三零五八", "尾号3058", "尾号山东五八", "尾号 三零五六"])
    assert utterance.text == "尾号3058"
    assert utterance.nbest == ("尾号山东五八", "尾号3056")


@pytest.mark.parametrize(
    ("heard", "quote", "back"),
    [
        ("给三零五八发短信说我十分钟到", "我10分钟到", "我十分钟到"),
        ("给三零五八发短信说六栋一楼等我", "6栋1楼等我", "六栋一楼等我"),
        ("一共两公斤三", "2.3", "两公斤三"),
        ("一共两公斤三，到付", "2.3公斤", "两公斤三"),
        ("七零九四三公斤到付", "3公斤", "三公斤"),
        ("七零九四三公斤到付", "7094", "七零九四"),
        ("他说十五号晚上七点", "15号晚上7点", "十五号晚上七点"),
    ],
)
def test_a_quote_of_the_text_goes_back_to_what_was_heard(heard: str, quote: str, back: str) -> None:
    assert normalize(heard).as_heard(quote) == back


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("什么时候抬上来", "什么时候抬上来"),
        ("妳甚麼時候來", "你什么时候来"),
        ("等著，這件著名的", "等着，这件著名的"),
        ("于先生、余先生、范先生", "于先生、余先生、范先生"),
        ("", ""),
    ],
)
def test_script_changes_and_words_do_not(said: str, written: str) -> None:
    assert to_simplified(said) == written


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("四點一刻到。", "4点一刻到"),
        ("放一楼大堂了", "放1楼大堂"),
        ("Ａ座，１２０３", "A座 1203"),
        ("晚一个半小时吧", "晚1个半小时"),
        ("八一路一百一十九号", "八一路119号"),
        ("三点五公斤", "3.5公斤"),
        ("好了吧", "好"),
    ],
)
def test_comparable_texts_are_the_same(one: str, other: str) -> None:
    assert comparable(one) == comparable(other)


@pytest.mark.parametrize(("one", "other"), [("3.5公斤", "35公斤"), ("六栋", "9栋"), ("放门口", "放门卫")])
def test_comparable_keeps_what_differs_apart(one: str, other: str) -> None:
    assert comparable(one) != comparable(other)
