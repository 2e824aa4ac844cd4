"""bench --hands-free: response times of the loop, stage by stage, on recordings played in real time."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.table import Table

from courier_voice.app import build_synthesizer, data_dir
from courier_voice.commands.models import ready_asr, ready_nlu, ready_polisher
from courier_voice.commands.out import begin, counted, emit, stderr
from courier_voice.core.errors import SpeechError
from courier_voice.evals.bench import sampled
from courier_voice.evals.goldens import load_scenes
from courier_voice.evals.hands_free import LOOPS, Loop, Voice, summary, voices
from courier_voice.evals.peer import pipecat
from courier_voice.settings import Settings
from courier_voice.speech.cache import PhraseCache


def bench(turns: int, peer_python: Path | None, json_: bool) -> None:
    if turns < 1:
        raise typer.BadParameter("at least one turn", param_hint="--turns")
    settings = begin()
    recordings = sampled(load_scenes(data_dir("fixtures") / "audio"), turns)
    with ExitStack() as held:
        peer = held.enter_context(pipecat(peer_python, settings)) if peer_python else None
        asr = ready_asr(settings)
        nlu, model = ready_nlu(settings, at_once=True)
        said = _voices(settings, Path(held.enter_context(tempfile.TemporaryDirectory())))
        loop = Loop(settings, nlu, ready_polisher(model), asr, said)
        rows = []
        with counted("实时播放", len(recordings) * (len(LOOPS) + bool(peer))) as step:
            for row in loop.rows(recordings, step, peer):
                rows.append(row)
                if json_:
                    emit(row)
    figures = summary(rows, list(said)[min(1, len(said) - 1)] if said else "")
    if json_:
        emit(figures)
    else:
        _show(figures)


def _voices(settings: Settings, folder: Path) -> dict[str, Voice]:
    """The voice the settings choose, first; eSpeak, the quick one, beside it. Those that do not start are left out."""
    from courier_voice.speech.espeak import Espeak

    found: dict[str, Voice] = {}
    for synth in (build_synthesizer(settings), Espeak()):
        try:
            name = type(synth).__name__
            if name not in found:
                found |= voices(name, synth, PhraseCache(folder, name))
        except SpeechError as error:
            stderr.print(f"without that voice: {error}", markup=False)
    return found


def _show(figures: dict[str, Any]) -> None:
    console = Console()
    for name, loop in figures["loops"].items():
        cuts = f"{loop['early']} cut off, {loop['missed']} missed, {loop['intents right']} intents right"
        if others := [f"{count} {kind}" for kind, count in loop.get("came", {}).items() if kind != "right"]:
            cuts += f"; the others: {', '.join(others)}"
        table = Table(f"{name}: ms after the last word", "p50", "p95", box=None, title_justify="left")
        for stage, ms in loop["ms"].items():
            table.add_row(stage, f"{ms['p50']:.0f}", f"{ms['p95']:.0f}")
        for voice, ms in loop["first_audio_ms"].items():
            table.add_row(f"first audio, {voice}", f"{ms['p50']:.0f}", f"{ms['p95']:.0f}", style="bold")
        if name == "ours" and (apart := figures["not_dictated_ms"]):
            voice = f"first audio but of dictated messages, {figures['voice']}"
            table.add_row(voice, f"{apart['p50']:.0f}", f"{apart['p95']:.0f}")
        console.print(table, f"{loop['recordings']} recordings: {cuts}\n")
