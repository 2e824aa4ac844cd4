"""Scoring of understanding and dialogues, by the rules the development sets state."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from courier_voice.text.normalize import comparable

CONTAINED = frozenset(["place", "message", "item"])
"""Slots that are right when one side contains the other."""
UNSCORED_NOTE = frozenset(["rejected", "no_answer", "wrong_address", "damaged", "missing"])
Frame = Mapping[str, object]


def same_value(slot: str, said: object, meant: object) -> bool:
    """Numbers equal, strings equal after normalisation; place, message and item by containment."""
    if isinstance(meant, int | float) and isinstance(said, int | float):
        return abs(float(said) - float(meant)) < 1e-6
    a, b = comparable(str(said)), comparable(str(meant))
    return a == b or (slot in CONTAINED and bool(a) and bool(b) and (a in b or b in a))


def flat(slots: Mapping[str, object]) -> dict[str, object]:
    """Slots with the target's parts as slots of their own: target.tail …"""
    out: dict[str, object] = {}
    for name, value in slots.items():
        if isinstance(value, Mapping):
            out |= {f"{name}.{part}": v for part, v in value.items()}
        else:
            out[name] = value
    if out.get("reason") in UNSCORED_NOTE:
        out.pop("note", None)
    return out


def frames_of(row: Mapping[str, object]) -> list[Frame]:
    """The frames a labelled line holds: one, or two under ``intents``."""
    several = row.get("intents")
    if isinstance(several, Sequence):
        return [frame for frame in several if isinstance(frame, Mapping)]
    return [{"intent": row["intent"], "slots": row.get("slots", {})}]


@dataclass
class NluScore:
    """Counts over labelled utterances."""

    lines: int = 0
    intents_right: int = 0
    frames_right: int = 0
    hits: Counter[str] = field(default_factory=Counter)
    spurious: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)
    false_actions: int = 0
    nones: int = 0
    tails: int = 0
    tails_right: int = 0

    def add(self, meant: Sequence[Frame], said: Sequence[Frame]) -> bool:
        """Count one utterance; whether all of it was right."""
        self.lines += 1
        intents = [f["intent"] for f in meant] == [f["intent"] for f in said]
        self.intents_right += intents
        if meant[0]["intent"] == "none":
            self.nones += 1
            self.false_actions += said[0]["intent"] != "none"
        if wanted := tails_of(meant):
            self.tails += 1
            self.tails_right += tails_of(said) == wanted
        right = intents
        for n, frame in enumerate(meant):
            a = flat(_slots(frame))
            b = flat(_slots(said[n])) if n < len(said) and said[n]["intent"] == frame["intent"] else {}
            right &= self._slots(a, b)
        self.frames_right += right
        return right

    def _slots(self, meant: Mapping[str, object], said: Mapping[str, object]) -> bool:
        right = True
        for slot, value in meant.items():
            if slot in said and same_value(slot, said[slot], value):
                self.hits[slot] += 1
            else:
                self.missed[slot] += 1
                right = False
        for slot in said:
            if slot not in meant or not same_value(slot, said[slot], meant[slot]):
                self.spurious[slot] += 1
                right = False
        return right

    def f1(self, slot: str | None = None) -> float:
        """Micro F1 over all slots, or of one."""
        hits, spurious, missed = self._counts(slot)
        return 2 * hits / (2 * hits + spurious + missed) if hits else 0.0

    def slot(self, slot: str | None = None) -> dict[str, float]:
        """Precision, recall and F1 of a slot, or of all, and how often it was meant."""
        hits, spurious, missed = self._counts(slot)
        return {
            "precision": round(hits / max(1, hits + spurious), 4),
            "recall": round(hits / max(1, hits + missed), 4),
            "f1": round(self.f1(slot), 4),
            "meant": hits + missed,
        }

    def _counts(self, slot: str | None) -> tuple[int, int, int]:
        hits, spurious, missed = (
            (c[slot] if slot else sum(c.values())) for c in (self.hits, self.spurious, self.missed)
        )
        return hits, spurious, missed

    def summary(self) -> dict[str, object]:
        slots = sorted(set(self.hits) | set(self.missed) | set(self.spurious))
        return {
            "lines": self.lines,
            "intent_accuracy": self.intents_right / max(1, self.lines),
            "frame_accuracy": self.frames_right / max(1, self.lines),
            "slot_f1": self.f1(),
            "false_actions": self.false_actions,
            "nones": self.nones,
            "false_action_rate": self.false_actions / max(1, self.nones),
            "tails": self.tails,
            "tail_exact": self.tails_right / max(1, self.tails),
            "slots": {slot: self.slot(slot) for slot in slots},
        }


def tails_of(frames: Sequence[Frame]) -> list[str]:
    """The tails said in frames, in order."""
    found = (flat(_slots(frame)).get("target.tail") for frame in frames)
    return [comparable(str(tail)) for tail in found if tail]


def _slots(frame: Frame) -> Mapping[str, object]:
    slots = frame.get("slots", {})
    return slots if isinstance(slots, Mapping) else {}


def dialog_turn_errors(expect: Mapping[str, object], turn: Mapping[str, object]) -> list[str]:
    """What is wrong with one turn of a dialogue (the ``converse`` JSON) by its expectations; empty: right."""
    errors = []
    if turn["kind"] != expect["kind"]:
        errors.append(f"kind {turn['kind']}, expected {expect['kind']}")
    if turn["intent"] != expect["intent"]:
        errors.append(f"intent {turn['intent']}, expected {expect['intent']}")
    meant, made = list(_list(expect["calls"])), list(_list(turn["calls"]))
    if expect.get("must_not_call") and made:
        errors.append(f"called {[c['op'] for c in made]}")
    elif not same_calls(meant, made):
        errors.append(f"calls {made}, expected {meant}")
    reply = comparable(str(turn["reply"]))
    for mention in _list(expect.get("must_mention", [])):
        if not has_one_of(reply, str(mention)):
            errors.append(f"reply lacks {mention}")
    return errors


def _list(value: object) -> Sequence[dict[str, object]]:
    return value if isinstance(value, list) else []


def same_calls(meant: Sequence[Mapping[str, object]], made: Sequence[Mapping[str, object]]) -> bool:
    """Whether the calls made are those meant, in any order and no other; only listed waybills and arguments count."""
    rest = list(made)
    for call in meant:
        found = next((c for c in rest if _matches(call, c)), None)
        if found is None:
            return False
        rest.remove(found)
    return not rest


def _matches(meant: Mapping[str, object], made: Mapping[str, object]) -> bool:
    if meant["op"] != made["op"] or meant.get("waybill") not in (None, made.get("waybill")):
        return False
    wanted, got = meant.get("args") or {}, made.get("args") or {}
    assert isinstance(wanted, Mapping)
    assert isinstance(got, Mapping)
    return all(_same_argument(name, value, got) for name, value in wanted.items())


def _same_argument(name: str, value: object, got: Mapping[str, object]) -> bool:
    if name.endswith("_contains"):
        there = comparable(str(got.get(name.removesuffix("_contains"), "")))
        return all(has_one_of(there, str(entry)) for entry in value) if isinstance(value, list | tuple) else False
    return name in got and same_value(name, got[name], value)


def has_one_of(comparable_text: str, entry: str) -> bool:
    """Whether a text (already ``comparable``) has one of the alternatives of ``a|b``."""
    return any(comparable(one) in comparable_text for one in entry.split("|"))
