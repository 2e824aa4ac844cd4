"""What the models made of the recordings, kept beside them: replaying from it needs no model.

``transcripts.json`` holds what the recogniser heard in each turn, ``drafts.json`` what the language model then read.
The keys are scene/file. They are made by ``courier-voice replay PATH --record``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from courier_voice.core.errors import GoldenError
from courier_voice.core.ports import Transcriber
from courier_voice.core.turn import Draft, NluContext, Understanding
from courier_voice.core.words import Audio, Hypothesis, Transcript, Utterance
from courier_voice.evals.goldens import GoldenTurn, Scene
from courier_voice.nlu.cascade import Model

TRANSCRIPTS: Final = "transcripts.json"
DRAFTS: Final = "drafts.json"
UNREAD: Final = Understanding((Draft("none"),), "llm")


def turn_key(scene: Scene, golden: GoldenTurn) -> str:
    return f"{scene.name}/{golden.wav}"


@dataclass
class RecordingAsr:
    """A recogniser whose transcripts are kept by turn."""

    asr: Transcriber
    key: str = ""
    kept: dict[str, Transcript] = field(default_factory=dict)

    def start(self, key: str) -> None:
        """The turn that comes next."""
        self.key = key

    def transcribe(self, audio: Audio, hints: Sequence[str] = ()) -> Transcript:
        heard = self.kept[self.key] = self.asr.transcribe(audio, hints)
        return heard

    def save(self, folder: Path) -> None:
        """Put them into the folder's file, beside those of other turns; the file is whole at any time."""
        _merge(folder / TRANSCRIPTS, {key: _transcript_out(heard) for key, heard in self.kept.items()})


@dataclass
class RecordingNlu:
    """A model whose drafts are kept by turn."""

    nlu: Model
    key: str = ""
    kept: dict[str, Understanding] = field(default_factory=dict)

    def start(self, key: str) -> None:
        """The turn that comes next."""
        self.key = key

    def understand(self, utterance: Utterance, context: NluContext) -> Understanding:
        read = self.kept[self.key] = self.nlu.understand(utterance, context)
        return read

    def save(self, folder: Path) -> None:
        """As RecordingAsr."""
        _merge(folder / DRAFTS, {key: _drafts_out(read) for key, read in self.kept.items()})


@dataclass
class RecordedNlu:
    """The model of a recorded turn; what it was not asked then, it takes for ``none``."""

    drafts: Mapping[str, Understanding]
    key: str = ""

    def start(self, key: str) -> None:
        """The turn that comes next."""
        self.key = key

    def understand(self, utterance: Utterance, context: NluContext) -> Understanding:
        return self.drafts.get(self.key, UNREAD)


def load_transcripts(folder: Path) -> dict[str, Transcript]:
    """Raises GoldenError naming the command that makes the file."""
    return {key: _transcript_in(row) for key, row in _read(folder / TRANSCRIPTS).items()}


def load_drafts(folder: Path) -> dict[str, Understanding]:
    """Raises GoldenError naming the command that makes the file."""
    return {
        key: Understanding(tuple(Draft(d["intent"], d["slots"]) for d in row["drafts"]), "llm", row["prompt"])
        for key, row in _read(folder / DRAFTS).items()
    }


def _read(file: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(file.read_text("utf-8")))
    except (OSError, ValueError) as error:
        raise GoldenError(
            f"{file.name} cannot be read: make it with `courier-voice replay {file.parent.name} --record`"
        ) from error


def _merge(file: Path, new: Mapping[str, object]) -> None:
    rows = {**(_read(file) if file.is_file() else {}), **new}
    lines = ",\n".join(
        f"{json.dumps(key)}: {json.dumps(row, ensure_ascii=False, sort_keys=True)}" for key, row in sorted(rows.items())
    )
    partial = file.with_suffix(".partial")
    partial.write_text(f"{{\n{lines}\n}}\n", "utf-8")
    partial.replace(file)


def _transcript_out(heard: Transcript) -> dict[str, object]:
    return {
        "text": heard.text,
        "raw": heard.raw,
        "confidence": round(heard.confidence, 3),
        "nbest": [[h.text, round(h.logprob, 3)] for h in heard.nbest],
        "audio_s": round(heard.audio_s, 2),
    }


def _transcript_in(row: Mapping[str, Any]) -> Transcript:
    nbest = tuple(Hypothesis(text, logprob) for text, logprob in row["nbest"])
    return Transcript(row["text"], row["raw"], row["confidence"], nbest, row["audio_s"])


def _drafts_out(read: Understanding) -> dict[str, object]:
    return {"drafts": [{"intent": d.intent, "slots": dict(d.slots)} for d in read.drafts], "prompt": read.prompt}
