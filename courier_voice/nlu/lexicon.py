"""Words of the trade that recognisers spell after their sound: 鞋贵 is 鞋柜, 标块 is 标快, 先森 is 先生."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from importlib.resources import files
from typing import Final

from courier_voice.text.phonetics import pinyin, sound_distance, syllables_differ

TITLES: Final = tuple(
    "先生 女士 小姐 大姐 大哥 大爷 大娘 大妈 大叔 大婶 阿姨 奶奶 爷爷 师傅 老板 老师 经理 主任 医生 律师 太太 总 姐 哥 叔 姨 婶 嫂 伯".split()
)
PLACES: Final = tuple(
    "本人 家人 家门口 门口 门卫 门卫室 保安 保安室 保安亭 岗亭 物业 物业前台 前台 收发室 传达室 值班室 警卫室 快递柜 丰巢 丰巢柜 驿站 代收点 "
    "菜鸟驿站 鞋柜 鞋架 消防栓 消防柜 电表箱 水表箱 水表间 奶箱 信箱 牛奶箱 楼道 楼梯口 楼下 院子 院里 车库 车棚 小卖部 超市 便利店 邻居 保姆 "
    "同事 老婆 老公 儿子 女儿 父母 秘书 助理 地垫 窗台 阳台 柜台 服务台 后门 侧门 大堂".split()
)
PRODUCTS: Final = tuple(
    "特快 标快 特惠 特惠送 生鲜特快 生鲜特惠 冷链 冷链特惠 冷链专送 重货 特快重货 标准快递 同城 同城急送 大件 空运 陆运".split()
)
GOODS: Final = tuple(files("courier_voice.nlu").joinpath("data", "goods.txt").read_text("utf-8").split())
"""What people send."""
NEARLY: Final = 0.2
_CONFUSED: Final = 0.15


@lru_cache(maxsize=1024)
def _sound(word: str) -> tuple[str, ...]:
    return pinyin(word)


def by_sound(value: str, words: Iterable[str]) -> str:
    """The word of the list that the value sounds exactly like; the value itself when none does."""
    if value in words:
        return value
    sound = pinyin(value)
    return next((word for word in words if _sound(word) == sound), value)


def goods_by_sound(value: str) -> str:
    """The goods a value is a misspelling of: one that sounds the same, else the only one that nearly does and shares a
    character (纳肉 → 腊肉); else the value itself."""
    same = by_sound(value, GOODS)
    if same in GOODS or len(value) < 2:
        return same
    near = [goods for goods in GOODS if len(goods) == len(value) and set(goods) & set(value) and _nearly(goods, value)]
    return near[0] if len(near) == 1 else value


def _nearly(a: str, b: str) -> bool:
    """Whether every syllable differs by at most what speakers confuse in one half of it, and one only."""
    far = [syllables_differ(left, right) for left, right in zip(_sound(a), _sound(b), strict=False)]
    return len(_sound(a)) == len(_sound(b)) and max(far) <= _CONFUSED and sum(map(bool, far)) == 1


def with_title(name: str) -> str:
    """A name whose title was misheard, with the right title: 薛先森 → 薛先生."""
    if len(name) < 3 or name.endswith(TITLES):
        return name
    ending = name[-2:]
    near = [(sound_distance(ending, title), title) for title in TITLES if len(title) == 2]
    distance, title = min(near)
    return name[:-2] + title if distance <= NEARLY else name
