"""What a language model elsewhere is shown, and that its answer comes back whole."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

import pytest

from courier_voice.core.privacy import Known, has_phone
from courier_voice.llm.shielded import Shielded
from courier_voice.training.seeds import read_seeds
from courier_voice.training.slots import lines

NUMBERS = ("13812345678", "138 1234 5678", "１３８１２３４５６７８", "幺三八一二三四五六七八", "0571-87654321")


class Elsewhere:
    """Says back what it was shown."""

    def __init__(self) -> None:
        self.shown: list[str] = []

    def complete(
        self,
        messages: Sequence[tuple[str, str]],
        *,
        max_tokens: int,
        grammar: str | None = None,
        schema: Mapping[str, object] | None = None,
    ) -> str:
        self.shown = [text for _, text in messages]
        return self.shown[-1]

    def warm(self, messages: Sequence[tuple[str, str]]) -> None:
        self.shown = [text for _, text in messages]


def known() -> Known:
    people = Known()
    people.add(["王秀兰", "枫林里3号楼2单元501", "枫林里"])
    return people


@pytest.mark.parametrize("share", [False, True])
@pytest.mark.parametrize("number", NUMBERS)
def test_no_number_ever_leaves(number: str, share: bool) -> None:
    model = Elsewhere()
    said = f"他的号码是{number}，打给他"
    assert Shielded(model, share=share, known=known()).complete([("user", said)], max_tokens=9) == said
    assert not has_phone(model.shown[0])
    assert number not in model.shown[0]


@pytest.mark.parametrize(
    ("said", "secret"),
    [
        ("给王秀兰打电话", "王秀兰"),
        ("枫林里3号楼2单元501放门口了", "枫林里"),
        ("给王女士发短信", "王"),
        ("阳光花园三号楼二单元的张伟", "阳光花园"),
        ("找一下张伟强", "张伟强"),
        ("中山路15号有什么备注", "中山路"),
        ("王秀蓝的件签收", "王秀蓝"),
        ("告诉孟庆生快递放驿站了", "孟庆生"),
        ("放丰和路21号了", "丰和路"),
    ],
)
def test_names_and_addresses_leave_only_by_leave(said: str, secret: str) -> None:
    model = Elsewhere()
    assert Shielded(model, known=known()).complete([("user", said)], max_tokens=9) == said
    assert secret not in model.shown[0]
    Shielded(model, share=True, known=known()).complete([("user", said)], max_tokens=9)
    assert model.shown == [said]


def test_one_person_is_one_placeholder_and_our_own_prompt_stays() -> None:
    model = Elsewhere()
    shielded = Shielded(model, known=known())
    own = ("user", "给何先生打电话")
    shielded.warm([own])
    shielded.complete([own, ("user", "王秀兰的件"), ("assistant", "王秀兰")], max_tokens=9)
    assert model.shown == ["给何先生打电话", "某甲的件", "某甲"]


def test_digits_and_times_are_no_secret() -> None:
    model = Elsewhere()
    for said in ("给尾号6688打电话", "三公斤半，寄特快，保价2000", "我十分钟后到", "今天还有几件没送"):
        Shielded(model, known=known()).complete([("user", said)], max_tokens=9)
        assert model.shown == [said]


def test_hardly_a_whole_name_that_is_on_no_list_goes_out() -> None:
    rng = random.Random(3)
    families, given = lines("surnames"), lines("given_names")
    told = sent = 0
    for seed in rng.sample(sorted(read_seeds(), key=lambda seed: seed.text), 2500):
        pieces = [piece for command in seed.commands for piece in command.pieces]
        if not any(piece.slot == "name" for piece in pieces):
            continue
        name = rng.choice(families) + rng.choice(given)
        model = Elsewhere()
        said = "".join(name if piece.slot == "name" else piece.words for piece in pieces)
        assert Shielded(model, known=Known()).complete([("user", said)], max_tokens=9) == said
        told += 1
        sent += name in model.shown[0]
    assert told > 200
    assert sent <= 0.03 * told
