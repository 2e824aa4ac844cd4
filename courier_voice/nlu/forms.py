"""Pickup forms and task questions: slots told by few words, settled by those words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from courier_voice.nlu.lexicon import PRODUCTS, by_sound, goods_by_sound

Frame = dict[str, str]

_REFUSES_INSURANCE: Final = re.compile(
    r"[不没别甭免勿无][用要做给必上有需了]{0,2}(?:投?保价?(?!管|证|留|存|护|密|温|鲜|险|持|本|准|修|养|洁|暖)|声明)|保价[就还]?[不别免没]|价不保"
)
_NOT_GOODS: Final = frozenset("箱 箱子 纸箱 盒子 包裹 件 货 快递 东西 快件 揽件 揽收 懒件".split())
_SHORT_GOODS: Final = frozenset(
    "书酒药鞋茶米面油盐糖菜鱼肉蛋虾蟹鸡鸭鹅枣梨桃杏瓜藕蒜姜葱豆馍饼笔纸画琴鼓灯伞表锅碗盘杯刀壶锁帽衣裤裙袜被毯帘花草"
)
"""Goods of one character; any other one alone is a piece of a word."""
_PAYS: Final[Mapping[str, re.Pattern[str]]] = {
    "sender": re.compile(r"寄付|寄方|寄件[人方]?[给付出]|现[结付]|即付|季付"),
    "receiver": re.compile(r"(?<!货)到付|收方|收件[人方][给付出]|对方[给付出来]|那边[给付出]"),
    "monthly": re.compile(r"月结|月节|月底结|记账"),
}
_PACKAGES: Final = re.compile(
    r"(\d+|[一两二三四五六七八九十])个?(件(?![\u4e00-\u9fff])|箱子?|纸箱|包裹?|票|袋)(?![装里])"
)
_SIDES: Final = ("length_cm", "width_cm", "height_cm")
_SIDE: Final = r"(\d+(?:\.\d+)?)(?:厘米|公分)?"
_TRIPLE: Final = re.compile(
    rf"(?<!\d){_SIDE}\s*(?:乘以?|[xX×*]|\s)\s*{_SIDE}\s*(?:乘以?|[xX×*]|\s)\s*{_SIDE}(?![\d公千斤])"
)
_CUBE: Final = re.compile(r"(?:每|各|四|三)[条个面]?边|边长|四周|正方|长宽高[都全均]|[都全]一样长")
_LENGTH: Final = re.compile(r"\d+(?:\.\d+)?(?:厘米|公分|毫米|米)")
_COUNTS: Final = {hanzi: str(n) for n, hanzi in enumerate("一二三四五六七八九十", 1)} | {"两": "2"}
_INSIDE: Final = re.compile(r"瓶|双|本|盒|条|只|支|罐|斤|公斤|克|台|套|把|张")
_TASKS: Final[tuple[tuple[str, str, re.Pattern[str]], ...]] = (
    ("state", "due_soon", re.compile(r"(快|马上|就|将|眼看).{0,2}(要|到|超|过)|[小时钟头分]内|临期")),
    ("state", "overdue", re.compile(r"超时|误[了点时]|过[了]?[点时期]|逾期|迟|晚点")),
    ("state", "exception", re.compile(r"异常|异长|出问题|问题件")),
)
_PICKS_UP: Final = re.compile(r"取件|揽|懒[件收]|收件|上门|去收|收了?[几多]|收派|派收")
_DELIVERS: Final = re.compile(r"派|送|投|拍")
_UNPAID: Final = re.compile(r"剩|还[有没欠要差]|没收|未收|待收")
_PAID: Final = re.compile(r"已收|收到|收了|收回|收上来")


def form(frame: Frame, text: str) -> None:
    """Who pays and how many parcels are told by few words; goods inside a parcel are not parcels."""
    paying = [value for value, words in _PAYS.items() if words.search(text)]
    if len(paying) == 1:
        frame["payment"] = paying[0]
    elif not paying:
        frame.pop("payment", None)
    if _REFUSES_INSURANCE.search(text):
        frame["declared_value_yuan"] = "0"
    if _INSIDE.search(frame.get("quantity", "")):
        del frame["quantity"]
    if "quantity" in frame:
        behind = [text[m.end() :] for m in re.finditer(re.escape(frame["quantity"]), text)]
        if behind and all(_INSIDE.match(rest) for rest in behind):
            del frame["quantity"]
    _dimensions(frame, text)
    counts = _PACKAGES.findall(text)
    if "quantity" not in frame and len(counts) == 1:
        frame["quantity"] = _COUNTS.get(counts[0][0], counts[0][0])
    paid = "".join(text[m.start() : m.end() + 1] for words in _PAYS.values() if (m := words.search(text)))
    item = frame.get("item", "")
    if item in _NOT_GOODS or item in paid or (len(item) == 1 and item not in _SHORT_GOODS):
        frame.pop("item", None)
    if "product" in frame:
        frame["product"] = by_sound(frame["product"], PRODUCTS)
    if "item" in frame:
        frame["item"] = goods_by_sound(frame["item"])


def _dimensions(frame: Frame, text: str) -> None:
    """35乘35乘28 is length, width and height, and none of them a weight; 长52 is a length; 每边40 is all three."""
    triple = _TRIPLE.search(text)
    if triple:
        frame |= zip(_SIDES, triple.groups(), strict=True)
        if frame.get("weight_kg") in triple.groups():
            del frame["weight_kg"]
    sides = {frame[slot] for slot in _SIDES if slot in frame} or set(_LENGTH.findall(text))
    if len(sides) == 1 and _CUBE.search(text):
        frame |= dict.fromkeys(_SIDES, sides.pop())
    for slot, side in zip(_SIDES, "长宽高", strict=True):
        found = re.findall(rf"{side}度?(?:是|为)?(\d+(?:\.\d+)?(?:厘米|公分|毫米|米)?)", text)
        if len(found) == 1 and slot not in frame:
            frame[slot] = found[0]


def tasks(frame: Frame, text: str) -> None:
    """Which tasks a question is about, where the words for it are few."""
    for slot, value, words in _TASKS:
        if words.search(text):
            frame[slot] = value
            break
    if frame.get("measure") == "cod_total":
        frame["state"] = "pending" if _UNPAID.search(text) else "done" if _PAID.search(text) else "all"
        frame["kind"] = "all"
        return
    picks, delivers = bool(_PICKS_UP.search(text)), bool(_DELIVERS.search(text))
    if frame.get("measure") == "next":
        delivers = False
    frame["kind"] = "all" if picks == delivers else "pickup" if picks else "delivery"
