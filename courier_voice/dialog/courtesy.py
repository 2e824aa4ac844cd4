"""A polite text without a model: the cleaned dictation in a fixed frame."""

from __future__ import annotations

from courier_voice.dialog.dictation import Message, read

LONGEST = 200
"""Characters of a text."""
THANKS = "谢谢！"
_NOTHING_LEFT = "有关您的快递想跟您联系，请您看到后回复"


def greeting(message: Message) -> str:
    return f"{message.addressee}您好，我是快递员。"


def template(spoken: str) -> str:
    """A text that says what was dictated, politely; never empty, at most ``LONGEST`` characters."""
    return framed(read(spoken))


def framed(message: Message, body: str = "") -> str:
    """``body``, by default the message's own words, between greeting and thanks."""
    body = (body or message.text or _NOTHING_LEFT).rstrip("。，,；;！!")
    end = "" if body.endswith(("？", "?")) else "。"
    opening = greeting(message)
    room = LONGEST - len(opening) - len(end) - len(THANKS)
    return f"{opening}{body[:room]}{end}{THANKS}"
