"""Seed lines: their marks, and that no line of a set that judges us is among them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from courier_voice.core.errors import TrainingError
from courier_voice.evals.goldens import load_scenes
from courier_voice.nlu.labels import INTENTS
from courier_voice.text.normalize import comparable
from courier_voice.training.seeds import Piece, parse, read_seeds
from courier_voice.training.slots import lines

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"


def test_marks_become_pieces_of_their_command() -> None:
    (seed,) = parse("给{ref=current:他}和{tail:六六八八}打电话", "dial")
    assert seed.line == "dial:1"
    assert seed.text == "给他和六六八八打电话"
    assert seed.commands[0].pieces == (
        Piece("给"), Piece("他", "ref", "current"), Piece("和"), Piece("六六八八", "tail"), Piece("打电话"),
    )  # fmt: skip


def test_two_commands_and_a_state() -> None:
    pair, answer = parse(
        "# none\ndial> 打给{name:王姐}，|sign_off> 再签{place:本人}\n\ncorrect@form> 是{quantity:两件}", "two"
    )
    assert [command.intent for command in pair.commands] == ["dial", "sign_off"]
    assert (answer.line, answer.state, answer.commands[0].intent) == ("two:4", "form", "correct")


@pytest.mark.parametrize(
    "line",
    [
        "{tail:六六八八",
        "{colour:红}",
        "{place:门口}",
        "{ref=tomorrow:他}",
        "{ref:他}",
        "jump> 跳",
        "dial@never> 打",
        "a|b|c",
    ],
)
def test_a_line_that_is_none_is_named(line: str) -> None:
    with pytest.raises(TrainingError, match="seed dial:2"):
        list(parse(f"打电话\n{line}", "dial"))


def test_every_intent_has_enough_distinct_lines() -> None:
    texts: dict[str, set[str]] = {intent: set() for intent in INTENTS}
    for seed in read_seeds():
        for command in seed.commands:
            texts[command.intent].add(seed.text)
    assert sum(map(len, texts.values())) >= 800
    assert min(map(len, texts.values())) >= 30


def test_no_line_of_a_development_set_is_learnt() -> None:
    judged = {
        comparable(text)
        for line in (FIXTURES / "eval" / "nlu.jsonl").read_text("utf-8").splitlines()
        for text in (json.loads(line)["text"],)
    }
    for line in (FIXTURES / "eval" / "dialogs.jsonl").read_text("utf-8").splitlines():
        judged |= {comparable(turn["user"]) for turn in json.loads(line)["turns"]}
    judged |= {comparable(turn.spoken) for scene in load_scenes(FIXTURES / "audio") for turn in scene.turns}
    long = {text for text in judged if len(text) > 8}  # 再说一遍 may be learnt: whoever wants it says it so
    learnt = {comparable(seed.text) for seed in read_seeds()} | {comparable(line) for line in lines("domains")}
    assert not learnt & long
