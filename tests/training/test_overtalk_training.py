"""The network that hears words over a reply: scenes as told, a step of learning, and weights that run as they learnt."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.random import default_rng

pytest.importorskip("scipy")
pytest.importorskip("pywebrtc_audio")

from courier_voice.audio.endpoint import FRAME
from courier_voice.audio.overspeech import SIZE, Overlap, Overspeech
from courier_voice.audio.wav import read_audio
from courier_voice.core.errors import TrainingError
from courier_voice.training.overtalk import Lesson, Recipe, fit, gather, odds, save
from courier_voice.training.overtalk_judge import COLD, Rule, best, figures, outcomes
from courier_voice.training.overtalk_scenes import ECHO, WORDS, Event, Voices, Watched, scene
from courier_voice.training.overtalk_sounds import KINDS, loudness, sound

AUDIO = Path(__file__).parents[2] / "fixtures" / "audio"
RECIPE = Recipe(scenes=2, dev_scenes=2, epochs=2, narrow=8, kept=6)


@pytest.fixture(scope="module")
def voices() -> Voices:
    """Any speech does here."""
    clips = [read_audio(AUDIO / name).samples for name in ("calls/tail.flac", "waybills/status.flac")]
    return Voices(clips, [clips[0][: 4 * FRAME]])


@pytest.mark.parametrize("kind", KINDS)
def test_every_sound_is_heard_and_differs_each_time(kind: str) -> None:
    first, again, other = (KINDS[kind](default_rng(seed)) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert loudness(first) > 0
    assert np.isfinite(first).all()


def test_some_sounds_are_kept_for_judging() -> None:
    assert "bark" not in {sound(default_rng(seed), dev=False)[0] for seed in range(60)}


def test_a_scene_says_where_words_are(voices: Voices) -> None:
    told = next(one for one in (scene(voices, default_rng(n), dev=False) for n in range(9)) if one.words.any())
    assert len(told.played) == len(told.heard) == FRAME * len(told.words)
    spoken = [event for event in told.events if event.kind == WORDS]
    assert all(told.words[event.start] == 1 for event in spoken)
    quiet = np.ones(len(told.words), bool)
    for event in spoken:
        quiet[event.start : event.end] = False
    assert not told.words[quiet].any()


def test_learning_makes_weights_that_run_as_they_learnt(
    voices: Voices, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("courier_voice.training.overtalk.SHARD", 2)
    steps: list[tuple[str, int]] = []

    def report(what: str, done: int, total: int, loss: float) -> None:
        steps.append((what, done))

    taught = list(gather(voices, tmp_path, RECIPE, report, dev=False))
    again = list(gather(voices, tmp_path, RECIPE, report, dev=False))
    assert np.array_equal(taught[0].replies[0].seen, again[0].replies[0].seen)
    with pytest.raises(TrainingError, match="another recipe"):
        next(gather(Voices(voices.sentences[:1], ()), tmp_path, RECIPE, report, dev=False))
    weights = fit(taught, taught, RECIPE, report)
    assert ("learn", RECIPE.epochs) in steps
    save(weights, tmp_path / "over.npz")
    reply = taught[0].replies[0]
    assert reply.seen.shape[1] == SIZE
    running = Overspeech(tmp_path / "over.npz")
    seen = iter(reply.seen.astype(np.float32))
    monkeypatch.setattr(running, "_senses", lambda overlap: next(seen))
    silence = np.zeros(FRAME, np.float32)
    mine = [running(Overlap(silence, silence, silence, 0.0)) for _ in range(len(reply.seen))]
    assert np.allclose(mine, odds(weights, RECIPE, [reply])[0], atol=2e-3)


def test_outcomes_are_counted_by_what_was_heard() -> None:
    words = np.zeros(200, np.float32)
    reply = Watched(0, np.zeros((200, 1), np.float16), words, words)
    events = (Event("cough", 20, 30), Event(WORDS, 60, 90, 1.9), Event(WORDS, 130, 150, 4.2), Event("horn", 170, 180))
    heard = np.zeros(200, np.float32)
    heard[62:70] = heard[139:145] = heard[175:179] = 0.9
    rows = figures(list(outcomes([Lesson((reply,), events)], [[heard]], Rule(3, 2.0))))
    assert (rows[COLD]["stopped"], rows[COLD]["in_time"]) == (1, 1)
    assert (rows[WORDS]["stopped"], rows[WORDS]["in_time"], rows[WORDS]["ms_p50"]) == (1, 0, 384)
    assert (rows["cough"]["stopped"], rows["horn"]["stopped"], rows[ECHO]["stopped"]) == (0, 1, 0)


@pytest.mark.parametrize(("heard_at", "rule"), [((62,), Rule(1, 0.3)), ((62, 5), Rule(1, 0.6))])
def test_the_rule_hears_words_soon_and_not_the_echo(heard_at: tuple[int, ...], rule: Rule) -> None:
    """Words are worth stopping for at once; not where the echo alone would do it, too."""
    reply = Watched(0, np.zeros((200, 1), np.float16), np.zeros(200, np.float32), np.zeros(200, np.float32))
    heard = np.zeros(200, np.float32)
    heard[list(heard_at)] = 0.5
    heard[70:80] = 0.99
    lesson = Lesson((reply,), (Event(WORDS, 60, 90, 4.0),))
    assert best([lesson], [[heard]]) == rule
