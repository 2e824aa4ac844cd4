"""What the wake phrase is tried on: it said by many speakers, alone and before a command, and talk without it.

The speakers are development ones, of whom the recogniser has learnt nothing. Some of the talk calls a 小哥, as
customers call every courier.
"""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Final

from numpy.random import default_rng

from courier_voice.training.clips import Clip
from courier_voice.training.seeds import read_seeds
from courier_voice.training.speakers import Speaker, speakers

PHRASES: Final = {"小哥小哥": 60, "你好小哥": 12, "快递助手": 12, "小派小派": 12}
"""Phrases and how many clips of each: the one shipped, and others as somebody may configure them."""
SPEAKERS: Final = 40
_COMMANDS: Final = (
    "给六六八八打电话",
    "今天还有几单没送",
    "下一单送哪儿",
    "尾号零五七八签收，放门口了",
    "跟王女士说我十分钟后到",
    "生鲜怎么包装",
    "尾号一二三四地址在哪儿",
    "这单客户拒收",
    "打给下一家",
    "到付的还有多少没收",
)
_ALONE: Final = 4
"""Every fourth clip is the phrase alone."""
_CALLED: Final = (
    "小哥，我的快递到了没有",
    "小哥哥，帮我看一下有没有我的件",
    "快递小哥，你在哪儿呢",
    "小哥你好，我下来拿",
    "麻烦小哥放门口就行",
    "那个小哥，等一下我马上下来",
    "小哥辛苦了，喝口水吧",
    "小哥，这个能不能寄到北京",
    "小姐姐，小姐姐，这边请",
    "小狗小狗快过来",
    "小哥，小心点，里面是玻璃",
    "你们小哥人真好",
    "小伙子，你这车挡着路了",
    "小哥，小区门口进不去吗",
    "小哥上午不是打过电话了吗",
    "你好，小哥在吗，我问一下运费",
    "快递柜助手说超时要收费",
    "小派出所旁边那个小卖部",
    "小葛小郭你们俩过来搬一下",
    "小朋友小心，别碰那个箱子",
)


def plan(world: Path, seed: int, talk: int = 280) -> tuple[list[Clip], dict[str, Speaker]]:
    """Clips and their speakers by name. ``kind`` is wake or talk, ``keys`` of a wake clip its phrase. Raises
    WeightsMissing without the voices of other languages."""
    rng, random = default_rng(seed), Random(seed)
    cast = speakers(SPEAKERS, world, rng, dev=True)
    texts: list[tuple[str, str, tuple[str, ...]]] = []
    for phrase, count in PHRASES.items():
        for number in range(count):
            behind = "" if number % _ALONE == 0 else f"，{random.choice(_COMMANDS)}"
            texts.append((f"{phrase}{behind}", "wake", (phrase,)))
    lines = sorted({seed_line.text for seed_line in read_seeds() if seed_line.line.startswith("none")})
    texts += [(line, "talk", ()) for line in (*_CALLED, *random.sample(lines, min(talk, len(lines))))]
    clips = [
        Clip(f"{kind}/{number:04}.flac", "dev", text, kind, keys, cast[number % SPEAKERS].name, _speed(random))
        for number, (text, kind, keys) in enumerate(texts)
    ]
    return clips, {speaker.name: speaker for speaker in cast}


def _speed(random: Random) -> float:
    return round(random.uniform(0.85, 1.3), 2)
