"""From seeds to what the fast model learns."""

from __future__ import annotations

from itertools import islice
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from courier_voice.nlu.labels import CHOICES, INTENTS, TAGS
from courier_voice.text.normalize import normalize
from courier_voice.training.confusions import Confusions, read_confusions
from courier_voice.training.exam import meant_frames
from courier_voice.training.generate import Example, Maker, example, held_out, moved, plain
from courier_voice.training.seeds import Seed, parse, read_seeds
from courier_voice.training.vary import Varied

SILENT = Confusions({}, {})


def one(line: str, name: str = "fill_pickup") -> Example:
    (seed,) = parse(line, name)
    made = example(seed)
    assert made is not None
    return made


def test_marks_follow_numerals_into_digits() -> None:
    made = one("尾号{tail:六六八八}，{weight_kg:三公斤半}，{quantity:两箱}")
    assert made.text == "尾号6688，3.5公斤，2箱"
    assert meant_frames(made) == [
        ({"intent": "fill_pickup", "tail": "6688", "weight_kg": "3.5公斤", "quantity": "2箱"}, made.text)
    ]


def test_numbers_said_in_one_breath_come_apart() -> None:
    ((frame, _),) = meant_frames(one("{length_cm:四十}{width_cm:三十}{height_cm:二十}"))
    assert frame == {"intent": "fill_pickup", "length_cm": "40", "width_cm": "30", "height_cm": "20"}


def test_a_second_command_begins_at_its_own_words() -> None:
    made = one("dial> 打给{tail:零零零一}，|sign_off> 再签{ref=current:这单}，{place:门口}", "two")
    assert made.text[made.split :].startswith("再签")
    assert [INTENTS[intent] for intent in made.intents] == ["dial", "sign_off"]
    first, second = meant_frames(made)
    assert (first[0]["tail"], second[0]["ref"], second[0]["place"]) == ("0001", "current", "门口")


def test_a_torn_tail_makes_no_example() -> None:
    (seed,) = parse("{tail:六}六八八", "dial")
    assert example(seed) is None


@given(st.text("给王女士六八两零公斤半，。打十百", max_size=20), st.data())
def test_a_moved_span_says_the_same(heard: str, data: st.DataObject) -> None:
    utterance = normalize(heard)
    size = len(utterance.heard)
    start = data.draw(st.integers(0, size))
    end = data.draw(st.integers(start, size))
    span = moved(utterance, start, end)
    if span:
        stretch = utterance.text[slice(*span)]
        assert stretch == stretch.strip("，。 ")
        assert 0 <= span[0] < span[1] <= len(utterance.text)


@pytest.fixture(scope="module")
def some() -> tuple[Seed, ...]:
    return read_seeds()[::7]


def test_variants_keep_what_is_told(some: tuple[Seed, ...]) -> None:
    varied = Varied(some, Random(3), SILENT)
    for seed in some:
        variant = varied(seed)
        assert [c.intent for c in variant.commands][: len(seed.commands)] == [c.intent for c in seed.commands]
        for before, after in zip(seed.commands, variant.commands, strict=False):
            marks = [(p.slot, p.value) for p in before.pieces if p.slot]
            assert [(p.slot, p.value) for p in after.pieces if p.slot] == marks


def test_the_same_seed_makes_the_same_examples(some: tuple[Seed, ...]) -> None:
    confusions = read_confusions(seed.text for seed in some)
    twice = [list(islice(Maker(some, Random("7:0"), confusions), 200)) for _ in range(2)]
    assert twice[0] == twice[1]


def test_examples_are_well_formed(some: tuple[Seed, ...]) -> None:
    for made in islice(Maker(some, Random(1), read_confusions(seed.text for seed in some)), 400):
        assert len(made.tags) == len(made.text)
        assert len(made.intents) == len(made.choices) == (2 if made.split else 1)
        for tag, before in zip(made.tags, ("O", *(TAGS[tag] for tag in made.tags)), strict=False):
            name = TAGS[tag]
            assert name[0] != "I" or before in (name, f"B{name[1:]}")
        for chosen in made.choices:
            assert all(0 <= at < len(values) for at, values in zip(chosen, CHOICES.values(), strict=True))


def test_held_out_lines_are_a_fixed_share(some: tuple[Seed, ...]) -> None:
    kept = [seed for seed in some if held_out(seed)]
    assert 0.05 < len(kept) / len(some) < 0.22
    assert {e.line for e in plain(kept)} <= {seed.line for seed in kept}


def test_what_is_heard_sounds_alike() -> None:
    confusions = read_confusions(["签收", "千收", "尾号位号", "这单这担"])
    heard = {confusions.heard("签收", Random(n)) for n in range(20)}
    assert heard <= {"签收", "千收"}
    assert "千收" in heard


def test_the_table_of_the_recogniser_goes_first() -> None:
    confusions = Confusions({"尾号": (("未号", 3),)}, {})
    assert "未号六六八八" in {confusions.heard("尾号六六八八", Random(n)) for n in range(10)}
