"""One recorded turn against what was to come of it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from rapidfuzz.distance import Levenshtein

from courier_voice.core.privacy import mask_phones
from courier_voice.core.turn import Turn
from courier_voice.core.words import Transcript, Utterance
from courier_voice.evals.goldens import GoldenTurn, Scene
from courier_voice.evals.score import NluScore, has_one_of, same_calls, same_value
from courier_voice.text.normalize import comparable, normalize, to_simplified

_HANZI: Final = str.maketrans("0123456789", "零一二三四五六七八九")
_SPELLED: Final = str.maketrans("幺〇两", "一零二")
EFFECTS: Final = frozenset(["dial", "sms", "sign_off", "exception"])
"""Operations that cannot be taken back; so is ``pickup`` once it says submit."""
_WORDS: Final = frozenset(["message", "note", "question", "item", "place", "product", "area", "target"])
"""Slots in the courier's words: misheard ones are forgiven, the target shows in the calls and the reply."""


@dataclass(frozen=True)
class Row:
    """A turn, scored. Checks that do not apply (nobody spoke, no tail, the recogniser alone) are None.

    ``edits`` of ``chars`` are character edits between what was said and heard as scoring compares texts (numerals
    Arabic), ``hanzi_edits`` of ``hanzi`` as written (digits as Hanzi). ``slot_counts``: hits, spurious, missed.
    ``values``: the slots that are no words but numbers and choices. ``success``: intent, values, action, calls and
    reply are right; a misheard word that changed none of these is forgiven, and shows in ``slots``, the whole frame.
    """

    scene: str
    wav: str
    condition: str
    spoken: str
    heard: str = ""
    edits: int = 0
    chars: int = 0
    hanzi_edits: int = 0
    hanzi: int = 0
    tail: bool | None = None
    meant: tuple[Mapping[str, Any], ...] = ()
    said: tuple[Mapping[str, Any], ...] = ()
    intent: bool | None = None
    slots: bool | None = None
    values: bool | None = None
    slot_counts: tuple[int, int, int] = (0, 0, 0)
    action: bool | None = None
    kind: str = ""
    calls: bool | None = None
    made: tuple[Mapping[str, Any], ...] = ()
    reply_has: bool | None = None
    reply: str = ""
    within: bool | None = None
    success: bool | None = None
    false_action: bool = False
    unasked_effects: int = 0
    """Effects (a call, a text, a sign-off, an exception, a submitted pickup) that were not expected of this turn."""
    route: str = ""
    prompt: str = ""
    ms: Mapping[str, float] = field(default_factory=dict)
    xfail: str | None = None
    error: str = ""

    @property
    def cer(self) -> float | None:
        """Characters wrong of those said; None where nobody spoke."""
        return self.edits / self.chars if self.chars else None

    @property
    def failures(self) -> tuple[str, ...]:
        """The checks that failed, by name."""
        names = ("intent", "values", "action", "calls", "reply_has", "within")
        return (("error",) if self.error else ()) + tuple(n for n in names if getattr(self, n) is False)


def as_hanzi(text: str) -> str:
    """Simplified letters only, digits as Hanzi one by one: how a recogniser's text is read, not what it means."""
    half = unicodedata.normalize("NFKC", to_simplified(text))
    return re.sub(r"\W|_", "", half).translate(_HANZI).translate(_SPELLED)


def heard_row(scene: Scene, golden: GoldenTurn, utterance: Utterance, ms: Mapping[str, float]) -> Row:
    """What the recogniser did alone."""
    spoken, heard = comparable(golden.spoken), comparable(utterance.heard)
    written, read = as_hanzi(golden.spoken), as_hanzi(utterance.heard)
    tails = [c.slots.target.tail for c in golden.expect.commands if c.slots.target and c.slots.target.tail]
    runs = re.findall(r"\d+", utterance.text)
    return Row(
        scene.name,
        golden.wav,
        golden.condition,
        golden.spoken,
        utterance.heard,
        edits=Levenshtein.distance(spoken, heard) if spoken else 0,
        chars=len(spoken),
        hanzi_edits=Levenshtein.distance(written, read) if written else 0,
        hanzi=len(written),
        tail=all(tail in runs for tail in tails) if tails else None,
        ms=ms,
        xfail=golden.xfail,
    )


def transcript_row(scene: Scene, golden: GoldenTurn, heard: Transcript, seconds: float) -> Row:
    return heard_row(scene, golden, normalize(heard.text), _stages({"asr": seconds}))


def turn_row(scene: Scene, golden: GoldenTurn, turn: Turn) -> Row:
    """The whole turn."""
    expect = golden.expect
    base = heard_row(scene, golden, turn.utterance, _stages(turn.timings))
    meant: list[dict[str, Any]] = [{"intent": c.intent, "slots": c.slots.stated()} for c in expect.commands]
    said: list[dict[str, Any]] = [{"intent": d.intent, "slots": dict(d.slots)} for d in turn.understanding.drafts]
    score = NluScore()
    frame = score.add(meant, said)
    wanted = [c.model_dump(mode="json", exclude_unset=True) for c in expect.calls]
    made = [{"op": c.op, "waybill": c.waybill, "args": dict(c.args)} for c in turn.calls]
    reply = comparable(turn.reply)
    row = replace(
        base,
        meant=tuple(meant),
        said=tuple(said),
        intent=score.intents_right == 1,
        slots=frame,
        values=all(_same_values(m["slots"], said[n]["slots"] if n < len(said) else {}) for n, m in enumerate(meant)),
        slot_counts=(score.hits.total(), score.spurious.total(), score.missed.total()),
        action=turn.kind == expect.action,
        kind=turn.kind,
        calls=same_calls(wanted, made),
        made=tuple(made),
        reply_has=all(has_one_of(reply, entry) for entry in expect.reply_has),
        reply=mask_phones(turn.reply),
        within=None if expect.within_ms is None else base.ms["total"] <= expect.within_ms,
        false_action=expect.intent == "none" and bool(made),
        unasked_effects=sum(is_effect(e) and not any(same_calls([w], [e]) for w in wanted) for e in made),
        route=turn.understanding.route,
        prompt=turn.understanding.prompt,
    )
    return replace(row, success=not row.failures)


def _same_values(meant: Mapping[str, Any], said: Mapping[str, Any]) -> bool:
    return all(name in said and same_value(name, said[name], meant[name]) for name in meant.keys() - _WORDS)


def failed_row(scene: Scene, golden: GoldenTurn, error: Exception) -> Row:
    """A turn that ended in an exception: its kind and words, numbers masked."""
    row = heard_row(scene, golden, Utterance("", ""), {})
    return replace(row, error=mask_phones(f"{type(error).__name__}: {error}"), success=False)


def is_effect(call: Mapping[str, Any]) -> bool:
    """Whether a call changes the world for good: a draft of a pickup form does not, its submission does."""
    return call["op"] in EFFECTS or bool(call["op"] == "pickup" and call["args"].get("submit"))


def _stages(seconds: Mapping[str, float]) -> dict[str, float]:
    ms = {stage: round(value * 1000, 1) for stage, value in seconds.items()}
    return {**ms, "total": round(sum(seconds.values()) * 1000, 1)}
