"""The talk nobody may act on: a set of its own, unknown to the training data."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

import pytest

from courier_voice.core.errors import SettingsError
from courier_voice.core.turn import Draft, NluContext, Understanding
from courier_voice.core.words import Utterance
from courier_voice.evals.report_sets import TALK
from courier_voice.evals.talk import read_talk, talk_row, talk_summary
from courier_voice.nlu.cascade import Cascade
from courier_voice.training.seeds import read_seeds

ITEMS = read_talk(TALK.file)


def bare(text: str) -> str:
    """Without punctuation and spaces."""
    return re.sub(r"\W", "", text)


def test_there_is_enough_of_it_and_no_line_twice() -> None:
    assert len({bare(item["text"]) for item in ITEMS}) == len(ITEMS) >= 1500
    assert len({item["domain"] for item in ITEMS}) >= 30
    assert len({item["id"] for item in ITEMS}) == len(ITEMS)


def test_nobody_trains_on_it() -> None:
    """A line found here has to leave the training data, not this set."""
    known = {bare(seed.text) for seed in read_seeds()}
    lists = files("courier_voice.training").joinpath("data")
    for file in lists.iterdir():
        if file.name.endswith(".txt"):
            known |= {bare(line) for line in file.read_text("utf-8").splitlines()}
    assert [item["text"] for item in ITEMS if bare(item["text"]) in known] == []


def test_no_line_without_a_domain(tmp_path: Path) -> None:
    file = tmp_path / "set.txt"
    file.write_text("## remark\n\n放首歌\n", "utf-8")
    with pytest.raises(SettingsError, match=r"set\.txt, line 3: write a heading"):
        read_talk(file)
    with pytest.raises(SettingsError, match="cannot be read"):
        read_talk(tmp_path / "none.txt")


class Hears:
    threshold = 0.7

    def understand(self, utterance: Utterance, context: NluContext) -> Understanding:
        intent = {"歌": "dial", "票": "repeat"}.get(utterance.text[-1:], "none")
        return Understanding((Draft(intent, confidence=0.8),), "fast")


def test_what_is_taken_for_a_command(tmp_path: Path) -> None:
    file = tmp_path / "set.txt"
    file.write_text("# music\n放首歌\n下雨没\n# trains\n抢到票\n取消\n", "utf-8")
    rows = [talk_row(item, Cascade(fast=Hears())) for item in read_talk(file)]
    assert [(row["id"], row["right"]) for row in rows] == [
        ("set-0002", False), ("set-0003", True), ("set-0005", False), ("set-0006", False)
    ]  # fmt: skip
    told = talk_summary(rows)
    assert (told["lines"], told["false_actions"], told["false_action_rate"], told["false_commands"]) == (4, 3, 0.75, 1)
    assert told["by_intent"] == {"dial": 1, "repeat": 1, "cancel": 1}
    assert told["by_route"] == {"control": 1, "fast": 2}
    assert told["by_domain"] == {"music": [1, 2], "trains": [2, 2]}
    assert {route: each["rows"] for route, each in told["route_ms"].items()} == {"control": 1, "fast": 3}
