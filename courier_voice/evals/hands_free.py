"""The hands-free loop on recordings played in real time: where the time goes between his last word and the reply's
first sound. The player is a stand-in that notes the moment.
"""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Any, Final, cast

import numpy as np

from courier_voice.app import Wired
from courier_voice.audio.endpoint import FRAME_S
from courier_voice.audio.mic import Frame, frames_of
from courier_voice.audio.wav import read_audio
from courier_voice.core.errors import AudioError, SpeechError
from courier_voice.core.parcels import Day
from courier_voice.core.ports import Synthesizer, Transcriber
from courier_voice.core.words import Audio, Transcript
from courier_voice.dialog.openers import openers
from courier_voice.evals.bench import Recording
from courier_voice.evals.clips import followed, spoken_s
from courier_voice.evals.replay import in_scene
from courier_voice.evals.summary import percentiles
from courier_voice.live import Listener, LiveTurn, in_time
from courier_voice.nlu.cascade import Cascade
from courier_voice.nlu.foresee import Foreseeing
from courier_voice.nlu.polish import LlmPolisher, TemplatePolisher
from courier_voice.settings import Settings
from courier_voice.speech.cache import PhraseCache
from courier_voice.speech.mouth import Mouth
from courier_voice.speech.player import SoundDevicePlayer
from courier_voice.speech.speaker import VoiceSpeaker
from courier_voice.speech.trim import trimmed

Row = dict[str, Any]


@dataclass(frozen=True)
class Voice:
    """``sound`` makes a clause or takes one that is ``ready``; ``prepare`` has it get ready for a day."""

    sound: Callable[[str], Audio]
    ready: Callable[[str], bool] = lambda clause: False
    prepare: Callable[[Day], None] = lambda day: None


LOOPS: Final = {"ours": True, "no speculation": False}
PEER: Final = "pipecat"
SILENCE_S: Final = 4.0
"""Of its own background behind each recording: nobody waits longer than that."""
PREPARING_S: Final = 120.0
"""Of quiet before a recording of another day, for names and openings; on a slow machine the last ones are not made."""
_LONGEST_S: Final = 60.0


class Clocked:
    """Stands before anything; ``seconds`` is what the methods called since it was last set took."""

    def __init__(self, inner: object) -> None:
        self._inner, self.seconds = inner, 0.0

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if not callable(found):
            return found

        def timed(*args: object, **named: object) -> object:
            start = time.perf_counter()
            try:
                return found(*args, **named)
            finally:
                self.seconds += time.perf_counter() - start

        return timed


class ClockedEar:
    """A recogniser; ``seconds`` is what its last decoding took."""

    def __init__(self, asr: Transcriber) -> None:
        self._asr, self.seconds = asr, 0.0

    def transcribe(self, audio: Audio, hints: Sequence[str] = ()) -> Transcript:
        start = time.perf_counter()
        try:
            return self._asr.transcribe(audio, hints)
        finally:
            self.seconds = time.perf_counter() - start


@dataclass
class Loop:
    """What the loops share; ``voices`` make a clause's sound, by name."""

    settings: Settings
    nlu: Cascade
    polisher: LlmPolisher | TemplatePolisher
    asr: Transcriber
    voices: Mapping[str, Voice]
    _said: dict[str, Mapping[str, float | None]] = field(default_factory=dict)

    def rows(
        self, recordings: Sequence[Recording], step: Callable[[], None], peer: Callable[[Recording], Row] | None = None
    ) -> Iterator[Row]:
        """A row a recording and loop, the loops (and the peer) in turn on each recording. Milliseconds."""
        with tempfile.TemporaryDirectory() as scratch:
            for number, recording in enumerate(recordings):
                for loop, speculate in LOOPS.items():
                    outbox = Path(scratch) / f"{number}{loop}.sqlite3"
                    ear, polisher = ClockedEar(self.asr), Foreseeing(self.polisher)
                    wired = in_scene(recording[0], self.settings, outbox, nlu=self.nlu, polisher=polisher, asr=ear)
                    with wired.outbox:
                        listener = Listener(wired.agent, self.nlu.glance, speculate=speculate)
                        if speculate and polisher.model:
                            listener.foresee = polisher.foresee
                        yield {"loop": loop, **self._row(recording, wired, ear, listener)}
                    step()
                if peer:
                    yield {"loop": PEER, **peer(recording)}
                    step()

    def _row(self, recording: Recording, wired: Wired, ear: ClockedEar, listener: Listener) -> Row:
        scene, golden = recording
        agent = wired.agent
        api, effects = Clocked(agent.api), Clocked(agent.effects)
        agent.api, agent.effects = cast(Any, api), cast(Any, effects)
        agent.seen = agent.api.day()  # as at any turn but the first of a day
        getattr(agent.knowledge, "warm", lambda: None)()  # as listen does before it says that it listens
        for voice in self.voices.values():
            voice.prepare(agent.seen)
        api.seconds = effects.seconds = 0.0
        row: Row = {"scene": scene.name, "wav": golden.wav, "condition": golden.condition}
        row["dictated"] = golden.expect.slots.message is not None
        live, end_s, done_s, early = played(listener, read_audio(scene.sound(golden)))
        if live is None:
            return {**row, "missed": True, "early": early}
        turn = live.turn
        worked_s = sum(turn.timings.values())
        api_s = api.seconds + effects.seconds
        decided_s = done_s - live.behind_s - end_s
        seconds = {
            "endpoint": decided_s,
            "asr left": live.behind_s - worked_s,
            "api": api_s,
            "nlu": turn.timings.get("nlu", 0.0),
            "policy": worked_s - turn.timings.get("nlu", 0.0) - api_s,
            "reply": done_s - end_s,
            "asr": ear.seconds,
        }
        voiced = self._voiced(turn.reply)
        return {
            **row,
            "missed": False,
            "early": early,
            "right": turn.intent == golden.expect.intent,
            "route": turn.understanding.route,
            "ms": _ms(seconds),
            "voice_ms": _ms(voiced),
            "first_audio_ms": _ms({name: done_s - end_s + s for name, s in voiced.items() if s is not None}),
        }

    def _voiced(self, reply: str) -> Mapping[str, float | None]:
        """Seconds to the first sound by voice: of a reply all loops give it is measured once."""
        if reply and reply not in self._said:
            self._said = {reply: {name: first_audio_s(voice, reply) for name, voice in self.voices.items()}}
        return self._said.get(reply, {})


def played(listener: Listener, clip: Audio) -> tuple[LiveTurn | None, float, float, int]:
    """A recording in real time: its last turn, when its speech ended and when that turn was done (seconds from the
    start), and how many turns ended before its speech did. Raises AudioError where nobody speaks.
    """
    span = spoken_s(clip)
    if span is None:
        raise AudioError("nobody speaks in this recording: choose one with a command")
    started: list[float] = []

    def clock() -> float:
        now = time.monotonic()
        started.append(now)
        return now

    early, told = 0, 0

    def counted(frames: Iterator[Frame]) -> Iterator[Frame]:
        nonlocal told
        for frame in frames:
            told += 1
            yield frame

    for live in listener.turns(counted(in_time(frames_of(followed(clip, SILENCE_S)), FRAME_S, clock))):
        done_s = time.monotonic() - started[0]
        if told * FRAME_S >= span[1]:
            return live, span[1], done_s, early
        early += 1
    return None, span[1], 0.0, early


def first_audio_s(voice: Voice, text: str) -> float | None:
    """Seconds from a reply's words to its first audible sample: to its first clause being handed to the player, and the
    silence it begins with; None when there is no sound."""
    handed = Event()
    moment = 0.0

    def noted(clause: str) -> Audio:
        nonlocal moment
        try:
            made = voice.sound(clause)
            moment = moment or time.perf_counter() + silence_s(made)
            return made
        finally:
            handed.set()

    mouth = Mouth(noted, ready=voice.ready)
    start = time.perf_counter()
    try:
        mouth.say(text)
        handed.wait(_LONGEST_S)
    finally:
        mouth.close()
    return moment - start if moment else None


def silence_s(audio: Audio) -> float:
    """Before the first sample within 40 dB of the loudest."""
    loud = np.abs(audio.samples)
    return float(np.argmax(loud > 0.01 * loud.max())) / audio.rate if len(loud) else 0.0


def voices(name: str, synth: Synthesizer, cache: PhraseCache) -> dict[str, Voice]:
    """A voice that makes every clause, then one that is prepared for the day as ``listen`` does it in quiet moments.
    Loads the voice. Raises SpeechError.
    """
    if not len(synth.synthesize("您好").samples):
        raise SpeechError(f"the voice {name} gives no sound: run `courier-voice models verify`")
    speaker, quiet = VoiceSpeaker(synth, SoundDevicePlayer(), cache), Event()
    speaker.ahead.idle = quiet.is_set  # what is not made in time must not be made while a recording is heard

    def prepare(day: Day) -> None:
        quiet.set()
        speaker.prepare(openers(day))
        speaker.ahead.settle(PREPARING_S)
        quiet.clear()

    return {
        name: Voice(lambda clause: trimmed(synth.synthesize(clause), clause)),
        f"{name}, prepared": Voice(speaker.sound, speaker.ready, prepare),
    }


def summary(rows: Sequence[Row], headline: str) -> Row:
    """p50 and p95 in ms of each loop's stages and of the first sound by voice; ``headline`` is the voice of
    ``first_audio_ms``, which is our loop's; ``not_dictated_ms`` leaves dictated messages out, which a long pause ends.
    """
    names = dict.fromkeys(row["loop"] for row in rows)
    loops = {name: loop_figures([row for row in rows if row["loop"] == name]) for name in names}
    first = loops["ours"]["first_audio_ms"].get(headline)
    short = [r for r in rows if r["loop"] == "ours" and not r["missed"] and not r["dictated"]]
    apart = _by_name([row["first_audio_ms"] for row in short]).get(headline)
    return {"first_audio_ms": first, "not_dictated_ms": apart, "voice": headline, "loops": loops}


def loop_figures(rows: Sequence[Row]) -> Row:
    """One loop's figures; ``early`` counts recordings cut off before their end, ``missed`` those whose end
    brought no turn, ``came`` (the peer's) what became of them, by kind.
    """
    told = [row for row in rows if not row["missed"]]
    kinds = Counter(row["came"] for row in rows if "came" in row)
    return {
        "recordings": len(rows),
        "missed": len(rows) - len(told),
        "early": sum(bool(row["early"]) for row in rows),
        "intents right": sum(row["right"] for row in told),
        **({"came": dict(kinds)} if kinds else {}),
        **{kind: _by_name([row.get(kind, {}) for row in told]) for kind in ("ms", "voice_ms", "first_audio_ms")},
    }


def _by_name(rows: Sequence[Mapping[str, float]]) -> Row:
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: percentiles([row[name] for row in rows if name in row]) for name in names}


def _ms(seconds: Mapping[str, float | None]) -> dict[str, float]:
    return {name: round(s * 1000, 1) for name, s in seconds.items() if s is not None}
