import json
import re
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from pkgutil import iter_modules
from random import Random

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import courier_voice.intents
from courier_voice.core.intent import Intent
from courier_voice.training import spoken
from courier_voice.training.reading import respelled
from courier_voice.training.sentences import Sentence, sentences
from courier_voice.training.slots import Deck, Filler, lines

FIXTURES = Path(__file__).parents[2] / "fixtures"
TEMPLATES = re.compile(r"command_|^(digits|general|street|messages|asks|askdos)$")


@pytest.fixture(scope="module")
def shipped() -> list[Sentence]:
    return sentences(4500, seed=0)


def letters(text: str) -> str:
    return re.sub(r"\W", "", text)


def data() -> list[str]:
    found = files("courier_voice.training").joinpath("data").iterdir()
    return sorted(file.name.removesuffix(".txt") for file in found if file.name.endswith(".txt"))


def test_the_seed_decides() -> None:
    assert sentences(300, seed=5) == sentences(300, seed=5)
    assert sentences(300, seed=5) != sentences(300, seed=6)


def test_as_many_as_asked_in_the_mix(shipped: list[Sentence]) -> None:
    kinds = [sentence.kind for sentence in shipped]
    assert len(kinds) == 4500
    assert {kind: round(kinds.count(kind) / 45) for kind in kinds} == {
        "command": 40,
        "control": 12,
        "digits": 12,
        "general": 36,
    }


def test_only_control_words_come_again_and_seldom(shipped: list[Sentence]) -> None:
    free = [letters(sentence.text) for sentence in shipped if sentence.kind != "control"]
    assert len(set(free)) == len(free)
    words = [letters(sentence.text) for sentence in shipped if sentence.kind == "control"]
    assert max(words.count(word) for word in words) == 4
    assert {"取消", "确认", "对", "不对", "好的"} <= set(words)


def test_written_as_spoken(shipped: list[Sentence]) -> None:
    assert not [
        one.text
        for one in shipped
        if not re.fullmatch(r"[\u4e00-\u9fff]+([，、。？！][\u4e00-\u9fff]+)*[。？！]?", one.text)
    ]
    assert max(len(one.text) for one in shipped if one.kind == "command") <= 30
    assert max(len(one.text) for one in shipped if one.kind == "general") <= 25


def test_keys_are_in_their_sentence(shipped: list[Sentence]) -> None:
    assert all(key in one.text for one in shipped for key in one.keys)
    assert sum(bool(one.keys) for one in shipped if one.kind == "command") > 1000


def test_nothing_of_the_fixtures(shipped: list[Sentence]) -> None:
    """Control words are a closed list, so they are in every set; nothing else may be."""
    known = {
        letters(json.loads(line)["text"]) for line in (FIXTURES / "eval/nlu.jsonl").read_text("utf-8").splitlines()
    }
    known |= {
        letters(json.loads(line)["spoken"]) for line in (FIXTURES / "eval/sms.jsonl").read_text("utf-8").splitlines()
    }
    for line in (FIXTURES / "eval/dialogs.jsonl").read_text("utf-8").splitlines():
        known |= {letters(turn["user"]) for turn in json.loads(line)["turns"]}
    for scene in FIXTURES.glob("audio/*/scene.yaml"):
        known |= {letters(turn.get("spoken", "")) for turn in yaml.safe_load(scene.read_text("utf-8"))["turns"]}
    for module in iter_modules(courier_voice.intents.__path__):
        for item in vars(import_module(f"courier_voice.intents.{module.name}")).values():
            if isinstance(item, type) and issubclass(item, Intent) and item is not Intent:
                known |= {letters(example.text) for example in item.examples}
    assert len(known) > 400
    assert not {letters(one.text) for one in shipped if one.kind != "control"} & known


def test_more_than_the_templates_hold() -> None:
    assert len(sentences(12000, seed=1)) == 12000


@pytest.mark.parametrize("name", data())
def test_lists_are_clean(name: str) -> None:
    items = lines(name)
    assert len(set(items)) == len(items) > 5
    plain = [re.sub(r"\{\w+\}|\([^()]*\)", "填", item).replace(" ", "，") for item in items]
    assert not [
        item for item in plain if not re.fullmatch(r"[\u4e00-\u9fff]+([，、。？！][\u4e00-\u9fff]+)*[。？！]?", item)
    ]


@pytest.mark.parametrize("name", [name for name in data() if TEMPLATES.search(name)])
def test_every_template_fills(name: str) -> None:
    filler = Filler(Random(1))
    for template in lines(name):
        assert not set("{}()|") & set(filler.fill(template)[0])


def test_a_deck_shows_all_before_any_again() -> None:
    deck = Deck("甲乙丙丁", Random(2))
    assert {deck.draw() for _ in range(4)} == {deck.draw() for _ in range(4)} == set("甲乙丙丁")


@given(st.integers(0, 10**8 - 1), st.booleans())
def test_numbers_read_back(value: int, liang: bool) -> None:
    from cn2an import cn2an

    said = spoken.number(value, liang=liang)
    assert cn2an(said.replace("两", "二"), "normal") == value


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0, "零"),
        (2, "二"),
        (10, "十"),
        (12, "十二"),
        (110, "一百一十"),
        (205, "两百零五"),
        (2020, "两千零二十"),
        (20000, "两万"),
        (10500, "一万零五百"),
        (120000, "十二万"),
    ],
)
def test_numbers(value: int, said: str) -> None:
    assert spoken.number(value) == said


def test_numbers_out_of_range() -> None:
    with pytest.raises(ValueError, match="99,999,999"):
        spoken.number(10**8)


def test_spelled_and_decimal() -> None:
    assert spoken.spelled("1039", yao=True) == "幺零三九"
    assert spoken.decimal("3.15") == "三点一五"
    assert set(spoken.spelled("0792" * 20, yao=False, slang=Random(0))) <= set("零洞七拐九勾二两")


@pytest.mark.parametrize(
    ("text", "voice"),
    [
        ("打给曾女士", "打给增女士"),
        ("他曾是老师", "他曾是老师"),
        ("小翟签收", "小宅签收"),
        ("长三十宽二十", "常三十宽二十"),
        ("全长三百公里", "全常三百公里"),
        ("队长一会儿到", "队长一会儿到"),
        ("吃一堑，长一智", "吃一堑，长一智"),
        ("二零八九重十点六斤", "二零八九众十点六斤"),
        ("重量三公斤", "重量三公斤"),
    ],
)
def test_respelled(text: str, voice: str) -> None:
    assert respelled(text) == voice
