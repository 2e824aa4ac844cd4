"""The figures of an eval report: plain values only, the same for its JSON and its page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from courier_voice.evals import sets
from courier_voice.evals.marks import Row as TurnRow
from courier_voice.evals.marks import is_effect
from courier_voice.evals.score import tails_of
from courier_voice.evals.summary import summary
from courier_voice.evals.talk import route_ms

Item = Mapping[str, Any]
Row = dict[str, Any]
BINS: Final = 10
NOTHING: Final = "–"
"""The column of a command that was not understood as one."""


def nlu_figures(rows: Sequence[Item]) -> Row:
    """Labelled utterances. ``kept``: of what no word list read, the share the fast model was sure of; ``kept_right``
    of those."""
    read = [row for row in rows if row["route"] != "control"]
    kept = [row for row in read if row["kept"]]
    return {
        **sets.nlu_summary(rows),
        "kept": _share(len(kept), len(read)),
        "kept_right": _share(sum(row["right"] for row in kept), len(kept)),
        "route_ms": route_ms(rows),
        "confusion": confusion(rows),
    }


def dialog_figures(rows: Sequence[Item]) -> Row:
    turns = [turn for row in rows for turn in row["turns"]]
    said = [[(turn["kind"], turn["calls"]) for turn in row["turns"]] for row in rows]
    return {
        **sets.dialog_summary(rows),
        "unconfirmed_effects": sum(map(unconfirmed, said)),
        "route_ms": route_ms(turns),
    }


def unconfirmed(turns: Sequence[tuple[str, Sequence[Item]]]) -> int:
    """Effects of a conversation, in turns of (kind, calls), that no read-back came before since the last effect. Calls
    to customers need none; every edit of a pickup form is told, so its submission needs an edit before."""
    found, read_back, form_told = 0, False, False
    for kind, calls in turns:
        effects = [call["op"] for call in calls if is_effect(call) and call["op"] != "dial"]
        found += sum(not (read_back or (op == "pickup" and form_told)) for op in effects)
        read_back = kind == "confirm" or (read_back and not effects)
        form_told = "pickup" not in effects and (form_told or any(call["op"] == "pickup" for call in calls))
    return found


def audio_figures(turns: Sequence[TurnRow]) -> Row:
    """By condition. ``tail_heard``: every tail said is among the numbers recognised; ``tail_understood``: it is the one
    acted on, whatever was heard."""
    found = summary(turns)
    for name, figures in found.items():
        of = [turn for turn in turns if name in (turn.condition, "all")]
        tails = [(tails_of(turn.meant), tails_of(turn.said)) for turn in of]
        said = [meant == understood for meant, understood in tails if meant]
        figures["tail_heard"] = figures.pop("tail_exact")
        figures["tail_understood"] = _share(sum(said), len(said))
    scenes = [[(turn.kind, turn.made) for turn in turns if turn.scene == name] for name in {t.scene for t in turns}]
    rows = [{"route": turn.route, "ms": turn.ms.get("nlu", 0.0)} for turn in turns if turn.route]
    return {"conditions": found, "unconfirmed_effects": sum(map(unconfirmed, scenes)), "nlu_ms": route_ms(rows)}


def calibration(rows: Sequence[Item]) -> Row:
    """How far the fast model's confidence is how often it is right, over the rows it read.

    ``ece``: expected calibration error, the mean distance of the two over ten equal bins weighted by rows (Guo et al.
    2017, On Calibration of Modern Neural Networks). ``bins``: confidence, share right, rows.
    """
    read = [(row["confidence"], row["right"]) for row in rows if row["confidence"] is not None]
    if not read:
        return {"rows": 0, "ece": None, "bins": []}
    sure, right = np.array(read, float).T
    place = np.minimum((sure * BINS).astype(int), BINS - 1)
    bins = []
    for number in range(BINS):
        here = place == number
        if here.any():
            bins.append([round(float(sure[here].mean()), 4), round(float(right[here].mean()), 4), int(here.sum())])
    ece = sum(abs(said - found) * count for said, found, count in bins) / len(read)
    return {"rows": len(read), "ece": round(ece, 4), "bins": bins}


def confusion(rows: Sequence[Item]) -> Row:
    """``counts[meant][said]`` of the intents of commands in their order; one more or less pairs with NOTHING."""
    pairs: list[tuple[str, str]] = []
    for row in rows:
        meant, said = ([frame["intent"] for frame in row[side]] for side in ("meant", "said"))
        longest = max(len(meant), len(said))
        pairs += zip(*(side + [NOTHING] * (longest - len(side)) for side in (meant, said)), strict=True)
    labels = sorted({label for pair in pairs for label in pair}, key=lambda label: (label == NOTHING, label))
    place = {label: number for number, label in enumerate(labels)}
    counts = [[0] * len(labels) for _ in labels]
    for meant_one, said_one in pairs:
        counts[place[meant_one]][place[said_one]] += 1
    return {"labels": labels, "counts": counts}


def at(figures: Mapping[str, Any], key: str) -> Any:
    """The figure under a dotted key; None where there is none. Slots have dots of their own: the longest name wins."""
    here: Any = figures
    parts = key.split(".")
    while parts:
        if not isinstance(here, Mapping):
            return None
        name = next((n for n in (".".join(parts[:end]) for end in range(len(parts), 0, -1)) if n in here), None)
        if name is None:
            return None
        here, parts = here[name], parts[name.count(".") + 1 :]
    return here


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None
