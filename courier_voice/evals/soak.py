"""Hours in a street at speed: commands, talk, music and noise from the fixtures through one listener, one agent, one
mouth. Nothing may grow, nothing may be done unasked, every command is answered once.

Voice detector, endpointing, understanding, policy, the mock carrier and the outbox are the real ones, on every frame.
What the recogniser made of a recording at the same place is kept; one time in ``anew`` it hears it again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final, Literal

import numpy as np
import psutil  # type: ignore[import-untyped]

from courier_voice.app import Wired
from courier_voice.audio.endpoint import FRAME, FRAME_S
from courier_voice.audio.mic import Frame, frames_of
from courier_voice.audio.wav import read_audio
from courier_voice.core.ports import Transcriber
from courier_voice.core.turn import Turn
from courier_voice.core.words import RATE, Audio, Transcript
from courier_voice.evals.bench import STEERING
from courier_voice.evals.clips import Samples
from courier_voice.evals.goldens import GoldenTurn, Scene
from courier_voice.evals.marks import is_effect
from courier_voice.live import Listener, LiveTurn, is_command
from courier_voice.speech.mouth import Mouth

Row = dict[str, Any]
Kind = Literal["command", "talk", "noise"]

GAP_S: Final = (4.0, 20.0)
"""Of noise between two recordings: longer than anybody is waited for."""
SAMPLE_S: Final = 120.0
"""Simulated seconds between two looks at memory, threads and files."""
MOST_MB: Final = 48.0
"""Growth of memory over the second half that is still the allocator's: six walks of eight hours grew by 1 to 33, and
all ended at 1.47 to 1.51 GB."""
MOST_THREADS: Final = 2
"""Growth of their number that is a library's pool begun late."""
COUNTED: Final = (
    "commands", "talks", "noises", "turns", "lost", "answered_once", "unanswered", "answered_again",
    "talk_answered", "effects", "unasked",
)  # fmt: skip
SHARES: Final[dict[Kind, float]] = {"command": 0.5, "talk": 0.3, "noise": 0.2}


@dataclass(frozen=True)
class Piece:
    """A recording of the street. ``wav`` names it; ``effects`` are the operations asked for in it, on the parcel whose
    number ends with ``tail`` if one was said."""

    wav: str
    kind: Kind
    sound: Audio
    effects: frozenset[str] = frozenset()
    tail: str = ""


Street = Mapping[Kind, Sequence[tuple[Piece, ...]]]
"""What may come, by kind; a command to be confirmed comes with its yes."""


def street(scenes: Sequence[Scene]) -> Street:
    """Commands that stand alone, commands with the yes that follows, talk, and what nobody says."""
    found: dict[Kind, list[tuple[Piece, ...]]] = {"command": [], "talk": [], "noise": []}
    for scene in scenes:
        waits = False
        for golden, after in pairwise((*scene.turns, None)):
            assert golden is not None
            alone, waits = not waits, golden.expect.action in ("ask", "confirm")
            if golden.condition == "negative":
                found["talk" if golden.spoken else "noise"].append((_piece(scene, golden, golden),))
            elif alone and golden.expect.intent not in STEERING and golden.expect.action in ("act", "answer"):
                found["command"].append((_piece(scene, golden, golden),))
            elif alone and golden.expect.action == "confirm" and after and after.expect.intent == "confirm":
                found["command"].append((_piece(scene, golden, golden), _piece(scene, after, golden)))
    return found


def _piece(scene: Scene, golden: GoldenTurn, asked: GoldenTurn) -> Piece:
    kind: Kind = "command" if golden.condition != "negative" else "talk" if golden.spoken else "noise"
    target = asked.expect.slots.target if len(asked.expect.commands) == 1 else None
    return Piece(
        f"{scene.name}/{golden.wav}",
        kind,
        read_audio(scene.sound(golden)),
        frozenset(c.op for c in golden.expect.calls if is_effect({"op": c.op, "args": c.args.stated()})),
        (target and target.tail) or "",
    )


@dataclass
class Remembering:
    """A recogniser that need not hear twice what it has heard; ``place`` tells where in the street it is."""

    asr: Transcriber
    place: Callable[[], tuple[str, int]]
    anew: int = 20
    heard: dict[tuple[str, int, int], Transcript] = field(default_factory=dict)
    asked: int = 0
    listened: int = 0

    def transcribe(self, audio: Audio, hints: Sequence[str] = ()) -> Transcript:
        wav, frame = self.place()
        key = (wav, frame // 4, len(audio.samples) // (4 * FRAME))
        self.asked += 1
        if key not in self.heard or self.asked % self.anew == 0:
            self.heard[key] = self.asr.transcribe(audio, hints)
            self.listened += 1
        return self.heard[key]


@dataclass
class Soak:
    """A walk down the street, ``hours`` of it, chosen by ``seed``."""

    pieces: Street
    noises: Mapping[str, Samples]
    hours: float
    seed: int = 0
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(COUNTED, 0))
    now: Piece | None = None
    frame: int = 0
    answers: int = 0
    turns: int = 0
    heard: list[str] = field(default_factory=list)
    """Of the piece: what each turn heard, and what it was."""
    simulated_s: float = 0.0
    samples: list[dict[str, float]] = field(default_factory=list)
    odd: list[Row] = field(default_factory=list)
    """What went wrong, where: recording, simulated second, what it was, and what had been heard."""

    def place(self) -> tuple[str, int]:
        return (self.now.wav if self.now else "", self.frame)

    def run(self, wired: Wired, listener: Listener, mouth: Mouth, step: Callable[[], None]) -> Row:
        """Walk it; the figures, ``passed`` among them. ``step`` is called at every look at the process."""
        process = psutil.Process()

        def look() -> None:
            files = process.num_fds() if hasattr(process, "num_fds") else process.num_handles()
            mb = process.memory_info().rss / 1e6
            self.samples.append({"mb": mb, "threads": process.num_threads(), "files": files})
            step()

        turns = listener.turns(self._frames(look, wired))
        while True:
            waited = bool(wired.agent.memory.context().waiting)
            if (live := next(turns, None)) is None:
                break
            self._note(live, mouth, waited)
        self._close()
        done = len(wired.carrier.ledger().effects) if wired.carrier else 0
        return {**soak_figures(self.counts, self.samples, self.simulated_s / 3600, done), "odd": self.odd}

    def _frames(self, look: Callable[[], None], wired: Wired) -> Iterator[Frame]:
        rng = np.random.default_rng(self.seed)
        next_look = 0.0
        kinds = list(SHARES)
        while self.simulated_s < self.hours * 3600:
            several = self.pieces[kinds[int(rng.choice(len(kinds), p=list(SHARES.values())))]]
            for piece in several[int(rng.integers(len(several)))]:
                self._close()
                self.now, self.frame, self.answers, self.turns, self.heard = piece, 0, 0, 0, []
                self.counts[f"{piece.kind}s"] += 1
                for frame in (*frames_of(piece.sound), *self._gap(rng)):
                    self.frame += 1
                    self.simulated_s += FRAME_S
                    yield frame
            wired.agent.catch_up()
            if self.simulated_s >= next_look:
                next_look = self.simulated_s + SAMPLE_S
                look()

    def _gap(self, rng: np.random.Generator) -> Iterator[Frame]:
        noise = list(self.noises.values())[int(rng.integers(len(self.noises)))]
        at, seconds = int(rng.integers(len(noise))), float(rng.uniform(*GAP_S))
        loudness = 10 ** (float(rng.uniform(-20, 0)) / 20)
        stretch = np.take(noise, np.arange(at, at + round(seconds * RATE)), mode="wrap")
        yield from frames_of(Audio((stretch * loudness).astype(np.float32)))

    def _note(self, live: LiveTurn, mouth: Mouth, waited: bool) -> None:
        """As ``listen`` goes on: what nobody waits for and is no command is not answered."""
        turn, piece = live.turn, self.now
        assert piece is not None
        self.counts["turns"] += 1
        self.turns += 1
        self.heard.append(f"{turn.utterance.heard} → {turn.intent}, {turn.kind}")
        said = bool(turn.reply or turn.calls) and (waited or is_command(turn))
        self.answers += said
        self.counts["talk_answered"] += piece.kind != "command" and said and turn.kind != "reject"
        effects = [call for call in turn.calls if is_effect({"op": call.op, "args": call.args})]
        self.counts["effects"] += len(effects)
        for call in effects:
            if not _asked(piece, call.op, call.waybill or ""):
                self.counts["unasked"] += 1
                self._remark(piece, f"unasked {call.op}")
        if said:
            _say(mouth, turn)

    def _close(self) -> None:
        """The piece is over: was it heard, was its command answered once?"""
        if self.now and self.now.kind == "command":
            self.counts["lost"] += self.turns == 0
            self.counts["answered_once"] += self.answers == 1
            self.counts["unanswered"] += self.answers == 0
            self.counts["answered_again"] += max(0, self.answers - 1)
            if self.answers != 1:
                self._remark(self.now, f"answered {self.answers} times")

    def _remark(self, piece: Piece, what: str) -> None:
        self.odd.append({"wav": piece.wav, "at_s": round(self.simulated_s), "what": what, "heard": self.heard})


def soak_figures(counts: Mapping[str, int], samples: Sequence[Mapping[str, float]], hours: float, done: int) -> Row:
    """The figures of a walk. ``lost``: commands nobody made a turn of. One that was heard and not understood is not
    answered, as other talk is not, and one with a pause in it may be answered in two: both are counted, and are no
    failures of the loop. ``grown``: medians of the last eighth less those after half of it, when every recording
    has been heard; ``done``: effects at the carrier, as many as were told of.
    """
    half, eighth = len(samples) // 2, max(1, len(samples) // 8)
    grown = {
        name: round(
            float(np.median([s[name] for s in samples[-eighth:]]))
            - float(np.median([s[name] for s in samples[half : half + eighth]])),
            1,
        )
        for name in ("mb", "threads", "files")
    }
    failures = [
        name
        for name, failed in (
            ("memory", grown["mb"] > MOST_MB),
            ("threads", grown["threads"] > MOST_THREADS),
            ("files", grown["files"] > 0),
            ("unasked effects", counts["unasked"] > 0),
            ("effects told and done differ", counts["effects"] != done),
            ("lost utterances", counts["lost"] > 0),
        )
        if failed
    ]
    last = {name: round(value, 1) for name, value in samples[-1].items()}
    return {
        "hours": round(hours, 2), **counts, "done": done, "grown": grown, "last": last, "failures": failures,
        "passed": not failures,
    }  # fmt: skip


def _asked(piece: Piece, op: str, waybill: str) -> bool:
    return op in piece.effects and waybill.endswith(piece.tail)


def _say(mouth: Mouth, turn: Turn) -> None:
    """A reply, played at once."""
    if turn.reply:
        mouth.say(turn.reply)
        while mouth.speaking:
            mouth.take(RATE)
