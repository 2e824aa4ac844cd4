"""What is heard over a reply in three rooms: speech that must stop it, and coughs, horns and noise that must not."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import numpy as np

from courier_voice.audio.endpoint import FRAME
from courier_voice.core.words import RATE, Audio
from courier_voice.evals.barge_in import over_reply
from courier_voice.evals.clips import spoken_s
from courier_voice.evals.street import (
    Room,
    Samples,
    bell,
    cough,
    horn,
    hum,
    knock,
    loudness,
    music,
    siren,
    throat,
    wind,
)
from courier_voice.evals.summary import percentiles

ROOMS: Final = {
    "street": Room(delay_ms=40, t60_s=0.1, direct_db=10.0, loss_db=12.0, seed=1),
    "lobby": Room(delay_ms=60, t60_s=0.25, direct_db=6.0, loss_db=6.0, seed=2),
    "stairwell": Room(delay_ms=120, t60_s=0.6, direct_db=0.0, loss_db=0.0, seed=3),
}
MARK_MS: Final = 200.0
LEVEL: Final = 0.1
"""RMS of what is heard, as loud as the reply itself."""
_LASTS_S: Final = 4.0
_BEFORE_S: Final = 0.2
"""Of a clip before its first voiced frame: words do not begin with a click."""
SPEECH: Final = "speech"
FIRST: Final = ", first reply"
"""Of a session: nothing has been learnt of the room."""
Row = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """``sound`` starts ``at_s`` into the reply; empty: nothing but the echo. ``onset_s``: from there to its first
    voiced frame, as Silero finds it in the clip alone.
    """

    kind: str
    room: str
    sound: Samples
    at_s: float
    first: bool
    seed: int
    onset_s: float = 0.0

    @property
    def name(self) -> str:
        return self.kind + (FIRST if self.first else "")


def cases(speech: Sequence[Audio], noises: Mapping[str, Samples], tries: int, seed: int) -> list[Case]:
    """Every clip in one room, from `_BEFORE_S` before its first voiced frame on; every other sound ``tries`` times in
    each room. Speech and echo are tried in a session's first reply too.
    """
    rng = np.random.default_rng(seed)
    out: list[Case] = []

    def add(kind: str, room: str, sound: Samples, first: bool = False, onset_s: float = 0.0) -> None:
        out.append(Case(kind, room, sound, float(rng.uniform(0.8, 1.6)), first, int(rng.integers(2**31)), onset_s))

    for number, clip in enumerate(speech):
        if (between := spoken_s(clip)) is not None:
            start, end = max(0.0, between[0] - _BEFORE_S), between[1]
            cut = _levelled(clip.cut(start, end).samples)
            for first in (False, True):
                add(SPEECH, list(ROOMS)[number % len(ROOMS)], cut, first, between[0] - start)
    made: dict[str, Callable[[int], Samples]] = {"cough": cough, "嗯": hum, "horn": horn}
    made |= {kind: partial(lasting, _LASTS_S) for kind, lasting in (("wind", wind), ("siren", siren), ("music", music))}
    made |= {"throat": throat, "knock": knock, "bell": bell}
    for room in ROOMS:
        for _ in range(tries):
            for first in (False, True):
                add("echo", room, np.zeros(0, np.float32), first)
            for kind, make in made.items():
                add(kind, room, make(int(rng.integers(2**31))))
            for kind, noise in noises.items():
                at = int(rng.integers(len(noise)))
                around = np.take(noise, np.arange(at, at + round(_LASTS_S * RATE)), mode="wrap")
                add(kind, room, _levelled(around))
    return out


def rows(chosen: Sequence[Case], reply: Samples, before: Samples, step: Callable[[], None]) -> Iterator[Row]:
    """A row a case. ``stopped_ms`` counts from the sound's first voiced frame; negative: something had stopped the
    reply before. None: said to its end. ``yielded_ms``: the same until it was stopped or held low (-18 dB).
    """
    for case in chosen:
        learnt = None if case.first else before
        over = over_reply(reply, case.sound, case.at_s, ROOMS[case.room], before=learnt, seed=case.seed)
        start = round(case.at_s * RATE / FRAME) * FRAME / RATE + case.onset_s
        stopped, yielded = (
            None if at_s is None else round((at_s - start) * 1000, 1) for at_s in (over.stopped_s, over.yielded_s)
        )
        ducked_s = round(over.ducked_s, 3)
        yield {"kind": case.name, "room": case.room, "stopped_ms": stopped, "yielded_ms": yielded, "ducked_s": ducked_s}
        step()


def barge_in_figures(made: Sequence[Row]) -> list[Row]:
    """By kind: how many stopped the reply, of how many; of speech also the ms it took, how often in `MARK_MS`, and how
    often the reply was stopped or held low by then."""
    figures = []
    for kind in dict.fromkeys(row["kind"] for row in made):
        mine = [row for row in made if row["kind"] == kind]
        stops = [row["stopped_ms"] for row in mine if row["stopped_ms"] is not None]
        figure: Row = {
            "kind": kind,
            "of": len(mine),
            "ducked_s": round(sum(r["ducked_s"] for r in mine) / len(mine), 2),
        }
        if kind.removesuffix(FIRST) == SPEECH:
            heard = [ms for ms in stops if ms > 0]
            quick = sum(ms <= MARK_MS for ms in heard)
            low = sum(r["yielded_ms"] is not None and r["yielded_ms"] <= MARK_MS for r in mine)
            figure |= {"stopped": len(heard), "in_time": quick, "yielded_in_time": low}
            figure |= {"false_stops": len(stops) - len(heard)}
            figure |= {"ms": percentiles(heard) if heard else None}
        else:
            figure |= {"false_stops": len(stops)}
        figures.append(figure)
    return figures


def _levelled(sound: Samples) -> Samples:
    return (sound * (LEVEL / max(loudness(sound), 1e-6))).astype(np.float32)
