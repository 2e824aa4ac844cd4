"""Words of the trade put back where a recogniser wrote something that sounds like them: 钱台 is 前台, 题交 提交.

Wrong but plausible is worse than misspelt. A stretch changes only when it makes no sense as it stands: nothing that
changes is a numeral, a word of its own (被, 去), or part of an ordinary word, and no ordinary word reaches over its
ends. Four syllables and more (保一下异常) prove themselves.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping
from functools import lru_cache
from typing import Final

from courier_voice.nlu.lexicon import GOODS
from courier_voice.text.numerals import ANY
from courier_voice.text.phonetics import pinyin, sounding, syllables_differ

TRADE: Final = tuple(
    "尾号 揽收 揽件 运单 运单号 单号 面单 易碎 易碎品 驿站 菜鸟驿站 保价 保价费 签收 取消 确认 提交 托寄物 代收 代收点 代签 拒收 拒签 改期 "
    "改派 派件 派送 取件 退件 妥投 到付 寄付 月结 寄方付 收方付 货款 货到付款 代收货款 运费 备注 异常 破损 丢件 错分 短信 快递 快件 客户 "
    "收件人 寄件人 无人接听 地址错误 外包装 声明价值 打电话 发短信 上门取件 快递柜 丰巢柜 前台 门卫室 保安室 保安亭 收发室 传达室 值班室 "
    "物业 鞋柜 消防栓 电表箱 水表箱 小卖部 便利店 特快 标快 特惠送 生鲜特快 生鲜特惠 冷链 冷链特惠 特快重货 标准快递 同城急送 "
    "禁寄品 禁寄物品 违禁品".split()
)
_BEFORE_AFTER: Final = (
    ("运费 邮费 快递费", "寄方付 收方付 对方付 寄付 到付 月结"),
    ("报 上报 报一下 登记 登记一下 录一下", "异常 破损 拒收"),
    ("本人 家人 前台 物业 门卫 驿站 邻居 同事", "签收 代收 代签"),
    ("点一下 帮我 确认 登记", "签收"),
    ("客户", "拒收 拒签 改期"),
)
WORDS: Final = TRADE + tuple(
    before + after for befores, afters in _BEFORE_AFTER for before in befores.split() for after in afters.split()
)
_GOODS: Final = frozenset(goods for goods in GOODS if len(goods) > 2)
"""Looked for by their exact sound only: 打印纸 is not 打印机."""
ORDINARY: Final = frozenset(
    "滥收 滥减 一岁 亿岁 依随 一展 一战 一盏 一站 义战 翼展 艺展 保家 保甲 保驾 包夹 报价 报夹 报架 乾瘦 千手 千首 欠收 歉收 牵手 纤手 "
    "取笑 缺人 啼叫 替角 踢脚 代售 待售 待收 带钱 举手 句首 居首 巨兽 巨手 拒受 据守 聚首 拘牵 改起 盖起 排检 排碱 排送 区间 推荐 推见 "
    "退减 倒伏 道夫 道孚 道福 道符 几付 几副 几幅 几服 吉服 基佛 基辅 季父 寄父 寄附 机腹 极富 祭服 积福 给付 继父 肌肤 计付 越界 一场 一尝 "
    "宜昌 议场 五叶 五夜 五爷 午夜 呜咽 无业 邪鬼 冷脸 代售点 保安厅 首发式 运飞 云飞 拍件 钱收 医站 小卖铺 鸡孵 到负 骑手".split()
)
"""Words of jieba's dictionary that sound like one of TRADE, and what is said in the street: 拍件, 钱收了, 卫生医站."""
_OWN: Final = frozenset(
    "被把去到带是没有我你他她它在给就也都还会要不别了的得着过和跟与或从对向往为以由让叫请能可再又才只很太这那哪什么谁吗呢吧啊嘛呀"
    "个家人点说看来走送拿等想先后上下里外大小多少好已将其而但因所如若且并之于街路巷"
)
"""Characters that are words: with one of these among what would change, two syllables prove nothing."""
_NUMERALS: Final = frozenset("零一二三四五六七八九十百千万亿两半幺0123456789")
_PROOF: Final = 4
"""Syllables that are proof enough by themselves, when they sound the same."""
_NEARLY: Final = 0.15
"""How much one syllable of three or more may differ: in one half, by a confusion speakers make."""
_LONGEST: Final = max(map(len, WORDS))
_LONGEST_ORDINARY: Final = 4
_DIGITS: Final = f"[{ANY}洞拐勾]"
_PLACES: Final = "大厦|广场|中心|花园|小区|家园|公寓|[苑园里村区城厦]"
_SITTING: Final = rf"(?=[座坐做作]{_DIGITS}{{2}})"
_SIDE: Final = rf"{_DIGITS}{{2,3}}(?:厘米|公分)?[、，]?"
_IN_PLACE: Final = tuple(
    (re.compile(pattern), word)
    for pattern, word in (
        (rf"[为未位味伟微卫围维喂]号(?=是?{_DIGITS}{{3}})", "尾号"),
        (r"(?<=[放存搁寄交])[一以已义意易译益]站(?![式地到])", "驿站"),
        (r"[一已以意亿][岁碎](?=[品件物])", "易碎"),
        (rf"(?<![户他她])(?:报价|保家|包价|宝价)(?=(?:是|要)?{_DIGITS}+(?:[块元，。]|$))", "保价"),
        (r"(?<=物业|前台|门卫|保安|驿站|邻居|同事|家人|超市)[带待](?=收(?![件到货拾入]))", "代"),
        (rf"(?<={'|'.join(_PLACES.split('|')[:6])})[毕必比币闭壁碧笔]{_SITTING}", "B"),
        (rf"(?<={'|'.join(_PLACES.split('|')[:6])})[地弟第帝递]{_SITTING}", "D"),
        (rf"(?<=[A-E])[坐做作](?={_DIGITS}{{2}})", "座"),
        (rf"(?<={_DIGITS})[牌派湃](?={_DIGITS}+[号户楼单]|的)", "排"),
        (r"(?<=哪)洞(?!里)", "栋"),
        (r"(?<=[下上这那哪每])(一?)[丹旦](?![参皮])", r"\1单"),
        (r"(?<=[\u4e00-\u9fff])阿[一以已移宜疑意](?![一二三四五六七八九十个])", "阿姨"),
        (r"小卖[不步布簿部](?!出去)", "小卖部"),
        (r"(?<![花光耳循])[环黄换欢缓](?=有(?:多少|几)[件个票单家])", "还"),
        (rf"(长{_SIDE})(?!{_DIGITS})[^宽、，米\W](?={_SIDE}高)", r"\1宽"),
    )
)
"""Where what stands around a stretch tells what it is, whatever else it could be."""
_HOUSE: Final = re.compile(r"(?<=[\u4e00-\u9fff])[\u4e00-\u9fff](?=号楼)|(?<=[楼栋幢院])[\u4e00-\u9fff](?=单元)")
_NO_DIGIT: Final = frozenset("是有无没时以第几吴") | _NUMERALS
_DIGIT_BY_SOUND: Final = {"yi": "一", "er": "二", "san": "三", "si": "四", "wu": "五", "liu": "六", "qi": "七"} | {
    "ba": "八", "jiu": "九", "shi": "十"
}  # fmt: skip


class Mender:
    """Mends heard text; ``ordinary`` holds words of two to four characters that are to stay as they are."""

    def __init__(self, ordinary: Container[str]) -> None:
        self._ordinary = ordinary

    def __call__(self, heard: str) -> str:
        """``heard`` (simplified) with misheard words of the trade put right, character for character."""
        for pattern, word in _IN_PLACE:
            heard = pattern.sub(word, heard)
        heard = _HOUSE.sub(lambda match: self._house_number(match), heard)
        sounds = dict(sounding(heard))
        start = 0
        while start < len(heard):
            word = next((w for w in _candidates(heard, sounds, start) if self._may_be(w, heard, start)), "")
            if word:
                heard = heard[:start] + word + heard[start + len(word) :]
            start += len(word) or 1
        return heard

    def _house_number(self, match: re.Match[str]) -> str:
        """起号楼 is 七号楼, 已单元 一单元, where the character is no word with the one before."""
        char = match.group()
        before = match.string[max(0, match.start() - 1) : match.end()]
        if char in _NO_DIGIT or before in self._ordinary:
            return char
        return _DIGIT_BY_SOUND.get("".join(pinyin(char)), char)

    def _may_be(self, word: str, heard: str, start: int) -> bool:
        """Whether the stretch makes so little sense that ``word``, which sounds like it, must be meant."""
        stretch = heard[start : start + len(word)]
        changed = [start + at for at, (old, new) in enumerate(zip(stretch, word, strict=True)) if old != new]
        if not changed or any(heard[at] in _NUMERALS for at in changed):
            return False
        end = start + len(word)
        same = pinyin(stretch) == pinyin(word)
        proven = len(word) >= _PROOF and same
        if (word in _GOODS or not (same and len(word) > 2)) and any(heard[at] in _OWN for at in changed):
            return False
        for first, last in self._words_around(heard, start, end):
            inside = start <= first and last <= end
            if not inside or (not proven and any(first <= at < last for at in changed)):
                return False
        return True

    def _words_around(self, heard: str, start: int, end: int) -> list[tuple[int, int]]:
        """Where ordinary words stand that share a character with ``heard[start:end]``."""
        return [
            (first, last)
            for first in range(max(0, start - _LONGEST_ORDINARY + 1), end)
            for last in range(max(first + 2, start + 1), min(len(heard), first + _LONGEST_ORDINARY) + 1)
            if heard[first:last] in ORDINARY or heard[first:last] in TRADE or heard[first:last] in self._ordinary
        ]


@lru_cache(maxsize=1)
def _by_sound() -> dict[tuple[str, ...], str]:
    return {pinyin(word): word for word in (*_GOODS, *reversed(WORDS))}


@lru_cache(maxsize=1)
def _by_all_but_one() -> dict[tuple[int, tuple[str, ...]], list[tuple[str, str]]]:
    """Words of three and more syllables, with one of them: by its place and the others."""
    found: dict[tuple[int, tuple[str, ...]], list[tuple[str, str]]] = {}
    for sound, word in ((pinyin(word), word) for word in reversed(WORDS)):
        for at in range(len(sound) if len(sound) > 2 else 0):
            found.setdefault((at, sound[:at] + sound[at + 1 :]), []).append((sound[at], word))
    return found


def _candidates(heard: str, sounds: Mapping[int, str], start: int) -> Iterator[str]:
    """Words that sound like what begins at ``start``, the longest first, exact before near."""
    for size in range(min(_LONGEST, len(heard) - start), 1, -1):
        stretch = tuple(sounds.get(at, "") for at in range(start, start + size))
        if stretch in _by_sound():
            yield _by_sound()[stretch]
        for at in range(size if size > 2 else 0):
            for syllable, word in _by_all_but_one().get((at, stretch[:at] + stretch[at + 1 :]), ()):
                if 0 < syllables_differ(syllable, stretch[at]) <= _NEARLY:
                    yield word
