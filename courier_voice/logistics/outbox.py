"""The durable outbox: an effect is in a file, with its key, before it is tried, until it is acknowledged."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, TypeVar

from courier_voice.core.errors import ApiError, ApiUnavailable, OutboxDamaged, OutboxError
from courier_voice.core.parcels import Effect, Entry, Receipt, Status
from courier_voice.dialog.sms_rules import SmsRules
from courier_voice.logistics import gate
from courier_voice.logistics.backoff import Backoff
from courier_voice.logistics.clock import BACK_IN_TIME, FORGET_EVERY_S, Every, utc_now
from courier_voice.logistics.rescue import rescue
from courier_voice.logistics.sender import Recorder, Sender, SoleSender
from courier_voice.logistics.store import WAITING, Row, Store, same
from courier_voice.logistics.vault import Seal

logger = logging.getLogger(__name__)

NOT_PLACED: Final = "没网，电话没打出去。"
NOT_SURE: Final = "没网，这通电话不知道打出去没有，不会再打。"
NOT_PLACED_AFTER_RESTART: Final = "程序重启过，这通电话没有再打。"
OUTLIVED: Final = "放了太久，不发了"
RECOVERED: Final = "待发记录坏了，能找回的{count}条都找回来了，请留意一下。"
CLOCK_WENT_BACK: Final = "手机时间往回走了，请校准一下；讲时间的短信会再问您一遍。"
OFFLINE_AFTER: Final = 3
"""Failures in a row, each on another waybill, after which a flush takes the network for gone."""
OTHER_SENDER_S: Final = 10.0
"""How long a new effect waits for another process that is sending from the same file; then it stays queued."""

Done = TypeVar("Done")


class Outbox(AbstractContextManager["Outbox"]):
    """core.ports.Effects over one file. Thread-safe; one send at a time, in order per waybill, one sender a file.

    Calls are apart: they overtake, are tried twice at once, and are never placed late. A text that has grown stale
    (dialog.freshness) is held until the courier says yes again.
    """

    def __init__(
        self,
        path: Path,
        api: Sender,
        *,
        seal: Seal | None = None,
        ledger: Recorder | None = None,
        rules: SmsRules | None = None,
        keep: timedelta | None = None,
        together: Callable[[str], Sequence[str]] = lambda waybill: (waybill,),
    ) -> None:
        """Open or make the file. A damaged one is set aside and what it held is taken over. Raises OutboxError.

        ``keep``: what was settled longer ago is forgotten. ``together``: the waybills of a waybill's customer.
        """
        self._api, self._seal, self._ledger, self._rules = api, seal, ledger, rules or SmsRules()
        self._path, self._together = path, together
        self._only_sender = SoleSender(path)
        self._only_caller = SoleSender(path.with_name(f"{path.name}.calls"))
        self._keep, self._forgetting = keep, Every(FORGET_EVERY_S)
        self._backoff = Backoff()
        self._notices: list[str] = []
        self._store = self._open()
        self._last_seen = max(filter(None, [self._store.latest(), utc_now() - BACK_IN_TIME]))
        self._forget()  # before the ledger is told: it must not learn anew what it has forgotten
        if ledger:
            ledger.reconcile(tuple(reversed(self.history(1000))))
        with self._only_caller(0) as alone:
            if alone:
                self._give_up_calls()
        self._give_up_texts()

    def perform(self, effect: Effect, *, attempt: bool = True) -> Receipt:
        """Write down, try now unless there is no network; earlier effects of the same waybill go first.

        An effect given again under its key is the same one. Raises OutboxError when it could not be written
        (then nothing was done) and ValueError when its key belongs to another effect.
        """
        receipt = self._healed(lambda: self._write(effect))
        if receipt.status != "queued":
            return receipt
        if effect.op == "dial":
            return self._dial(effect)
        if not attempt:
            return receipt
        return self._send_now(effect.key, effect.waybill, receipt)

    def flush(self, *, now: bool = False) -> tuple[Receipt, ...]:
        """Send what is queued, in order per waybill; what became of each that was tried.

        A waybill that failed rests (1 s, doubled up to 60 s, full jitter) unless ``now``. While another process sends
        from this file, nothing is done.
        """
        receipts: list[Receipt] = []
        misses = 0
        waiting = self._healed(lambda: self._store.select("status = 'queued' AND op != 'dial' ORDER BY seq"))
        if not waiting:
            return ()
        with self._only_sender(0) as alone:
            for waybill in dict.fromkeys(entry.effect.waybill for entry in waiting) if alone else ():
                if not now and self._backoff.rests(waybill):
                    continue
                tried = self._drain(waybill)
                receipts += tried
                misses = misses + 1 if tried and tried[-1].status == "queued" else 0
                if misses == OFFLINE_AFTER:
                    break
        return tuple(receipts)

    def renew(self, key: str) -> Receipt:
        """Send a held effect after all, under its old key: if it got through unheard the first time, it is that one."""
        self._store.renew(key)
        entry = self._entry(key)
        if entry.status != "queued":
            return entry.receipt
        self._note(entry.effect, "queued")
        return self._send_now(key, entry.effect.waybill, entry.receipt)

    def drop(self, key: str) -> None:
        """Give a held effect up."""
        entry = self._entry(key)
        detail = "你说不发了，之前那次不确定有没有发出去" if entry.attempts else "你说不发了"
        if self._store.mark(key, "dropped", detail, was="held"):
            self._note(entry.effect, "dropped", detail)

    def pending(self) -> tuple[Entry, ...]:
        """What waits to be sent or to be agreed to again, oldest first; never a call. Raises OutboxError."""
        return self._store.select(WAITING)

    def history(self, limit: int = 20) -> tuple[Entry, ...]:
        """The latest effects, whatever became of them, newest first. Raises OutboxError."""
        return self._store.select("TRUE ORDER BY seq DESC LIMIT ?", limit)

    def notices(self) -> tuple[str, ...]:
        """What the courier must hear about the store itself, each once."""
        self._watch_clock()
        if self._forgetting.due():
            self._forget()
        told, self._notices = tuple(self._notices), []
        return told

    def erase(self, waybill: str) -> int:
        """Forget a waybill's settled effects; how many. What still waits stays until it is sent."""
        return self._store.erase("waybill = ?", waybill)

    def prune(self, before: datetime) -> int:
        """Forget settled effects written before a time (UTC)."""
        return self._store.erase("written_at < ?", before.isoformat())

    def close(self) -> None:
        """Close the file; what is queued stays in it."""
        with self._only_sender.in_process:
            self._store.close()

    def __exit__(self, *_: object) -> None:
        self.close()

    # The file

    def _open(self) -> Store:
        try:
            return Store(self._path, self._seal)
        except OutboxDamaged as error:
            logger.error("outbox: %s", error)
            return self._recover()

    def _recover(self) -> Store:
        store, count = rescue(self._path, self._seal, self._ledger.unsettled() if self._ledger else ())
        self._notices.append(RECOVERED.format(count=count))
        return store

    def _healed(self, work: Callable[[], Done]) -> Done:
        """Do something with the file; if it turns out to be damaged, once more with a new one."""
        try:
            return work()
        except OutboxDamaged as error:
            logger.error("outbox: %s", error)
            with self._only_sender.in_process:
                self._store.close()
                self._store = self._recover()
            return work()

    def _give_up_calls(self) -> None:
        """A call that was interrupted may or may not have been placed; placing it now would be late either way."""
        for entry in self._store.select("status = 'queued' AND op = 'dial'"):
            self._mark(entry.effect, "refused", NOT_PLACED_AFTER_RESTART, tries=0)
            self._notices.append(f"尾号{entry.effect.waybill[-4:]}，{NOT_PLACED_AFTER_RESTART}")

    def _give_up_texts(self) -> None:
        old = [row for row in self._store.select("status = 'held' AND op = 'sms'") if gate.outlived(row)]
        for row in old:
            self._mark(row.effect, "dropped", OUTLIVED, tries=0)
        if old:
            self._notices.append(f"上一班没发出去的{len(old)}条短信{OUTLIVED}。")

    def _forget(self) -> None:
        if self._keep is not None:
            self.prune(utc_now() - self._keep)

    def _write(self, effect: Effect) -> Receipt:
        refusal = gate.refusal(effect, self._store, self._rules, self._together(effect.waybill))
        status: Status = "refused" if refusal else "queued"
        if self._store.write(effect, status, refusal):
            self._note(effect, status, refusal)
            return Receipt(effect.key, status, refusal)
        entry = self._entry(effect.key)
        if not same(entry.effect, effect):
            raise ValueError("an idempotency key was used for two different effects")
        return entry.receipt

    def _mark(self, effect: Effect, status: Status, detail: str = "", *, tries: int = 1) -> None:
        """Note how a try ended. It did end, so a disk that fails now is logged, not raised: the row stays queued and
        its key makes the next try harmless."""
        try:
            self._store.mark(effect.key, status, detail, tries=tries)
        except OutboxError as error:
            logger.error("outbox: %s not noted: %s", status, error)
        if status != "queued":
            self._note(effect, status, detail)

    def _note(self, effect: Effect, status: Status, detail: str = "") -> None:
        if self._ledger:
            self._ledger.note_effect(effect, status, detail)

    def _entry(self, key: str) -> Row:
        return self._store.select("key = ?", key)[0]

    def _watch_clock(self) -> None:
        now = utc_now()
        if now < self._last_seen - BACK_IN_TIME:
            self._notices.append(CLOCK_WENT_BACK)
        self._last_seen = now

    # Sending

    def _send_now(self, key: str, waybill: str, queued: Receipt) -> Receipt:
        try:
            with self._only_sender(OTHER_SENDER_S) as alone:
                tried = self._drain(waybill) if alone else []
            return next((done for done in tried if done.key == key), None) or self._entry(key).receipt
        except OutboxError as error:  # it is written, so it will go; only reading it back failed
            logger.error("outbox: %s", error)
            return queued

    def _drain(self, waybill: str) -> list[Receipt]:
        """Try a waybill's queued effects in order, up to the first that does not get through."""
        receipts: list[Receipt] = []
        for row in self._store.select("status = 'queued' AND op != 'dial' AND waybill = ? ORDER BY seq", waybill):
            if gate.outlived(row):
                self._mark(row.effect, "dropped", OUTLIVED, tries=0)
                receipts.append(Receipt(row.effect.key, "dropped", OUTLIVED))
                continue
            if gate.stale(row):
                self._mark(row.effect, "held", tries=0)
                receipts.append(Receipt(row.effect.key, "held"))
                continue
            receipt, _ = self._attempt(row.effect)
            receipts.append(receipt)
            if receipt.status == "queued":
                self._backoff.failed(waybill)
                break
            self._backoff.passed(waybill)
        return receipts

    def _dial(self, effect: Effect) -> Receipt:
        """Now or never. The second try is for an answer that got lost: under its key it cannot ring twice."""
        with self._only_caller(OTHER_SENDER_S):  # so that no other process takes it for one that was interrupted
            rang = False
            for _ in range(2):
                receipt, unsent = self._attempt(effect)
                if receipt.status != "queued":
                    return receipt
                rang = rang or not unsent
            why = NOT_SURE if rang else NOT_PLACED
            self._mark(effect, "refused", why, tries=0)
            return Receipt(effect.key, "refused", why)

    def _attempt(self, effect: Effect) -> tuple[Receipt, bool]:
        """One try, noted; and whether it surely never reached the API."""
        unsent = False
        try:
            self._api.send(effect)
        except ApiUnavailable as error:
            receipt, unsent = Receipt(effect.key, "queued"), error.unsent
        except ApiError as error:
            receipt = Receipt(effect.key, "refused", error.said)
        else:
            receipt = Receipt(effect.key, "sent")
        self._mark(effect, receipt.status, receipt.detail)
        return receipt, unsent
