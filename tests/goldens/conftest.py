"""Conversations of recorded turns, taken step by step without any model."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from courier_voice.core.turn import Turn
from courier_voice.core.words import Transcript
from courier_voice.dialog.memory import Memory
from courier_voice.evals.goldens import GoldenTurn, Scene
from courier_voice.evals.replay import in_scene
from courier_voice.nlu.cascade import Cascade, Model
from courier_voice.nlu.polish import TemplatePolisher
from courier_voice.settings import Settings, load_settings


@dataclass(frozen=True)
class Step:
    """One turn of a walk: the agent's memory before and after it, and what the carrier did in it, (op, waybill)."""

    golden: GoldenTurn
    before: Memory
    turn: Turn
    after: Memory
    done: tuple[tuple[str, str], ...]


Walk = Callable[..., Iterator[Step]]


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return load_settings(home=tmp_path_factory.mktemp("goldens"))


@pytest.fixture
def walk(settings: Settings, tmp_path: Path) -> Walk:
    """``walk(scene, nlu, [(turn, heard)…])``: turns in a scene's world, as heard there, understood by ``nlu``."""
    count = iter(range(1_000_000))

    def walking(scene: Scene, nlu: Model, turns: Sequence[tuple[GoldenTurn, Transcript]]) -> Iterator[Step]:
        outbox = tmp_path / f"{next(count)}.sqlite3"
        wired = in_scene(scene, settings, outbox, nlu=Cascade(nlu), polisher=TemplatePolisher(), asr=None)
        assert wired.carrier is not None
        with wired.outbox:
            for golden, heard in turns:
                before, known = wired.agent.memory, len(wired.carrier.ledger().effects)
                turn = wired.agent.take_transcript(heard)
                done = tuple((row.op, row.waybill) for row in wired.carrier.ledger().effects[known:])
                yield Step(golden, before, turn, wired.agent.memory, done)

    return walking
