"""The right reminder at the right moment, said unasked: at a door, on opening a pickup, before a window ends.

A tip says only what the day's work says; what it leaves out is its ``details``. Pure: who has been told what is given.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files
from itertools import groupby
from typing import Final, Literal

import yaml
from pydantic import BaseModel, ConfigDict

from courier_voice.core.parcels import Day, KeyAccount, Parcel

SENTENCES: Final = 2
"""Of a key account's rules, read aloud; the rest is for those who ask."""
AHEAD: Final = timedelta(minutes=60)
TOGETHER: Final = timedelta(minutes=15)
"""Windows that end this soon after are told in the same breath, so that he is not told again in a moment."""
BUILDINGS: Final = 4

Moment = Literal["arrive", "open", "deadline"]

_BUILDING: Final = re.compile(r"^.*?(?:\d+|[A-Za-z])(?:号楼|号院\d+号楼|栋|幢|座|排|号)")
_MUST: Final = re.compile("必须|不得|禁止|严禁|一律|只能|只交|不要|不能|不放|不收|全程|不少于|当面|才算|先")
_ADDRESSEE: Final = re.compile("收件[人方]")
_EMPTY_REMARKS: Final = frozenset(["", "无", "没有", "暂无"])


_MORE: Final = re.compile(
    "(?:要|好|嗯|行|想|给我|你|再|请)*[听说讲念来]?(?:一下|一点|下|点|个)?(?:详细|仔细|具体|全文|展开)"
    "(?:一?[点些下]|的)?(?:说说|讲讲|听听|念念|[说讲听念])?(?:要求|内容)?[呢吧吗]?"
)


@dataclass(frozen=True)
class Tip:
    """``key`` is the same for the same reminder: it is said once. ``at`` is when; None: whenever he gets there."""

    moment: Moment
    key: str
    waybills: tuple[str, ...]
    said: str
    details: str = ""
    at: datetime | None = None


class _Checks(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    class Goods(BaseModel):
        model_config = ConfigDict(frozen=True, extra="forbid")
        words: str
        check: str

    after_sales: str
    pickup: str
    delivery: str
    goods: tuple[Goods, ...]
    otherwise: str


@cache
def _checks() -> _Checks:
    text = (files("courier_voice.dialog") / "checks.yaml").read_text("utf-8")
    return _Checks.model_validate(yaml.safe_load(text))


Shorten = Callable[[str], str]
"""Other, fewer words for rules; the rules themselves where there are none."""


def on_reaching(parcel: Parcel, day: Day, shorten: Shorten = str) -> Tip | None:
    """What to know at the door: key account's rules, money to collect, the customer's remark, what to check."""
    parts = [_account_rules(parcel, day, shorten)]
    parts += [(part, "") for part in (_money(parcel), _remark(parcel), _after_sales(parcel)) if part]
    said = "。".join(part for part, _ in parts if part)
    details = "".join(more for _, more in parts)
    if not said:
        return None
    moment: Moment = "open" if parcel.kind == "pickup" else "arrive"
    return Tip(moment, f"{moment}:{parcel.waybill}", (parcel.waybill,), f"提醒，{said}。", details)


def on_time(day: Day, told: Collection[str] = ()) -> Tip | None:
    """Parcels whose window ends within the hour and were not told yet, by building, the earliest first."""
    due = [p for p in _due(day, day.now + AHEAD) if _deadline_key(p) not in told]
    if not due:
        return None
    due += [p for p in _due(day, day.now + AHEAD + TOGETHER) if p not in due and _deadline_key(p) not in told]
    ends = {p.waybill: window_end(p, day.now) for p in due}
    order = {building: n for n, building in enumerate(dict.fromkeys(building_of(p.address) for p in due))}
    due.sort(key=lambda p: (order[building_of(p.address)], ends[p.waybill]))
    told_parts = []
    for building, group in groupby(due, key=lambda p: building_of(p.address)):
        there = list(group)
        earliest = min(end for p in there if (end := ends[p.waybill]))
        told_parts.append(f"{building}{len(there)}件，{_clock(earliest)}前")
    more = f"；还有{len(told_parts) - BUILDINGS}处" if len(told_parts) > BUILDINGS else ""
    count = f"有{len(due)}件" if len(due) > 1 else "有一件"
    said = f"提醒，{count}快到点了：{'；'.join(told_parts[:BUILDINGS])}{more}。"
    details = "；".join(f"{p.called}，尾号{p.tail}，{p.address}，{p.window.split('-')[-1]}前" for p in due)
    return Tip("deadline", "|".join(map(_deadline_key, due)), tuple(p.waybill for p in due), said, details, day.now)


def asks_for_more(text: str) -> bool:
    """Whether this asks for the details of what was just told (要听详细的): nothing else may be in it."""
    return bool(_MORE.fullmatch(re.sub(r"[^\w]", "", text)))


def keys(tip: Tip) -> frozenset[str]:
    """What is told once the tip is said."""
    return frozenset(tip.key.split("|"))


def _deadline_key(parcel: Parcel) -> str:
    return f"deadline:{parcel.waybill}"


def _due(day: Day, until: datetime) -> list[Parcel]:
    ends = ((p, window_end(p, day.now)) for p in day.in_route_order() if p.state == "pending")
    return [p for p, end in ends if end and day.now <= end <= until]


def window_end(parcel: Parcel, now: datetime) -> datetime | None:
    """When a parcel's window ends, on the day of ``now``; None for a window that cannot be read."""
    try:
        clock = datetime.strptime(parcel.window.split("-")[-1].strip(), "%H:%M")
    except ValueError:
        return None
    return now.replace(hour=clock.hour, minute=clock.minute, second=0, microsecond=0)


def building_of(address: str) -> str:
    """金桂花园6栋1502 → 金桂花园6栋; an address without a building number stays whole."""
    found = _BUILDING.match(address)
    return found.group() if found else address


def _clock(moment: datetime) -> str:
    return f"{moment.hour}点" + (f"{moment.minute}分" if moment.minute else "")


def _money(parcel: Parcel) -> str:
    parts = [f"代收{parcel.cod_yuan:g}元"] if parcel.cod_yuan else []
    if parcel.fee_yuan:
        parts.append(f"到付运费{parcel.fee_yuan:g}元")
    return "，".join(parts)


def _remark(parcel: Parcel) -> str:
    """The remark, less what the money part says already."""
    clauses = [c for c in re.split("[，。；、]", parcel.remark) if c.strip()]
    if parcel.remark.strip() in _EMPTY_REMARKS:
        return ""
    known = "货到付款|代收货款" if parcel.cod_yuan else "(?!)"
    known += f"|到付(?:运费{parcel.fee_yuan:g}元)?(?:另收)?" if parcel.fee_yuan else ""
    kept = [c for c in clauses if not re.fullmatch(known, c)]
    return f"客户备注：{'，'.join(kept)}" if kept else ""


def _after_sales(parcel: Parcel) -> str:
    checks, about = _checks(), f"{parcel.remark}{parcel.item or ''}"
    if parcel.kind != "pickup" or not re.search(checks.after_sales, about):
        return ""
    return next((goods.check for goods in checks.goods if re.search(goods.words, about)), checks.otherwise)


def account_rules(parcel: Parcel, day: Day) -> str:
    """The rules of its key account that a task is under, by its kind; empty when there are none."""
    account = day.key_accounts.get(parcel.ka_code or "")
    wanted = [s.text for s in _sentences(account) if _meant_for(s, parcel.kind)] if account else []
    return f"{'。'.join(wanted)}。" if wanted else ""


def _account_rules(parcel: Parcel, day: Day, shorten: Shorten) -> tuple[str, str]:
    rules = account_rules(parcel, day)
    if not rules:
        return "", ""
    name = day.key_accounts[parcel.ka_code or ""].name
    if (short := shorten(rules)) != rules:
        return f"{name}的件，{short.rstrip('。')}", rules
    wanted = rules.rstrip("。").split("。")
    chosen = sorted(range(len(wanted)), key=lambda n: (-_weight(wanted[n]), n))[:SENTENCES]
    said = "。".join(wanted[n] for n in sorted(chosen))
    rest = "。".join(text for n, text in enumerate(wanted) if n not in chosen)
    return f"{name}的件，{said}", f"{rest}。" if rest else ""


@dataclass(frozen=True)
class _Sentence:
    text: str
    rule: str


def _sentences(account: KeyAccount) -> Iterator[_Sentence]:
    for rule in account.rules:
        for text in re.split("[。；！]", rule):
            if text.strip():
                yield _Sentence(text.strip(), rule)


def _meant_for(sentence: _Sentence, kind: str) -> bool:
    """Whether a rule is about this kind of task, by its own words, else by those of the rule it stands in."""
    checks = _checks()
    for text in (sentence.text, sentence.rule):
        plain = _ADDRESSEE.sub("客户", text)
        pickup, delivery = len(re.findall(checks.pickup, plain)), len(re.findall(checks.delivery, plain))
        if pickup != delivery:
            return (pickup > delivery) == (kind == "pickup")
    return True


def _weight(text: str) -> int:
    return len(_MUST.findall(text))


def timetable(day: Day, shorten: Shorten = str) -> Sequence[Tip]:
    """All that would be said in the rest of the day were nothing delivered: by the clock, then along the route."""
    told: set[str] = set()
    tips: list[Tip] = []
    ends = {end for p in day.parcels if p.state == "pending" and (end := window_end(p, day.now)) and end >= day.now}
    for moment in sorted({max(day.now, end - AHEAD) for end in ends}):
        tip = on_time(_at(day, moment), told)
        if tip:
            tips.append(tip)
            told |= keys(tip)
    pending = (p for p in day.in_route_order() if p.state == "pending")
    return [*tips, *(tip for p in pending if (tip := on_reaching(p, day, shorten)))]


def _at(day: Day, moment: datetime) -> Day:
    return replace(day, now=moment)
