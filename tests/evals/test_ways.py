"""Ways to recognise, compared on recorded turns, with recognisers that hear what the test says."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from courier_voice.core.words import Audio, Hypothesis, Transcript
from courier_voice.evals.goldens import load_scenes
from courier_voice.evals.ways import Kept, Way, rows, ways

AUDIO = Path(__file__).resolve().parents[2] / "fixtures" / "audio"


class Hears:
    """Everything as one text, so surely."""

    def __init__(self, text: str, logprob: float) -> None:
        self.text, self.logprob, self.times = text, logprob, 0

    def transcribe(self, audio: Audio, hints: Sequence[str] = ()) -> Transcript:
        self.times += 1
        return Transcript(self.text, self.text, 0.5, (Hypothesis(self.text, self.logprob),), audio.seconds)


def test_every_adapter_is_tried_and_the_first_in_shares_and_with_second_opinions() -> None:
    named = [way.name for way in ways([Path("ear/a.safetensors"), Path("arm/best.safetensors")])]
    assert named[:4] == ["plain", "arm", "ear", "ear x 0.7"]
    assert "ear, in doubt plain" in named
    assert len(named) == len(set(named))


def test_each_sound_is_heard_once_by_each_model_and_the_doubtful_one_asks() -> None:
    scenes = load_scenes(AUDIO / "one_word")
    turns = [golden for scene in scenes for golden in scene.turns]
    unsure, other = Hears("甲乙丙丁戊己庚", -0.9), Hears(turns[0].spoken, -0.3)
    built = {"a": lambda: Kept(unsure, {}), "b": lambda: Kept(other, {})}
    told: list[int] = []
    tried = [Way("a", "a"), Way("b", "b"), Way("a then b", "a", "b")]
    first, second, both = rows(tried, built, scenes, lambda: told.append(1))
    assert unsure.times == other.times == len(turns)
    assert len(told) == 3
    assert first["asked_twice"] == 0
    assert both["asked_twice"] == len(turns)
    assert both["cer_clean"] == second["cer_clean"] != first["cer_clean"]
