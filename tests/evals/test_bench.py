from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from courier_voice.core.errors import CourierVoiceError
from courier_voice.evals.bench import STEERING, Ran, Stack, compare, sampled, turn_rows, window_rows
from courier_voice.evals.goldens import load_scenes
from courier_voice.evals.stacks import free_intent, peak_mb

SCENES = load_scenes(Path(__file__).parents[2] / "fixtures" / "audio")


def test_the_sample_stands_alone_and_covers_the_conditions() -> None:
    chosen = sampled(SCENES, 10)
    assert len(chosen) == 10
    assert {golden.condition for _, golden in chosen} == {"clean", "15dB", "10dB", "5dB", "human"}
    assert not STEERING & {golden.expect.intent for _, golden in chosen}
    assert len({scene.name for scene, _ in chosen}) >= 6
    assert sampled(SCENES, 3) == chosen[:3]


def test_rows_and_ratios() -> None:
    chosen = sampled(SCENES, 2)

    def ran(s: float, peak: float, intent: str) -> Ran:
        answer = {"s": s, "cpu_s": 2 * s, "heard": "", "intent": intent, "stages": {"asr": s / 2, "nlu": s / 2}}
        return Ran({"s": 3.0}, [answer, answer], peak)

    intent = chosen[0][1].expect.intent
    rows = {r["measure"]: r for r in turn_rows(chosen, {"ours": ran(1.0, 2000, intent), "plain": ran(5.0, 9000, "")})}
    assert rows["turn s"]["ours"] == {"p50": 1.0, "p95": 1.0}
    assert rows["turn s"]["ratio"] == rows["CPU s a turn"]["ratio"] == 5.0
    assert rows["peak MB"] == {"measure": "peak MB", "ours": 2000, "plain": 9000, "ratio": 4.5}
    assert rows["intents right"]["plain"] == 0
    assert rows["intents right"]["ours"] >= 1
    assert rows["CER"]["ours"] == 1.0


def test_a_stack_in_a_process_of_its_own() -> None:
    chosen = sampled(SCENES, 1)
    steps: list[None] = []
    ran = compare(chosen, ["windows"], lambda: steps.append(None))["windows"]
    assert len(steps) == 2
    assert ran.peak_mb > 100
    cpu, cer = window_rows(chosen, ran)
    assert cpu["ratio"] > 1
    assert 0 <= cer["cut"] < 1
    assert ran.answers[0]["cut"]["heard"]


def test_a_stack_that_cannot_start_says_so() -> None:
    with pytest.raises(CourierVoiceError, match="exit code 1"):
        Stack("no such stack")


def test_the_peak_is_the_process_s_own() -> None:
    """A child of this large process must not report this process's memory."""
    code = "from courier_voice.evals.stacks import peak_mb; print(peak_mb())"
    child = float(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout)
    ballast = b"x" * 300_000_000
    again = float(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout)
    assert len(ballast) == 300_000_000
    assert peak_mb() > 300
    assert again < child + 100


@pytest.mark.parametrize(
    ("said", "intent"),
    [
        ('{"intent": "dial", "slots": {}}', "dial"),
        ('好的：```json\n{"intent": "none", "slots": {}}\n```', "none"),
        ('{"intent": "dial", "slots": {"target": {"ta', ""),
        ("打电话", ""),
    ],
)
def test_free_answers(said: str, intent: str) -> None:
    assert free_intent(said) == intent
