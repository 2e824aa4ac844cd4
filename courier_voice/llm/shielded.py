"""A language model elsewhere gets placeholders for whom and where, and never a telephone number.

What it answers is put back in code."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from functools import cache
from itertools import pairwise
from typing import Final

from courier_voice.core.parcels import COMPOUND_SURNAMES
from courier_voice.core.ports import ChatModel, Role
from courier_voice.core.privacy import Known, find_phones, people
from courier_voice.dialog.persons import NAME, SURNAMES
from courier_voice.text.phonetics import find_by_sound

STEMS: Final = "甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳午未申酉戌亥"
_LEAD: Final = "给跟到去往在和叫让把替帮通知联系打呼拨发告诉住从找"
_INNER: Final = _LEAD.replace("和", "").replace("通", "")
"""What a place's name cannot hold further in: 丰和路 and 通和苑 are places."""
_PLACE: Final = re.compile(
    rf"(?![{_LEAD}])[\u4e00-\u9fff](?:(?![{_INNER}])[\u4e00-\u9fff]){{1,5}}?(?:小区|花园|家园|公寓|大厦|广场|新村|社区|[苑园里村院府庭城湾])"
    r"(?:[\dA-Za-z零一二三四五六七八九十百幺两]{1,5}(?:号楼|号院|栋|幢|单元|弄|座|号|室|层|楼)?)*|"
    rf"(?![{_LEAD}])[\u4e00-\u9fff](?:(?![{_INNER}])[\u4e00-\u9fff]){{0,3}}(?:路|街|大道|巷|胡同)(?:[\d零一二三四五六七八九十百幺两]{{1,5}}(?:号|弄)?)*|"
    r"(?:[\dA-Za-z零一二三四五六七八九十百幺两]{1,5}(?:号楼|号院|栋|幢|单元|座))(?:[\d零一二三四五六七八九十百幺两]{1,5}(?:单元|号|室|层|楼)?)*"
)


_HAN: Final = re.compile(r"[\u4e00-\u9fff]+")
NEAR: Final = 0.1
_FAMILY: Final = frozenset(["nr", "ng", "nz", "g", "vg", "ag", "j"])
"""How jieba tags a character that is no word of its own."""
_GIVEN: Final = frozenset("nvaijlszbgt")
_CALLED: Final = re.compile(
    rf"[给找跟叫系下](?P<name>[{SURNAMES}][\u4e00-\u9fff]{{1,2}})(?=打|拨|发|说|讲|留|的|电话|[，。！？]|$)"
)
"""Whole names where a command puts them: 给张伟打电话."""


_FAMILIES: Final = frozenset(
    SURNAMES
    + (
        "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏窦章云苏潘葛奚范彭郎鲁"
        "韦昌马苗凤花方俞任袁柳酆鲍史唐费廉岑薛雷贺倪汤滕殷罗毕郝邬安常乐于傅皮卞齐康伍余元卜顾孟平黄穆萧"
        "尹姚邵湛汪祁毛禹狄米贝明臧计伏成戴谈宋茅庞熊纪舒屈项祝董梁杜阮蓝闵席季麻强贾路娄危江童颜郭梅盛林"
        "刁钟徐邱骆高夏蔡田樊胡凌霍虞万支柯昝管卢莫经房裘缪解宗丁宣贲邓郁杭洪包诸左石崔吉钮龚程嵇邢滑裴陆"
        "荣翁荀羊於惠甄曲封芮羿储靳汲邴糜松井段富巫乌焦巴弓牧隗山谷车侯宓蓬郗班仰秋仲伊宫宁仇栾暴甘钭厉戎"
        "祖武符刘景詹束龙叶幸司韶郜黎蓟薄印宿白怀蒲邰鄂索咸籍赖卓蔺屠蒙池乔阴胥苍闻莘党翟谭贡劳逄姬申扶堵"
        "冉宰郦雍郤璩桑桂濮牛寿边扈燕冀郏浦尚农温庄晏柴瞿阎充慕连茹习宦艾鱼容向古易慎戈廖庾终暨居衡步耿满"
        "弘匡国文寇广禄阙东欧殳沃利蔚越夔隆师巩厍聂晁勾敖融冷訾辛阚简饶曾毋沙乜养鞠须丰巢关蒯荆红游竺权逯"
        "盖益桓肖闫付代覃仝佟芦战练木衣原牟兰台丘辜银畅"
    )
)
"""The Hundred Family Surnames and newer ones, without those that are mostly words (和, 能, 都, 那)."""
_PLAIN: Final = (
    "的了吗呢吧啊呀嘛着过是在有不没我你他她它您们给把被就也都还要会能可得说讲打发送到来去下上里个件单号楼室层栋户家"
    "一二三四五六七八九十两几半百千万这那哪什么某"
)
"""What hardly stands in a given name."""
_GIVEN_NAME: Final = re.compile(rf"(?:(?![{_PLAIN}])[\u4e00-\u9fff]){{1,2}}")
_RARE: Final = 50
"""Words of jieba's dictionary less frequent than this are names as often as words."""


class Shielded:
    """core.ports.ChatModel around one that leaves the machine. What ``warm`` is given is this program's own prompt and
    goes as it is; in all else phones are replaced always, names and addresses unless ``share``."""

    def __init__(self, model: ChatModel, *, share: bool = False, known: Known = people) -> None:
        self._model, self._share, self._known = model, share, known
        self._own: set[tuple[Role, str]] = set()

    def complete(
        self,
        messages: Sequence[tuple[Role, str]],
        *,
        max_tokens: int,
        grammar: str | None = None,
        schema: Mapping[str, object] | None = None,
    ) -> str:
        """As the model's, with what was replaced put back."""
        cover = _Cover()
        sent = [m if m in self._own else (m[0], self._covered(m[1], cover)) for m in messages]
        return cover.lift(self._model.complete(sent, max_tokens=max_tokens, grammar=grammar, schema=schema))

    def warm(self, messages: Sequence[tuple[Role, str]]) -> None:
        self._own |= set(messages)
        self._model.warm(messages)

    def _covered(self, text: str, cover: _Cover) -> str:
        for number in find_phones(text):
            text = text.replace(number, cover.of(number, "某号"))
        if self._share:
            return text
        for string in sorted(set(self._known.found(text)), key=len, reverse=True):
            text = text.replace(string, cover.of(string, "某处" if _PLACE.search(string) else "某"))
        for string in sorted(self._known.strings):
            for heard in _sounding_like(string, text):
                text = text.replace(heard, cover.of(heard, "某"))
        text = _PLACE.sub(lambda match: cover.of(match.group(), "某处"), text)
        text = NAME.sub(lambda match: _titled(match.group(), cover), text)
        for name in (*_names(text), *_maybe_names(text)):
            text = text.replace(name, cover.of(name, "某"))
        return text


class _Cover:
    """Placeholders of one request: 某甲 for a person, 某处乙 for a place, 某号丙 for a number."""

    def __init__(self) -> None:
        self._given: dict[str, str] = {}

    def of(self, string: str, kind: str) -> str:
        if "某" in string:
            return string
        if string not in self._given:
            number = len(self._given)
            stem = STEMS[number] if number < len(STEMS) else STEMS[number // len(STEMS)] + STEMS[number % len(STEMS)]
            self._given[string] = f"{kind}{stem}"
        return self._given[string]

    def lift(self, text: str) -> str:
        for string, placeholder in sorted(self._given.items(), key=lambda pair: -len(pair[1])):
            text = text.replace(placeholder, string)
        return text


def _titled(called: str, cover: _Cover) -> str:
    """王女士 becomes 某甲女士: how to address somebody is no secret, and the model needs it."""
    family = called[:2] if len(called) > 3 else called[1:] if called[0] in "老小" else called[:1]
    return called.replace(family, cover.of(family, "某"), 1)


def _sounding_like(known: str, text: str) -> Iterator[str]:
    """A known name or place as it was misheard: 林建君 for 林建军."""
    if len(known) < 2 or not _HAN.fullmatch(known):
        return
    found = find_by_sound(known, text, limit=NEAR)
    if found is not None and len(text[found[0] : found[1]]) == len(known) and "某" not in text[found[0] : found[1]]:
        yield text[found[0] : found[1]]


def _names(text: str) -> Iterator[str]:
    """Whole names nobody told us of: after a verb that takes one, as jieba's tagger sees them, or a surname that stands
    by itself before a word that can be a given name."""
    yield from (match["name"] for match in _CALLED.finditer(text))
    tagged = list(_tagger()(text))
    yield from (word for word, flag in tagged if flag == "nr" and 2 <= len(word) <= 4 and "某" not in word)
    for (family, flag), (given, kind) in pairwise(tagged):
        alone = flag == "nr" or family in COMPOUND_SURNAMES or (family in SURNAMES and flag in _FAMILY)
        if alone and len(family) <= 2 and 1 <= len(given) <= 2 and kind[:1] in _GIVEN and _HAN.fullmatch(given):
            yield family + given


def _maybe_names(text: str) -> Iterator[str]:
    """What may be a name and is no word: a surname and one or two characters that no dictionary has together. It covers
    too much rather than too little: a word hidden from the model is put back, a name told is told."""
    words = _dictionary()
    at = 0
    while at < len(text) - 1:
        family = text[at : at + 2] if text[at : at + 2] in COMPOUND_SURNAMES else text[at]
        given = _GIVEN_NAME.match(text, at + len(family)) if family in _FAMILIES or len(family) == 2 else None
        inside = at > 0 and text[at - 1 : at + 1] in words and text[at : at + 2] not in words
        if given is None or inside or any(text[at : at + n] in words for n in (3, 4) if len(family) == 1):
            at += 1
            continue
        name = family + given.group()
        if name[:2] in words and len(family) == 1:
            name = "" if len(name) < 3 or text[at + 1 : at + 3] in words else name
        elif name[1:] not in words and text[at + 2 : at + 4] in words and len(family) == 1:
            name = name[:2]  # 苏曼电话: the third character begins the next word
        if name:
            yield name
        at += max(1, len(name))


@cache
def _dictionary() -> Container[str]:
    import jieba.posseg

    jieba.initialize()
    tags = jieba.posseg.dt.word_tag_tab
    return frozenset(w for w, count in jieba.dt.FREQ.items() if count > _RARE and not tags.get(w, "").startswith("nr"))


def _tagger() -> Callable[[str], Iterator[tuple[str, str]]]:
    import jieba.posseg

    return lambda text: ((pair.word, pair.flag) for pair in jieba.posseg.cut(text))
