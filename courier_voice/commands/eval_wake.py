"""eval wake: hits of the wake phrase over synthesised clips, false wakes over recorded and synthesised sound."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
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
from courier_voice.training.seeds import read_seeds
from courier_voice.training.wake_clips import PHRASES, plan
from courier_voice.weights.fetch import pull
from courier_voice.weights.locate import locate

CONDITIONS: Final = (("clean", None), ("10dB", 10.0), ("5dB", 5.0))
ALIKE: Final = "lines made to sound alike"
"""Talk that calls a 小哥, or something that sounds like it."""
_TOGETHER: Final = 10
"""Clips of talk played one after the other."""
Noises = Mapping[str, NDArray[np.float32]]
Sound = tuple[str, dict[str, Any], Audio]
"""An id, what it is, and how it sounds."""


def wake(data: Path | None, limit: int, fresh: bool, json_: bool, seed: int = 0) -> None:
    """``data``: a folder of clips beside ours of which those without the phrase are played as talk, too. ``limit``: of
    clips of a kind, files and scenes."""
    settings = begin()
    pull(["kokoro-82m", "kokoro-voices-zh", "kokoro-voices-world"], settings.weights)
    clips, cast = plan(locate("kokoro-voices-world", settings.weights), seed)
    clips = [clip for kind in ("wake", "talk") for clip in [c for c in clips if c.kind == kind][: limit or None]]
    folder = settings.home / "wake"
    with waiting("正在合成唤醒语音…"):
        speak(clips, cast, folder, settings.weights, workers=1)
    spotter = spotter_of(settings, build_asr(settings))
    noises = {file.stem: read_audio(file).samples for file in sorted(_noise().glob("*.flac"))}
    said, plain = [clip for clip in clips if clip.kind == "talk"], {line.text for line in read_seeds()}
    sounds = [
        *called([clip for clip in clips if clip.kind == "wake"], folder, noises, seed),
        *recorded(limit, noises, seed),
        *talk([clip for clip in said if clip.text in plain], folder, "synthesised talk", noises, seed),
        *talk([clip for clip in said if clip.text not in plain], folder, ALIKE, noises, seed),
    ]
    if data:
        others = [clip for clip in read_index(data) if clip.kind == "general"][: limit or None]
        sounds += talk(others, data, data.name, noises, seed)
    rows = _tried(sounds, spotter, Journal(settings.home / "evals", f"wake-{fingerprint(str(seed))}", fresh=fresh))
    told = [*hits([r for r in rows if "phrase" in r]), *false_wakes([r for r in rows if "source" in r])]
    told.append(marks(told))
    if json_:
        for row in told:
            emit(row)
    else:
        _show(told)


def called(clips: Sequence[Clip], folder: Path, noises: Noises, seed: int) -> Iterator[Sound]:
    """Each clip in silence and over each ratio, the noises taking turns."""
    for number, clip in enumerate(clips):
        for condition, sound in _in_street(read_audio(folder / clip.file), noises, (seed, number)):
            yield f"{clip.file} {condition}", {"phrase": clip.keys[0], "condition": condition}, sound


def recorded(limit: int, noises: Noises, seed: int) -> Iterator[Sound]:
    """The noises, and every recorded turn: commands, real people, and talk, none of which has a wake phrase in it."""
    for name in list(noises)[: limit or None]:
        yield f"{name}.flac", {"source": "recorded noise"}, Audio(noises[name])
    for scene in load_scenes(_noise().parent)[: limit or None]:
        for number, turn in enumerate(scene.turns):
            quiet = np.zeros(16000, np.float32)
            samples = np.concatenate([read_audio(scene.sound(turn)).samples, quiet])
            for condition, sound in _in_street(Audio(samples), noises, (seed, number)):
                yield f"{scene.name}/{turn.wav} {condition}", {"source": f"recorded turns, {condition}"}, sound


def talk(clips: Sequence[Clip], folder: Path, source: str, noises: Noises, seed: int) -> Iterator[Sound]:
    """Clips without a phrase, some at a time."""
    for at in range(0, len(clips), _TOGETHER):
        some = end_to_end([read_audio(folder / clip.file) for clip in clips[at : at + _TOGETHER]])
        for condition, sound in _in_street(some, noises, (seed, at)):
            yield f"{source} {at} {condition}", {"source": f"{source}, {condition}", "alike": source == ALIKE}, sound


def _in_street(sound: Audio, noises: Noises, seed: tuple[int, int]) -> Iterator[tuple[str, Audio]]:
    """A sound as it is, and over one of the noises at each ratio, as what is to wake is tried."""
    for condition, snr_db in CONDITIONS:
        noise = None if snr_db is None else list(noises.values())[seed[1] % len(noises)]
        yield condition, mixed(sound, noise, snr_db or 0.0, np.random.default_rng(seed))


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
