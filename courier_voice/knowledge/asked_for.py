"""What would answer a question, by its wording: an amount of money, a time, a telephone number, so many layers.

A passage that holds nothing of the kind does not answer it, however near it is.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

_NUMBER: Final = r"(?:\d+(?:\.\d+)?|[零一二两双三四五六七八九十百千万半]+)"
_BETWEEN: Final = r"\s*[多余来]?个?"
_MEASURES: Final[tuple[tuple[str, str], ...]] = (
    ("点|成(?!本)", "[%％倍成]|分之"),
    ("钱|块|毛|元|角", "[万亿]?元|角|[%％倍]|分之|费率"),
    ("公斤|斤|千克|克|吨|毫克", "千克|公斤|毫克|kg|克|吨"),
    ("公里|里路|米|厘米|公分|毫米", "公里|千米|米|厘米|毫米|cm|mm"),
    (
        "个?工作日|天|日|个?小时|个?钟头|分钟|秒|年|个?月|周(?!岁)|个?礼拜|个?星期|刻",
        "工作日|天|日|小时|分钟|秒|年|月|周|时",
    ),
    ("周?岁", "周?岁"),
    ("次|回|趟|遍", "次|遍"),
    ("倍", "倍"),
    ("分", "分(?!钟|之)"),
    ("人|名|位", "人|名"),
    ("度", "℃|度"),
)
"""What is counted in a question, and how it may be written where it stands: everyday and printed units."""
_ANY: Final = f"{_NUMBER}{_BETWEEN}(?:{'|'.join(theirs for _, theirs in _MEASURES)}|以[上下])|\\d"
_LISTED: Final = re.compile("哪几|好几|几乎|几[样种类项句]|[这那]几|十几|几十|没几|几个字")
_MANY: Final = re.compile("(?:几|多少)[来多]?个?(?P<unit>[^几多少，。？?；]{0,3})")
_SHARE: Final = re.compile("百分之[几多]|几折")
_CALLED: Final = re.compile(
    "(?:电话|手机|热线|分机|号码)[是号]{0,2}(?:多少|几|啥|什么|哪个)|打(?:哪个|几|什么)号|是几号$"
)
_NAMED: Final = re.compile("叫(?:啥|什么)|姓(?:啥|什么)|名字是|什么名字")
_CLOCK: Final = re.compile("几点(?!要求|注意)|几时")
_WHEN: Final = re.compile("多久|多长时间|多会儿|什么时候|啥时候|何时|哪天|哪年|哪一[年天]|几号")
_LONG: Final = re.compile("多[长宽高远厚深]")
_HEAVY: Final = re.compile("多重")
_FAST: Final = re.compile("多快")

_WHERE: Final = re.compile(
    "在哪|去哪|上哪|到哪|往哪|哪儿|哪里|哪家|哪条街|哪个[区城市省县医菜]|什么地方|啥地方|找谁|哪个牌|什么牌|啥牌"
)
_MONEY_WORD: Final = re.compile("工资|补贴|补助|提成|[一-鿿][费金税薪奖租险价]|专票|发票")
_ELSEWHERE: Final = re.compile(
    "顺丰|圆通|中通|申通|韵达|极兔|京东|德邦|菜鸟|丰巢|美团|饿了么|拼多多|支付宝|微信|EMS|ems|香港|澳门|台湾|港澳台|"
    "美国|日本|韩国|英国|法国|德国|俄罗斯|欧洲|新加坡|泰国|越南|加拿大|澳大利亚|澳洲|印度|马来西亚|非洲"
)


@lru_cache(maxsize=64)
def kind_asked(question: str) -> re.Pattern[str] | None:
    """What a passage must hold somewhere to answer; None where any passage may."""
    plain = _LISTED.sub("　", question)
    if _CALLED.search(plain):
        return re.compile(r"\d{3,}")
    if _NAMED.search(plain):
        return re.compile("名叫|叫做|姓名：|名称：")
    if _CLOCK.search(plain):
        return re.compile(r"\d{1,2}[:：]\d{2}|\d{1,2}[点时]|[一二三四五六七八九十]+[点时](?!间|候)")
    if _SHARE.search(plain):
        return re.compile("[%％折]|分之|倍")
    if many := list(_MANY.finditer(plain)):
        return _counted(many[-1])
    for asked, unit in ((_WHEN, 4), (_LONG, 3), (_HEAVY, 2), (_FAST, 3)):
        if asked.search(plain):
            later = "|及时|立即|当场|之日|随时" if unit == 4 else ""
            return re.compile(f"{_NUMBER}{_BETWEEN}(?:{_MEASURES[unit][1]}){later}|\\d[:：]\\d\\d")
    return None


def _counted(match: re.Match[str]) -> re.Pattern[str]:
    unit = match["unit"]
    for ours, theirs in _MEASURES:
        if re.match(ours, unit):
            free = "|免费|免收|不收" if ours.startswith("钱") else ""
            return re.compile(f"{_NUMBER}{_BETWEEN}(?:{theirs}){free}")
    if match.group().startswith("几") and unit:
        return re.compile(f"{_NUMBER}\\s*{re.escape(unit[0])}")
    return re.compile(_ANY)


def asks_where(question: str) -> bool:
    """Whether a place, a shop or a maker is wanted: rules seldom name any."""
    return bool(_WHERE.search(question))


def strangers(question: str, passage: str) -> int:
    """How many words of a question must stand in the passage that answers it and do not: kinds of money (押金, 关税),
    other companies, other countries."""
    money = {word for word in _MONEY_WORD.findall(question) if word[0] not in "收交罚扣赔加现的了"}
    names = set(_ELSEWHERE.findall(question))
    return sum(word not in passage for word in money | names)
