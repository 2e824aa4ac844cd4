"""The wake phrase on clips that hold it and on sound that does not, through the real endpointing."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from courier_voice.asr.wake import NEAR, nearest
from courier_voice.audio.endpointing import Ended, events
from courier_voice.audio.mic import frames_of
from courier_voice.core.ports import Transcriber
from courier_voice.core.words import Audio

SWEEP: Final = (0.0, 0.13, NEAR, 0.26, 0.38)
"""Limits of the distance for which the figures are told; the one in use is among them."""
UNMADE: Final = "all but lines made to sound alike"
_PAUSE_S: Final = 0.8
_MOST_AN_HOUR: Final = 1.0
_HITS: Final = 0.95

Row = dict[str, Any]


def tried(audio: Audio, phrase: str, spotter: Transcriber) -> Row:
    """What the spotter makes of a recording: a distance for each utterance that endpointing finds in it."""
    utterances = [event.audio for event in events(frames_of(audio), lambda: _PAUSE_S) if isinstance(event, Ended)]
    began = time.process_time()
    distances = [round(nearest(spotter, one, phrase), 3) for one in utterances]
    return {"seconds": round(audio.seconds, 2), "distances": distances, "cpu_s": time.process_time() - began}


def hits(rows: Sequence[Mapping[str, Any]]) -> Iterator[Row]:
    """Of clips with their phrase: a row a phrase and condition, and one for all phrases."""
    for phrase in (*dict.fromkeys(row["phrase"] for row in rows), "all"):
        for condition in dict.fromkeys(row["condition"] for row in rows):
            mine = [
                min(row["distances"], default=1.0)
                for row in rows
                if row["condition"] == condition and phrase in (row["phrase"], "all")
            ]
            if mine:
                shares = {f"{limit:g}": round(sum(d <= limit for d in mine) / len(mine), 4) for limit in SWEEP}
                yield {"hits": phrase, "condition": condition, "clips": len(mine), "rate": shares[f"{NEAR:g}"]} | {
                    "by_limit": shares
                }


def false_wakes(rows: Sequence[Mapping[str, Any]]) -> Iterator[Row]:
    """Of sound without the phrase: a row a source, one for all, and one for all but the lines made to sound ``alike``,
    which come far more often than anybody says them."""
    sources = tuple(dict.fromkeys(row["source"] for row in rows))
    groups = {source: [row for row in rows if row["source"] == source] for source in sources}
    groups |= {UNMADE: [row for row in rows if not row.get("alike")], "all": list(rows)}
    for source, mine in groups.items():
        distances = [d for row in mine for d in row["distances"]]
        hours = sum(row["seconds"] for row in mine) / 3600
        count = {f"{limit:g}": sum(d <= limit for d in distances) for limit in SWEEP}
        yield {
            "false_wakes": source,
            "minutes": round(hours * 60, 1),
            "utterances": len(distances),
            "woke": count[f"{NEAR:g}"],
            "an_hour": round(count[f"{NEAR:g}"] / hours, 2),
            "by_limit": count,
            "cpu_s_each": round(sum(row["cpu_s"] for row in mine) / max(1, len(distances)), 3),
        }


def marks(told: Sequence[Mapping[str, Any]]) -> Row:
    """Whether the marks of the issue are met: hits at 10 dB over all phrases, false wakes an hour over recordings and
    talk."""
    rate = next((row["rate"] for row in told if row.get("hits") == "all" and row["condition"] == "10dB"), None)
    often = next((row["an_hour"] for row in told if row.get("false_wakes") == UNMADE), None)
    return {
        "marks": {
            "hits_10dB": None if rate is None else rate >= _HITS,
            "false_wakes": None if often is None else often <= _MOST_AN_HOUR,
        }
    }
