"""What the models made of the recordings, kept beside them: replaying from it needs no model.

``transcripts.json`` holds what the recogniser heard in each turn, by scene/file; ``replies.json`` what the language
model answered when it was asked to understand it, by what it was asked. ``courier-voice replay PATH --record`` makes
both.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from courier_voice.core.errors import GoldenError, ModelError
from courier_voice.core.ports import ChatModel, Role, Transcriber
from courier_voice.core.words import Audio, Hypothesis, Transcript
from courier_voice.evals.goldens import GoldenTurn, Scene

TRANSCRIPTS: Final = "transcripts.json"
REPLIES: Final = "replies.json"


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

    def save(self, folder: Path, *, anew: bool = False) -> None:
        """Put them into the folder's file; ``anew`` forgets what is there, else it stays beside them."""
        _write(folder / TRANSCRIPTS, {key: _transcript_out(heard) for key, heard in self.kept.items()}, anew)


@dataclass
class RecordingLlm:
    """A language model whose replies are kept by the last message they answer."""

    model: ChatModel
    kept: dict[str, str] = field(default_factory=dict)

    def complete(
        self,
        messages: Sequence[tuple[Role, str]],
        *,
        max_tokens: int,
        grammar: str | None = None,
        schema: Mapping[str, object] | None = None,
    ) -> str:
        reply = self.model.complete(messages, max_tokens=max_tokens, grammar=grammar, schema=schema)
        self.kept[messages[-1][1]] = reply
        return reply

    def warm(self, messages: Sequence[tuple[Role, str]]) -> None:
        self.model.warm(messages)

    def save(self, folder: Path, *, anew: bool = False) -> None:
        """Put them into the folder's file; ``anew`` forgets what is there, else it stays beside them."""
        _write(folder / REPLIES, self.kept, anew)


@dataclass(frozen=True)
class RecordedLlm:
    """Answers as the model did when it was recorded, whatever the prompt before the last message is now."""

    replies: Mapping[str, str]

    def complete(
        self,
        messages: Sequence[tuple[Role, str]],
        *,
        max_tokens: int,
        grammar: str | None = None,
        schema: Mapping[str, object] | None = None,
    ) -> str:
        """Raises ModelError for what the model was not asked then."""
        reply = self.replies.get(messages[-1][1])
        if reply is None:
            raise ModelError(f"{REPLIES} has no reply to this: make it anew with `courier-voice replay PATH --record`")
        return reply

    def warm(self, messages: Sequence[tuple[Role, str]]) -> None:
        """Nothing to warm."""


def load_transcripts(folder: Path) -> dict[str, Transcript]:
    """Raises GoldenError naming the command that makes the file."""
    return {key: _transcript_in(row) for key, row in _read(folder / TRANSCRIPTS).items()}


def load_replies(folder: Path) -> RecordedLlm:
    """Raises GoldenError naming the command that makes the file."""
    return RecordedLlm({key: str(reply) for key, reply in _read(folder / REPLIES).items()})


def _read(file: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(file.read_text("utf-8")))
    except (OSError, ValueError) as error:
        raise GoldenError(
            f"{file.name} cannot be read: make it with `courier-voice replay {file.parent.name} --record`"
        ) from error


def _write(file: Path, new: Mapping[str, object], anew: bool) -> None:
    rows = {**(_read(file) if file.is_file() and not anew else {}), **new}
    lines = ",\n".join(
        f"{json.dumps(key, ensure_ascii=False)}: {json.dumps(row, ensure_ascii=False, sort_keys=True)}"
        for key, row in sorted(rows.items())
    )
    partial = file.with_suffix(".partial")
    partial.write_text(f"{{\n{lines}\n}}\n", "utf-8")
    partial.replace(file)


def _transcript_out(heard: Transcript) -> dict[str, object]:
    return {
        "text": heard.text,
        "raw": heard.raw,
        "confidence": None if heard.confidence is None else round(heard.confidence, 3),
        "nbest": [[h.text, round(h.logprob, 3)] for h in heard.nbest],
        "audio_s": round(heard.audio_s, 2),
    }


def _transcript_in(row: Mapping[str, Any]) -> Transcript:
    nbest = tuple(Hypothesis(text, logprob) for text, logprob in row["nbest"])
    return Transcript(row["text"], row["raw"], row["confidence"], nbest, row["audio_s"])
