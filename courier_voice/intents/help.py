from __future__ import annotations

from typing import ClassVar

from courier_voice.core.intent import Example, Intent, Risk


class Help(Intent):
    """Ask what the assistant can do."""

    name: ClassVar[str] = "help"
    summary: ClassVar[str] = "问这个助手会什么、怎么用"
    risk: ClassVar[Risk] = Risk.CONTROL
    openers: ClassVar = ("你可以说：",)
    examples: ClassVar[tuple[Example, ...]] = (
        Example("你能干什么"),
        Example("念一下你都支持些什么"),
        Example("怎么用"),
        Example("有哪些功能"),
        Example("想登记签收要怎么说"),
        Example("教我一下怎么发短信"),
        Example("都能问你些啥"),
    )
