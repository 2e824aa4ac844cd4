"""When somebody is listened to without calling."""

from __future__ import annotations

import pytest

from courier_voice.dialog.attention import Attention


@pytest.mark.parametrize(
    ("waits", "at_s", "seconds", "listened"),
    [
        (False, 3.0, 1.0, True),
        (False, 8.5, 1.0, True),  # he began within the window
        (False, 9.5, 1.0, False),
        (True, 9.5, 1.0, True),
        (True, 31.5, 1.0, False),
        (False, 0.5, 1.0, True),  # he began before the reply had ended
    ],
)
def test_for_a_while_after_a_reply_and_longer_when_an_answer_is_waited_for(
    waits: bool, at_s: float, seconds: float, listened: bool
) -> None:
    now = 0.0
    attention = Attention(lambda: waits, 8.0, 30.0, lambda: now)
    assert not attention.heard_since(seconds)
    attention.open()
    now = at_s
    assert attention.heard_since(seconds) is listened


def test_every_reply_opens_it_again() -> None:
    now = 0.0
    attention = Attention(lambda: False, 8.0, 30.0, lambda: now)
    attention.open()
    now = 7.0
    attention.open()
    now = 14.0
    assert attention.heard_since(0.5)
