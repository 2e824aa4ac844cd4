"""What asking about numbers heard unsurely costs and catches: tails that were right and are asked about all the same,
tails that were wrong and are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from courier_voice.core.ports import Transcriber
from courier_voice.core.words import Audio, Transcript
from courier_voice.dialog.hearings import RIVAL, UNSURE
from courier_voice.evals.goldens import Scene
from courier_voice.evals.mix import mixed
from courier_voice.evals.recorded import turn_key
from courier_voice.text.normalize import normalize

SWEEP: Final = (-0.15, -0.2, -0.25, UNSURE, -0.35, -0.45)
"""Limits of the mean log-probability a token; the one in use is among them."""
_TAIL: Final = r"(?<!\d)\d{4}(?!\d)"

Row = dict[str, Any]


def recorded(scenes: Sequence[Scene], heard: Mapping[str, Transcript]) -> Iterator[Row]:
    """The recorded turns that name a tail; ``calls``: whether they ask for a call, which goes out without a yes."""
    for scene in scenes:
        for turn in scene.turns:
            tails = [c.slots.target.tail for c in turn.expect.commands if c.slots.target and c.slots.target.tail]
            transcript = heard.get(turn_key(scene, turn))
            if tails and transcript:
                calls = any(command.intent == "dial" for command in turn.expect.commands)
                yield {"source": "recorded turns", "calls": calls, **_row(set(tails), transcript)}


def in_noise(
    clips: Sequence[tuple[str, Callable[[], Audio]]],
    noises: Mapping[str, NDArray[np.float32]],
    asr: Transcriber,
    ratios: Sequence[float],
    done: Callable[[], None],
    seed: int = 0,
) -> Iterator[Row]:
    """Texts with one tail, and how they sound, over each ratio."""
    for snr_db in ratios:
        for number, (text, sound) in enumerate(clips):
            noise = list(noises.values())[number % len(noises)]
            noisy = mixed(sound(), noise, snr_db, np.random.default_rng((seed, number)))
            yield {
                "source": f"clips at {snr_db:g} dB",
                "calls": False,
                **_row(tails_in(text), asr.transcribe(noisy)),
            }
            done()


def tails_in(text: str) -> set[str]:
    """The four-digit numbers of a text."""
    return set(re.findall(_TAIL, normalize(text).text))


def figures(rows: Sequence[Row]) -> Iterator[Row]:
    """A row a source: of right tails how many are asked about, of wrong ones how many are caught, at each limit and by
    readings that differ in their tails."""
    for source in dict.fromkeys(row["source"] for row in rows):
        told = [row for row in rows if row["source"] == source and row["tails"]]
        right, wrong = ([row for row in told if row["right"] is is_right] for is_right in (True, False))
        yield {
            "source": source,
            "tails_heard": len(told),
            "right": len(right),
            "wrong": len(wrong),
            "asked_though_right": {f"{limit:g}": _below(right, limit) for limit in SWEEP},
            "caught": {f"{limit:g}": _below(wrong, limit) for limit in SWEEP},
            "rivals_though_right": sum(row["rivals"] for row in right),
            "rivals_caught": sum(row["rivals"] for row in wrong),
            "right_calls": sum(row["calls"] for row in right),
            "right_calls_asked": _below([row for row in right if row["calls"]], UNSURE),
        }


def _below(rows: Sequence[Row], limit: float) -> int:
    return sum(row["logprob"] < limit for row in rows)


def _row(tails: set[str], heard: Transcript) -> Row:
    found = tails_in(heard.text)
    first = heard.nbest[0].logprob if heard.nbest else 0.0
    close = [one for one in heard.nbest if (first - one.logprob) * (len(one.text) + 1) <= RIVAL]
    return {
        "tails": sorted(found),
        "right": found == tails,
        "logprob": first,
        "rivals": any(tails_in(one.text) - found for one in close),
    }
