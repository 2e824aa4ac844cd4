"""soak: hours of a simulated street at speed, through one hands-free loop."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import typer

from courier_voice.app import build_asr, build_polisher, data_dir
from courier_voice.commands.models import by_route, ready_nlu
from courier_voice.commands.out import begin, counted, emit, waiting
from courier_voice.core.words import RATE, Audio
from courier_voice.evals.clips import read_noises
from courier_voice.evals.goldens import load_scenes
from courier_voice.evals.replay import in_scene
from courier_voice.evals.soak import SAMPLE_S, Remembering, Soak, street
from courier_voice.live import Listener
from courier_voice.speech.cache import PhraseCache
from courier_voice.speech.mouth import Mouth


def soak(hours: float, seed: int, anew: int, nlu_route: str | None, json_: bool) -> None:
    settings = begin(**by_route(nlu_route))
    audio = data_dir("fixtures") / "audio"
    scenes = load_scenes(audio)
    with waiting("正在准备识别模型…"):
        asr = build_asr(settings)
    cascade, model = ready_nlu(settings)
    walk = Soak(street(scenes), read_noises(audio / "noise"), hours, seed)
    ear = Remembering(asr, walk.place, anew)
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as scratch:
        outbox = Path(scratch) / "outbox.sqlite3"
        wired = in_scene(scenes[0], settings, outbox, nlu=cascade, polisher=build_polisher(model), asr=ear)
        mouth = Mouth(_kept(PhraseCache(Path(scratch) / "phrases", "soak", limit_bytes=1_000_000)), in_step=True)
        try:
            with wired.outbox, counted("走街", round(hours * 3600 / SAMPLE_S)) as step:
                listener = Listener(wired.agent, cascade.glance, in_step=True)
                figures = walk.run(wired, listener, mouth, step)
        finally:
            mouth.close()
    took = round(time.monotonic() - began)
    figures |= {"seconds": took, "decodings": ear.asked, "really_heard": ear.listened}
    if json_:
        emit(figures)
    else:
        for name, value in figures.items():
            typer.echo(f"{name}: {value}")
    if not figures["passed"]:
        raise typer.Exit(1)


def _kept(cache: PhraseCache) -> Callable[[str], Audio]:
    """A voice that hums for as long as the words would take, its phrases kept as a real one's are."""

    def sound(clause: str) -> Audio:
        if (kept := cache.get(clause)) is not None:
            return kept
        t = np.arange(round(0.2 * len(clause) * RATE)) / RATE
        made = Audio((0.1 * np.sin(2 * np.pi * 220 * t)).astype(np.float32))
        cache.put(clause, made)
        return made

    return sound
