"""说快点, 换个声音, 声音大点, 我在打电话: how the agent is to speak. Only when nothing else is said: 跟王女士说快点 is
a text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

from courier_voice.core.turn import NluContext
from courier_voice.core.words import Utterance

Change = Literal["faster", "slower", "louder", "quieter", "other", "man", "woman", "reset", "hush", "over"]

_LEAD: Final = r"(?:哎|诶|欸|嗯|呃|那个|喂|请|麻烦|麻烦你|你|你能|能不能|可以|给我|帮我)*"
_TAIL: Final = r"(?:行吗|可以吗|好吗|好不好|行不行|吗|吧|啊|呀|呗|嘛|了)*"
_SAY: Final = r"(?:说话|讲话|说|讲|念|读|报|播报|播)"
_BIT: Final = r"(?:一?点儿?|一?些|一下)"
_MORE: Final = r"(?:得|再|稍微|稍|可以|能)*"
_PACES: Final[tuple[tuple[str, Change, Change], ...]] = (("快", "faster", "slower"), ("慢", "slower", "faster"))
_SPEEDING: Final[tuple[tuple[Change, str], ...]] = tuple(
    (change, pattern)
    for fast, faster, slower in _PACES
    for change, pattern in (
        (faster, rf"{_SAY}{_MORE}{fast}{_BIT}(?:{_SAY})?|{_MORE}{fast}{_BIT}{_SAY}|语速{_MORE}(?:调|放)?{fast}{_BIT}"),
        (slower, rf"(?:{_SAY}(?:得|的)?|语速)太{fast}了?"),
    )
)
_PATTERNS: Final[tuple[tuple[Change, str], ...]] = (
    *_SPEEDING,
    (
        "louder",
        rf"(?:声音|音量){_MORE}(?:调|开|放)?(?:大|高|响){_BIT}|{_MORE}大声{_BIT}(?:{_SAY})?|{_MORE}大点声(?:{_SAY})?",
    ),
    ("louder", r"(?:声音|音量)太[小轻低]了?|声音听不清|听不清声音"),
    (
        "quieter",
        rf"(?:声音|音量){_MORE}(?:调|开|放)?[小低轻]{_BIT}|{_MORE}小声{_BIT}(?:{_SAY})?|{_MORE}小点声(?:{_SAY})?",
    ),
    ("quieter", r"(?:声音|音量)太[大响高吵]了?"),
    ("man", r"换(?:成|个|一个|为)*男(?:声|生|的声音|声音|人的?声音)"),
    ("woman", r"换(?:成|个|一个|为)*女(?:声|生|的声音|声音|人的?声音)"),
    ("other", r"换(?:一?个|一?种|一下|下)?(?:声音|嗓音|音色|嗓子)"),
    ("hush", r"我(?:这儿|这边)?(?:先|正)?在(?:打|接|听|讲)着?个?电话呢?|我(?:要|先|去)*接(?:一?个|一下)?电话"),
    ("hush", r"先?(?:别|不要)(?:说话|出声|吱声)|先?安静(?:一?点儿?|一下|一会儿?)?|静音|安静模式"),
    ("over", r"我?(?:电话|通话)?(?:打|接|讲|聊)完了?|(?:电话|通话)(?:挂断|挂|结束)了?|(?:可以|能)(?:说话|出声)"),
    ("over", r"取消静音"),
    ("reset", r"(?:声音|语速|音量)(?:恢复|还原)(?:默认|正常|原样)?|恢复(?:默认|原来)的?(?:声音|语速|音量)"),
)
_WHOLE: Final = tuple((change, re.compile(f"{_LEAD}(?:{pattern}){_TAIL}")) for change, pattern in _PATTERNS)
_FREE_TEXT: Final = frozenset(["send_sms.message", "report_exception.note", "ask_knowledge.question"])
"""What is said then is the text asked for, whatever it says."""


@dataclass(frozen=True)
class Manner:
    """How the agent speaks: ``speed`` and ``volume`` are factors of what is set, ``voice`` is a name or empty."""

    speed: float = 1.0
    volume: float = 1.0
    voice: str = ""


QUIET: Final = 0.4
"""How loud, as a factor, what is asked for is told while he has somebody on the phone."""


SAID: Final[dict[Change, str]] = {
    "faster": "好，说快一点。",
    "slower": "好，说慢一点。",
    "louder": "好，声音大一点。",
    "quieter": "好，声音小一点。",
    "other": "好，换了个声音。",
    "man": "好，换成男声。",
    "woman": "好，换成女声。",
    "reset": "好，恢复原来的声音。",
    "hush": "好，您打，我小声点。",
    "over": "好，接着说。",
}
_STEP: Final = 1.2
_SPEEDS: Final = (0.6, 1.8)
_VOLUMES: Final = (0.3, 3.0)


def voice_change(said: Utterance, context: NluContext) -> Change | None:
    """The change an utterance asks for; None for all else, and where a dictated text is waited for."""
    plain = re.sub(r"[\s，。！？、,.!?]", "", said.heard)
    if context.waiting in _FREE_TEXT:
        return None
    return next((change for change, pattern in _WHOLE if pattern.fullmatch(plain)), None)


def changed(manner: Manner, change: Change, voices: tuple[str, ...] = ()) -> tuple[Manner, str]:
    """The manner after a change that is neither ``hush`` nor ``over``, and what to say. ``voices`` are
    those there are (z**f**_… women, z**m**_… men).
    """
    if change in ("faster", "slower"):
        speed = _stepped(manner.speed, change == "faster", _SPEEDS)
        end = "已经最快了。" if change == "faster" else "已经最慢了。"
        return (Manner(speed, manner.volume, manner.voice), SAID[change]) if speed != manner.speed else (manner, end)
    if change in ("louder", "quieter"):
        volume = _stepped(manner.volume, change == "louder", _VOLUMES)
        end = "已经最大声了。" if change == "louder" else "已经最小声了。"
        return (Manner(manner.speed, volume, manner.voice), SAID[change]) if volume != manner.volume else (manner, end)
    if change == "reset":
        return Manner(), SAID[change]
    fitting = [v for v in voices if change == "other" or v[1:2] == ("m" if change == "man" else "f")]
    others = [v for v in fitting if v != (manner.voice or voices[0])]
    if not others:
        return manner, "没有别的声音可以换。"
    now = voices.index(manner.voice) if manner.voice in voices else 0
    following = min(others, key=lambda v: (voices.index(v) - now) % len(voices))
    return Manner(manner.speed, manner.volume, following), SAID[change]


def _stepped(value: float, up: bool, limits: tuple[float, float]) -> float:
    return round(min(max(value * _STEP if up else value / _STEP, limits[0]), limits[1]), 3)
