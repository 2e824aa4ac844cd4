"""Where utterances are ended: recorded commands with real pauses put in, and whole ones, as fast as they can be heard.

A pause is a stretch of the recording's own background, put where it is quietest about the middle of a number, an
address or a dictated message; where that is in the sound is told from how far on in the words it is.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from courier_voice.audio.endpoint import FRAME_S
from courier_voice.audio.endpointing import Ended, events
from courier_voice.audio.mic import Frame, frames_of
from courier_voice.audio.wav import read_audio
from courier_voice.core.ports import Transcriber
from courier_voice.core.turn import Turn
from courier_voice.core.words import Audio
from courier_voice.evals.clips import followed, paused, quiet_s, spoken_s
from courier_voice.evals.goldens import GoldenTurn, Scene
from courier_voice.evals.marks import as_hanzi
from courier_voice.evals.replay import in_scene
from courier_voice.evals.summary import percentiles
from courier_voice.live import Listener
from courier_voice.nlu.cascade import Cascade
from courier_voice.nlu.polish import LlmPolisher, TemplatePolisher
from courier_voice.settings import Settings

Row = dict[str, Any]
Kind = Literal["whole", "digits", "address", "message"]
Recording = tuple[Scene, GoldenTurn]

PAUSE_S: Final = 1.5
SILENCE_S: Final = 6.0
"""Behind each recording: an utterance that has not ended by then is a missed ending."""
QUICK_S: Final = 0.3
"""What a wait after a complete command may be."""
FIXED_S: Final = (0.3, 0.8, 1.7)
"""Waits that know nothing of the task, beside ours."""
_DIGITS: Final = re.compile("[零一二三四五六七八九]{4,}")
_AROUND_S: Final = 0.2
_LEAST: Final = 4
"""Letters a span must have for its middle to be found."""


@dataclass(frozen=True)
class Trial:
    """A recording as it is played. ``kind``: what a pause was put into; the pause lasts to ``resumed_s``, the last word
    to ``end_s``."""

    scene: Scene
    golden: GoldenTurn
    kind: Kind
    sound: Audio
    end_s: float
    resumed_s: float = 0.0


@dataclass(frozen=True)
class Heard:
    """``ends_s``: when utterances ended; ``waits_s``: the silence waited through before each; ``last``: the last turn;
    ``open_end``: whether the last only ended because the recording did."""

    ends_s: tuple[float, ...] = ()
    waits_s: tuple[float, ...] = ()
    open_end: bool = False
    last: Turn | None = field(default=None, compare=False)


def trials(recordings: Sequence[Recording], pause_s: float = PAUSE_S) -> Iterator[Trial]:
    """Each recording whole, and with a pause inside each kind of span it has. Those in which nobody is found to speak
    are left out."""
    for scene, golden in recordings:
        clip = read_audio(scene.sound(golden))
        span = spoken_s(clip)
        if span is None:
            continue
        yield Trial(scene, golden, "whole", followed(clip, SILENCE_S), span[1])
        for kind, share in middles(golden):
            about = span[0] + share * (span[1] - span[0])
            at = quiet_s(clip, (about - _AROUND_S, about + _AROUND_S))
            sound = followed(paused(clip, at, pause_s), SILENCE_S)
            yield Trial(scene, golden, kind, sound, span[1] + pause_s, at + pause_s)


def middles(golden: GoldenTurn) -> Iterator[tuple[Kind, float]]:
    """How far on in the words, 0..1, the middle of each span is in which he may stop to think."""
    spoken = as_hanzi(golden.spoken)
    slots = golden.expect.slots
    address = as_hanzi((slots.target and slots.target.address) or "")
    digits = _DIGITS.search(spoken)
    spans: list[tuple[Kind, int, int]] = [("digits", *digits.span())] if digits else []
    for kind, words in (("address", address), ("message", as_hanzi(slots.message or ""))):
        if len(words) >= _LEAST and words in spoken:
            start = spoken.index(words)
            spans.append(("address" if kind == "address" else "message", start, start + len(words)))
    for name, start, end in spans:
        yield name, (start + end) / 2 / len(spoken)


def listened(listener: Listener, sound: Audio) -> Heard:
    """Our loop, in step with its decoding: what it ends, and when."""
    told = 0

    def counted(frames: Iterator[Frame]) -> Iterator[Frame]:
        nonlocal told
        for frame in frames:
            told += 1
            yield frame

    ends, waits, last = [], [], None
    for live in listener.turns(counted(frames_of(sound))):
        ends.append(told * FRAME_S)
        waits.append(live.endpoint_s)
        last = live.turn
    return Heard(tuple(ends), tuple(waits), _open(ends, sound), last)


def waited(sound: Audio, patience_s: float) -> Heard:
    """A fixed wait for silence; nothing is decoded."""
    ended = [event for event in events(frames_of(sound), lambda: patience_s) if isinstance(event, Ended)]
    ends = tuple(event.at_s for event in ended)
    return Heard(ends, tuple(event.at_s - event.spoken_s for event in ended), _open(ends, sound))


def _open(ends_s: Sequence[float], sound: Audio) -> bool:
    return bool(ends_s) and ends_s[-1] >= sound.seconds - FRAME_S


def ending_row(trial: Trial, way: str, heard: Heard) -> Row:
    """How one recording was ended. ``cut_off``: before its last word; in one with a pause, in that pause."""
    tick = FRAME_S  # frames are counted when they are over
    in_time = [e for e in heard.ends_s if e < (trial.resumed_s or trial.end_s) - tick]
    missed = heard.open_end or not any(e >= trial.end_s - tick for e in heard.ends_s)
    row: Row = {
        "way": way,
        "scene": trial.scene.name,
        "wav": trial.golden.wav,
        "condition": trial.golden.condition,
        "kind": trial.kind,
        "utterances": len(heard.ends_s),
        "cut_off": bool(in_time),
        "missed": missed,
        "wait_s": None if missed else round(heard.waits_s[-1], 3),
    }
    if heard.last:
        complete = heard.last.kind in ("act", "answer", "confirm")
        row |= {"complete": complete, "right": heard.last.intent == trial.golden.expect.intent}
    return row


def endings(
    chosen: Sequence[Trial],
    settings: Settings,
    *,
    nlu: Cascade,
    polisher: LlmPolisher | TemplatePolisher,
    asr: Transcriber,
    step: Callable[[], None],
) -> Iterator[Row]:
    """A row a trial and way; each starts with a fresh agent."""
    with tempfile.TemporaryDirectory() as scratch:
        for number, trial in enumerate(chosen):
            outbox = Path(scratch) / f"{number}.sqlite3"
            wired = in_scene(trial.scene, settings, outbox, nlu=nlu, polisher=polisher, asr=asr)
            with wired.outbox:
                yield ending_row(trial, "ours", listened(Listener(wired.agent, nlu.glance, in_step=True), trial.sound))
            for seconds in FIXED_S:
                yield ending_row(trial, f"{seconds:g} s", waited(trial.sound, seconds))
            step()


def ending_figures(rows: Sequence[Row]) -> list[Row]:
    """A row a way. ``cut_off`` is by kind, of how many; waits are after complete commands (by our reading of them, for
    the fixed ones after all), ``over`` counts those longer than `QUICK_S`.
    """
    figures = []
    for way in dict.fromkeys(row["way"] for row in rows):
        mine = [row for row in rows if row["way"] == way]
        kinds = dict.fromkeys(row["kind"] for row in mine)
        cut = {k: [row["cut_off"] for row in mine if row["kind"] == k] for k in kinds}
        whole = [row for row in mine if row["kind"] == "whole" and row.get("complete", True)]
        waits = [row["wait_s"] for row in whole if row["wait_s"] is not None and not row["cut_off"]]
        figures.append(
            {
                "way": way,
                "cut_off": {kind: [sum(each), len(each)] for kind, each in cut.items()},
                "missed": [sum(row["missed"] for row in mine), len(mine)],
                "wait_s": percentiles(waits) if waits else None,
                "over": [sum(wait > QUICK_S for wait in waits), len(waits)],
            }
        )
    return figures
