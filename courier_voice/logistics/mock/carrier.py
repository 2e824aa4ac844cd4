"""The carrier behind the mock API: one courier's day, the ledger of effects, the results kept by key."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from pydantic import BaseModel

from courier_voice.core.parcels import surname
from courier_voice.core.privacy import mask_phones
from courier_voice.logistics.mock.bodies import (
    AccountView,
    Ack,
    CallRequest,
    DayView,
    DraftEdit,
    DraftView,
    EffectOp,
    EffectRow,
    EffectsView,
    ExceptionRequest,
    Happening,
    PickupFields,
    SignOffRequest,
    SmsRequest,
    SubmitRequest,
    WaybillView,
)
from courier_voice.logistics.mock.problems import Problem
from courier_voice.logistics.mock.world import Task, TaskSummary, TrackPoint, World

MAX_SMS_CHARS = 300
DUE_SOON_MINUTES = 60
Journal = Callable[[str, str, dt.datetime], None]
"""Is told the key, what was asked (method, path, JSON body) and when."""
SUMMARY = frozenset(TaskSummary.model_fields)


@dataclass(frozen=True)
class Result:
    """A finished request: what was asked under the key, and the answer or the problem it got."""

    asked: str
    answer: BaseModel | None
    problem: Problem | None


class Carrier:
    """State and transitions; one lock, no I/O. Finishing a task (signed off, submitted, exception) takes it off the
    route and makes it ``previous``; if it was ``current``, the next one on the route becomes current."""

    def __init__(self, world: World, *, frozen: bool = False, journal: Journal | None = None) -> None:
        """``frozen``: the clock stands at the world's ``now`` instead of running on from it. ``journal`` is told of
        every change before it is answered, with the time it happened at."""
        self._journal = journal
        self._past: dt.datetime | None = None
        self._world = world
        self._frozen = frozen
        self._started = time.monotonic()
        self._tasks = {task.waybill: task for task in world.tasks}
        self._route = list(world.route)
        self._current, self._previous = world.current, world.previous
        self._drafts: dict[str, PickupFields] = {}
        self._effects: list[EffectRow] = []
        self._edits: list[DraftEdit] = []
        self._results: dict[str, Result] = {}
        self._lock = threading.RLock()

    def now(self) -> dt.datetime:
        if self._past is not None:
            return self._past
        passed = 0.0 if self._frozen else time.monotonic() - self._started
        return self._world.start + dt.timedelta(seconds=int(passed))

    # Reading

    def day(self) -> DayView:
        with self._lock:
            return DayView(
                courier=self._world.courier,
                now=self.now(),
                current=self._current,
                previous=self._previous,
                route=tuple(self._route),
                tasks=tuple(self._summary(task) for task in self._tasks.values()),
                key_accounts={
                    code: AccountView(code=code, name=account.name, rules=account.rules)
                    for code, account in self._world.key_accounts.items()
                },
            )

    def waybill(self, number: str) -> WaybillView:
        with self._lock:
            task = self._task(number)
            track = tuple(p.model_copy(update={"event": mask_phones(p.event)}) for p in task.track)
            return WaybillView(**self._summary(task).model_dump(), track=track)

    def search(self, tail: str | None, name: str | None, address: str | None) -> tuple[TaskSummary, ...]:
        """Tasks that fit all that is given; ``name`` is part of the full name or surname with title (胡女士)."""
        with self._lock:
            return tuple(
                self._summary(task)
                for task in self._tasks.values()
                if (tail is None or task.waybill.endswith(tail))
                and (name is None or name in task.customer or name == surname(task.customer) + task.title)
                and (address is None or address in task.address)
            )

    def ledger(self) -> EffectsView:
        with self._lock:
            return EffectsView(effects=tuple(self._effects), drafts=tuple(self._edits))

    # Changing

    def once(self, key: str, asked: str, act: Callable[[], BaseModel]) -> tuple[BaseModel, bool]:
        """Do something under an idempotency key; the answer, and whether it is an earlier one told again.

        A refusal counts as a result too. The same key for something else is a 422.
        """
        with self._lock:
            known = self._results.get(key)
            if known is None:
                self._results[key] = known = self._finish(asked, act)
                replayed = False
                if self._journal and self._past is None:
                    self._journal(key, asked, self.now())
            elif known.asked != asked:
                raise Problem(422, "key-reused", "这个请求编号已经用在别的操作上了。")
            else:
                replayed = True
            if known.answer is None:
                assert known.problem is not None
                raise known.problem
            return known.answer, replayed

    @contextmanager
    def back_then(self, at: dt.datetime) -> Iterator[None]:
        """Do again what happened at a time, without telling the journal; the clock goes on from there."""
        self._past = at
        try:
            yield
        finally:
            self._past = None
            self._started = time.monotonic() - (at - self._world.start).total_seconds()

    def _finish(self, asked: str, act: Callable[[], BaseModel]) -> Result:
        try:
            return Result(asked, act(), None)
        except Problem as problem:
            return Result(asked, None, problem)

    def dial(self, key: str, body: CallRequest) -> Ack:
        task = self._task(body.waybill)
        return self._record("dial", task, {"virtual_number": task.virtual_number}, key, body)

    def sms(self, key: str, body: SmsRequest) -> Ack:
        task = self._task(body.waybill)
        if not body.message.strip():
            raise Problem(422, "empty-sms", "短信是空的。")
        if len(body.message) > MAX_SMS_CHARS:
            raise Problem(422, "sms-too-long", f"短信太长了，最多{MAX_SMS_CHARS}个字。")
        return self._record("sms", task, {"message": body.message, "virtual_number": task.virtual_number}, key, body)

    def edit_pickup(self, number: str, fields: PickupFields) -> DraftView:
        with self._lock:
            draft = self._draft(number).model_copy(update=fields.model_dump(exclude_unset=True))
            self._drafts[number] = draft
            self._edits.append(DraftEdit(waybill=number, fields=fields, at=self.now()))
            return DraftView(waybill=number, fields=draft, submitted=False)

    def submit_pickup(self, key: str, number: str, body: SubmitRequest) -> Ack:
        form = self._draft(number).model_copy(update=body.fields.model_dump(exclude_none=True))
        args = form.model_dump(exclude_none=True)
        if not args:
            raise Problem(422, "empty-form", "揽收单还是空的，先填重量和物品。")
        self._drafts[number] = form
        kept: dict[str, object] = {name: args[name] for name in ("weight_kg", "item") if name in args}
        task = self._close(self._task(number), "done", "已揽收", body, kept)
        return self._record("pickup", task, args, key, body)

    def sign_off(self, key: str, number: str, body: SignOffRequest) -> Ack:
        task = self._unfinished(number)
        if task.kind == "pickup":
            raise Problem(409, "not-a-delivery", "这是揽收单，要提交揽收信息，不能签收。")
        task = self._close(task, "done", f"已签收：{body.place}" if body.place else "已签收", body)
        return self._record("sign_off", task, body.model_dump(include={"place"}, exclude_none=True), key, body)

    def exception(self, key: str, number: str, body: ExceptionRequest) -> Ack:
        task = self._unfinished(number)
        task = self._close(task, "exception", f"异常登记：{body.note or body.reason}", body)
        args = body.model_dump(include={"reason", "note"}, exclude_none=True)
        return self._record("exception", task, args, key, body)

    # Parts

    def _task(self, number: str) -> Task:
        task = self._tasks.get(number)
        if task is None:
            raise Problem(404, "no-such-waybill", "系统里没有这个运单号。")
        return task

    def _unfinished(self, number: str) -> Task:
        task = self._task(number)
        if task.state == "done":
            raise Problem(409, "already-done", "这一单已经完成了。")
        return task

    def _draft(self, number: str) -> PickupFields:
        task = self._unfinished(number)
        if task.kind != "pickup":
            raise Problem(409, "not-a-pickup", "这一单是派件，不是揽收。")
        return self._drafts.get(number, PickupFields(weight_kg=task.weight_kg, item=task.item))

    def _close(
        self, task: Task, state: str, event: str, body: Happening, fields: Mapping[str, object] | None = None
    ) -> Task:
        time_text = (body.happened_at or self.now()).strftime("%Y-%m-%d %H:%M")
        track = (*task.track, TrackPoint(time=time_text, place=self._world.courier.station, event=event))
        closed = task.model_copy(update={"state": state, "track": track, **(fields or {})})
        self._tasks[task.waybill] = closed
        place = self._route.index(task.id) if task.id in self._route else None
        if place is not None:
            del self._route[place]
        if task.id == self._current:
            # After the last stop the route goes on with what was passed over.
            self._current = self._route[(place or 0) % len(self._route)] if self._route else None
        self._previous = task.id
        return closed

    def _record(self, op: EffectOp, task: Task, args: dict[str, object], key: str, body: Happening) -> Ack:
        row = EffectRow(
            seq=len(self._effects) + 1,
            op=op,
            waybill=task.waybill,
            args=args,
            key=key,
            at=self.now(),
            happened_at=body.happened_at,
        )
        self._effects.append(row)
        return Ack(**row.model_dump(include=set(Ack.model_fields)))

    def _summary(self, task: Task) -> TaskSummary:
        """A task without what only the carrier may know; overdue and due_soon as of the clock."""
        now = self.now()
        end = dt.datetime.combine(self._world.date, dt.time.fromisoformat(task.window[6:]))
        left = (end - now.replace(second=0)) / dt.timedelta(minutes=1) if task.state == "pending" else float("inf")
        flags = {"overdue": left < 0, "due_soon": 0 <= left <= DUE_SOON_MINUTES, "remark": mask_phones(task.remark)}
        return TaskSummary(**{**task.model_dump(include=set(SUMMARY)), **flags})
