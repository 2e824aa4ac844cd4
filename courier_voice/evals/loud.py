"""Recorded commands under street noise at given ratios: right commands, right tails, and what nobody asked for."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from courier_voice.audio.wav import read_audio
from courier_voice.core.ports import Transcriber
from courier_voice.core.words import Audio
from courier_voice.evals.bench import STEERING
from courier_voice.evals.clips import Samples, over_noise
from courier_voice.evals.goldens import GoldenTurn, Scene
from courier_voice.evals.marks import Row, turn_row
from courier_voice.evals.replay import in_scene
from courier_voice.evals.summary import figures
from courier_voice.nlu.cascade import Cascade
from courier_voice.nlu.polish import LlmPolisher, TemplatePolisher
from courier_voice.settings import Settings

SNR_DB: Final = (15.0, 10.0, 5.0, 0.0)
CAR: Final = {"engine": "car"}
"""How the table calls a noise, where that is not its own name."""
QUIET: Final = "clean"
Recording = tuple[Scene, GoldenTurn]


@dataclass(frozen=True)
class Place:
    """Where it is said: a noise, and how far speech is over it in dB; neither where it is quiet."""

    noise: str = ""
    snr_db: float | None = None

    @property
    def name(self) -> str:
        return QUIET if self.snr_db is None else f"{CAR.get(self.noise, self.noise)} {self.snr_db:g} dB"


def places(noises: Sequence[str]) -> tuple[Place, ...]:
    """Quiet, then each noise at each ratio."""
    return (Place(), *(Place(noise, snr_db) for noise in noises for snr_db in SNR_DB))


def commands(scenes: Sequence[Scene]) -> list[Recording]:
    """Cleanly recorded turns that stand alone: commands, and talk that is none; not what answers the turn before."""
    chosen: list[Recording] = []
    for scene in scenes:
        waits = False
        for golden in scene.turns:
            alone = not waits and golden.expect.intent not in STEERING - {"none"}
            if alone and golden.spoken and golden.noise is None and "follows" not in (golden.xfail or ""):
                chosen.append((scene, golden))
            waits = golden.expect.action in ("ask", "confirm")
    return chosen


def heard_in(place: Place, clip: Audio, noises: Mapping[str, Samples], seed: int) -> Audio:
    """A clip in a place; the stretch of noise is chosen by the seed."""
    if place.snr_db is None:
        return clip
    noise = noises[place.noise]
    at = int(np.random.default_rng(seed).integers(len(noise)))
    return over_noise(clip, noise, place.snr_db, at)


def loud_rows(
    recordings: Sequence[Recording],
    noises: Mapping[str, Samples],
    settings: Settings,
    *,
    nlu: Cascade,
    polisher: LlmPolisher | TemplatePolisher,
    asr: Transcriber,
    step: Callable[[], None],
) -> Iterator[tuple[Place, Row]]:
    """Every recording in every place, each with a fresh agent over its scene's world."""
    with tempfile.TemporaryDirectory() as scratch:
        for number, (scene, golden) in enumerate(recordings):
            clip = read_audio(scene.sound(golden))
            for place in places(tuple(noises)):
                outbox = Path(scratch) / f"{number}{place.name}.sqlite3"
                wired = in_scene(scene, settings, outbox, nlu=nlu, polisher=polisher, asr=asr)
                with wired.outbox:
                    turn = wired.agent.take_turn(heard_in(place, clip, noises, number))
                yield place, turn_row(scene, golden, turn)
                step()


def loud_figures(rows: Sequence[tuple[Place, Row]]) -> list[dict[str, Any]]:
    """A row a place. ``right`` and ``tails`` are counts of commands, ``cer`` a share; ``unasked_effects`` counts calls,
    texts, sign-offs, exceptions and submitted forms nobody asked for, ``false_actions`` talk that was acted on.
    """
    table = []
    for place in dict.fromkeys(place for place, _ in rows):
        mine = [row for where, row in rows if where == place]
        asked = [row for row in mine if any(meant["intent"] != "none" for meant in row.meant)]
        tails = [row.tail for row in asked if row.tail is not None]
        table.append(
            {
                "place": place.name,
                "right": [sum(bool(row.success) for row in asked), len(asked)],
                "intents": [sum(bool(row.intent) for row in asked), len(asked)],
                "tails": [sum(tails), len(tails)],
                "cer": figures(asked)["cer"] if asked else None,
                "false_actions": [sum(row.false_action for row in mine), len(mine) - len(asked)],
                "unasked_effects": sum(row.unasked_effects for row in mine),
            }
        )
    return table
