from __future__ import annotations

from typing import ClassVar

from courier_voice.core.intent import Example, Intent, Risk


class Cancel(Intent):
    """Drop what is waiting."""

    name: ClassVar[str] = "cancel"
    summary: ClassVar[str] = "取消、不办了、停"
    risk: ClassVar[Risk] = Risk.CONTROL
    examples: ClassVar[tuple[Example, ...]] = (
        Example("取消"),
        Example("停，先留着不动"),
        Example("哎别了，我再想想", waiting="confirm:send_sms"),
        Example("不发了"),
        Example("算了不弄了"),
        Example("先别打"),
        Example("停停停别发"),
        Example("这条作废"),
        Example("不用签了"),
        Example("去笑"),
        Example("先放着别动它"),
        Example("撤回来"),
    )
