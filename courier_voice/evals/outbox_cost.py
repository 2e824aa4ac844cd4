"""What durability costs a turn: all that outbox and ledger do for one confirmed effect, on the disk of COURIER_HOME."""

from __future__ import annotations

import statistics
import tempfile
import time
from datetime import datetime
from pathlib import Path
from typing import Any

from courier_voice.core.parcels import Call, Effect
from courier_voice.core.turn import Draft, Turn, Understanding
from courier_voice.core.words import Utterance
from courier_voice.dialog.sms_rules import SmsRules
from courier_voice.logistics.ledger import Ledger
from courier_voice.logistics.outbox import Outbox
from courier_voice.logistics.vault import open_vault

WAYBILL = "JD0415520360578"
ARGS = {"message": "王女士您好，我是快递员。东西给您放驿站了，取件码8026。谢谢！"}


class _Nowhere:
    def send(self, effect: Effect) -> None:
        """Acknowledged at once: what is left is the cost of writing it down."""


def measure(home: Path, turns: int = 500) -> dict[str, Any]:
    """A row: milliseconds a turn with an effect, and a turn without; p50 and p95."""
    home.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home, prefix="bench-") as folder:
        vault = open_vault(Path(folder), "file")
        rules = SmsRules(per_customer_hour=1_000_000, per_hour=1_000_000)
        with (
            Ledger(Path(folder) / "ledger.sqlite3", vault) as ledger,
            Outbox(Path(folder) / "outbox.sqlite3", _Nowhere(), seal=vault, ledger=ledger, rules=rules) as outbox,
        ):
            acting = [
                _timed(outbox, ledger, Effect("sms", WAYBILL, ARGS, f"k{n}", datetime.now())) for n in range(turns)
            ]
            asking = [_timed(outbox, ledger, None) for _ in range(turns)]
    return {"measure": "outbox and ledger, ms a turn", "with an effect": _row(acting), "without": _row(asking)}


def _timed(outbox: Outbox, ledger: Ledger, effect: Effect | None) -> float:
    start = time.perf_counter()
    outbox.flush()
    if effect:
        outbox.perform(effect)
    outbox.notices()
    outbox.pending()
    calls = (Call("sms", WAYBILL, ARGS),) if effect else ()
    said = Utterance("确认", "确认")
    ledger.note_turn(Turn(said, Understanding((Draft("confirm"),), "control"), "act", calls, "短信已发送。"), None, ())
    return (time.perf_counter() - start) * 1000


def _row(ms: list[float]) -> dict[str, float]:
    cuts = statistics.quantiles(ms, n=20)
    return {"p50": round(statistics.median(ms), 2), "p95": round(cuts[18], 2)}
