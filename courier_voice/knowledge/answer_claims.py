"""Whether an answer says the same as its passage where single words decide: how much of what, at most or at least,
before or after, allowed, required or forbidden, to whom. Clause is compared with clause, by code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from courier_voice.text.normalize import normalize
from courier_voice.text.numerals import ANY, value

Bound = Literal["most", "least", "before", "after", "outside", ""]
Modality = Literal["forbidden", "allowed", "required", "freed"]

_UNITS: Final = (
    "个工作日 工作日 个月 周岁 公斤 千克 毫克 毫升 厘米 毫米 公里 千米 公分 平方米 立方米 小时 钟头 分钟 "
    "元 块 角 天 日 周 月 年 季度 倍 ‰ ‱ % 折 克 斤 两 吨 升 米 度 级 层 楼 次 份 名 人 位 张 件 票 个 箱 瓶 "
    "袋 包 台 项 种 条 家 分 秒 伏 瓦时 毫安时 毫安 岁 号 点 类 页 户 辆 成"
).split()
_SAME_UNIT: Final = dict(
    pair.split("=")
    for pair in (
        "千克=公斤 块=元 钟头=小时 天=日 个月=月 公分=厘米 千米=公里 名=人 位=人 个工作日=工作日 周岁=岁 票=件"
    ).split()
)
_NUMBER: Final = re.compile(
    rf"(?<![\d.第])(?P<value>\d+(?:\.\d+)?)(?P<unit>{'|'.join(sorted(_UNITS, key=len, reverse=True))})?"
    r"(?P<behind>以上|以下|以内|之内|以外|之外|之前|以前|之后|以后|内|前|后|外)?"
)
_BEHIND: Final[dict[str, Bound]] = {
    **dict.fromkeys(("以上",), "least"),
    **dict.fromkeys(("以下", "以内", "之内", "内"), "most"),
    **dict.fromkeys(("以外", "之外", "外"), "outside"),
    **dict.fromkeys(("之前", "以前", "前"), "before"),
    **dict.fromkeys(("之后", "以后", "后"), "after"),
}
_MOST: Final = re.compile(
    "(?:不得?(?:能|可以|应当?)?(?:超过|超出|高于|大于|多于|长于|晚于|迟于|重于)|不足|不到|未满|不满|低于|少于|小于|限)[了为是]?约?$"
    "|(?:至多|最多|顶多|最高|最长|最大|最迟|最晚)[一-龥]{0,4}$"
)
_NOT_LESS: Final = re.compile(
    "(?:不得?(?:能|可以|应当?)?(?:低于|少于|小于|短于|早于|不足))[了为是]?约?$"
    "|(?:至少|最少|最低|最短|起码)[一-龥]{0,4}$"
)
_MORE: Final = re.compile("(?:超过|超出|高于|大于|多于|长于|满|达到?)[了为是]?约?$")
_SHARE: Final = re.compile(rf"(?P<of>百|千|万)分之(?P<share>[{ANY}\d.]+)")
_COUNT: Final = re.compile(
    rf"(?<![\d.第统唯同单])(?P<count>[{ANY}]+)"
    rf"(?=(?:{'|'.join(sorted(_UNITS, key=len, reverse=True))})(?!体|般|样|致|律|切)|以[上下内外])"
)

CLAUSE: Final = re.compile(r"[，。；;！？!?\n]+")
SENTENCE: Final = re.compile(r"[。；;！？!?\n]+")
_LIMITS: Final = re.compile(
    "不得?(?:能|可以|应当?)?(?:超过|超出|高于|大于|多于|长于|晚于|低于|少于|小于|短于|早于|不足|迟于|重于)"
)
_FREED: Final = "不必|无需|无须|毋须|不需要?|不用|不要求|免予|免收|可以不|可不|免除|不应承担|不承担|不负"
_FORBIDDEN: Final = (
    "不得|不可以?(?!抗)|不能(?!够?(?:识别|确定|投|送|提供|完成|履行|按))|不许|不准|禁止(?!寄递的?物品|限制)|严禁|不允许|不应当?(?!承担)|无权|不予|谢绝|"
    "别(?=[把给让再])|一律不|拒绝收|不收(?!费|据)"
)
_REQUIRED: Final = (
    "应当|应该|必须|务必|须(?!知)|需要|需(?!求)|应(?=[在于按由当对将向及主立保做予依符]|$)|"
    "要(?!求|不|么|是|紧|领|素|点|件|约|回|价)|得(?=先|把|在|马上|给|由|有)|一定"
)
_ALLOWED: Final = "可以|有权|允许|准许|能够?(?!力|源|量|耗|见)|准予|可(?=[以由向按凭在将选要自])"
_MODALS: Final[tuple[tuple[Modality, re.Pattern[str]], ...]] = (
    ("freed", re.compile(_FREED)),
    ("forbidden", re.compile(_FORBIDDEN)),
    ("required", re.compile(_REQUIRED)),
    ("allowed", re.compile(_ALLOWED)),
)
_NEGATION: Final = re.compile("[不未没无非免勿莫别]")
_DENIES: Final = re.compile(
    "[不未没无非免勿莫别](?:再|予以?|承担|给予|进行|提出|得|能够?|可以?|应当?|准|许|要|会|用|必|须|需要?|曾|被|经|有|"
    "[向对给按][一-龥]{1,6})*$"
)
"""A negation and what may stand between it and its verb."""
_ROLES: Final = tuple(
    frozenset(words.split())
    for words in (
        "寄件人 寄件方 寄方 发件人",
        "收件人 收件方 收方",
        "企业 公司 快递公司 邮政企业 网点 站点",
        "用户 客户 消费者 顾客",
        "快递员 业务员 收派员 投递员 从业人员 小哥",
        "商家 卖家 经营者 电商",
        "管理部门 监管部门 邮政管理部门 公安机关",
        "驾驶人 司机",
        "代收人 代收点 驿站",
    )
)
_ALIKE: Final = 0.3
"""Share of a clause's character pairs a passage's sentence must have to be what it is about,"""
_NEAR: Final = 0.15
"""and how much less of them than the most alike has."""


@dataclass(frozen=True)
class Amount:
    """A number as it is meant: value, unit, and which side of it is meant."""

    value: str
    unit: str
    bound: Bound


def amounts(text: str) -> frozenset[Amount]:
    """The numbers of a text with unit and bound; titles and article numbers should have been taken out."""
    return frozenset(_amounts(normalize(_plain(text)).text))


def contradictions(answer: str, passages: Sequence[str], question: str = "") -> list[str]:
    """Clauses of an answer that say another thing than the passages: another unit or side of a number, another
    permission, a negation more or less, another person. Empty when there is none."""
    known = frozenset(amount for passage in passages for amount in amounts(passage))
    sentences = [each for passage in passages for each in SENTENCE.split(passage) if each.strip()]
    wrong: list[str] = []
    for clause in (each for each in CLAUSE.split(answer) if each.strip()):
        if not all(any(fits(said, one) for one in known) for said in amounts(clause)) or not _backed(
            clause, sentences, question
        ):
            wrong.append(clause)
    return wrong


def _plain(text: str) -> str:
    """Shares and counts that normalisation leaves in words, as digits with a unit."""
    marks = {"百": "%", "千": "‰", "万": "‱"}
    text = _SHARE.sub(
        lambda m: f"{_digits(m['share'])}{marks[m['of']]}", re.sub("[～—]", "-", text).replace("千克", "公斤")
    )
    return _COUNT.sub(lambda m: _digits(m["count"]), text)


def _digits(words: str) -> str:
    try:
        return f"{value(words):f}"
    except ValueError:
        return words


def _amounts(text: str) -> Iterator[Amount]:
    for match in _NUMBER.finditer(text):
        digits = match["value"].rstrip("0").rstrip(".") if "." in match["value"] else match["value"]
        unit = match["unit"] or ""
        before = text[max(0, match.start() - 8) : match.start()]
        bound: Bound = _BEHIND.get(match["behind"] or "", "")
        if _NOT_LESS.search(before):
            bound = "least"
        elif _MOST.search(before):
            bound = "most"
        elif _MORE.search(before):
            bound = "least"
        yield Amount(digits, _SAME_UNIT.get(unit, unit), bound)


def fits(said: Amount, known: Amount) -> bool:
    """Whether an amount is said by one that is known: same value, no other unit, no side but its own."""
    units = said.unit == known.unit or not known.unit or not said.unit
    return said.value == known.value and units and said.bound in ("", known.bound)


def _backed(clause: str, sentences: Sequence[str], question: str) -> bool:
    """Whether some sentence about the same says the same; a clause that none is about is not judged here."""
    about = [(share, sentence) for sentence in sentences if (share := shared(clause, sentence)) >= _ALIKE]
    if not about:
        return True
    best = max(share for share, _ in about)
    return any(_agrees(clause, sentence, question) for share, sentence in about if share >= best - _NEAR)


def _agrees(clause: str, sentence: str, question: str) -> bool:
    said, near = modalities(clause), _nearest(clause, sentence)
    told = near or modalities(sentence)
    if said and told and not said & told:
        return False
    if said & {"forbidden", "freed"} and not told and not _NEGATION.search(sentence):
        return False
    if not said and near == {"forbidden"} and not _NEGATION.search(clause):
        return False
    return not _turned(clause, sentence) and _same_people(clause, sentence, question)


def modalities(text: str) -> frozenset[Modality]:
    """What a clause forbids, allows, requires or frees from; limits of numbers apart."""
    text = _LIMITS.sub("　", text)
    found: set[Modality] = set()
    for name, words in _MODALS:
        if words.search(text):
            found.add(name)
            text = words.sub("　", text)
    return frozenset(found)


def _nearest(clause: str, sentence: str) -> frozenset[Modality]:
    """Of the sentence's clauses, the modalities of those most like the clause."""
    parts = [each for each in CLAUSE.split(sentence) if each.strip()]
    shares = [shared(clause, part) for part in parts]
    best = max(shares, default=0.0)
    near = [part for part, share in zip(parts, shares, strict=True) if share >= best - 0.05]
    return frozenset(modality for part in near for modality in modalities(part))


def _turned(clause: str, sentence: str) -> bool:
    """Whether a verb of both is denied in one of them only."""
    clause, sentence = _LIMITS.sub("　", clause), _LIMITS.sub("　", sentence)
    for pair in pairs(clause):
        at = clause.find(pair)
        places = [match.start() for match in re.finditer(re.escape(pair), sentence)]
        denied = [bool(_DENIES.search(sentence[:there])) for there in places]
        if places and bool(_DENIES.search(clause[:at])) not in denied:
            return True
    return False


def role_of(word: str) -> str:
    """One name for all words for a party: 客户 and 顾客 are one."""
    return next((min(role) for role in _ROLES if word in role), word)


def _same_people(clause: str, sentence: str, question: str) -> bool:
    """Whether everybody the clause names is in the sentence or the question, or the sentence names nobody."""
    told = [role for role in _ROLES if any(word in sentence for word in role)]
    for role in _ROLES:
        if any(word in clause for word in role) and role not in told and told:
            asked = any(word in question for word in role)
            if not asked:
                return False
    return True


def pairs(text: str) -> frozenset[str]:
    """Neighbouring Chinese characters."""
    return frozenset(text[n : n + 2] for n in range(len(text) - 1) if re.fullmatch("[一-龥]{2}", text[n : n + 2]))


def shared(clause: str, sentence: str) -> float:
    """Share of the clause's character pairs that are in the sentence."""
    own = pairs(clause)
    return len(own & pairs(sentence)) / len(own) if own else 0.0
