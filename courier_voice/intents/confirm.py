from __future__ import annotations

from typing import ClassVar

from courier_voice.core.intent import Example, Intent, Risk


class Confirm(Intent):
    """Say yes to what was read back."""

    name: ClassVar[str] = "confirm"
    summary: ClassVar[str] = "同意、确认执行、提交"
    risk: ClassVar[Risk] = Risk.CONTROL
    examples: ClassVar[tuple[Example, ...]] = (
        Example("就这么办"),
        Example("就按这个发走吧", waiting="confirm:send_sms"),
        Example("是他没错，报了吧", waiting="confirm:report_exception"),
        Example("对的发吧"),
        Example("嗯可以"),
        Example("没问题就这样"),
        Example("行你弄吧"),
        Example("填好了提交吧"),
        Example("是这个没错"),
        Example("对对对"),
        Example("好嘞发走吧"),
        Example("说得对照办"),
        Example("确忍"),
    )
