"""One turn: hear, understand, decide, act, answer. Plain calls over frozen values; Protocols stand for the outside."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Protocol

from courier_voice.core.errors import ApiError, CourierVoiceError, ModelError, OutboxError
from courier_voice.core.intent import Knowledge, Polisher, Tools
from courier_voice.core.parcels import Call, Day, Effect, Receipt
from courier_voice.core.ports import Effects, LogisticsApi, Speaker, Transcriber
from courier_voice.core.turn import Draft, Kind, NluContext, Outcome, Proposal, Turn, Understanding
from courier_voice.core.words import Audio, Transcript, Utterance
from courier_voice.dialog import policy
from courier_voice.dialog.context import answer, in_context, wants_submit
from courier_voice.dialog.memory import Memory, remember
from courier_voice.dialog.phrasing import read_back
from courier_voice.text.normalize import normalize

NOTHING_HEARD = Understanding((Draft("none"),), "control")


class Understander(Protocol):
    def reflex(self, utterance: Utterance) -> Understanding | None:
        """A control word (yes, no, again, help), known without a model; None for all else."""
        ...

    def understand(self, utterance: Utterance, context: NluContext) -> Understanding: ...


@dataclass
class Agent:
    """A conversation with one courier. Give it audio or text, a turn comes back; it never raises for what
    can go wrong outside: the reply then says so and nothing was done.
    """

    nlu: Understander
    api: LogisticsApi
    effects: Effects
    knowledge: Knowledge
    polisher: Polisher
    speaker: Speaker
    asr: Transcriber | None = None
    new_key: Callable[[], str] = lambda: uuid.uuid4().hex
    memory: Memory = field(default_factory=Memory)

    def take_turn(self, audio: Audio) -> Turn:
        """Hear 16 kHz audio and act on it. Silence and noise make an empty turn that does nothing."""
        clock = _Clock()
        if self.asr is None:
            raise CourierVoiceError("this agent has no recogniser: set asr.engine")
        try:
            with clock("asr"):
                heard = self.asr.transcribe(audio)
        except CourierVoiceError as error:
            return self._finish(Utterance("", ""), NOTHING_HEARD, [Outcome("reject", error.said)], clock)
        return self.take_transcript(heard, clock)

    def take_transcript(self, heard: Transcript, clock: _Clock | None = None) -> Turn:
        """Act on what a recogniser heard."""
        clock = clock or _Clock()
        if not heard.text.strip():
            return self._finish(Utterance("", ""), NOTHING_HEARD, [Outcome("reject", "")], clock)
        return self._turn(normalize(heard.text, [h.text for h in heard.nbest[1:]]), clock)

    def take_text(self, text: str) -> Turn:
        """Act on typed words."""
        clock = _Clock()
        if not text.strip():
            return self._finish(Utterance("", ""), NOTHING_HEARD, [Outcome("reject", "")], clock)
        return self._turn(normalize(text), clock)

    def _turn(self, utterance: Utterance, clock: _Clock) -> Turn:
        understanding = NOTHING_HEARD
        try:
            with clock("day"):
                day = self.api.day()
            if self.memory.focus is None:
                here = day.by_id(day.current)
                self.memory = replace(self.memory, focus=here.waybill if here else None)
            with clock("nlu"):
                understanding = self._understand(utterance, day)
            with clock("act"):
                late = _caught_up(self.effects.flush())
                outcomes, understanding = self._act(utterance, understanding, day)
                outcomes += [Outcome("answer", late)] if late else []
        except (ApiError, ModelError, OutboxError) as error:
            outcomes = [Outcome("reject", error.said)]
        return self._finish(utterance, understanding, outcomes, clock)

    def _understand(self, utterance: Utterance, day: Day) -> Understanding:
        reflex = self.nlu.reflex(utterance)
        if reflex is not None:
            return reflex
        direct = answer(utterance, self.memory, day)
        if direct is not None:
            return Understanding((direct,), "control")
        return self.nlu.understand(utterance, self.memory.context())

    def _act(self, utterance: Utterance, understanding: Understanding, day: Day) -> tuple[list[Outcome], Understanding]:
        outcomes: list[Outcome] = []
        told: list[Draft] = []
        proposals: list[Proposal] = []
        submit = wants_submit(utterance)
        for understood in understanding.drafts:
            draft, corrected = in_context(understood, utterance, self.memory, day)
            told.append(Draft("correct", understood.slots) if corrected else draft)
            action = policy.decide(draft, self.memory, day, submit=submit)
            outcome = self._perform(action, draft, day, proposals)
            outcomes.append(outcome)
            self.memory = remember(self.memory, [outcome], "")
        if proposals:
            self.memory = replace(self.memory, proposals=tuple(proposals), asking=None)
            words = [o.said for o in outcomes if o.kind != "confirm"] + [read_back(proposals)]
            spoken = Outcome("confirm", " ".join(w for w in words if w))
            outcomes = [replace(o, said="") for o in outcomes] + [spoken]
        return outcomes, replace(understanding, drafts=tuple(told))

    def _perform(self, action: policy.Action, draft: Draft, day: Day, proposals: list[Proposal]) -> Outcome:
        memory = self.memory
        match action:
            case policy.Ask(said, asking, focus):
                self.memory = replace(memory, asking=asking, proposals=())
                return Outcome("ask", said, focus=focus)
            case policy.Say(kind, said, drop):
                if drop:
                    self.memory = policy.dropped(memory)
                elif draft.intent != "none" and kind == "reject":
                    self.memory = replace(memory, last=draft if draft.slots.get("target") else memory.last)
                return Outcome(kind, said)
            case policy.Confirm(intent, parcels):
                proposal = intent.propose(parcels, self._tools(day))
                proposals.append(proposal)
                self.memory = replace(memory, last=draft)
                return Outcome("confirm", proposal.said, focus=parcels[0].waybill if len(parcels) == 1 else None)
            case policy.Commit(waiting):
                self.memory = replace(memory, proposals=(), asking=None)
                return self._commit(waiting, day)
            case policy.Perform(intent, parcels):
                outcome = intent.perform(parcels, self._tools(day))
                self.memory = replace(memory, proposals=(), asking=None, last=draft)
                return outcome

    def _commit(self, proposals: tuple[Proposal, ...], day: Day) -> Outcome:
        """Send what got its yes: one effect a parcel, through the outbox."""
        calls: list[Call] = []
        words: list[str] = []
        turn = self.new_key()
        for proposal in proposals:
            sent, refused, queued = 0, "", 0
            for parcel in proposal.parcels:
                key = f"{turn}:{proposal.op}:{parcel.waybill}"
                effect = Effect(proposal.op, parcel.waybill, proposal.args, key, day.now)
                receipt = self.effects.perform(effect)
                sent += receipt.status == "sent"
                queued += receipt.status == "queued"
                refused = receipt.detail if receipt.status == "refused" else refused
                if receipt.status != "refused":
                    calls.append(Call(proposal.op, parcel.waybill, proposal.args))
            words.append(_committed(proposal, sent, queued, refused))
        focus = proposals[-1].parcels[0].waybill if len(proposals[-1].parcels) == 1 else None
        return Outcome("act" if calls else "reject", "".join(words), tuple(calls), focus)

    def _tools(self, day: Day) -> Tools:
        focus = day.by_waybill(self.memory.focus)
        return Tools(self.api, self.effects, self.knowledge, self.polisher, day, focus, self.new_key())

    def _finish(
        self, utterance: Utterance, understanding: Understanding, outcomes: list[Outcome], clock: _Clock
    ) -> Turn:
        reply = " ".join(o.said for o in outcomes if o.said)
        calls = tuple(call for o in outcomes for call in o.calls)
        self.memory = remember(self.memory, [], "" if understanding.drafts[0].intent == "none" else reply)
        with clock("speak"):
            if reply:
                self.speaker.say(reply)
        return Turn(utterance, understanding, _kind(outcomes), calls, reply, dict(clock.seconds))


def _caught_up(receipts: tuple[Receipt, ...]) -> str:
    """What became of effects that waited for the network, in words; empty when none did."""
    sent = sum(receipt.status == "sent" for receipt in receipts)
    refused = [receipt.detail for receipt in receipts if receipt.status == "refused"]
    parts = [f"刚才没网记下的{sent}条，已经办好了。"] if sent else []
    return "".join([*parts, *(f"刚才记下的没办成：{detail}。" for detail in refused)])


def _committed(proposal: Proposal, sent: int, queued: int, refused: str) -> str:
    done = {"sms": "短信发好了", "sign_off": "已签收", "exception": "异常报上去了"}[proposal.op]
    count = f"，{sent}条" if proposal.op == "sms" and len(proposal.parcels) > 1 else ""
    first = proposal.parcels[0]
    who = f"{first.called}，尾号{first.tail}，" if len(proposal.parcels) == 1 else ""
    parts = [f"{who}{done}{count}。"] if sent else []
    parts += [f"没网，先记下了{queued}条，有网自动发。"] if queued else []
    parts += [f"没办成：{refused}。"] if refused else []
    return "".join(parts)


def _kind(outcomes: list[Outcome]) -> Kind:
    """Of a turn with several outcomes: what waits for the courier goes before what was done, before what was told."""
    kinds = {o.kind for o in outcomes}
    order: tuple[Kind, ...] = ("ask", "confirm", "act", "answer", "reject")
    return next(kind for kind in order if kind in kinds)


class _Clock:
    """Seconds a stage of the turn took, by name, in order."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[stage] = self.seconds.get(stage, 0.0) + time.perf_counter() - start
