"""What may leave: a text within the rules and limits, and only while it still means what it meant."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from courier_voice.core.parcels import Effect
from courier_voice.dialog.freshness import fresh_for
from courier_voice.dialog.sms_rules import SmsRules
from courier_voice.logistics.clock import utc_now
from courier_voice.logistics.store import Row, Store

HOUR: Final = timedelta(hours=1)
OUTLIVED: Final = timedelta(hours=12)
"""A text of another shift is not even asked about again."""


def refusal(effect: Effect, store: Store, rules: SmsRules, together: Sequence[str]) -> str:
    """Why an effect may not go out, whoever asks for it; empty when it may. ``together``: the customer's waybills.
    Raises OutboxError."""
    if effect.op != "sms":
        return ""
    since = utc_now() - HOUR
    if store.count_sms(since, together) >= rules.per_customer_hour:
        return f"这位客户一小时内已经发了{rules.per_customer_hour}条短信，先别再发了"
    if store.count_sms(since) >= rules.per_hour:
        return f"一小时内已经发了{rules.per_hour}条短信，先别再发了"
    return rules.refusal(str(effect.args.get("message", "")))


def stale(row: Row) -> bool:
    """Whether an effect waited too long. Not knowing for how long counts as too long."""
    limit = fresh_for(row.effect.op, row.effect.args)
    return limit is not None and (row.age is None or row.age > limit)


def outlived(row: Row) -> bool:
    """Whether a text has waited so long that nobody wants it any more."""
    return row.effect.op == "sms" and row.age is not None and row.age > OUTLIVED
