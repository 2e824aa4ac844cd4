"""Which of a recogniser's readings was meant: what each says, whether its parcel is on today's list, how it sounded.

The likeliest reading stays unless it is in doubt itself: not well understood, or about a parcel nobody has. Another
one never brings a number of its own, a call or a yes: numbers that differ are asked for.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from courier_voice.core.parcels import Day, Parcel
from courier_voice.core.turn import Draft, Understanding
from courier_voice.core.words import Transcript, Utterance
from courier_voice.dialog.context import wants_submit
from courier_voice.dialog.resolve import resolve
from courier_voice.text.normalize import normalize, to_simplified

SURE: Final = 0.7
"""Confidence from which on a reading is no longer in doubt, and below which none wins."""
LIKELY: Final = 0.8
MARGIN: Final = 0.3
"""A reading that sounds g nats less likely than the first is the better one with log-odds of about -MARGIN - LIKELY g:
fitted to the 118 readings beside the first of the recorded turns, of which 23 in 118 have fewer wrong characters."""
FARTHEST: Final = 3.0
"""Nats from which on no recorded reading was better than the first."""
RIVAL: Final = 1.5
"""Nats within which a tail that also exists makes the first one doubtful."""
UNSURE: Final = -0.3
"""Mean log-probability a token under which a tail is asked about before it is called: chosen on synthesised clips in
noise with ``courier-voice eval doubt``, where it catches 4 of 5 wrong tails and asks about 5 of 67 right ones."""
_LISTED: Final[Mapping[bool | None, float]] = {True: 1.0, False: -3.0, None: 0.0}
"""What it adds to a reading's log-odds that all its parcels are on today's list, some are not, or it names none."""
_AT_ONCE: Final = frozenset(["dial", "confirm"])
"""What acts without being read back."""
_ENDS: Final = 2
"""Tokens of a hypothesis beside its characters: the full stop and the end."""


@dataclass(frozen=True)
class Hearing:
    """One reading of what was said. ``gap``: nats of log-probability below the first; ``drafts``: what it would mean;
    ``listed``: whether all parcels it names are on today's list, None when it names none."""

    utterance: Utterance
    gap: float = 0.0
    spoken: bool = True
    """False for typed words, in which nothing was misheard."""
    drafts: tuple[Draft, ...] = ()
    listed: bool | None = None
    logprob: float | None = None
    """Mean log-probability a token as it was heard; None where nobody tells it."""

    @property
    def odds(self) -> float:
        """Log-odds for being what was meant, up to a constant."""
        return math.log(max(1e-3, self.confidence)) + _LISTED[self.listed] - LIKELY * self.gap

    @property
    def confidence(self) -> float:
        return min((draft.confidence for draft in self.drafts), default=0.0)


_DIGIT: Final = "[零一二三四五六七八九幺两洞拐勾\\d]"
_PIECES: Final = re.compile(
    rf"(?P<before>(?:尾号是?|后四位是?)?)(?P<digits>{_DIGIT}+(?:[，、,\s]+{_DIGIT}+)+)(?P<end>[。！？?!.]?)"
)
_TAIL: Final = 4


@dataclass(frozen=True)
class Choice:
    """The reading to go by. ``among``: parcels whose tails sound too alike to choose for him; one is to be affirmed."""

    hearing: Hearing
    among: tuple[Parcel, ...] = ()


def hearings(heard: Transcript, mend: Callable[[str], str] | None, *, several: bool) -> tuple[Hearing, ...]:
    """The readings of a transcript, likeliest first, mended; only the first unless ``several``."""
    likeliest = heard.nbest[0].logprob * _tokens(heard.text) if heard.nbest else 0.0
    rows = [(heard.text, 0.0, heard.nbest[0].logprob if heard.nbest else None)]
    rows += [(h.text, max(0.0, likeliest - h.logprob * _tokens(h.text)), h.logprob) for h in heard.nbest[1:]]
    found: dict[str, Hearing] = {}
    for text, gap, logprob in rows:
        simple = in_one(to_simplified(text))
        utterance = normalize(mend(simple) if mend else simple)
        found.setdefault(re.sub(r"\W", "", utterance.text), Hearing(utterance, gap, logprob=logprob))
    first, *others = found.values()
    texts = tuple(dict.fromkeys(h.utterance.text for h in others))
    first = replace(first, utterance=replace(first.utterance, nbest=texts))
    return (first, *others) if several else (first,)


def in_one(text: str) -> str:
    """A tail said in pieces (六，六八八) in one, where nothing else is said; all other text as it is."""
    found = _PIECES.fullmatch(text)
    digits = re.sub(r"[，、,\s]", "", found["digits"]) if found else ""
    return f"{found['before']}{digits}{found['end']}" if found and len(digits) == _TAIL else text


def _tokens(text: str) -> int:
    return len(re.sub(r"\W", "", text)) + _ENDS


def choose(
    heard: Sequence[Hearing], read: Callable[[Utterance], Understanding | None], day: Day, focus: str | None
) -> Choice:
    """The reading to go by; ``read`` is a quick look at what one means, None without a model for that."""
    if len(heard) == 1:
        return Choice(heard[0])
    looked = [_looked(hearing, read(hearing.utterance), day, focus) for hearing in heard]
    first, best = looked[0], looked[0]
    if not first.drafts:
        return Choice(first)
    if first.confidence < SURE or first.listed is False:
        able = [other for other in looked[1:] if _may_win(other, first)]
        best = max(able, key=lambda hearing: hearing.odds, default=first)
        best = best if best.odds > first.odds + MARGIN else first
    return Choice(best, _among(best, looked, day, focus))


def _looked(hearing: Hearing, told: Understanding | None, day: Day, focus: str | None) -> Hearing:
    hearing = replace(hearing, drafts=told.drafts if told else ())
    targets = _targets(hearing)
    there = all(resolve(target, day, focus, shortest_tail=3).parcels for target in targets)
    return replace(hearing, listed=there if targets else None)


def _targets(hearing: Hearing) -> list[dict[str, object]]:
    found = [draft.slots.get("target") for draft in hearing.drafts]
    return [target for target in found if isinstance(target, dict) and target.keys() & {"tail", "name", "address"}]


def _may_win(other: Hearing, first: Hearing) -> bool:
    intents, before = ({draft.intent for draft in hearing.drafts} for hearing in (other, first))
    if other.confidence < SURE or other.gap > FARTHEST or other.listed is False or "none" in intents:
        return False
    if not intents & _AT_ONCE <= before or (wants_submit(other.utterance) and not wants_submit(first.utterance)):
        return False
    there, here = _numbers(other.utterance.text), _numbers(first.utterance.text)
    more, fewer = there - here, here - there
    more -= _numbers(_words(other)) if other.listed else Counter()
    fewer -= _numbers(_words(first)) if first.listed is False else Counter()
    return not more and not fewer


def _numbers(text: str) -> Counter[str]:
    return Counter(re.findall(r"\d+(?:\.\d+)?", text))


def _words(hearing: Hearing) -> str:
    return " ".join(str(value) for target in _targets(hearing) for value in target.values())


def _among(best: Hearing, heard: Sequence[Hearing], day: Day, focus: str | None) -> tuple[Parcel, ...]:
    """Parcels of readings that differ from the best one in nothing but an existing tail, that of the best first; and
    the one to be called, if the first reading had another tail."""
    tail = _tail(best)
    if not tail:
        return ()
    rest = best.utterance.text.replace(tail, "")
    alike = [
        other
        for other in heard
        if (own := _tail(other))
        and abs(other.gap - best.gap) <= RIVAL
        and other.drafts[0].intent == best.drafts[0].intent
        and _numbers(other.utterance.text.replace(own, "")) == _numbers(rest)
    ]
    tails = dict.fromkeys([tail, *filter(None, map(_tail, alike))])
    parcels = tuple(p for one in tails for p in resolve({"tail": one}, day, focus).parcels)
    if len({p.tail for p in parcels}) > 1:
        return parcels
    calls = best.drafts[0].intent in _AT_ONCE and _tail(heard[0]) != tail
    return parcels if calls and len(parcels) == 1 else ()


def _tail(hearing: Hearing) -> str:
    """The tail that the first command names, and nothing else to go by."""
    targets = _targets(hearing)[:1] if len(hearing.drafts) == 1 else []
    return str(targets[0].get("tail") or "") if targets and targets[0].keys() == {"tail"} else ""
