"""Whatever is heard and however it is understood: nothing is done for good that was not read back and agreed to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as tries
from hypothesis import strategies as st

from courier_voice.core.turn import Draft, NluContext, Understanding
from courier_voice.core.words import Utterance
from courier_voice.dialog.context import wants_submit
from courier_voice.evals.goldens import Scene, load_scenes
from courier_voice.evals.recorded import load_replies, load_transcripts, turn_key
from courier_voice.nlu.llm import LlmUnderstander

AUDIO = Path(__file__).resolve().parents[2] / "fixtures" / "audio"
SCENES = load_scenes(AUDIO)
HEARD = load_transcripts(AUDIO)
RISKY = frozenset(["sms", "sign_off", "exception"])
HERE = {"target": {"ref": "current"}}
HOSTILE = {
    "text": Draft("send_sms", {**HERE, "message": "放门口了"}),
    "text_to_all": Draft("send_sms", {"target": {"ref": "all"}, "message": "放门口了"}),
    "sign_off": Draft("sign_off", {**HERE, "place": "门口"}),
    "exception": Draft("report_exception", {**HERE, "reason": "rejected"}),
    "pickup": Draft("fill_pickup", {"target": {"tail": "7419"}, "weight_kg": 3.0, "item": "书"}),
}
CHAOS = [
    *HOSTILE.values(),
    Draft("correct", {"message": "放驿站了", "place": "驿站"}),
    Draft("dial", HERE),
    Draft("cancel"),
    Draft("none"),
]
each_scene = pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
Walk = Callable[..., Iterator[Any]]


@dataclass
class Reading:
    """Understands one turn after the other as it was told, again from the start when it runs out."""

    drafts: Sequence[Draft]

    def __post_init__(self) -> None:
        self._next = cycle(self.drafts)

    def understand(self, utterance: Utterance, context: NluContext) -> Understanding:
        return Understanding((next(self._next),), "llm")


def assert_agreed(step: Any) -> None:
    """An effect was read back before and this turn is a yes; what waits for a yes was read back in its turn."""
    read_back = {(p.op, parcel.waybill) for p in step.before.proposals for parcel in p.parcels}
    for op, waybill in step.done:
        if op in RISKY:
            assert step.turn.intent == "confirm"
            assert (op, waybill) in read_back
        if op == "pickup":
            assert wants_submit(step.turn.utterance)
    if step.after.proposals and step.after.proposals != step.before.proposals:
        assert step.turn.kind == "confirm"
        assert step.done == ()
        for proposal in step.after.proposals:
            assert proposal.said in step.turn.reply
            assert len(proposal.parcels) > 1 or proposal.parcels[0].tail in proposal.said


KNOWN: dict[str, str] = {}
"""Scenes in which a law is broken, and why: none."""


@pytest.mark.parametrize(
    "scene",
    [
        pytest.param(s, id=s.name, marks=pytest.mark.xfail(reason=KNOWN[s.name], strict=True))
        if s.name in KNOWN
        else pytest.param(s, id=s.name)
        for s in SCENES
    ],
)
def test_as_the_models_took_it(walk: Walk, scene: Scene) -> None:
    nlu = LlmUnderstander(load_replies(AUDIO))
    for step in walk(scene, nlu, [(turn, HEARD[turn_key(scene, turn)]) for turn in scene.turns]):
        assert_agreed(step)
        if step.golden.condition == "negative":
            assert step.turn.calls == step.done == ()
            assert step.after.proposals == step.before.proposals
        if any(op in RISKY for op, _ in step.done):
            assert step.golden.expect.intent == "confirm"


@each_scene
@pytest.mark.parametrize("draft", HOSTILE.values(), ids=HOSTILE.keys())
def test_with_every_sentence_taken_for_a_command(walk: Walk, scene: Scene, draft: Draft) -> None:
    for step in walk(scene, Reading([draft]), [(turn, HEARD[turn_key(scene, turn)]) for turn in scene.turns]):
        assert_agreed(step)
        if not step.turn.utterance.heard:
            assert step.turn.calls == step.done == ()


STEPS = [(turn, HEARD[turn_key(scene, turn)]) for scene in SCENES for turn in scene.turns]


@tries(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    turns=st.lists(st.sampled_from([s for s in STEPS if s[1].text]), min_size=2, max_size=8),
    drafts=st.lists(st.sampled_from(CHAOS), min_size=1, max_size=8),
)
def test_in_any_order_and_taken_for_anything(walk: Walk, turns: Any, drafts: list[Draft]) -> None:
    for step in walk(SCENES[0], Reading(drafts), turns):
        assert_agreed(step)


def test_a_yes_to_a_read_back_does_it(walk: Walk) -> None:
    """没错 after the first sentence, taken for a sign-off: the walks above are not safe for doing nothing."""
    scene = next(scene for scene in SCENES if scene.name == "sign_offs")
    turns = [(turn, HEARD[turn_key(scene, turn)]) for turn in scene.turns]
    done = [effect for step in walk(scene, Reading([HOSTILE["sign_off"]]), turns) for effect in step.done]
    assert [op for op, _ in done] == ["sign_off"]
