"""Ways to recognise, side by side on the recorded turns: commands, and people who are no synthesiser."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from courier_voice.asr.faster import FasterWhisper
from courier_voice.asr.second import SecondOpinion
from courier_voice.asr.style import PLAIN, TUNED
from courier_voice.audio.wav import read_audio
from courier_voice.core.ports import SpeechDetector, Transcriber
from courier_voice.core.words import Audio, Transcript
from courier_voice.evals.goldens import Scene
from courier_voice.evals.marks import Row, heard_row
from courier_voice.text.normalize import normalize
from courier_voice.weights.adapt import PARTWAY, adapted

SHARES: Final = (1.0, 0.7, 0.5, PARTWAY)
_GROUPS: Final = {
    "commands": ("clean", "15dB", "10dB", "5dB"),
    **{condition: (condition,) for condition in ("clean", "15dB", "10dB", "5dB", "human", "negative")},
}


@dataclass
class Kept:
    """core.ports.Transcriber that hears each sound once; ``asked`` counts, ``cpu_s`` adds up what hearing cost."""

    engine: Transcriber
    heard: dict[int, tuple[Transcript, float]]
    asked: int = 0
    cpu_s: float = 0.0

    def transcribe(self, audio: Audio, hints: Sequence[str] = ()) -> Transcript:
        if id(audio) not in self.heard:
            started = time.process_time()
            transcript = self.engine.transcribe(audio, hints)
            self.heard[id(audio)] = transcript, time.process_time() - started
        transcript, cost = self.heard[id(audio)]
        self.asked += 1
        self.cpu_s += cost
        return transcript


@dataclass(frozen=True)
class Way:
    """``second``: the model asked in doubt; None: nobody is."""

    name: str
    first: str
    second: str | None = None


def ways(adapters: Sequence[Path]) -> list[Way]:
    """The published model, every adapter, shares of the first one, and that one with second opinions."""
    tried = [(adapter, 1.0) for adapter in adapters[1:]] + [(adapters[0], share) for share in SHARES]
    names = [model_name(adapter, share) for adapter, share in tried]
    rows = [Way(name, name) for name in ("plain", *names)]
    first = model_name(adapters[0], 1.0)
    doubts = ["plain", *(model_name(adapters[0], share) for share in reversed(SHARES[1:]))]
    return rows + [Way(f"{first}, in doubt {other}", first, other) for other in doubts]


def model_name(adapter: Path, share: float) -> str:
    """How a model is called in the table: the folder an adapter lies in, and how much of it is used."""
    return adapter.parent.name + (f" x {share:g}" if share != 1 else "")


def models(base: Path, adapters: Sequence[Path], root: Path, detector: SpeechDetector) -> dict[str, Callable[[], Kept]]:
    """Builders by name; a model is merged and loaded when it is first built. ``root``: where merged models go."""

    def tuned(adapter: Path, share: float) -> Kept:
        return Kept(FasterWhisper(adapted(base, adapter, root, share, chinese=True), detector, habits=TUNED), {})

    made: dict[str, Callable[[], Kept]] = {"plain": lambda: Kept(FasterWhisper(base, detector, habits=PLAIN), {})}
    for adapter in adapters:
        made |= {model_name(adapter, share): partial(tuned, adapter, share) for share in SHARES}
    return made


def rows(
    chosen: Sequence[Way], built: dict[str, Callable[[], Kept]], scenes: Sequence[Scene], done: Callable[[], None]
) -> Iterator[dict[str, Any]]:
    """A row a way: CER by condition, tails right, how often the second was asked, CPU seconds a clip (its own and the
    second's). Loading is not counted. Raises AudioError."""
    turns = [(scene, golden, read_audio(scene.sound(golden))) for scene in scenes for golden in scene.turns]
    ready: dict[str, Kept] = {}
    for way in chosen:
        for name in filter(None, (way.first, way.second)):
            if name not in ready:
                ready[name] = built[name]()
        first, second = ready[way.first], ready[way.second] if way.second else None
        for engine in filter(None, (first, second)):
            engine.asked, engine.cpu_s = 0, 0.0
        hearing: Transcriber = SecondOpinion(first, partial(_itself, second)) if second else first
        heard = [
            heard_row(scene, golden, normalize(hearing.transcribe(audio).text), {}) for scene, golden, audio in turns
        ]
        done()
        yield {
            "way": way.name,
            "clips": len(turns),
            "asked_twice": second.asked if second else 0,
            "cpu_s": round((first.cpu_s + (second.cpu_s if second else 0.0)) / max(1, len(turns)), 3),
            **_rates(heard),
        }


def _itself(engine: Kept) -> Kept:
    return engine


def _rates(heard: Sequence[Row]) -> dict[str, Any]:
    rates: dict[str, Any] = {}
    for group, conditions in _GROUPS.items():
        mine = [row for row in heard if row.condition in conditions]
        if characters := sum(row.chars for row in mine):
            rates[f"cer_{group}"] = round(sum(row.edits for row in mine) / characters, 4)
    tails = [row.tail for row in heard if row.tail is not None]
    return rates | {
        "tails": [sum(tails), len(tails)],
        "heard_in_silence": sum(bool(r.heard) for r in heard if not r.spoken),
    }
