"""What holds for every intent: the examples are data with two readers, the prompt and these tests."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from courier_voice.core.intent import Example, Intent, Risk
from courier_voice.evals.goldens import load_scenes
from courier_voice.intents import ALL, BY_NAME
from courier_voice.nlu import frames
from courier_voice.text.normalize import comparable, normalize

ROOT = Path(__file__).parents[2]
EXAMPLES = [pytest.param(intent, example, id=example.text) for intent in ALL for example in intent.examples]
CHOICES = {"payment", "reason", "kind", "state", "measure", "aspect", "ref"}


def faults_of(intent: type[Intent], slots: Mapping[str, object]) -> Sequence[Mapping[str, Any]]:
    try:
        intent.model_validate(slots)
    except ValidationError as error:
        return error.errors()
    return ()


def test_every_file_is_listed() -> None:
    files = {p.stem for p in (ROOT / "courier_voice" / "intents").glob("*.py")} - {"__init__"}
    assert files == set(BY_NAME)


@pytest.mark.parametrize(("intent", "example"), EXAMPLES)
def test_an_example_reads_back_to_its_slots(intent: type[Intent], example: Example) -> None:
    """What the prompt shows as the answer survives grounding and typing, so every value quotes the sentence."""
    utterance = normalize(example.text)
    _, answer = frames.shown(intent, example)
    (draft,) = frames.read(answer, utterance, example.waiting)
    assert draft.intent == intent.name
    told = frames.flatten(intent.name, draft.slots).keys() - {"intent"}
    meant = frames.flatten(intent.name, example.slots).keys() - {"intent"}
    defaults = {n for n, f in intent.model_fields.items() if isinstance(f.default, str)}
    assert told | defaults == meant | defaults


@pytest.mark.parametrize(("intent", "example"), EXAMPLES)
def test_an_example_lacks_only_what_can_be_asked_for(intent: type[Intent], example: Example) -> None:
    if intent.risk is Risk.CONTROL:
        return
    (draft,) = frames.read(frames.shown(intent, example)[1], normalize(example.text), example.waiting)
    faults = faults_of(intent, draft.slots)
    assert all(fault["type"] == "missing" for fault in faults), "a given slot is not of its type"
    assert {str(fault["loc"][0]) for fault in faults} <= set(intent.questions)


@pytest.mark.parametrize("intent", ALL, ids=lambda intent: intent.name)
def test_every_required_slot_has_a_question(intent: type[Intent]) -> None:
    required = {name for name, field in intent.model_fields.items() if field.is_required()}
    assert required <= set(intent.questions)


def test_no_sentence_teaches_two_intents() -> None:
    seen: dict[str, str] = {}
    for intent in ALL:
        for example in intent.examples:
            key = comparable(example.text)
            assert seen.setdefault(key, intent.name) == intent.name, example.text
            assert len([e for e in intent.examples if comparable(e.text) == key]) == 1, example.text


def test_no_sentence_of_the_evaluation_or_of_a_golden_is_an_example() -> None:
    held = {comparable(turn.spoken) for scene in load_scenes(ROOT / "fixtures" / "audio") for turn in scene.turns}
    for line in (ROOT / "fixtures" / "eval" / "nlu.jsonl").read_text("utf-8").splitlines():
        held.add(comparable(json.loads(line)["text"]))
    for line in (ROOT / "fixtures" / "eval" / "dialogs.jsonl").read_text("utf-8").splitlines():
        held |= {comparable(turn["user"]) for turn in json.loads(line)["turns"]}
    taught = {comparable(e.text) for i in ALL if i.risk is not Risk.CONTROL or i.name == "correct" for e in i.examples}
    assert not taught & held


def test_only_safe_intents_can_be_performed_and_only_risky_ones_proposed() -> None:
    for intent in ALL:
        performs = intent.perform is not Intent.perform
        proposes = intent.propose is not Intent.propose
        assert performs == (intent.risk is Risk.SAFE)
        assert proposes == (intent.risk is Risk.CONFIRM)


def test_effects_that_cannot_be_undone_need_a_yes() -> None:
    assert {i.name for i in ALL if i.risk is Risk.CONFIRM} == {"send_sms", "sign_off", "report_exception"}
