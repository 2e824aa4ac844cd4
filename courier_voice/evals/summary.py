"""Rows of turns to the figures of a report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import numpy as np

from courier_voice.evals.marks import Row

CONDITIONS: Final = ("clean", "15dB", "10dB", "5dB", "human", "negative")


def summary(rows: Sequence[Row]) -> dict[str, dict[str, Any]]:
    """The figures of each condition present, in order of difficulty, and of ``all``."""
    parts = {name: [row for row in rows if row.condition == name] for name in CONDITIONS}
    return {name: figures(part) for name, part in {**parts, "all": rows}.items() if part}


def figures(rows: Sequence[Row]) -> dict[str, Any]:
    """Shares are 0..1, None where nothing applies.

    ``cer`` is edits over characters of all turns with speech, as scoring compares texts; ``cer_hanzi`` as written.
    ``xpassed`` counts turns marked xfail that were right all the same.
    """
    hits, spurious, missed = (sum(row.slot_counts[n] for row in rows) for n in range(3))
    return {
        "turns": len(rows),
        "cer": _ratio(sum(r.edits for r in rows), sum(r.chars for r in rows)),
        "cer_hanzi": _ratio(sum(r.hanzi_edits for r in rows), sum(r.hanzi for r in rows)),
        "heard_in_silence": sum(bool(r.heard) for r in rows if not r.spoken),
        "tail_exact": _share(r.tail for r in rows),
        "tails": sum(r.tail is not None for r in rows),
        "intent": _share(r.intent for r in rows),
        "slot_f1": _ratio(2 * hits, 2 * hits + spurious + missed),
        "frame": _share(r.slots for r in rows),
        "action": _share(r.action for r in rows),
        "calls": _share(r.calls for r in rows),
        "success": _share(r.success for r in rows),
        "false_actions": sum(r.false_action for r in rows),
        "unasked_effects": sum(r.unasked_effects for r in rows),
        "xfail": sum(r.xfail is not None for r in rows),
        "xpassed": sum(r.xfail is not None and r.success is True for r in rows),
        "errors": sum(bool(r.error) for r in rows),
        "ms": stages(r.ms for r in rows),
    }


def stages(timings: Iterable[Mapping[str, float]]) -> dict[str, dict[str, float]]:
    """p50 and p95 of every stage over the turns that had it."""
    values: dict[str, list[float]] = {}
    for timing in timings:
        for stage, ms in timing.items():
            values.setdefault(stage, []).append(ms)
    return {stage: percentiles(each) for stage, each in values.items()}


def percentiles(values: Sequence[float]) -> dict[str, float]:
    p50, p95 = np.percentile(values, [50, 95])
    return {"p50": round(float(p50), 2), "p95": round(float(p95), 2)}


def _share(checks: Iterable[bool | None]) -> float | None:
    applied = [check for check in checks if check is not None]
    return _ratio(sum(applied), len(applied))


def _ratio(part: float, whole: float) -> float | None:
    return round(part / whole, 4) if whole else None
