"""A text worded ahead is taken when it is asked for, once, and never in place of another."""

from __future__ import annotations

import threading
import time
from typing import Any, cast

from courier_voice.core.parcels import Day
from courier_voice.nlu.foresee import Foreseeing

DAY = cast(Day, None)


class Slow:
    model: Any = "a model"

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.go = threading.Event()

    def polish(self, spoken: str, day: Day) -> str:
        self.asked.append(spoken)
        self.go.wait(5)
        return f"您好，{spoken}。"


def test_what_was_foreseen_is_worded_once() -> None:
    slow = Slow()
    ahead = Foreseeing(slow)
    ahead.foresee("我到了", DAY)
    ahead.foresee("我到了", DAY)
    slow.go.set()
    assert ahead.polish("我到了", DAY) == "您好，我到了。"
    assert ahead.polish("我到了", DAY) == "您好，我到了。"
    assert slow.asked == ["我到了"]
    assert ahead.model == "a model"


def test_other_words_than_foreseen_are_worded_themselves() -> None:
    slow = Slow()
    slow.go.set()
    ahead = Foreseeing(slow)
    ahead.foresee("我到", DAY)
    assert ahead.polish("我到楼下了", DAY) == "您好，我到楼下了。"
    assert "我到楼下了" in slow.asked


def test_who_goes_on_gives_up_what_was_foreseen_before() -> None:
    slow = Slow()
    ahead = Foreseeing(slow)
    ahead.foresee("放门", DAY)
    while not slow.asked:
        time.sleep(0.01)
    ahead.foresee("放门口", DAY)
    ahead.foresee("放门口了", DAY)
    slow.go.set()
    assert ahead.polish("放门口了", DAY) == "您好，放门口了。"
    assert slow.asked == ["放门", "放门口了"]
