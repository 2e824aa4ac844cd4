from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
import soundfile
import yaml

from courier_voice.core.errors import GoldenError
from courier_voice.core.words import RATE
from courier_voice.evals.goldens import SCENE, GoldenTurn, Scene, load_scene, load_scenes
from courier_voice.intents import ALL

FIXTURES = Path(__file__).parents[2] / "fixtures" / "audio"
SCENES = load_scenes(FIXTURES)
TURNS = [(scene, turn) for scene in SCENES for turn in scene.turns]
each_scene = pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)


def bare(text: str) -> str:
    return re.sub(r"\W", "", text)


@each_scene
def test_every_sound_is_there_and_fit(scene: Scene) -> None:
    for turn in scene.turns:
        info = soundfile.info(scene.sound(turn))
        assert (info.samplerate, info.channels, info.subtype) == (RATE, 1, "PCM_16"), turn.wav
        assert 0.5 < info.duration < 20, turn.wav


@each_scene
def test_every_sound_belongs_to_one_turn(scene: Scene) -> None:
    folder = scene.sound(scene.turns[0]).parent
    files = sorted(f.name for f in folder.iterdir() if f.suffix in (".wav", ".flac"))
    assert files == sorted(turn.wav for turn in scene.turns)


@each_scene
def test_every_world_and_waybill_exists(scene: Scene) -> None:
    world = yaml.safe_load(scene.world_file.read_text("utf-8"))
    known = {task["waybill"] for task in world["tasks"]}
    assert {call.waybill for turn in scene.turns for call in turn.expect.calls if call.waybill} <= known


@each_scene
def test_expectations_hold_together(scene: Scene) -> None:
    for turn in scene.turns:
        if turn.condition == "negative":
            assert (turn.expect.intent, turn.expect.action, turn.expect.calls) == ("none", "reject", ()), turn.wav
        if turn.condition != "human":
            assert bool(turn.voice) == bool(turn.spoken), turn.wav
        if turn.condition == "clean":
            assert turn.noise is None, turn.wav
        if turn.condition.endswith("dB"):
            assert turn.noise in ("rain", "engine", "train"), turn.wav


def test_no_sentence_is_recorded_twice() -> None:
    said = Counter(bare(turn.spoken) for _, turn in TURNS if turn.spoken and turn.condition != "human")
    assert [text for text, times in said.items() if times > 1] == []


def test_no_sentence_is_an_example_of_an_intent() -> None:
    taught = {bare(example.text) for intent in ALL for example in intent.examples}
    assert taught
    assert [turn.spoken for _, turn in TURNS if bare(turn.spoken) in taught] == []


def test_the_set_is_broad_and_small() -> None:
    conditions = Counter(turn.condition for _, turn in TURNS)
    intents = Counter(command.intent for _, turn in TURNS for command in turn.expect.commands)
    spoken = [turn for _, turn in TURNS if turn.voice and turn.condition != "negative"]
    assert len(SCENES) >= 14
    assert len(TURNS) >= 64
    assert min(conditions[c] for c in ("15dB", "10dB", "5dB", "human")) >= 5
    assert 0.3 < conditions["clean"] / len(spoken) < 0.6
    assert set(intents) == {intent.name for intent in ALL}
    assert min(Counter(turn.noise for _, turn in TURNS if not turn.spoken and turn.noise).values()) >= 3
    assert sum(f.stat().st_size for f in FIXTURES.rglob("*") if f.is_file()) < 25_000_000


def test_voices_kept_for_blind_tests_are_not_used() -> None:
    used = {turn.voice for _, turn in TURNS if turn.voice}
    assert used == {"zf_xiaoxiao", "zm_yunxia", "zf_xiaoni", "zm_yunyang"}


SCENE_YAML = """
says: one turn
world: demo.json
turns:
  - wav: a.flac
    spoken: 零五六七
    condition: clean
    voice: zf_xiaoxiao
    expect:
      intent: fill_pickup
      slots: {target: {tail: 0567}, weight_kg: 2.50, quantity: 2, item: 1984}
      action: act
      calls: [{op: pickup, waybill: JD0000000000567, args: {weight_kg: 2.5, submit: true}}]
"""


def scene_of(tmp_path: Path, text: str) -> Scene:
    folder = tmp_path / "audio" / "one"
    folder.mkdir(parents=True)
    (folder / SCENE).write_text(text, "utf-8")
    return load_scene(folder / SCENE)


def test_tails_stay_strings_and_quantities_become_numbers(tmp_path: Path) -> None:
    (turn,) = scene_of(tmp_path, SCENE_YAML).turns
    assert isinstance(turn, GoldenTurn)
    slots = turn.expect.slots.stated()
    assert slots == {"target": {"tail": "0567"}, "weight_kg": 2.5, "quantity": 2, "item": "1984"}
    assert turn.expect.calls[0].args.stated() == {"weight_kg": 2.5, "submit": True}
    assert turn.xfail is None


def test_a_scene_knows_its_places(tmp_path: Path) -> None:
    scene = scene_of(tmp_path, SCENE_YAML)
    assert scene.name == "one"
    assert scene.world_file == tmp_path / "worlds" / "demo.json"
    assert scene.sound(scene.turns[0]) == tmp_path / "audio" / "one" / "a.flac"


@pytest.mark.parametrize(
    ("was", "instead", "complaint"),
    [
        ("says: one turn", "says: one turn\nsay: typo", "say"),
        ("weight_kg: 2.50", "weight: 2.50", "weight"),
        ("tail: 0567", "tial: 0567", "tial"),
        ("condition: clean", "condition: 12dB", "condition"),
        ("intent: fill_pickup", "intent: fill_picup", "intent"),
        ("action: act", "action: ask", "no call"),
        ("turns:", "turns: []\nrest:", "turns"),
        ("says: one turn", "says: [", "cannot read"),
    ],
)
def test_a_slip_in_a_scene_is_named(tmp_path: Path, was: str, instead: str, complaint: str) -> None:
    with pytest.raises(GoldenError, match=complaint):
        scene_of(tmp_path, SCENE_YAML.replace(was, instead, 1))


def test_a_folder_without_scenes(tmp_path: Path) -> None:
    with pytest.raises(GoldenError, match=r"no scene\.yaml"):
        load_scenes(tmp_path)


def test_one_scene_can_be_named_by_file_or_folder() -> None:
    assert [s.name for s in load_scenes(FIXTURES / "calls")] == ["calls"]
    assert [s.name for s in load_scenes(FIXTURES / "calls" / SCENE)] == ["calls"]
