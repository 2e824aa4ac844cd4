"""eval wake: hits of the wake phrase over synthesised clips, false wakes over recorded and synthesised sound."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from rich.console import Console
from rich.table import Table

from courier_voice.app import build_asr, data_dir
from courier_voice.audio.wav import read_audio
from courier_voice.commands.addressed import spotter_of
from courier_voice.commands.out import begin, counted, emit, waiting
from courier_voice.core.ports import Transcriber
from courier_voice.core.words import Audio
from courier_voice.evals.goldens import load_scenes
from courier_voice.evals.journal import Journal, fingerprint
from courier_voice.evals.mix import end_to_end, mixed
from courier_voice.evals.wake import false_wakes, hits, marks, tried
from courier_voice.training.clips import Clip, read_index, speak
from courier_voice.training.wake_clips import PHRASES, plan
from courier_voice.weights.fetch import pull
from courier_voice.weights.locate import locate

CONDITIONS: Final = (("clean", None), ("10dB", 10.0), ("5dB", 5.0))
_TOGETHER: Final = 10
"""Clips of talk played one after the other."""
Sound = tuple[str, dict[str, Any], Audio]
"""An id, what it is, and how it sounds."""


def wake(data: Path | None, limit: int, fresh: bool, json_: bool, seed: int = 0) -> None:
    """``data``: a folder of clips beside ours of which those without the phrase are played as talk, too."""
    settings = begin()
    pull(["kokoro-82m", "kokoro-voices-zh", "kokoro-voices-world"], settings.weights)
    clips, cast = plan(locate("kokoro-voices-world", settings.weights), seed)
    folder = settings.home / "wake"
    with waiting("正在合成唤醒语音…"):
        speak(clips, cast, folder, settings.weights, workers=1)
    spotter = spotter_of(settings, build_asr(settings))
    noises = {file.stem: read_audio(file).samples for file in sorted(_noise().glob("*.flac"))}
    sounds = [
        *called([clip for clip in clips if clip.kind == "wake"][: limit or None], folder, noises, seed),
        *recorded(limit),
        *talk([clip for clip in clips if clip.kind == "talk"][: limit or None], folder, "synthesised talk"),
        *(talk([c for c in read_index(data) if c.kind == "general"][: limit or None], data, data.name) if data else ()),
    ]
    rows = _tried(sounds, spotter, Journal(settings.home / "evals", f"wake-{fingerprint(str(seed))}", fresh=fresh))
    told = [*hits([r for r in rows if "phrase" in r]), *false_wakes([r for r in rows if "source" in r])]
    told.append(marks(told))
    if json_:
        for row in told:
            emit(row)
    else:
        _show(told)


def called(clips: Sequence[Clip], folder: Path, noises: dict[str, Any], seed: int) -> Iterator[Sound]:
    """Each clip in silence and over each ratio, the noises taking turns."""
    for number, clip in enumerate(clips):
        speech = read_audio(folder / clip.file)
        for condition, snr_db in CONDITIONS:
            noise = None if snr_db is None else list(noises.values())[number % len(noises)]
            sound = mixed(speech, noise, snr_db or 0.0, np.random.default_rng((seed, number)))
            yield f"{clip.file} {condition}", {"phrase": clip.keys[0], "condition": condition}, sound


def recorded(limit: int) -> Iterator[Sound]:
    """The noises, and every recorded turn: commands, real people, and talk, none of which has a wake phrase in it."""
    for file in sorted(_noise().glob("*.flac"))[: limit or None]:
        yield file.name, {"source": "recorded noise"}, read_audio(file)
    for scene in load_scenes(_noise().parent)[: limit or None]:
        for turn in scene.turns:
            quiet = np.zeros(16000, np.float32)
            samples = np.concatenate([read_audio(scene.sound(turn)).samples, quiet])
            yield f"{scene.name}/{turn.wav}", {"source": "recorded turns"}, Audio(samples)


def talk(clips: Sequence[Clip], folder: Path, source: str) -> Iterator[Sound]:
    """Clips without a phrase, some at a time."""
    for at in range(0, len(clips), _TOGETHER):
        some = [read_audio(folder / clip.file) for clip in clips[at : at + _TOGETHER]]
        yield f"{source} {at}", {"source": source}, end_to_end(some)


def _tried(sounds: Sequence[Sound], spotter: Transcriber, journal: Journal) -> list[dict[str, Any]]:
    shipped = next(iter(PHRASES))
    rows: list[dict[str, Any]] = []
    with journal, counted("唤醒词", len(sounds)) as step:
        for name, about, sound in sounds:
            row = journal.done.get(name)
            if row is None:
                row = {"id": name, **about, **tried(sound, about.get("phrase", shipped), spotter)}
                journal.add(row)
            rows.append(row)
            step()
    return rows


def _noise() -> Path:
    return data_dir("fixtures") / "audio" / "noise"


def _show(told: Sequence[dict[str, Any]]) -> None:
    table = Table("phrase", "condition", "clips", "hits", box=None)
    quiet = Table("sound without it", "minutes", "utterances", "false wakes", "an hour", "CPU s each", box=None)
    for row in told:
        if "hits" in row:
            table.add_row(row["hits"], row["condition"], str(row["clips"]), f"{row['rate']:.1%}")
        elif "false_wakes" in row:
            cells = (row[key] for key in ("minutes", "utterances", "woke", "an_hour", "cpu_s_each"))
            quiet.add_row(row["false_wakes"], *map(str, cells))
    Console().print(table, quiet, f"marks met: {told[-1]['marks']}")
