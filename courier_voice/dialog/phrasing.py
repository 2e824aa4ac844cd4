"""Words for questions: short, naming what tells the choices apart."""

from __future__ import annotations

from collections.abc import Sequence

from courier_voice.core.intent import Intent
from courier_voice.core.parcels import Parcel
from courier_voice.core.turn import Proposal

READ_ALOUD = 4


def choice_question(parcels: Sequence[Parcel], *, numbered: bool) -> str:
    """Which of several: 有2个：胡慧敏女士，文景苑4号楼；谭志远先生，… 哪一个？ A tail they share is left out."""
    tells = len({p.tail for p in parcels}) > 1
    told = [f"{p.customer}{p.title}，{p.address}" + (f"，尾号{p.tail}" if tells else "") for p in parcels[:READ_ALOUD]]
    if numbered:
        told = [f"第{n}个，{one}" for n, one in zip("一二三四", told, strict=False)]
    more = f"等{len(parcels)}个" if len(parcels) > READ_ALOUD else ""
    return f"有{len(parcels)}个：{'；'.join(told)}{more}。{'说第几个' if numbered else '哪一个'}？"


def is_it(parcel: Parcel) -> str:
    """Asked where somebody may have been misheard."""
    return f"是尾号{parcel.tail}的{parcel.called}吗？"


def missing_question(intent: type[Intent], missing: Sequence[str], parcels: Sequence[Parcel]) -> str:
    """One question for all that is missing."""
    questions = "".join(intent.questions.get(slot, "") for slot in missing)
    who = f"{parcels[0].called}，尾号{parcels[0].tail}，" if len(parcels) == 1 else ""
    return who + (questions or "请说完整一点。")


def read_back(proposals: Sequence[Proposal]) -> str:
    """All that waits, in one question."""
    ask = {"sms": "发吗？", "sign_off": "对吗？", "exception": "报上去吗？"}
    asked = ask[proposals[0].op] if len({p.op for p in proposals}) == 1 else "都办吗？"
    return "；".join(p.said for p in proposals) + f"。{asked}"


def aged(age_s: float | None) -> str:
    """How old an answer out of the cache is; empty for one that was told just now."""
    if age_s is None:
        return ""
    if age_s == float("inf"):
        return "没网，这是之前存下的。"
    minutes = round(age_s / 60)
    if minutes < 2:
        return "没网，这是刚才存下的。"
    if minutes < 60:
        return f"没网，这是{minutes}分钟前的。"
    return f"没网，这是{minutes // 60}小时{minutes % 60}分钟前的。"
