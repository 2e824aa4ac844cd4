"""The text development sets (``fixtures/eval``): a scored row an item, and the summary of all rows."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from courier_voice.core.errors import SettingsError
from courier_voice.core.turn import NluContext, Turn
from courier_voice.evals.score import NluScore, dialog_turn_errors, frames_of
from courier_voice.evals.sms_score import score_sms
from courier_voice.evals.summary import percentiles
from courier_voice.nlu.cascade import Cascade
from courier_voice.nlu.polish import LlmPolisher, TemplatePolisher
from courier_voice.text.normalize import normalize

Item = Mapping[str, Any]
Row = dict[str, Any]


def read_set(file: Path) -> list[Item]:
    """The items of a set, one JSON object a line, each with an ``id``. Raises SettingsError naming the line."""
    items: list[Item] = []
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file.name} cannot be read as UTF-8 text: {error}") from error
    for number, line in enumerate(lines, 1):
        try:
            item = json.loads(line) if line.strip() else None
            if item is not None:
                items.append(item | {"id": str(item["id"])})
        except (ValueError, TypeError, KeyError) as error:
            raise SettingsError(f"{file.name}, line {number}: expected a JSON object with an id") from error
    return items


def nlu_row(item: Item, nlu: Cascade) -> Row:
    """One labelled utterance through understanding alone."""
    read, meant = understood(item["text"], nlu), frames_of(item)
    row = {"id": item["id"], "text": item["text"], "right": NluScore().add(meant, read["said"]), "meant": meant}
    return {**row, "tags": item.get("tags", []), **read}


def understood(text: str, nlu: Cascade) -> Row:
    """What understanding makes of a typed utterance outside any dialogue.

    ``confidence`` is the fast model's, and ``kept`` whether that sufficed: both None when it was not asked or its
    answer was not the one taken. ``ms`` is wall clock; ``cpu_ms`` this thread's own work, whatever else runs beside.
    """
    start, cpu = time.perf_counter(), time.thread_time()
    read = nlu.understand(normalize(text), NluContext())
    ms, cpu_ms = (time.perf_counter() - start) * 1000, (time.thread_time() - cpu) * 1000
    said = [{"intent": d.intent, "slots": dict(d.slots)} for d in read.drafts]
    fast = nlu.fast if read.route == "fast" else None
    sure = round(read.drafts[0].confidence, 4) if fast else None
    kept = None if fast is None else read.drafts[0].confidence >= fast.threshold
    return {
        "said": said,
        "route": read.route,
        "prompt": read.prompt,
        "confidence": sure,
        "kept": kept,
        "ms": round(ms, 2),
        "cpu_ms": round(cpu_ms, 2),
    }


def nlu_summary(rows: Sequence[Item]) -> Row:
    score = NluScore()
    for row in rows:
        score.add(row["meant"], row["said"])
    return {**score.summary(), "ms": _percentiles(rows), "right_by_tag": _by(rows, "tags")}


def _by(rows: Sequence[Item], labels: str) -> dict[str, list[int]]:
    """Label → how many of its rows are right, and how many there are."""
    found: dict[str, list[bool]] = {}
    for row in rows:
        for label in row[labels]:
            found.setdefault(label, []).append(row["right"])
    return {label: [sum(right), len(right)] for label, right in sorted(found.items())}


def dialog_row(item: Item, take: Callable[[str], Turn]) -> Row:
    """One dialogue; ``take`` has an agent at the start of the world's day."""
    turns = []
    for scripted in item["turns"]:
        start = time.perf_counter()
        turn = take(scripted["user"])
        ms = (time.perf_counter() - start) * 1000
        calls = [{"op": c.op, "waybill": c.waybill, "args": dict(c.args)} for c in turn.calls]
        told: Row = {"user": scripted["user"], "kind": turn.kind, "intent": turn.intent, "calls": calls}
        told |= {"reply": turn.reply, "route": turn.understanding.route, "ms": round(ms, 1)}
        errors = dialog_turn_errors(scripted["expect"], told)
        unasked = bool(calls) and bool(scripted["expect"].get("must_not_call"))
        turns.append({**told, "errors": errors, "unasked": unasked})
    right = not any(turn["errors"] for turn in turns)
    return {"id": item["id"], "right": right, "turns": turns, "covers": item.get("covers", [])}


def dialog_summary(rows: Sequence[Item]) -> Row:
    turns = [turn for row in rows for turn in row["turns"]]
    return {
        "dialogs": len(rows),
        "dialogs_right": _mean([row["right"] for row in rows]),
        "turns": len(turns),
        "turns_right": _mean([not turn["errors"] for turn in turns]),
        "unasked_calls": sum(turn["unasked"] for turn in turns),
        "ms": _percentiles(turns),
        "right_by_cover": _by(rows, "covers"),
    }


def sms_row(item: Item, polisher: LlmPolisher | TemplatePolisher) -> Row:
    """One dictation through the polisher."""
    start = time.perf_counter()
    done = polisher.polished(item["spoken"])
    ms = (time.perf_counter() - start) * 1000
    score = score_sms(done.sms, item["facts"], item["forbidden"])
    row = {"id": item["id"], "spoken": item["spoken"], "sms": done.sms, "fallback": done.fallback, "right": score.right}
    return {**row, "missing": list(score.missing), "forbidden": list(score.forbidden), "ms": round(ms, 1)}


def sms_summary(rows: Sequence[Item]) -> Row:
    return {
        "texts": len(rows),
        "right": _mean([row["right"] for row in rows]),
        "with_missing": sum(bool(row["missing"]) for row in rows),
        "with_forbidden": sum(bool(row["forbidden"]) for row in rows),
        "fallbacks": sum(row["fallback"] for row in rows),
        "ms": _percentiles(rows),
    }


def _mean(checks: Sequence[bool]) -> float:
    return round(sum(checks) / max(1, len(checks)), 4)


def _percentiles(rows: Sequence[Item]) -> dict[str, float]:
    return percentiles([row["ms"] for row in rows]) if rows else {}
