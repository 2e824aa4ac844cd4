"""understand, transcribe, polish: one stage alone."""

from __future__ import annotations

import time
from pathlib import Path

import typer

from courier_voice.app import build_asr, build_polisher
from courier_voice.commands.models import by_route, ready_llm, ready_nlu
from courier_voice.commands.out import begin, counted, emit, frame, lines, recogniser, stderr, waiting
from courier_voice.core.errors import CourierVoiceError, WeightsError
from courier_voice.core.privacy import mask_phones
from courier_voice.core.turn import NluContext
from courier_voice.text.normalize import normalize


def _texts(text: str, file: Path | None, key: str) -> list[str]:
    texts = list(lines(file, key)) if file else [text] if text.strip() else []
    if not texts:
        raise typer.BadParameter("nothing to read: give a TEXT, or --file with one a line")
    return texts


def understand(text: str, file: Path | None, route: str | None, json_: bool) -> None:
    texts = _texts(text, file, "text")
    cascade, _ = ready_nlu(begin(**by_route(route)))
    with counted("理解", len(texts)) as step:
        for one in texts:
            start = time.perf_counter()
            meant = cascade.understand(normalize(one), NluContext())
            ms = (time.perf_counter() - start) * 1000
            frames = [frame(draft) for draft in meant.drafts]
            if json_ or file:
                emit({"text": mask_phones(one), "intents": frames, "route": meant.route, "ms": round(ms, 1)})
            else:
                for read in frames:
                    typer.echo(f"{read['intent']}  {read['slots']}")
                typer.echo(f"（{meant.route}，{ms:.0f} 毫秒）")
            step()


def transcribe(files: list[Path], engine: str | None, adapter: str | None, json_: bool) -> None:
    from courier_voice.audio.wav import read_audio

    settings = begin(**recogniser(engine, adapter))
    with waiting("正在准备识别模型…"):
        asr = build_asr(settings)
    failed = False
    with counted("识别", len(files)) as step:
        for file in files:
            try:
                audio = read_audio(file)
                start = time.perf_counter()
                heard = asr.transcribe(audio)
            except CourierVoiceError as error:
                failed = True
                told = str(error)  # an AudioError names its file, a TranscriptionError knows none
                stderr.print(told if told.startswith(file.name) else f"{file.name}: {told}", markup=False)
                step()
                continue
            ms = round((time.perf_counter() - start) * 1000, 1)
            if json_:
                row = {
                    "file": str(file),
                    "text": heard.text,
                    "raw": heard.raw,
                    "confidence": round(heard.confidence, 3),
                }
                nbest = [{"text": h.text, "logprob": round(h.logprob, 3)} for h in heard.nbest]
                emit({**row, "audio_s": round(audio.seconds, 2), "ms": ms, "nbest": nbest})
            else:
                typer.echo(f"{file.name}: {heard.text or '（没有人说话）'}")
            step()
    if failed:
        raise typer.Exit(1)


def polish(text: str, file: Path | None, json_: bool) -> None:
    texts = _texts(text, file, "spoken")
    settings = begin()
    try:
        polisher = build_polisher(ready_llm(settings))
    except WeightsError as error:
        stderr.print(f"without a language model, from templates: {error}", markup=False)
        polisher = build_polisher(None)
    with counted("润色", len(texts)) as step:
        for one in texts:
            start = time.perf_counter()
            done = polisher.polished(one)
            ms = round((time.perf_counter() - start) * 1000, 1)
            if json_ or file:
                emit({"spoken": one, "sms": done.sms, "fallback": done.fallback, "ms": ms})
            else:
                typer.echo(done.sms)
            step()
