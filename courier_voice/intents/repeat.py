from __future__ import annotations

from typing import ClassVar

from courier_voice.core.intent import Example, Intent, Risk


class Repeat(Intent):
    """Hear the last reply again."""

    name: ClassVar[str] = "repeat"
    summary: ClassVar[str] = "再说一遍刚才的话"
    risk: ClassVar[Risk] = Risk.CONTROL
    examples: ClassVar[tuple[Example, ...]] = (
        Example("再说一遍"),
        Example("没听清你说啥"),
        Example("刚才说的什么"),
        Example("重复一下"),
        Example("啥再讲一次"),
        Example("风太大没听见"),
        Example("尾号再念一回"),
        Example("刚刚报的数是多少来着"),
    )
