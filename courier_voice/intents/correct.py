from __future__ import annotations

from typing import ClassVar

from courier_voice.core.intent import Example, Intent, Risk


class Correct(Intent):
    """Change slots of what was just read back, refused or filled in. Its slots are those of any intent."""

    name: ClassVar[str] = "correct"
    summary: ClassVar[str] = "改正刚才说错的（不对，是…；改成…；说错了）只写改了的槽位"
    risk: ClassVar[Risk] = Risk.CONTROL

    examples: ClassVar[tuple[Example, ...]] = (
        Example("不对，是六六八九", {"target": {"tail": "6689"}}),
        Example("说错了，尾号是三零幺四", {"target": {"tail": "3014"}}),
        Example("是五五零八那个", {"target": {"tail": "5508"}}, waiting="confirm:send_sms"),
        Example("弄岔了，放门卫", {"place": "门卫"}, waiting="confirm:sign_off"),
        Example("不是今晚，明天一早", {"note": "明天一早"}, waiting="confirm:report_exception"),
        Example("换成我五分钟就到", {"message": "我5分钟就到"}, waiting="confirm:send_sms"),
        Example("不是周女士，是邹女士", {"target": {"name": "邹女士"}}),
        Example("改成放驿站", {"place": "驿站"}),
        Example("重量错了，是四公斤", {"weight_kg": "4公斤"}),
        Example("应该是翠湖小区六栋", {"target": {"address": "翠湖小区6栋"}}),
        Example("时间改成明天晚上", {"note": "明天晚上"}),
        Example("保价改两千", {"declared_value_yuan": "2000"}),
        Example("不是三零一，三零七那家", {"target": {"address": "307"}}),
        Example("货款写错了，应该一百二", {"cod_yuan": "120"}),
        Example("我说的是拒收，不是破损", {"reason": "rejected"}),
        Example("短信改成我二十分钟后到", {"message": "我20分钟后到"}),
        Example("看走眼了，二二七九", {"target": {"tail": "2279"}}),
        Example("念反了，不是五八零四，是五零八四", {"target": {"tail": "5084"}}),
        Example("不是后天，是大后天早上", {"note": "大后天早上"}),
        Example("付款方式弄错了，到付", {"payment": "receiver"}),
        Example("错了错了，本人签的", {"place": "本人"}),
        Example("搞混了是贺小姐不是何小姐", {"target": {"name": "贺小姐"}}),
        Example("秤没放平，改五斤三", {"weight_kg": "5.3斤"}, waiting="form"),
        Example("宽度更正一下，三十二", {"width_cm": "32"}),
    )
