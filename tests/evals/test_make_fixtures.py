from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from courier_voice.core.words import Audio
from courier_voice.evals.goldens import GoldenTurn, load_scenes

ROOT = Path(__file__).parents[2]


@pytest.fixture
def maker(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script, with a buzz that pauses in place of the voice."""
    spec = importlib.util.spec_from_file_location("make_fixtures", ROOT / "scripts" / "make_fixtures.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    class Buzz:
        def synthesize(self, text: str) -> Audio:
            t = np.arange(24_000 * len(text)) / 24_000
            return Audio((np.sin(2 * np.pi * 300 * t) * (t % 1 < 0.5)).astype(np.float32), 24_000)

    monkeypatch.setattr(module, "voice", lambda *_: Buzz())
    return module


def turn(**given: object) -> GoldenTurn:
    made = {"wav": "a.flac", "expect": {"intent": "none", "action": "reject"}, **given}
    return GoldenTurn.model_validate(made)


@pytest.mark.parametrize("noise", ["rain", "engine", "train", "music"])
@pytest.mark.parametrize(("condition", "db"), [("15dB", 15), ("5dB", 5)])
def test_noise_is_as_far_below_the_speech_as_named(maker: ModuleType, noise: str, condition: str, db: float) -> None:
    words = {"spoken": "四个字呢", "voice": "zf_xiaoni"}
    noisy = maker.render(turn(**words, condition=condition, noise=noise), np.random.default_rng(5))
    clean = maker.render(turn(**words, condition="clean"), np.random.default_rng(5))
    assert 20 * np.log10(maker.level(clean) / maker.level(noisy - clean)) == pytest.approx(db, abs=0.5)


def test_the_same_seed_makes_the_same_sound(maker: ModuleType) -> None:
    recipe = turn(condition="negative", noise="music")
    first, again, other = (maker.render(recipe, np.random.default_rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_a_file_is_made_again_only_when_its_recipe_changes(maker: ModuleType, tmp_path: Path) -> None:
    file = tmp_path / "a.flac"
    assert not maker.is_current(file, "recipe")
    maker.write(file, np.full(1600, 3.0, np.float32), "recipe")
    assert maker.is_current(file, "recipe")
    assert not maker.is_current(file, "another recipe")
    assert [f.name for f in tmp_path.iterdir()] == ["a.flac"]


def test_the_shipped_sounds_are_those_of_their_scenes(maker: ModuleType) -> None:
    stale = [
        str(scene.sound(turn))
        for scene in load_scenes(maker.AUDIO)
        for turn in scene.turns
        if turn.condition != "human" and not maker.is_current(scene.sound(turn), maker.recipe(scene, turn))
    ]
    assert stale == [], "run scripts/make_fixtures.py"
