"""Numerals that are not numbers: where spoken digits stay Hanzi (八一路, 一共, 三三两两, 七八个, 第二).

Only what the rules of ``spotting`` would else convert needs to stand here; a single digit converts before a
measure word only, so 一品天城, 一直 or 五福新村 are safe without being named.
"""

from __future__ import annotations

import re

from courier_voice.text.numerals import ANY, NONZERO

_PLACE_ENDS = "路街道巷里村镇乡庄屯桥坊堡湾沟坪岭山河江湖塘铺寨营"
_IDIOMS = """
三三两两(?![零两一二三四五六七八九])
七七八八(?=了|的) 九九归一 六六大顺 九九八十一 一五一十 七上八下 乱七八糟 三天两头 三更半夜 三番五次 三番两次
一天到晚 半斤八两 十有八九 成百上千 成千上万 十万火急 十万八千里 三百六十行 三十六计 八九不离十 九成九
百八十 千八百 万八千 万儿八千 两个人 两口子 五花八门 双十一 双十二 三人行 二人转 三门峡 一期一会 三七粉 一天 一点点
十一(?=[期假黄国放]) 五一(?=[期假劳小长节]) 六一(?=[期儿节]) 二百五(?=了|$) 一二三(?=木头人) 一分(?!钟|米) 十分(?!钟)
一块(?=两)|一块(?![钱零一二三四五六七八九]) 一两(?=[天个件次句下]) 三两(?=[天个件次句下])
三元(?=[桥里村区坊]) 三[家户](?=[村店庄]) 三只(?=松鼠) 三层(?=楼梯) (?<=[这前过])两天
"""
_ALONE = rf"(?<![{ANY}洞拐勾])"
_APART = "(?:两三|一两|三五|一二|二三|三四|四五|五六|六七|七八|八九)"
_COUNTED = "个天周点年月岁次趟里米块毛件家户单票箱瓶袋盒包份位号楼层分斤克公小厘百千万来多度秒站条回成"
"""What may follow an approximate number."""

_KEPT = (
    *_IDIOMS.split(),
    rf"(?:第|初|星期|礼拜|周(?=[一二三四五六日])|百分之|几)[{ANY}]+(?:点[零{NONZERO}]+)?",
    rf"[{NONZERO}十百]+分之[{NONZERO}十百]+",
    r"(?<![人号次件单个天户])数[十百千万]+(?!分)",  # 数百件, but not 人数一百
    rf"{_ALONE}(?:[{NONZERO}]?十)?{_APART}(?:[十百千万]+|(?=[{_COUNTED}]))(?![零{NONZERO}])",
    rf"[{NONZERO}]?十几|[百千万]+来",
    rf"{_ALONE}[零{NONZERO}十百千]{{1,3}}(?=[{_PLACE_ENDS}]|中学|小学|幼儿园)(?!里地|路公交|路车|道(?:题|工序|菜))",
    rf"{_ALONE}[{NONZERO}](?=号(?:[路街线]|公馆))",
)
PROTECTED = re.compile("|".join(_KEPT))
"""Matches, at the place where it starts, a stretch to leave as it is."""
