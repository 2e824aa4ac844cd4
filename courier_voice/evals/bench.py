"""Our path against the obvious stack: the same recordings, in the same run, turn by turn."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from itertools import chain, zip_longest
from statistics import mean
from typing import Any, Final

from courier_voice.core.errors import CourierVoiceError
from courier_voice.core.words import Utterance
from courier_voice.evals.goldens import GoldenTurn, Scene
from courier_voice.evals.marks import heard_row
from courier_voice.evals.summary import CONDITIONS, percentiles

Recording = tuple[Scene, GoldenTurn]
Row = dict[str, Any]
STEERING: Final = frozenset(["confirm", "cancel", "repeat", "help", "correct", "none"])


def sampled(scenes: Sequence[Scene], turns: int) -> list[Recording]:
    """Commands that stand alone (no control words, which cost us nothing; no answers), in turn from each condition."""
    alone: dict[str, list[Recording]] = {condition: [] for condition in CONDITIONS}
    for scene in scenes:
        waits = False
        for golden in scene.turns:
            if not waits and golden.expect.intent not in STEERING:
                alone[golden.condition].append((scene, golden))
            waits = golden.expect.action in ("ask", "confirm")
    spread = chain.from_iterable(zip_longest(*(_spread(each) for each in alone.values())))
    return [recording for recording in spread if recording is not None][:turns]


def _spread(recordings: list[Recording]) -> list[Recording]:
    """The first of each scene, then the second of each …: few scenes should not make up the sample."""
    by_scene: dict[str, list[Recording]] = {}
    for scene, golden in recordings:
        by_scene.setdefault(scene.name, []).append((scene, golden))
    return [r for row in zip_longest(*by_scene.values()) for r in row if r is not None]


class Stack:
    """One stack in a process of its own; ``loading`` is what its start took. Raises CourierVoiceError when it ends.

    ``command`` and ``environment``: of a stack that is none of ours.
    """

    def __init__(self, name: str, command: Sequence[str] = (), environment: Mapping[str, str] | None = None) -> None:
        self.name = name
        self._process = subprocess.Popen(
            command or [sys.executable, "-m", "courier_voice.evals.stacks", name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
            env=environment,
        )
        try:
            self.loading = self._answer()
        except BaseException:
            self.close()
            raise

    def take(self, recording: Recording) -> Row:
        """What it made of one recording."""
        scene, golden = recording
        return self.ask(str(scene.sound(golden)))

    def ask(self, line: str) -> Row:
        """What it answers to one line."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()
        return self._answer()

    def finish(self) -> float:
        """End it; its peak memory in MB."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        peak = float(self._answer()["peak_mb"])
        self._process.wait()
        return peak

    def _answer(self) -> Row:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            code = self._process.wait()
            hint = "out of memory? it needs about 9 GB; leave it out with --no-baseline" if code == -9 else "see above"
            raise CourierVoiceError(f"the stack {self.name!r} ended with exit code {code}: {hint}")
        return dict(json.loads(line))

    def close(self) -> None:
        """End it whatever it does."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                pipe.close()


@dataclass(frozen=True)
class Ran:
    """All that one stack answered."""

    loading: Row
    answers: list[Row]
    peak_mb: float


def compare(recordings: Sequence[Recording], names: Sequence[str], step: Callable[[], None]) -> dict[str, Ran]:
    """Every recording through every stack in turn (A B A B …), all of them loaded, one working at a time."""
    with ExitStack() as running:
        stacks = []
        for name in names:
            stacks.append(running.enter_context(closing(Stack(name))))
            step()
        answers: dict[str, list[Row]] = {name: [] for name in names}
        for recording in recordings:
            for stack in stacks:
                answers[stack.name].append(stack.take(recording))
                step()
        return {stack.name: Ran(stack.loading, answers[stack.name], stack.finish()) for stack in stacks}


def turn_figures(recordings: Sequence[Recording], ran: Ran) -> dict[str, Any]:
    """One stack's figures by measure; seconds, MB, counts."""
    answers = ran.answers
    right = [a["intent"] == golden.expect.intent for a, (_, golden) in zip(answers, recordings, strict=True)]
    return {
        "turn s": percentiles([a["s"] for a in answers]),
        "recognition s": percentiles([a["stages"]["asr"] for a in answers]),
        "understanding s": percentiles([a["stages"]["nlu"] for a in answers]),
        "CPU s a turn": round(mean(a["cpu_s"] for a in answers), 2),
        "peak MB": round(ran.peak_mb),
        "load s": round(ran.loading["s"], 1),
        "intents right": sum(right),
        "turns": len(right),
        "CER": _cer(recordings, [a["heard"] for a in answers]),
    }


def turn_rows(recordings: Sequence[Recording], ran: Mapping[str, Ran]) -> list[Row]:
    """A row a measure; ``ratio`` is how many times as much the plain stack takes (medians where there are two)."""
    figures = {name: turn_figures(recordings, each) for name, each in ran.items()}
    rows = []
    for measure in figures["ours"]:
        row: Row = {"measure": measure, **{name: each[measure] for name, each in figures.items()}}
        if "plain" in row and measure not in ("intents right", "turns", "CER"):
            row["ratio"] = _ratio(row["plain"], row["ours"])
        rows.append(row)
    return rows


def window_rows(recordings: Sequence[Recording], ran: Ran) -> list[Row]:
    """The recogniser with the encoder window cut to the audio, and with 30 seconds."""
    answers = {name: [answer[name] for answer in ran.answers] for name in ("cut", "full")}
    cpu = {name: round(mean(a["cpu_s"] for a in each), 2) for name, each in answers.items()}
    cer = {name: _cer(recordings, [a["heard"] for a in each]) for name, each in answers.items()}
    return [
        {"measure": "window: CPU s a clip", **cpu, "ratio": _ratio(cpu["full"], cpu["cut"])},
        {"measure": "window: CER", **cer},
    ]


def _ratio(theirs: Any, ours: Any) -> float:
    a, b = (value["p50"] if isinstance(value, dict) else value for value in (theirs, ours))
    return round(a / b, 2) if b else 0.0


def _cer(recordings: Sequence[Recording], heard: Sequence[str]) -> float:
    rows = [heard_row(s, g, Utterance(text, text), {}) for (s, g), text in zip(recordings, heard, strict=True)]
    return round(sum(row.edits for row in rows) / max(1, sum(row.chars for row in rows)), 4)
