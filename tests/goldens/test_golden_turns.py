"""Golden turns three ways: on real models, on what real models said once, and as if every model were perfect."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from courier_voice.app import build_asr, build_llm, build_polisher
from courier_voice.core.turn import Draft, NluContext, Understanding
from courier_voice.core.words import Transcript, Utterance
from courier_voice.evals.goldens import GoldenTurn, Scene, load_scenes
from courier_voice.evals.marks import Row
from courier_voice.evals.recorded import load_replies, load_transcripts, turn_key
from courier_voice.evals.replay import from_transcripts, replay_scenes
from courier_voice.nlu.cascade import Cascade
from courier_voice.nlu.llm import LlmUnderstander
from courier_voice.nlu.polish import TemplatePolisher
from courier_voice.settings import Settings, load_settings
from courier_voice.understanding import build_nlu

AUDIO = Path(__file__).resolve().parents[2] / "fixtures" / "audio"
SCENES = load_scenes(AUDIO)
LIVE = ("texts", "in_between", "not_there", "tasks", "street_talk", "no_speech")
"""Scenes for the real models, 27 turns with speech: read-backs and their yeses, noise and talk between them, tails
nobody has, questions, and 15 sounds without speech, which cost no more than their voice gate."""


def marked(*names: str) -> list[Any]:
    """A parameter a turn; turns known to fail must fail."""
    turns = [(scene, turn) for scene in SCENES for turn in scene.turns if not names or scene.name in names]
    return [
        pytest.param(
            scene,
            turn,
            id=turn_key(scene, turn),
            # On real models only reported: another processor rounds otherwise. What is recorded is strict.
            marks=[pytest.mark.xfail(reason=turn.xfail, strict=not names)] if turn.xfail else [],
        )
        for scene, turn in turns
    ]


@dataclass
class Played:
    """Scenes played when first asked for; turns of a scene belong together."""

    play: Callable[[Scene], Iterator[Row]]
    rows: dict[str, Row] = field(default_factory=dict)

    def __call__(self, scene: Scene, turn: GoldenTurn) -> Row:
        if turn_key(scene, turn) not in self.rows:
            self.rows |= {f"{row.scene}/{row.wav}": row for row in self.play(scene)}
        return self.rows[turn_key(scene, turn)]


def right(row: Row) -> None:
    assert not row.failures, f"heard {row.heard!r}, understood {row.said}, {row.kind}, {row.made}: {row.reply}"


@pytest.fixture(scope="module")
def live(settings: Settings) -> Iterator[Played]:
    """Prompt states live where the user's do, or every run of the tests would read the prompt anew for a minute."""
    model = build_llm(load_settings())
    nlu, asr, polisher = build_nlu(settings, model), build_asr(settings), build_polisher(model)
    assert isinstance(nlu.model, LlmUnderstander)
    nlu.model.warm()
    yield Played(lambda scene: replay_scenes([scene], settings, nlu=nlu, polisher=polisher, asr=asr))
    model.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize(("scene", "turn"), marked(*LIVE))
def test_on_real_models(live: Played, scene: Scene, turn: GoldenTurn) -> None:
    right(live(scene, turn))


@pytest.fixture(scope="module")
def recorded(settings: Settings) -> Played:
    nlu = build_nlu(settings, load_replies(AUDIO))
    listen = from_transcripts(load_transcripts(AUDIO))
    return Played(lambda scene: replay_scenes([scene], settings, nlu=nlu, polisher=TemplatePolisher(), listen=listen))


@pytest.mark.parametrize(("scene", "turn"), marked())
def test_on_what_models_said_once(recorded: Played, scene: Scene, turn: GoldenTurn) -> None:
    right(recorded(scene, turn))


@dataclass
class Perfect:
    """Understands each turn as its golden means it."""

    meant: dict[str, tuple[Draft, ...]]
    key: str = ""

    def start(self, key: str) -> None:
        self.key = key

    def understand(self, utterance: Utterance, context: NluContext) -> Understanding:
        return Understanding(self.meant[self.key], "llm")


@pytest.fixture(scope="module")
def perfect(settings: Settings) -> Played:
    turns = [(turn_key(scene, turn), turn) for scene in SCENES for turn in scene.turns]
    nlu = Perfect({key: tuple(Draft(c.intent, c.slots.stated()) for c in turn.expect.commands) for key, turn in turns})
    listen = from_transcripts({key: Transcript(turn.spoken, turn.spoken, 1.0) for key, turn in turns})
    return Played(
        lambda scene: replay_scenes(
            [scene], settings, nlu=Cascade(nlu), polisher=TemplatePolisher(), listen=listen, before=nlu.start
        )
    )


@pytest.mark.parametrize(("scene", "turn"), [pytest.param(s, t, id=turn_key(s, t)) for s in SCENES for t in s.turns])
def test_heard_and_understood_perfectly_every_turn_is_right(perfect: Played, scene: Scene, turn: GoldenTurn) -> None:
    right(perfect(scene, turn))


def test_every_turn_is_recorded_and_nothing_else() -> None:
    assert load_transcripts(AUDIO).keys() == {turn_key(scene, turn) for scene in SCENES for turn in scene.turns}
