"""What a small model gets wrong and code can know: digits, units, who is named, what words bear a reference.

Works on one flat frame (slot → string as the model wrote it) and the normalised sentence. Only ever moves or drops
what the sentence says; nothing is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from courier_voice.core.parcels import COMPOUND_SURNAMES
from courier_voice.nlu import forms
from courier_voice.nlu.lexicon import PLACES, TITLES, by_sound, with_title

Frame = dict[str, str]

SURNAMES: Final = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆"
    "范汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛闫段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔向常汤康易乔赖文施洪辛柯庄温牛樊葛"
    "邢安齐伍庞章鲁倪岳翟殷詹申欧耿关兰焦俞左柳甘祝包宁尚符舒阮纪梅童凌毕单季裴霍涂成苗谷盛曲翁冉骆蓝路游靳管柴蒙鲍华喻祁"
    "房滕屈饶牟艾尤时穆农车宫阎麦褚娄窦戚岑景党费卜冷晏席卫柏郎诸冀凤桂全佟应臧闵苟邬边姬师仲丘戈桑卓连仇桃查简"
)
_TITLED: Final = re.compile(
    rf"(?:{'|'.join(sorted(COMPOUND_SURNAMES))}|[{SURNAMES}])(?:{'|'.join(sorted(TITLES, key=len, reverse=True))})"
)
NOBODY: Final = frozenset(
    "简讯 短讯 短信 我 我们 你 您 咱 住户 客户 收件人 寄件人 寄件方 收件方 人家 对方 业主 顾客 用户 所有人 大家 他 她 他们 她们 家里人 下一家 上一家 下家 那户 这户 那家 这家".split()
) | frozenset(TITLES)
_WORDS_FOR: Final[Mapping[str, re.Pattern[str]]] = {
    "next": re.compile(r"下一|下个|下家|接下来|再后面|后面那|下下"),
    "previous": re.compile(r"上一|上个|上家|刚才|刚刚|刚[送离走签千打派]|前一|之前那"),
    "all": re.compile(r"都|全|所有|每|群发|大家|各|统统|通通|挨个|挨家|一律|剩下"),
}
_POINTING: Final = re.compile(r"[他她它这那此]|人家|对方|客户")
_HIM: Final = re.compile(r"[他她](?!们)|这[单件票家户个箱]|此件")
_WEIGHT: Final = re.compile(r"\d+(?:\.\d+)?(?:公斤|千克|kg|斤|克|两)(?:\d+(?:\.\d+)?(?:两|克|斤))?")
_UNIT: Final = re.compile(r"^\s*(公斤|千克|kg|斤|克|两|厘米|公分|毫米|米|块|元|万)")
_UNITS_OF: Final = {
    "weight_kg": ("公斤", "千克", "kg", "斤", "克", "两"),
    "length_cm": ("厘米", "公分", "毫米", "米"),
    "width_cm": ("厘米", "公分", "毫米", "米"),
    "height_cm": ("厘米", "公分", "毫米", "米"),
    "declared_value_yuan": ("块", "元", "万"),
    "cod_yuan": ("块", "元", "万"),
}
_FOUR: Final = re.compile(r"(?<![\d.])\d{4}(?![\d.])(?!公斤|千克|kg|斤|克|两|厘米|公分|毫米|米|块|元|万|年)")
_MONEY_BEFORE: Final = re.compile(r"(保价?|保家|价值|声明|货款|代收|到付|收|值|价)[^\d，。]{0,4}$")
_COMMAND_ITSELF: Final = re.compile(r"[编写发拟来回]?(一?[条个])?(短信|消息|信息|留言)[吧了]?")
_HOUSE: Final = re.compile(
    r"(?:[^\d，。：跟给和叫让到把住往去告诉通知联系打呼的]{2,7})?"
    r"\d+(?:号楼|栋|幢|号院|排|座|单元)(?:[\dA-Z]|号楼|单元|号|室|层)*(?=的|那|，|[" + SURNAMES + r"])"
)
_SAYING: Final = re.compile(
    r"^(?:就说|说一声|说一下|说声|说|写上|写|内容是|内容|问一下|问问|问|讲一声|讲一下|讲|告诉)?"
    r"(?:(?<=问)[他她]|(?<=问问)[他她]|(?<=问一下)[他她]|(?<=告诉)[他她]|让[他她](?=的))?[，：:、]?"
)
_ADDRESS_FIRST: Final = re.compile(r"^(?P<address>[^，]*\d+[^，]*)，(?P<place>[^，]+)$")
DENIED: Final = re.compile(r"(?:不是|不要|别)(?:给|打给|发给|跟|尾号|那个)?$")
"""Before a value that is not meant: 是六六八八不是八八六六."""
_INSURES: Final = re.compile(r"保(?![管证留存护密温鲜持本准修养洁暖安])|价值|声明")
_PLACE: Final = re.compile(
    r"\d|[路街道巷弄村屯庄寨苑园区楼栋幢座院里城厦场心号排门站店厂校房馆桥镇乡坊湾庭府邸轩阁居舍室]"
)
TWO: Final = re.compile(r"然后|接着|顺便|顺带|顺手|另外|完了|之后|还有|同时|再|回头|；")
"""Words without which one breath does not hold two commands."""
_NEEDS: Final[Mapping[str, re.Pattern[str]]] = {
    "send_sms": re.compile(
        r"[短段][信讯]|简讯|消息|信息|留[个句]?[言话]|[说讲回问发写叫让催跟]|告诉|通[知之]|知会|捎|带[个句]?话|提醒|转告"
    ),
    "sign_off": re.compile(
        r"[签千牵前迁]|妥投|[拖托]投|送[达到]|完|结|搞定|销|办好|放|搁|交|塞|挂|收[了的下]|代收|拿[走了]"
    ),
    "dial": re.compile(r"电话|打|拨|播|波|呼|接|通|联[系络]|连|找|call"),
}
"""What acts on a customer needs a word that asks for it: talk to somebody is no command."""


_NOON: Final = re.compile("(?:[重终钟忠种肿众][午武五舞务]|中[武舞务])(?![人动件量])")

_SOMEBODY: Final = re.compile("(?:客户|收件人|寄件人|对方|人家|他|她)[说讲要]?")
"""Whose words a note is of, without any."""


def asked_for(intent: str, text: str) -> bool:
    """Whether the sentence has a word that asks for an intent which acts on a customer."""
    need = _NEEDS.get(intent)
    return need is None or bool(need.search(text))


def settle(intent: str, frame: Mapping[str, str], text: str, slots: frozenset[str]) -> Frame:
    """The frame put right by the sentence (or by its own part of one with two commands).

    ``slots`` are those the intent has, flat.
    """
    out = {name: value for name, value in frame.items() if name in slots and value}
    _digits_for_name(out)
    _nobody(out)
    _place_with_address(out)
    if intent == "correct" and _FOUR.search(out.get("message", "")) and len(out["message"]) > len(text) / 2:
        del out["message"]  # 错了，是九零二一 puts the tail right, not the text
    if "tail" in slots:
        _tail(out, text)
    _reference(intent, out, text)
    _units(out, text, slots)
    if intent == "fill_pickup":
        forms.form(out, text)
    if intent == "query_tasks":
        forms.tasks(out, text)
    if "place" in out:
        out["place"] = by_sound(out["place"].rstrip("了吧啊"), PLACES)
    if "note" in out:
        out["note"] = "" if _SOMEBODY.fullmatch(out["note"]) else _NOON.sub("中午", out["note"])
    if _COMMAND_ITSELF.fullmatch(out.get("message", "")):
        del out["message"]
    if "message" in out:
        out["message"] = _SAYING.sub("", out["message"], count=1) or out["message"]
    if "address" in out and not _PLACE.search(out["address"]):
        del out["address"]
    if "name" in slots and intent != "correct":
        _address(out, text)
        _name(out, text)
        _pronoun(intent, out, text)
    return {name: value for name, value in out.items() if value}


def _digits_for_name(frame: Frame) -> None:
    for slot in ("name", "address"):
        if re.fullmatch(r"(?:尾号|位号|为号|未号|运单|单号)?\d{4}", frame.get(slot, "")):
            frame.setdefault("tail", frame.pop(slot)[-4:])


def _nobody(frame: Frame) -> None:
    if frame.get("name") in NOBODY:
        del frame["name"]
    elif "name" in frame:
        frame["name"] = with_title(frame["name"])


def _place_with_address(frame: Frame) -> None:
    """九排四号，院墙里头: the house is the target, what follows is the place."""
    match = _ADDRESS_FIRST.match(frame.get("place", ""))
    if match and "address" not in frame and not re.fullmatch(r"\d{4}", match["address"]):
        frame["address"], frame["place"] = match["address"], match["place"]
        frame.pop("ref", None)


def _tail(frame: Frame, text: str) -> None:
    """Four digits that stand alone and are nobody's money are a tail; those said not to be meant give way to others."""
    if "tail" in frame:
        runs = list(_FOUR.finditer(text))
        meant = [run[0] for run in runs if not DENIED.search(text[: run.start()])]
        if len(meant) == 1 < len(runs) and _FOUR.fullmatch(frame["tail"]):
            frame["tail"] = meant[0]
        return
    elsewhere = " ".join(value for slot, value in frame.items() if slot not in ("question", "ref"))
    for match in _FOUR.finditer(text):
        if match[0] not in elsewhere and not _MONEY_BEFORE.search(text[: match.start()]):
            if re.search(r"[号楼栋幢座室院路村苑排]\d*$", text[: match.start()]) and "尾号" not in text:
                continue
            frame["tail"] = match[0]
            if frame.get("ref") in ("current", "previous", "next"):
                del frame["ref"]
            return


def _reference(intent: str, frame: Frame, text: str) -> None:
    """A reference needs words that bear it; beside a tail or a name, 这单 adds nothing."""
    ref = frame.get("ref")
    if ref is None:
        return
    if ref == "current" and "这" not in text:
        ref = frame["ref"] = next((r for r in ("previous", "next") if _WORDS_FOR[r].search(text)), ref)
    named = any(slot in frame for slot in ("tail", "name", "address"))
    unborne = ref in _WORDS_FOR and not _WORDS_FOR[ref].search(text)
    if unborne or (ref == "current" and (named or (intent == "fill_pickup" and not _POINTING.search(text)))):
        del frame["ref"]


def _units(frame: Frame, text: str, slots: frozenset[str]) -> None:
    for slot, units in _UNITS_OF.items():
        value = frame.get(slot)
        if value is None:
            continue
        if value == "0":
            if not _INSURES.search(text):
                del frame[slot]
            continue
        behind = [_UNIT.match(text[m.end() :]) for m in re.finditer(re.escape(value), text)]
        if behind and all(unit and unit[1] not in units for unit in behind):
            del frame[slot]
    if "item" in frame:
        frame["item"] = _WEIGHT.split(frame["item"])[0]
    if "weight_kg" in slots and "weight_kg" not in frame:
        weights = _WEIGHT.findall(text)
        if len(weights) == 1:
            frame["weight_kg"] = weights[0]
    if re.search(r"\d", frame.get("product", "")) or frame.get("product") in ("箱", "箱子", "包裹", "件"):
        del frame["product"]


def _address(frame: Frame, text: str) -> None:
    """A house before whoever lives there: 3号楼的王女士."""
    if any(slot in frame for slot in ("address", "tail", "question", "ref")):
        return
    found = _HOUSE.findall(_unquoted(frame, text))
    if len(found) == 1:
        frame["address"] = found[0]


def _unquoted(frame: Frame, text: str) -> str:
    """The sentence without what it only quotes."""
    for slot in ("message", "question", "note", "place", "item"):
        if frame.get(slot):
            text = text.replace(frame[slot], "。")
    return text


def _pronoun(intent: str, frame: Frame, text: str) -> None:
    """他, 她, 这单 outside of quoted speech is the parcel in focus, when nobody else is named."""
    if intent == "fill_pickup" or any(slot in frame for slot in ("tail", "name", "address", "ref")):
        return
    if _HIM.search(_unquoted(frame, text)):
        frame["ref"] = "current"


def _misheard_titles(text: str) -> list[str]:
    """Surnames before two characters that sound like a title: 薛先森, 潘女是."""
    pieces = (text[m.start() : m.start() + 3] for m in re.finditer(rf"[{SURNAMES}](?=[\u4e00-\u9fff]{{2}})", text))
    return [named for piece in pieces if (named := with_title(piece)) != piece]


def _name(frame: Frame, text: str) -> None:
    """A surname with a title outside of quoted speech is who is meant."""
    rest = _unquoted(frame, text)
    found = _TITLED.findall(rest) or _misheard_titles(rest)
    cut_short = (
        len(found) == 1 and found[0].startswith(frame.get("name", "　")[:2]) and len(frame["name"]) < len(found[0])
    )
    if len(found) == 1 and ("name" not in frame or cut_short) and "question" not in frame:
        frame["name"] = found[0]
        if frame.get("ref") == "current":
            del frame["ref"]
