"""What is kept on disk between turns, opened together: outbox, ledger, the day's cache."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Literal

from courier_voice.core.errors import LedgerError, OutboxError
from courier_voice.core.ports import LogisticsApi
from courier_voice.dialog.sms_rules import SmsRules
from courier_voice.logistics.closed import ClosedOutbox
from courier_voice.logistics.forgetting import DAY_FILE, forget_files
from courier_voice.logistics.ledger import Ledger, open_ledger
from courier_voice.logistics.offline import DayCache
from courier_voice.logistics.outbox import Outbox
from courier_voice.logistics.vault import open_vault

log = logging.getLogger(__name__)


@dataclass
class Kept:
    effects: Outbox | ClosedOutbox
    cache: DayCache
    ledger: Ledger | None = None


def open_kept(
    home: Path,
    api: LogisticsApi,
    rules: SmsRules,
    *,
    key: Literal["auto", "keyring", "file"],
    retention_days: int,
    scope: str,
) -> Kept:
    """All of it, sealed. ``scope`` names whose day it is; empty: the cache is in memory only.

    A disk that takes nothing leaves an agent that answers questions and refuses effects, saying why.
    """
    keep, ledger = timedelta(days=retention_days), None
    forget_files(home, keep)
    try:
        vault = open_vault(home, key)
        ledger = open_ledger(home / "ledger.sqlite3", vault, retention_days=retention_days)
        cache = DayCache(home / DAY_FILE, vault, scope) if scope else DayCache()
        effects = Outbox(
            home / "outbox.sqlite3", api, seal=vault, ledger=ledger, rules=rules, keep=keep, together=cache.together
        )
    except (OutboxError, LedgerError) as error:
        log.error("%s", error)
        return Kept(ClosedOutbox(error), DayCache(), ledger)
    return Kept(effects, cache, ledger)


def scratch(outbox: Path, api: LogisticsApi, rules: SmsRules) -> Kept:
    """For replays and evals: an outbox in a file of its own, nothing else kept."""
    cache = DayCache()
    return Kept(Outbox(outbox, api, rules=rules, together=cache.together), cache)
