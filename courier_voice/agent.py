"""One turn: hear, understand, decide, act, answer. Plain calls over frozen values; Protocols stand for the outside."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial

from courier_voice.core.errors import ApiError, CourierVoiceError, NoRecogniser, OutboxError
from courier_voice.core.intent import Knowledge, Polisher, Tools
from courier_voice.core.parcels import Day, Receipt
from courier_voice.core.ports import Effects, Ledger, LogisticsApi, Speaker, Transcriber, Understander
from courier_voice.core.privacy import mask_phones
from courier_voice.core.stopwatch import Stopwatch
from courier_voice.core.turn import Draft, Outcome, Proposal, Turn, Understanding
from courier_voice.core.words import Audio, Transcript, Utterance
from courier_voice.dialog import misheard, policy, standing, tips
from courier_voice.dialog.answers import answer
from courier_voice.dialog.commit import asked_again, caught_up, commit
from courier_voice.dialog.context import following, in_context, pinned, still_wanted, wants_submit
from courier_voice.dialog.hearings import Choice, Hearing, choose, hearings
from courier_voice.dialog.hints import hints
from courier_voice.dialog.memory import CHANGE, Memory, remember
from courier_voice.dialog.outcomes import by_rules, dated, kind_of, worded
from courier_voice.dialog.phrasing import read_back
from courier_voice.dialog.sms_rules import SmsRules
from courier_voice.text.normalize import normalize

NOTHING_HEARD = Understanding((Draft("none"),), "control")


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
    ledger: Ledger | None = None
    sms: SmsRules = field(default_factory=SmsRules)
    mend: Callable[[str], str] | None = None
    """Puts misheard words of the trade right; None leaves them, and asks after nobody who only sounds alike."""
    nbest: bool = True
    """Whether other readings than the likeliest are looked at."""
    shorten: tips.Shorten = str
    """Fewer words for a key account's rules."""
    new_key: Callable[[], str] = lambda: uuid.uuid4().hex
    memory: Memory = field(default_factory=Memory)
    seen: Day | None = None
    """The day as last told, for what the recogniser is to expect."""

    def take_turn(self, audio: Audio) -> Turn:
        """Hear 16 kHz audio and act on it. Silence and noise make an empty turn that does nothing."""
        clock = Stopwatch()
        try:
            with clock("asr"):
                heard = self.hear(audio)
        except NoRecogniser:
            raise
        except CourierVoiceError as error:
            return self._finish(Utterance("", ""), NOTHING_HEARD, [Outcome("reject", error.said)], clock)
        return self.take_transcript(heard, clock)

    def hear(self, audio: Audio) -> Transcript:
        """What is said in 16 kHz audio, the day's names in mind; nothing is done about it. Raises CourierVoiceError."""
        if self.asr is None:
            raise NoRecogniser("this agent has no recogniser: set asr.engine")
        with suppress(ApiError):  # without network he is heard without hints
            self.seen = self.seen or self.api.day()
        return self.asr.transcribe(audio, hints(self.seen) if self.seen else ())

    def take_transcript(self, heard: Transcript, clock: Stopwatch | None = None) -> Turn:
        """Act on what a recogniser heard."""
        clock = clock or Stopwatch()
        if not heard.text.strip():
            return self._finish(Utterance("", ""), NOTHING_HEARD, [Outcome("reject", "")], clock)
        return self._turn(hearings(heard, self.mend, several=self.nbest), clock)

    def take_text(self, text: str) -> Turn:
        """Act on typed words."""
        clock = Stopwatch()
        if not text.strip():
            return self._finish(Utterance("", ""), NOTHING_HEARD, [Outcome("reject", "")], clock)
        return self._turn((Hearing(normalize(text), spoken=False),), clock)

    def catch_up(self) -> Turn | None:
        """Between turns: send what waits, remind; a turn nobody spoke in when there is something to say."""
        clock, day = Stopwatch(), None
        try:
            with clock("day"):
                day = self.api.day()
            with clock("act"):
                outcomes = self._afterwards(day, []) if self.effects.pending() else []
                outcomes += self._reminders(day, outcomes)
        except (ApiError, OutboxError):  # still no network: the next quiet moment will do
            return None
        return self._finish(Utterance("", ""), NOTHING_HEARD, outcomes, clock, day) if outcomes else None

    def _reminders(self, day: Day, outcomes: list[Outcome]) -> list[Outcome]:
        """What is due to be said unasked, once, and never over a question that waits for its answer."""
        if self.memory.proposals or self.memory.asking or any(o.kind in ("ask", "confirm") for o in outcomes):
            return []
        here = day.by_id(day.current)
        door = tips.on_reaching(here, day, self.shorten) if here and here.state == "pending" else None
        return self._tell([tip for tip in (door, tips.on_time(day, self.memory.told)) if tip])

    def _opened(self, day: Day, outcomes: list[Outcome]) -> list[Outcome]:
        """The reminder that goes with a pickup form opened in this turn."""
        opened = [day.by_waybill(o.form) for o in outcomes if o.form]
        return self._tell([tip for parcel in opened if parcel and (tip := tips.on_reaching(parcel, day, self.shorten))])

    def _tell(self, reminders: Sequence[tips.Tip]) -> list[Outcome]:
        due = [tip for tip in reminders if not tips.keys(tip) <= self.memory.told]
        told = self.memory.told.union(*map(tips.keys, due))
        self.memory = replace(self.memory, told=told, details="".join(t.details for t in due) or self.memory.details)
        return [Outcome("answer", tip.said, details=tip.details) for tip in due]

    def _turn(self, heard: Sequence[Hearing], clock: Stopwatch) -> Turn:
        utterance, understanding, day = heard[0].utterance, NOTHING_HEARD, None
        asked = standing.question(utterance.text)
        try:
            with clock("day"):
                day = self.seen = self.api.day()
            if self.memory.focus is None:
                here = day.by_id(day.current)
                self.memory = replace(self.memory, focus=here.waybill if here else None)
            with clock("nlu"):
                more = self.memory.details if tips.asks_for_more(utterance.text) else ""
                told = self._standing(asked, day) if asked else more
                choice = Choice(heard[0]) if told else choose(heard, partial(self._glance, day), day, self.memory.focus)
                utterance = choice.hearing.utterance
                understanding = NOTHING_HEARD if told else self._understand(utterance, day)
                understanding = misheard.spelled(understanding, day) if heard[0].spoken and self.mend else understanding
            with clock("act"):
                late = () if day.age_s is not None else self.effects.flush()
                if told:
                    outcomes = self._told(self._standing(asked, day) if asked else told)
                else:
                    outcomes, understanding = self._act(choice, understanding, day)
                outcomes = [dated(outcome, day) for outcome in outcomes] + self._opened(day, outcomes)
                outcomes += self._afterwards(day, outcomes, late)
        except CourierVoiceError as error:
            known = self._without_day(utterance, asked) if day is None and isinstance(error, ApiError) else None
            outcomes = [known or Outcome("reject", error.said)]
        return self._finish(utterance, understanding, outcomes, clock, day)

    def _without_day(self, utterance: Utterance, asked: standing.Question | None) -> Outcome | None:
        """What can be answered though neither the API nor the cache tells of today: what was done, and the rules."""
        if told := self._standing(asked, None) if asked else "":
            return Outcome("answer", told)
        return by_rules(self.nlu.glance(utterance, self.memory.context()), self.knowledge)

    def _standing(self, asked: standing.Question, day: Day | None) -> str:
        return standing.answered(asked, self.effects.history(60), day)

    def _told(self, said: str) -> list[Outcome]:
        """The answer to a question over what was done; what waits for a yes is read back again, or it would be lost."""
        if not self.memory.proposals:
            return [Outcome("answer", said)]
        waiting = read_back(self.memory.proposals)
        return [Outcome("confirm", f"还有一步等您确认：{waiting}" if "没有要发" in said else f"{said}{waiting}")]

    def _afterwards(
        self, day: Day, outcomes: list[Outcome], receipts: tuple[Receipt, ...] | None = None
    ) -> list[Outcome]:
        """What the courier must hear besides: effects that caught up, trouble with the store, texts grown stale."""
        if receipts is None:
            receipts = self.effects.flush() if day.age_s is None else ()
        said = [caught_up(receipts), *self.effects.notices()]
        more = [Outcome("answer", words) for words in said if words]
        busy = self.memory.proposals or self.memory.asking or any(o.kind in ("ask", "confirm") for o in outcomes)
        held = [] if busy else [e for e in self.effects.pending() if e.status == "held"]
        proposals = asked_again([e for e in held if e.effect.key not in self.memory.asked_again], day)
        if proposals:
            asked = self.memory.asked_again | {key for p in proposals for key in p.keys}
            self.memory = replace(self.memory, proposals=proposals, asked_again=asked)
            more.append(Outcome("confirm", f"{'；'.join(p.said for p in proposals)}。放得久了，还发吗？"))
        return more

    def _understand(self, utterance: Utterance, day: Day) -> Understanding:
        return self._at_once(utterance, day) or self.nlu.understand(utterance, self.memory.context())

    def _glance(self, day: Day, utterance: Utterance) -> Understanding | None:
        return self._at_once(utterance, day) or self.nlu.glance(utterance, self.memory.context())

    def _at_once(self, utterance: Utterance, day: Day) -> Understanding | None:
        """What needs no model: control words, and answers to what was asked."""
        reflex = self.nlu.reflex(utterance)
        if reflex is not None:
            yes = reflex.drafts[0].intent == "confirm"
            settled = misheard.settled(utterance, self.memory) if yes else None
            return Understanding((settled,), "control") if settled else reflex
        direct = answer(utterance, self.memory, day)
        return Understanding(direct, "control") if direct else None

    def _act(self, choice: Choice, understanding: Understanding, day: Day) -> tuple[list[Outcome], Understanding]:
        utterance = choice.hearing.utterance
        outcomes: list[Outcome] = []
        told: list[Draft] = []
        proposals: list[Proposal] = []
        submit = wants_submit(utterance)
        waiting, asked = list(understanding.drafts), self.memory.asking
        unsure = misheard.in_doubt(choice, asked)
        while waiting:
            understood = following(waiting.pop(0), outcomes)
            draft, corrected = in_context(understood, utterance, self.memory, day)
            told.append(Draft("correct", understood.slots) if corrected else draft)
            if corrected:
                self._give_up(self.memory.proposals)
                waiting += still_wanted(self.memory, draft)
            if asked and draft.intent == asked.draft.intent:
                waiting, asked = [*waiting, *asked.rest], None
            action = policy.decide(draft, self.memory, day, submit=submit)
            if choice.hearing.spoken and self.mend:
                action = misheard.question(draft, choice, action, day, unsure=unsure) or action
            if isinstance(action, policy.Ask):  # one question at a time: all else waits for its answer
                rest = (*action.asking.rest, *map(pinned, proposals), *waiting)
                action = replace(action, asking=replace(action.asking, rest=rest))
                outcomes = [replace(o, said="") if o.kind == "confirm" else o for o in outcomes]
                told += waiting
                waiting, proposals = [], []
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
                if asking.slot == CHANGE:
                    self._give_up(memory.proposals)
                self.memory = replace(memory, asking=asking, proposals=())
                return Outcome("ask", said, focus=focus)
            case policy.Say(kind, said, drop):
                if drop:
                    self._give_up(memory.proposals)
                    self.memory = policy.dropped(memory)
                elif kind == "reject":
                    self.memory = policy.turned_away(memory, draft)
                return Outcome(kind, said)
            case policy.Confirm(intent, parcels):
                proposal = intent.propose(parcels, self._tools(day))
                texts = (draft.slots.get("message"), proposal.args.get("message")) if proposal.op == "sms" else ()
                refusal = next(filter(None, map(self.sms.refusal, map(str, texts))), "")  # as dictated and as worded
                if refusal:
                    return Outcome("reject", f"{refusal}，换个说法吧。")
                proposals.append(proposal)
                self.memory = replace(memory, last=draft)
                return Outcome("confirm", proposal.said, focus=parcels[0].waybill if len(parcels) == 1 else None)
            case policy.Commit(waiting):
                self.memory = replace(memory, proposals=(), asking=None)
                return commit(waiting, day, self.effects, self.new_key())
            case policy.Perform(intent, parcels):
                outcome = intent.perform(parcels, self._tools(day))
                self.memory = replace(memory, proposals=(), asking=None, last=draft)
                return outcome

    def _give_up(self, proposals: tuple[Proposal, ...]) -> None:
        """Texts that had grown stale and are not wanted any more, or in other words."""
        for key in (key for proposal in proposals for key in proposal.keys):
            self.effects.drop(key)

    def _tools(self, day: Day) -> Tools:
        focus = day.by_waybill(self.memory.focus)
        return Tools(self.api, self.effects, self.knowledge, self.polisher, day, focus, self.new_key())

    def _finish(
        self,
        utterance: Utterance,
        understanding: Understanding,
        outcomes: list[Outcome],
        clock: Stopwatch,
        day: Day | None = None,
    ) -> Turn:
        reply = mask_phones(" ".join(o.said for o in outcomes if o.said))
        calls = tuple(call for o in outcomes for call in o.calls)
        kind = kind_of(outcomes)
        idle = understanding.drafts[0].intent == "none" and kind == "reject"
        self.memory = remember(self.memory, [], "" if idle else reply)
        with clock("speak"):
            if reply:
                self.speaker.say(reply)
        turn = Turn(utterance, understanding, kind, calls, reply, dict(clock.seconds), worded(outcomes))
        if self.ledger:
            self.ledger.note_turn(turn, day, [p for o in outcomes for p in o.agreed])
        return turn
