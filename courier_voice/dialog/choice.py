"""Which of several: 女士那个, 金城小区的, 第二个, 不是第一个是后面那个, 楼上那个, 要签收的那个, 前两个."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

from courier_voice.core.parcels import Parcel, surname
from courier_voice.dialog.addresses import parts
from courier_voice.dialog.names import FEMALE, MALE
from courier_voice.text.phonetics import find_by_sound

_UNIT: Final = r"(?:个|户|家|单|件|票|位|条)"
_COUNT: Final = r"[一二两三四五六七八九十\d]+"
_RUN: Final = re.compile(
    rf"(?P<end>开头|最前|前面|前|头|最后|末尾|后面|后|末)(?:面|的|那)?(?P<n>{_COUNT}){_UNIT}(?!月|星期|礼拜|小时|钟头|钟)"
)
_NTH: Final = re.compile(rf"(?P<back>倒数)?第\s?(?P<n>{_COUNT})\s?{_UNIT}")
_LAST: Final = re.compile(rf"(?:最后|末尾|最末|最后面|最后头)的?(?:一|那)*{_UNIT}")
_BARE: Final = re.compile(rf"(?P<n>{_COUNT})(?:号|{_UNIT})?")
_HAN: Final = {c: n for n, c in enumerate("零一二三四五六七八九十")} | {"两": 2}
_REJECTED: Final = re.compile(
    r"(?:不是|不要|不选|别打|不打|除了)(?P<said>[^，。、]+?)(?:[，。、]|(?=[是要选打](?!的))|$)"
    r"|^(?P<first>[^，。]{1,8}?)(?:不是|不对|不要)(?=[，。]|$)"
)
_NOT_BEFORE: Final = re.compile(r"(?:不用|不要|不必|不|没有?|无需|免)$")

Key = Callable[[Parcel], float | None]


def floor(parcel: Parcel) -> float | None:
    """The floor of a door number (1204 → 12), or None where an address tells none."""
    for number, kind in reversed(parts(parcel.address).numbers):
        if kind == "f":
            return float(number)
        if kind == "" and number.isdigit() and len(number) >= 3:
            return float(number[:-2])
    return None


_MOST: Final[tuple[tuple[re.Pattern[str], Key, int], ...]] = tuple(
    (re.compile(words), key, sign)
    for words, key, sign in (
        (r"楼上|高层|高一?点的|上面那[家户层]", floor, 1),
        (r"楼下|低层|矮一?点的|下面那[家户层]", floor, -1),
        (r"[重沉]一?点?的|最[重沉]|大件", lambda p: p.weight_kg, 1),
        (r"(?<!年)轻一?点?的|最轻|小件", lambda p: p.weight_kg, -1),
    )
)
"""Words for the most or the least of something that every choice has."""
_FIRST: Final = re.compile(r"前面|前头|头一|打头|先[送到说念]")
_AFTER: Final = re.compile(r"后面|后头|后一|后[送到说念]")
_OTHER: Final = re.compile(r"另外?一|另外那?|别的那|换一个|换另")
_TRAITS: Final[tuple[tuple[re.Pattern[str], Callable[[Parcel], bool], int], ...]] = tuple(
    (re.compile(words), holds, weight)
    for words, holds, weight in (
        (r"取件|揽[收件]|收件|上门|[要去]取|[要来去]寄|寄[件东]", lambda p: p.kind == "pickup", 3),
        (r"派[件送]|[要去]送|送货|签收|^送|的送", lambda p: p.kind == "delivery", 3),
        (r"[收付给交]钱|收款|[货到]到?付|代收|货款|要钱", lambda p: p.cod_yuan > 0, 3),
        (r"(?<!货)到付|运费", lambda p: p.fee_yuan > 0, 4),
        (r"超时|[过误]了?[点时]|逾期|迟到?了", lambda p: p.overdue, 3),
        (r"[快要]到[点时]|[快要]超时|急|临期", lambda p: p.due_soon, 3),
        (r"[送签取收]完|[送签取收]过|完成", lambda p: p.state == "done", 3),
        (r"没[送签取]|还没", lambda p: p.state == "pending", 3),
        (r"异常|出问题", lambda p: p.state == "exception", 3),
    )
)


def positions(text: str, count: int) -> tuple[int, ...] | None:
    """The places, from 0, in a list of ``count`` that words like 第二个, 最后一个, 前两个 point to.

    Empty when they point beyond the list, None when there are none.
    """
    if match := _RUN.search(text):
        size, front = _number(match["n"]), match["end"] in ("开头", "最前", "前面", "前", "头")
        if size == 1 and front and match["end"] == "前":
            return None  # 前一单 is the one before on the route
        if not 0 < size <= count:
            return ()
        return tuple(range(size) if front else range(count - size, count))
    if match := _NTH.search(text):
        number = _number(match["n"])
        if not 0 < number <= count:
            return ()
        return (count - number,) if match["back"] else (number - 1,)
    return (count - 1,) if _LAST.search(text) else None


def choose(text: str, candidates: Sequence[Parcel], focus: str | None = None) -> tuple[Parcel, ...]:
    """Those candidates that the words single out best; none when the words tell nothing.

    What is said not to be meant (不是第一个) is left out; alone it leaves the others.
    """
    match = _REJECTED.search(text)
    if match is None:
        return _fitting(text, candidates, focus)
    rejected = _fitting(match["said"] or match["first"], candidates, focus)
    rest = text[: match.start()] + text[match.end() :]
    kept = tuple(p for p in candidates if p not in rejected)
    chosen = tuple(p for p in _fitting(rest, candidates, focus) if p in kept)
    return chosen or (kept if rejected else ())


def _fitting(text: str, candidates: Sequence[Parcel], focus: str | None) -> tuple[Parcel, ...]:
    places = positions(text, len(candidates))
    if places is None and (bare := _BARE.fullmatch(text.strip("。吧的，"))):
        number = _number(bare["n"])
        places = (number - 1,) if 0 < number <= len(candidates) else None
    if places is not None:
        return tuple(candidates[place] for place in places)
    if _OTHER.search(text) and any(p.waybill == focus for p in candidates):
        return tuple(p for p in candidates if p.waybill != focus)
    for words, key, sign in _MOST:
        if words.search(text) and (most := _most(candidates, key, sign)):
            return most
    scores = [_evidence(text, p, candidates) for p in candidates]
    best = max(scores, default=0)
    if best > 0:
        return tuple(p for p, score in zip(candidates, scores, strict=True) if score == best)
    if _FIRST.search(text):
        return tuple(candidates[:1])
    return tuple(candidates[1:]) if _AFTER.search(text) else ()


def _number(said: str) -> int:
    """二 2, 12 12, 十二 12; 0 for what is no number."""
    if said.isdigit():
        return int(said)
    tens, ten, ones = said.rpartition("十")
    return (_HAN.get(tens, 1) * 10 if ten else 0) + _HAN.get(ones, 0)


def _most(candidates: Sequence[Parcel], key: Key, sign: int) -> tuple[Parcel, ...]:
    """Those with the most (``sign`` 1) or least (-1) of what every candidate has; none when they are all alike."""
    values = [key(p) for p in candidates]
    known = [sign * value for value in values if value is not None]
    if len(known) < len(candidates) or len(set(known)) < 2:
        return ()
    return tuple(p for p, value in zip(candidates, known, strict=True) if value == max(known))


def _evidence(text: str, parcel: Parcel, candidates: Sequence[Parcel]) -> int:
    """How much in the text is of this parcel and not of every candidate."""
    shared = frozenset.intersection(*(_words(p) for p in candidates))
    score = 0
    for word in _words(parcel) - shared:
        if word in text:
            score += len(word) * 2
        elif len(word) > 1 and (found := find_by_sound(word, text)) and found[2] == 0:
            score += len(word)
    score += sum(_told(text, own, [getattr(p, field) or "" for p in candidates]) for field, own in _free(parcel))
    for words, holds, weight in _TRAITS:
        if (match := words.search(text)) and len({holds(p) for p in candidates}) > 1:
            wanted = not _NOT_BEFORE.search(text[: match.start()])
            score += weight if holds(parcel) is wanted else 0
    return score + sum(_counted(number, kind, parcel, candidates) for number, kind in parts(text).numbers)


def _words(parcel: Parcel) -> frozenset[str]:
    there = parts(parcel.address)
    gender = FEMALE if parcel.gender == "female" else MALE
    given = parcel.customer.removeprefix(surname(parcel.customer))
    words = {parcel.customer, surname(parcel.customer), *there.places, *gender, "女" if gender is FEMALE else "男"}
    return frozenset(words | ({given} if len(given) > 1 else set()) | ({parcel.item} if parcel.item else set()))


def _free(parcel: Parcel) -> tuple[tuple[str, str], ...]:
    return ("remark", parcel.remark), ("item", parcel.item or "")


def _told(text: str, own: str, all_of_them: Sequence[str]) -> int:
    """Length of the longest run of two or more characters the text has in common with a remark or goods."""
    for size in range(min(len(own), len(text)), 1, -1):
        for start in range(len(own) - size + 1):
            run = own[start : start + size]
            if re.fullmatch(r"[\u4e00-\u9fff]+", run) and run in text and not all(run in o for o in all_of_them):
                return size
    return 0


def _counted(number: str, kind: str, parcel: Parcel, candidates: Sequence[Parcel]) -> int:
    """A number said is a floor, door or house, the end of a waybill or a sum: in the strictest sense that fits any."""
    for level, fits in enumerate((_named, _loosely)):
        hits = [fits(number, kind, p) for p in candidates]
        if any(hits):
            return 0 if all(hits) or not fits(number, kind, parcel) else 2 * len(number) + 2 - level
    return 0


def _named(number: str, kind: str, parcel: Parcel) -> bool:
    there = parts(parcel.address).numbers
    if kind == "f":
        return floor(parcel) == float(number)
    if kind:
        return (number, kind) in there
    money = {f"{value:g}" for value in (parcel.cod_yuan, parcel.fee_yuan) if value}
    ends = len(number) > 1 and parcel.waybill.endswith(number)
    return ends or number in money or any(other == number for other, _ in there)


def _loosely(number: str, kind: str, parcel: Parcel) -> bool:
    """5楼 and 5号 are said for 5号楼."""
    alike = {"b", "n", "f", ""}
    return kind in alike and any(other == number and k in alike for other, k in parts(parcel.address).numbers)
