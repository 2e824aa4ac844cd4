"""What the ledger keeps of a turn and of an effect, and which parcels and people it is about."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from courier_voice.core.parcels import Day, Effect, Parcel, Status
from courier_voice.core.turn import Proposal, Turn

_HAN: Final = re.compile(r"[\u4e00-\u9fff]")
_POLITE: Final = ("女士", "先生", "小姐")


def turn_record(turn: Turn, day: Day | None, agreed: Sequence[Proposal]) -> dict[str, Any]:
    """Who said what, what was understood, what a yes was to, what was done and answered."""
    return {
        "who": day.courier if day else "",
        "heard": turn.utterance.heard,
        "text": turn.utterance.text,
        "understood": [{"intent": d.intent, "slots": dict(d.slots)} for d in turn.understanding.drafts],
        "route": turn.understanding.route,
        "prompt": turn.understanding.prompt,
        "worded": list(turn.worded),
        "agreed": [p.said for p in agreed],
        "outcome": turn.kind,
        "calls": [{"op": c.op, "waybill": c.waybill, "args": dict(c.args)} for c in turn.calls],
        "reply": turn.reply,
        "ms": round(sum(turn.timings.values()) * 1000, 1),
    }


def effect_record(effect: Effect, status: Status, detail: str) -> dict[str, Any]:
    """A step in the life of an effect."""
    return {
        "op": effect.op,
        "waybill": effect.waybill,
        "args": dict(effect.args),
        "happened_at": effect.happened_at.isoformat(),
        "status": status,
        "detail": detail,
    }


def waybills_of(record: Mapping[str, Any], day: Day | None, agreed: Sequence[Proposal]) -> list[str]:
    """The waybills a turn was about: called, agreed to, or spoken of by whole name or tail."""
    told = f"{record['heard']} {record['text']} {record['reply']}"
    found = [call["waybill"] for call in record["calls"] if call["waybill"]]
    found += [p.waybill for proposal in agreed for p in proposal.parcels]
    return found + [p.waybill for p in (day.parcels if day else ()) if _spoken_of(p, told)]


def _spoken_of(parcel: Parcel, told: str) -> bool:
    return any(words in told for words in (parcel.customer, parcel.address, parcel.tail))


def names_said(turn: Turn) -> tuple[str, ...]:
    """Names and addresses as said, which need not be on any list. 王女士 alone tells nobody who she is."""
    found: list[str] = []
    for draft in turn.understanding.drafts:
        target = draft.slots.get("target")
        if isinstance(target, Mapping):
            found += [str(target[slot]) for slot in ("name", "address") if target.get(slot)]
    return tuple(s for s in found if len(s) > 1 and _HAN.search(s) and not (len(s) < 5 and s.endswith(_POLITE)))


def struck(value: Any, said: Iterable[str]) -> Any:
    """Every one of these words struck out down to its first character, inside lists and mappings."""
    text = json.dumps(value, ensure_ascii=False)
    for words in sorted(said, key=len, reverse=True):
        text = text.replace(json.dumps(words, ensure_ascii=False)[1:-1], words[:1] + "*" * (len(words) - 1))
    return json.loads(text)
