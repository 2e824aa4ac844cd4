"""Where numerals stand in a sentence and which of them are digits: waybill tails, quantities, money, sizes, counts,
addresses, clock times; not 八一路, 一下, 七八个 (see ``protected``).

The rules at the end are tried in order at every place where a numeral starts; the first that reads something wins.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from courier_voice.text.numerals import ANY, CARDINAL, DIGIT, NONZERO, SPELLING, TO_DIGIT, split_list, value, written
from courier_voice.text.protected import PROTECTED
from courier_voice.text.slips import as_meant

Rewrite = tuple[int, int, str]
"""``text[start:end]`` is to read as the string."""

_KILOS = "公[斤金今巾筋]|千克"
_WEIGHT = rf"{_KILOS}|[kK][gG]|斤|克(?!拉)"
_LENGTH = "厘米|公分|毫米|分米|公里|米|[cm]m"
_UNIT = rf"(?:{_WEIGHT}|{_LENGTH}|块钱?|元|毛钱?)"
_GOODS = (
    "小时|钟头|分钟|部(?![分门])|本(?=[书册])|个(?!人)"
    "|[件箱瓶袋盒包桶捆票单户家份台张套条只支根筐提卷罐趟次天层秒桌项位双]"
)
_ADDRESS = "号楼|单元|[号栋幢座楼层排室期组弄]|区(?!别)"
_COUNTED = rf"(?:{_UNIT}|{_ADDRESS}|{_GOODS}|度|刻)"
_MEASURE = rf"(?:{_COUNTED}|年|月)(?![外日])"
_ONE_OF = rf"(?:{_WEIGHT}|{_LENGTH}|块钱|号楼|单元|[号栋幢座楼层排室]|[期区](?![间别])|小时|分钟|[箱件](?!事))"
"""What 一 counts; before other measure words it is an article (一个, 一条, 一家)."""
_CLAIMED = rf"(?:{_COUNTED}|[下起直共会声遍些定边般旦向再律点轮半路街村品福里宝季星元龙合两{ANY}])"
"""What takes the digit before it for itself: in 五公斤一共 the 一 is no tenth of a kilo."""
_POINTING = "这那哪下上另每第某同任头前后隔单统唯逐万"
_END = r"(?=$|[，。！？：；、…,.!?:; ]|[长宽高厚深])"

_CARDINAL = rf"(?:[{CARDINAL.replace('千', '')}]|千(?!克))+"
"""A run of them; in 三千克 the 千 belongs to the unit."""
_DECIMAL = rf"[{CARDINAL}]+点(?!一[下遍声])[{DIGIT}]+(?:千(?!克)|万)?"
_NUMBER = rf"(?:{_CARDINAL}(?:[点.][{DIGIT}]+(?:千(?!克)|万)?)?)"
_WHOLE = rf"(?P<number>{_CARDINAL}|[{SPELLING}]+)"
_TENTH = rf"半(?![天路截桶箱斤公成折价夜个小])|零?[1-9{NONZERO}]|[1-9{NONZERO}]{{2}}"
_MINUTE = rf"(?:[二三四五]?十[{NONZERO}]?|零[{NONZERO}]|[0-5][0-9](?!\d))(?!{_MEASURE})|[{DIGIT}](?=分)"


def rewrite(text: str) -> list[Rewrite]:
    """Where ``text`` (simplified, half width) has numerals to write in digits, in order, without overlap."""
    heard = as_meant(text)
    found: list[Rewrite] = []
    at = 0
    while at < len(heard):
        if (kept := PROTECTED.match(heard, at)) and not _named(kept):  # 尾号七七八八 is no idiom
            at = kept.end()
            continue
        # a numeral starts where none goes on, or where the one before was read to its end
        fresh = at == 0 or not re.match(rf"[{ANY}]", heard[at - 1]) or bool(found and found[-1][1] == at)
        new = _read(heard, at) if fresh else []
        found += new
        at = new[-1][1] if new else at + 1
    return [_apart(text, one, found[i - 1 : i]) for i, one in enumerate(found) if text[one[0] : one[1]] != one[2]]


def _read(heard: str, at: int) -> list[Rewrite]:
    for pattern, rule in _rules():
        if (match := pattern.match(heard, at)) and (found := rule(match)):
            return found
    return []


def _apart(text: str, one: Rewrite, before: list[Rewrite]) -> Rewrite:
    """七四一六十二瓶 -> 7416 12瓶: two numbers must not become one."""
    start, end, digits = one
    joins_before = start > 0 and (text[start - 1] in "0123456789" or any(end == start for _, end, _ in before))
    joins_after = end < len(text) and text[end] in "0123456789"
    return start, end, " " * joins_before + digits + " " * joins_after


def _plain(numeral: str) -> str | None:
    """The numeral in digits; as it is if it is written so already (007, 3.50); None if it is none."""
    if numeral.isascii():
        return numeral
    try:
        return written(value(numeral))
    except ValueError:
        return None


def _whole(match: re.Match[str]) -> list[Rewrite]:
    number = _plain(match.group())
    return [] if number is None else [(match.start(), match.end(), number)]


def _digits(match: re.Match[str]) -> list[Rewrite]:
    return [(match.start(), match.end(), match.group().translate(TO_DIGIT))]


def _unit(heard: str) -> str:
    return "公斤" if re.match("公[^分里]", heard) else heard


def _with_tenths(match: re.Match[str]) -> list[Rewrite]:
    """两公斤三 -> 2.3公斤, 三斤半 -> 3.5斤, 一米七五 -> 1.75米, 三块五毛 -> 3.5块."""
    number = _plain(match["number"])
    if number is None or "." in number:
        return []
    tenths = match["tail"].replace("半", "五") + (match.groupdict().get("fen") or "")
    return [(match.start(), match.end(), f"{number}.{tenths.translate(TO_DIGIT)}{_unit(match['unit'])}")]


def _quantity(match: re.Match[str]) -> list[Rewrite]:
    numeral, unit = match["number"], match["unit"]
    if re.fullmatch(rf"[{DIGIT}两]{{4,}}", numeral) and not numeral.isdecimal():
        return []  # 七四一六三公斤: a tail before the weight
    number = _plain(numeral)
    if number is None:
        return []
    if _unit(unit) == unit:
        return [(match.start(), match.end("number"), number)]
    return [(match.start(), match.end(), number + _unit(unit))]


def _clock(match: re.Match[str]) -> list[Rewrite]:
    hour, minute = _plain(match["hour"]), match.groupdict().get("minute")
    if hour is None or int(hour) > 24:
        return []
    found = [(match.start(), match.end("hour"), hour)]
    if minute:
        digits = _plain(minute) if "十" in minute else minute.translate(TO_DIGIT)
        if digits is None:
            return []
        found.append((match.start("minute"), match.end("minute"), digits))
    return found


def _named(match: re.Match[str]) -> bool:
    """Whether 尾号, or what it is misheard as, stands before."""
    return re.search(r"[尾未位为伟微]号(?:是|为)?$", match.string[: match.start()]) is not None


def _spelled(match: re.Match[str]) -> list[Rewrite]:
    """A run of digits: a waybill's tail, a room, a phone number; what follows may own the last one."""
    start, run, after = match.start(), match.group(), match.string[match.end() :]
    named = _named(match)
    verb = start > 0 and match.string[start - 1] in "左右往向做再就打哪门山桥电黑"
    if run[0] in "拐洞勾" and not named and (verb or len(run) < 4 or re.search("[0-9]", run)):
        return []  # 左拐三零二, 往东拐10米
    keep = _kept(run, after, named=named)
    if keep < (2 if named else 3):
        return []
    return [(start, start + keep, run[:keep].translate(TO_DIGIT))]


def _kept(run: str, after: str, *, named: bool) -> int:
    """How many digits of ``run`` are spelled ones, given what comes ``after``; 0 if it is another numeral."""
    if re.match("[十百千万亿]", after):
        return 4 if len(run) == 4 and after[0] == "十" else len(run) - 1 if len(run) >= 5 else 0
    if re.match("单元|层|号楼", after) and (cut := run.find("洞")) > 0:
        return cut  # 六洞一单元: a misheard 栋
    claimed = re.match(_CLAIMED, after) is not None
    if (mixed := re.match(r"\d+(?=\D)", run)) and (claimed or (mixed.end() > 2 and len(run) != 4)):
        return mixed.end()  # 6688两箱
    if run[-1] in "拐勾" and re.match("[弯进过到个]", after):
        run = run[:-1]
    if len(run) > 4 and claimed:
        return len(run) - 1
    if len(run) != 4 or named:
        return len(run)
    article = run[-1] in "一两" and re.match("[下起直共会声遍些定边般个箱]|小时|分钟", after)
    weighed = run[-1] != "零" and re.match(_UNIT, after)
    return 3 if article or weighed or (run[-1] == "三" and after[:1] == "轮") else 4


def _repeated(match: re.Match[str]) -> list[Rewrite]:
    """尾号三个八一 -> 尾号8881, 双八六六 -> 8866; the whole must be four digits."""
    said = match.group().replace("双", "两个")
    digits = re.sub("([一两二三四])个(.)", lambda m: m[2] * int(value(m[1])), said).translate(TO_DIGIT)
    return [(match.start(), match.end(), digits)] if "个" in said and len(digits) == 4 else []


def _compound(match: re.Match[str]) -> list[Rewrite]:
    """一百一十九, 三千八, 十二; 四十三十二十 becomes a list."""
    start, run, after = match.start(), match.group(), match.string[match.end() :]
    if len(run) == 1 or re.match("[几幺洞拐勾]", after) or re.fullmatch(r"\d+[万亿]", run):  # 12万 reads well
        return []
    if re.search("[百千万][一两]$", run) and re.match(_CLAIMED, after):
        run = run[:-1]  # 三千一共两件
    if number := _plain(run):
        return [(start, start + len(run), number)]
    if parts := split_list(run):
        return [(start, start + len(run), " ".join(written(value(part)) for part in parts))]
    if run[-1] in "一两" and re.match(_CLAIMED, after) and (number := _plain(run[:-1])):
        return [(start, start + len(run) - 1, number)]  # 十四一台
    return []


def _counted(match: re.Match[str]) -> list[Rewrite]:
    """One digit before what it counts or numbers."""
    if match.group() == "一":
        pointed = match.start() > 0 and match.string[match.start() - 1] in _POINTING
        if pointed or not re.match(_ONE_OF, match.string[match.end() :]):
            return []
    return _whole(match)


_DAYTIME = "[上下中]午|早上|晚上|凌晨|半夜|明天|今天|后天|今晚|明晚|明早"
_TAELS = rf"(?<=斤)零?[{DIGIT}]两|[二三四五六七八九]两(?!{_CLAIMED}|[下句口者洞拐勾])"
_MANY = rf"(?<![{ANY}几每这那半单成])(?:[三四]个|双)(?=[{SPELLING}])[{SPELLING}]"
_SOME = rf"(?:[一两二三四]个|双)[{SPELLING}]"
_ENDS = rf"(?!{_MEASURE}|[{ANY}起共会直下般样定儿节期月日码路])"
"""How a tail with a digit said as several ends: not before what counts or claims its last digit."""
_ROOM = rf"(?<=[楼层元栋幢座])零[{DIGIT}]"
_LABELLED = rf"(?:(?<=[长宽高厚])|(?<=数量|件数|重量|改成|改为)|(?<=[数重]量是|件数是))[{DIGIT}两]{_END}"
_TIMES = rf"[{CARDINAL}]+(?=[乘×xX*])|(?<=[乘×xX*])[{CARDINAL}]+"
_ROW = rf"[{NONZERO}](?=洞[{NONZERO}十]+单元|牌[{CARDINAL}]+号)|(?<=[村园区苑院])[{NONZERO}](?=牌)"  # 栋, 排 misheard

_Rule = tuple[str, Callable[[re.Match[str]], list[Rewrite]]]
_IN_ORDER: tuple[_Rule, ...] = (
    (rf"[{SPELLING}]{{4,}}", lambda m: _spelled(m) if _named(m) else []),
    ("(?<!一)半(?=公斤|千克|斤|米)", lambda m: [(m.start(), m.end(), "0.5")]),
    (rf"{_WHOLE}(?P<unit>[块元])(?P<tail>[1-9{NONZERO}])毛(?P<fen>[1-9{NONZERO}](?!{_CLAIMED}))?", _with_tenths),
    (rf"{_WHOLE}(?P<unit>{_KILOS}|[斤米块])(?P<tail>{_TENTH})(?:(?!{_CLAIMED})|(?=两{_MEASURE}))", _with_tenths),
    (_TAELS, lambda m: [(m.start(), m.end(), f"{_plain(m.group()[-2])}两")]),
    (rf"(?P<number>{_NUMBER})(?P<unit>{_UNIT})", _quantity),
    (rf"(?P<hour>[{DIGIT}两十]{{1,3}})点(?P<minute>{_MINUTE})", _clock),
    (rf"{_DECIMAL}(?!{_MEASURE}|刻|[{ANY}])", _whole),
    (rf"(?P<hour>[{DIGIT}两十]{{2,3}}|[{DIGIT}两十](?<!一))点", _clock),
    ("(?P<hour>一)点(?=钟|半|一刻|三刻|整|前|之前|以前)", _clock),
    (rf"(?<={_DAYTIME})(?P<hour>一)点", _clock),
    (rf"(?<=尾号)(?:(?:[一两二三四]个|双)[{SPELLING}]|[{SPELLING}]){{1,4}}(?!{_MEASURE})", _repeated),
    (rf"{_MANY}(?:{_SOME}|[{SPELLING}])*{_ENDS}|{_SOME}{_SOME}{_ENDS}", _repeated),
    (rf"(?<![{ANY}]双)[{NONZERO}零]{{1,2}}双[{NONZERO}零]{{1,2}}{_ENDS}", _repeated),
    (rf"[{SPELLING}]{{2,}}", _spelled),
    (rf"(?=[{CARDINAL}]*[十百千万亿]){_CARDINAL}", _compound),
    (rf"{_ROOM}|(?<=[长宽高厚])[{DIGIT}]零{_END}", _digits),
    (_TIMES, _whole),
    (rf"{_LABELLED}|十(?=[来多])", _whole),
    (rf"[{NONZERO}十两](?={_MEASURE})|{_ROW}", _counted),
)


@lru_cache(maxsize=1)
def _rules() -> tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], list[Rewrite]]], ...]:
    return tuple((re.compile(pattern), rule) for pattern, rule in _IN_ORDER)  # 30 ms: not at import
