"""Options several commands share. Imported for ``--help``: nothing but typer here."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer


class Engines(str, Enum):
    FASTER = "faster-whisper"
    WHISPER = "whisper"
    OPENAI = "openai"
    FUNASR = "funasr"
    SHERPA = "sherpa-onnx"


class Routes(str, Enum):
    FAST = "fast"
    LLM = "llm"
    CASCADE = "cascade"


class Wordings(str, Enum):
    PLAIN = "plain"
    LLM = "llm"


class Modes(str, Enum):
    OPEN = "open"
    PUSH = "push"
    WAKE = "wake"


class Sources(str, Enum):
    LIVE = "live"
    TRANSCRIPTS = "transcripts"
    ASR_ONLY = "asr-only"


Json = Annotated[bool, typer.Option("--json", help="One JSON object a line on stdout, nothing else there.")]
World = Annotated[
    Path | None,
    typer.Option(exists=True, dir_okay=False, help="World file of the mock carrier (default: the shipped demo world)."),
]
Input = Annotated[
    Path | None,
    typer.Option(
        "--input",  # whether it exists is looked at later: for typer's own look, - is no file
        dir_okay=False,
        help="A recording instead of the microphone; - for a pipe of 16-bit mono at 16 kHz, or of a WAV.",
    ),
]
Engine = Annotated[Engines | None, typer.Option(help="The recogniser.")]
AsrAdapter = Annotated[
    str | None,
    typer.Option("--asr-adapter", help="auto: the shipped tuning; none: the plain model; or an adapter.safetensors."),
]
Nlu = Annotated[
    Routes | None,
    typer.Option(
        help="fast: the small model alone; llm: the language model alone; cascade: fast where it is sure. "
        "Control words go first in all (default: COURIER_NLU__ROUTE)."
    ),
]
Unmasked = Annotated[bool, typer.Option("--unmasked", help="With names, addresses and messages as they are.")]
Fresh = Annotated[bool, typer.Option("--fresh", help="Do not go on with an interrupted run.")]
Items = Annotated[int, typer.Option(help="At most this many items (0: all).")]
