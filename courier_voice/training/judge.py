"""How well a tuned recogniser hears the development clips: speakers, sentences and noise it was not trained on."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.random import default_rng
from rapidfuzz.distance import Levenshtein

from courier_voice.core.ports import Transcriber
from courier_voice.core.words import RATE, Audio, Segment
from courier_voice.text.normalize import to_simplified
from courier_voice.training.clips import Clip
from courier_voice.training.distort import level
from courier_voice.training.hearings import Street, load, nobody

CONDITIONS: Final[dict[str, float | None]] = {"clean": None, "10dB": 10.0, "5dB": 5.0}
_TAIL: Final = re.compile("[零一二三四五六七八九幺两洞拐勾]{4,}")
_SAME: Final = str.maketrans("幺洞拐勾", "一零七九")


@dataclass
class Marks:
    """Counts of one condition. Rates are None where nothing was counted."""

    characters: int = 0
    errors: int = 0
    oracle_errors: int = 0
    tails: int = 0
    tails_right: int = 0
    controls: int = 0
    controls_right: int = 0
    by_kind: dict[str, tuple[int, int]] = field(default_factory=dict)

    def rates(self) -> dict[str, float]:
        """CER, of the best in the n-best too; tails and one-word commands right; CER by kind. All 0..1."""
        rates = {
            "cer": self.errors / max(1, self.characters),
            "oracle_cer": self.oracle_errors / max(1, self.characters),
        }
        if self.tails:
            rates["tails"] = self.tails_right / self.tails
        if self.controls:
            rates["controls"] = self.controls_right / self.controls
        for kind, (wrong, of) in sorted(self.by_kind.items()):
            rates[f"cer_{kind}"] = wrong / max(1, of)
        return rates

    def count(self, kind: str, said: str, heard: str, nbest: Sequence[str]) -> None:
        wrong = Levenshtein.distance(bare(said), bare(heard))
        self.characters += len(bare(said))
        self.errors += wrong
        self.oracle_errors += min([wrong, *(Levenshtein.distance(bare(said), bare(other)) for other in nbest)])
        before = self.by_kind.get(kind, (0, 0))
        self.by_kind[kind] = (before[0] + wrong, before[1] + len(bare(said)))
        if tails := _TAIL.findall(bare(said)):
            self.tails += 1
            self.tails_right += all(tail in bare(heard) for tail in tails)
        if kind == "control":
            self.controls += 1
            self.controls_right += bare(said) == bare(heard)


def bare(text: str) -> str:
    """Characters only, simplified, and the ways to spell a digit as one: 幺 and 一 are the same to the ear."""
    return re.sub(r"\W", "", to_simplified(text)).translate(_SAME)


class WholeClip:
    """core.ports.SpeechDetector that takes everything for speech: the recogniser alone is judged, not the gate."""

    def segments(self, audio: Audio) -> tuple[Segment, ...]:
        return (Segment(0.0, audio.seconds),)


def judge(
    engine: Transcriber,
    clips: Sequence[Clip],
    street: Street,
    *,
    seed: int = 0,
    hints: Callable[[Clip], Sequence[str]] = lambda clip: (),
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> dict[str, dict[str, float]]:
    """Rates by condition, and ``nobody``: the share of noise and far talk that any text was heard in."""
    rates: dict[str, dict[str, float]] = {}
    total = len(clips) * len(CONDITIONS) + len(clips) // 2
    done = 0
    for name, snr_db in CONDITIONS.items():
        marks = Marks()
        for number, clip in enumerate(clips):
            sound = in_street(clip, street, snr_db, seed * 100_003 + number)
            heard = engine.transcribe(sound, hints(clip))
            marks.count(clip.kind, clip.text, heard.text, [hypothesis.text for hypothesis in heard.nbest])
            progress(done := done + 1, total)
        rates[name] = marks.rates()
    invented = 0
    for number, clip in enumerate(clips[: len(clips) // 2]):
        noise = np.clip(nobody(clip, street, default_rng([seed, number])), -1, 1).astype(np.float32)
        invented += bool(bare(engine.transcribe(Audio(noise, RATE), hints(clip)).text))
        progress(done := done + 1, total)
    rates["nobody"] = {"heard": invented / max(1, len(clips) // 2)}
    return rates


def in_street(clip: Clip, street: Street, snr_db: float | None, seed: int) -> Audio:
    """A clip with a third of a second around it and noise over all of it, the same at every call."""
    rng = default_rng(seed)
    speech = load(street.directory, clip)
    sound = np.pad(speech, (RATE // 3, RATE // 3))
    if snr_db is not None:
        behind = street.noise(len(sound), rng)
        sound = sound + behind * np.float32(level(speech) / max(level(behind), 1e-6) / 10 ** (snr_db / 20))
    return Audio(np.clip(sound, -1, 1).astype(np.float32), RATE)


def score(rates: dict[str, dict[str, float]]) -> float:
    """One number to stop early by, lower is better: character and tail errors over all conditions."""
    heard = [rates[name] for name in CONDITIONS]
    return float(np.mean([r["cer"] + 0.3 * (1 - r.get("tails", 1.0)) for r in heard])) + 0.1 * rates["nobody"]["heard"]
