"""bench --barge-in: what stops a reply, and how soon, in simulated rooms; no microphone, no recogniser."""

from __future__ import annotations

from typing import Final

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from courier_voice.app import build_synthesizer, data_dir
from courier_voice.audio.duplex import has_canceller
from courier_voice.audio.wav import read_audio
from courier_voice.commands.out import begin, counted, emit, stderr
from courier_voice.core.errors import SettingsError, SpeechError, WeightsError
from courier_voice.core.words import RATE, Audio
from courier_voice.evals.barge_in_rows import MARK_MS, Row, barge_in_figures, cases, rows
from courier_voice.evals.clips import read_noises
from courier_voice.evals.goldens import load_scenes
from courier_voice.evals.loud import Recording, commands
from courier_voice.evals.street import Samples

SAID: Final = "今天还有十二件没有派送，最近的一件在云栖大厦，要现在打给收件人吗"
SAID_BEFORE: Final = "已经打通了，短信也发出去了，下一件是三号楼的快递"
REPLY_S: Final = 6.0
SEED: Final = 7


def bench(clips: int, json_: bool) -> None:
    if clips < 1:
        raise typer.BadParameter("at least one clip", param_hint="--turns")
    if not has_canceller():
        raise SettingsError("no echo canceller: pip install pywebrtc-audio")
    settings = begin(tts={"engine": "kokoro"})
    audio = data_dir("fixtures") / "audio"
    clean = [pair for pair in commands(load_scenes(audio)) if pair[1].condition == "clean"]
    voice = settings.tts.voice
    try:
        synth = build_synthesizer(settings)
        before, reply = (_sixteen(synth.synthesize(text)) for text in (SAID_BEFORE, SAID))
    except (WeightsError, SpeechError) as error:
        stderr.print(f"a recorded voice as the reply: {error}", markup=False)
        voice = next(turn.voice for _, turn in clean if turn.voice) or ""
        before, reply = _recorded([pair for pair in clean if pair[1].voice == voice])
    others = [pair for pair in clean if pair[1].voice != voice]
    others = others[:: max(1, len(others) // clips)][:clips]
    speech = [_read(pair) for pair in others]
    chosen = cases(speech, read_noises(audio / "noise"), max(1, clips // 4), SEED)
    made: list[Row] = []
    with counted("插话", len(chosen)) as step:
        for row in rows(chosen, reply, before, step):
            made.append(row)
            if json_:
                emit(row)
    figures = barge_in_figures(made)
    if json_:
        emit({"summary": figures})
        return
    table = Table(
        "over the reply",
        "stopped it",
        f"in {MARK_MS:g} ms",
        "or low by then",
        "ms p50 / p95",
        "false stops",
        "low s",
        box=None,
    )
    for row in figures:
        ms = row.get("ms")
        table.add_row(
            row["kind"],
            f"{row['stopped']} / {row['of']}" if "stopped" in row else "",
            f"{row['in_time']} / {row['of']}" if "in_time" in row else "",
            f"{row['yielded_in_time']} / {row['of']}" if "yielded_in_time" in row else "",
            f"{ms['p50']:.0f} / {ms['p95']:.0f}" if ms else "",
            f"{row['false_stops']} / {row['of']}",
            f"{row['ducked_s']:g}",
        )
    Console().print(table)


def _recorded(recordings: list[Recording]) -> tuple[Samples, Samples]:
    """Two replies out of recordings of one voice."""
    sound = np.concatenate([_read(pair).samples for pair in recordings])
    wanted = round(REPLY_S * RATE)
    sound = np.resize(sound, max(len(sound), 2 * wanted))
    return sound[:wanted], sound[wanted : 2 * wanted]


def _read(recording: Recording) -> Audio:
    scene, turn = recording
    return read_audio(scene.sound(turn))


def _sixteen(made: Audio) -> Samples:
    import soxr

    return np.asarray(soxr.resample(made.samples, made.rate, RATE), np.float32)
