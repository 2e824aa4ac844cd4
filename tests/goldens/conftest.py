"""Scenes of recorded turns, walked with models, with what models said once, or with scripted understanding."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from courier_voice.core.turn import Draft, NluContext, Turn, Understanding
from courier_voice.core.words import Transcript, Utterance
from courier_voice.dialog.memory import Memory
from courier_voice.evals.goldens import GoldenTurn, Scene, load_scenes
from courier_voice.evals.recorded import turn_key
from courier_voice.evals.replay import in_scene
from courier_voice.nlu.cascade import Cascade, Model
from courier_voice.nlu.polish import TemplatePolisher
from courier_voice.settings import Settings, load_settings

AUDIO = Path(__file__).resolve().parents[2] / "fixtures" / "audio"


@dataclass(frozen=True)
class Step:
    """One turn of a walk: what the agent remembered before it, what came of it, what the carrier had done after it."""

    scene: Scene
    golden: GoldenTurn
    before: Memory
    turn: Turn
    ledger: tuple[tuple[str, str], ...]
    """(op, waybill) of every effect so far."""


@dataclass
class Saying:
    """Understands every turn by a rule."""

    rule: Callable[[str, Utterance], tuple[Draft, ...]]
    key: str = ""

    def understand(self, utterance: Utterance, context: NluContext) -> Understanding:
        return Understanding(self.rule(self.key, utterance), "llm")


Walk = Callable[..., Iterator[Step]]


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return load_settings(home=tmp_path_factory.mktemp("goldens"))


@pytest.fixture(scope="session")
def scenes() -> tuple[Scene, ...]:
    return load_scenes(AUDIO)


@pytest.fixture
def walk(settings: Settings, tmp_path: Path) -> Walk:
    """``walk(scene, nlu, transcripts)``: its turns as heard in ``transcripts``, understood by ``nlu``; no models."""
    count = iter(range(1_000_000))

    def walking(scene: Scene, nlu: Model, transcripts: Mapping[str, Transcript]) -> Iterator[Step]:
        outbox = tmp_path / f"{next(count)}.sqlite3"
        wired = in_scene(scene, settings, outbox, nlu=Cascade(nlu), polisher=TemplatePolisher(), asr=None)
        assert wired.carrier is not None
        with wired.outbox:
            for golden in scene.turns:
                key = turn_key(scene, golden)
                nlu.key = key  # type: ignore[attr-defined]
                before = wired.agent.memory
                turn = wired.agent.take_transcript(transcripts[key])
                ledger = tuple((row.op, row.waybill) for row in wired.carrier.ledger().effects)
                yield Step(scene, golden, before, turn, ledger)

    return walking
