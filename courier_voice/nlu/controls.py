"""Control words by word list, before any model: yes, no, again, help.

An utterance is a control only when nothing is left of it once the words of one control and the particles
around them are taken away: 嗯，好的，发吧 is a yes, 好的我放门口了 is not.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from courier_voice.core.turn import Draft
from courier_voice.core.words import Utterance
from courier_voice.text.phonetics import pinyin

LONGEST_BY_SOUND: Final = 8
YES: Final = (
    "确认签收 确认提交 确认发送 确认 确定 可以 没问题 没错 没毛病 不错 对的 对 是的 是她 是他 是这个 是 好的 好嘞 好 行 成 中 OK ok "
    "发送 发出去 发走 发吧 发 报吧 报上去 上报 签吧 提交吧 提交 照办 照这个来 就这样 就这么办 就这么发 就这么写 就这么报 这么写行 这么发行 "
    "这回对了 这次对了 这下对了 对了 就是她 就是他 就是这个 执行 办吧 填完了 填好了 单子提交 嗯嗯"
).split()
NO: Final = (
    "取消 取消掉 不发了 不发 别发了 别发 不要了 不用了 不签了 别签 不报了 别报 不打了 别打 算了 不办了 撤掉 撤了吧 撤了 撤回 撤销 打住 停 停下 停一下 "
    "等等 等一下 作废 不弄了 先别动 先不发 先不签 先不报 不行 不 不是 不对 别 不用"
).split()
AGAIN: Final = (
    "再说一遍 再说一次 再说 再讲一遍 再念一遍 再报一遍 再报一次 重复一遍 重复一下 重复 重说 没听清 没听见 没听清楚 刚才说什么 说什么 你说什么 什么 啥 再来一遍"
).split()
HELP: Final = (
    "帮助 怎么用 你会什么 你会干什么 你能做什么 你能干什么 你会做什么 有什么功能 有哪些功能 能干啥 会干啥".split()
)

_PARTICLES: Final = r"[\s，。！？、,.!?…~—啊吧呢呀嘛哦噢喔了的啦哈嗯呃那就请帮我您你先快]"


def _pattern(words: list[str]) -> re.Pattern[str]:
    """Any run of these words (longest first) and particles, at least one word."""
    one = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    return re.compile(rf"^{_PARTICLES}*(?:(?:{one}){_PARTICLES}*)+$")


_PATTERNS: Final = tuple(
    (intent, _pattern(words)) for intent, words in (("confirm", YES), ("cancel", NO), ("repeat", AGAIN), ("help", HELP))
)


_BY_SOUND: Final = {
    "取消": "cancel", "算了": "cancel", "不发了": "cancel", "别发": "cancel", "撤销": "cancel",
    "确认": "confirm", "确定": "confirm", "提交": "confirm", "没问题": "confirm", "确定没问题": "confirm", "确认签收": "confirm",
    "再说一遍": "repeat", "重复": "repeat", "没听清": "repeat", "帮助": "help",
}  # fmt: skip
"""Short words suffer most from the recogniser (取消 → 去笑): these also count by sound, said once or twice, alone."""


@lru_cache(maxsize=1)
def _sounds() -> dict[tuple[str, ...], str]:
    return {pinyin(word) * times: intent for word, intent in _BY_SOUND.items() for times in (1, 2)}


def control(utterance: Utterance) -> Draft | None:
    """The control an utterance is, or None. Never looks inside longer talk."""
    for intent, pattern in _PATTERNS:
        if pattern.match(utterance.heard):
            return Draft(intent)
    bare = re.sub(r"[^\u4e00-\u9fff]", "", utterance.heard)
    if not 2 <= len(bare) <= LONGEST_BY_SOUND:
        return None
    intent_by_sound = _sounds().get(pinyin(bare))
    return Draft(intent_by_sound) if intent_by_sound else None
