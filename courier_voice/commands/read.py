"""understand, transcribe, polish: one stage alone."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import typer

from courier_voice.app import build_asr, build_polisher
from courier_voice.commands.models import by_route, ready_llm, ready_nlu
from courier_voice.commands.out import begin, counted, emit, frame, lines, recogniser, stderr, waiting
from courier_voice.core.errors import CourierVoiceError, WeightsError
from courier_voice.core.ports import Transcriber
from courier_voice.core.privacy import mask_phones
from courier_voice.core.turn import NluContext
from courier_voice.core.words import Audio, Transcript
from courier_voice.text.normalize import normalize


def _texts(text: str, file: Path | None, key: str) -> list[str]:
    texts = list(lines(file, key)) if file else [text] if text.strip() else []
    if not texts:
        raise typer.BadParameter("nothing to read: give a TEXT, or --file with one a line")
    return texts


def understand(text: str, file: Path | None, route: str | None, json_: bool) -> None:
    texts = _texts(text, file, "text")
    cascade, _ = ready_nlu(begin(**by_route(route)), whole=True)
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


def transcribe(files: list[Path], engine: str | None, adapter: str | None, together: int, json_: bool) -> None:
    from courier_voice.audio.wav import read_audio

    settings = begin(**recogniser(engine, adapter))
    with waiting("正在准备识别模型…"):
        asr = build_asr(settings)
    failed = False
    with counted("识别", len(files)) as step:
        for waiting_files in batched(files, together):
            audios: list[tuple[Path, Audio]] = []
            for file in waiting_files:
                try:
                    audios.append((file, read_audio(file)))
                except CourierVoiceError as error:
                    failed = True
                    stderr.print(str(error), markup=False)
                    step()
            try:
                start = time.perf_counter()
                heard = _heard(asr, [audio for _, audio in audios])
            except CourierVoiceError as error:
                failed = True
                stderr.print(f"{', '.join(file.name for file, _ in audios)}: {error}", markup=False)
                heard = []
            ms = (time.perf_counter() - start) * 1000 / max(1, len(audios))
            for (file, audio), transcript in zip(audios, heard, strict=False):
                _tell(file, audio, transcript, ms, json_)
            for _ in audios:
                step()
    if failed:
        raise typer.Exit(1)


def batched(files: list[Path], size: int) -> Iterator[list[Path]]:
    for start in range(0, len(files), size):
        yield files[start : start + size]


def _heard(asr: Transcriber, audios: list[Audio]) -> list[Transcript]:
    from courier_voice.asr.faster import FasterWhisper
    from courier_voice.asr.second import SecondOpinion

    if len(audios) > 1 and isinstance(asr, FasterWhisper | SecondOpinion):
        return asr.transcribe_waiting(audios)
    return [asr.transcribe(audio) for audio in audios]


def _tell(file: Path, audio: Audio, heard: Transcript, ms: float, json_: bool) -> None:
    if not json_:
        typer.echo(f"{file.name}: {mask_phones(heard.text) or '（没有人说话）'}")
        return
    row = {
        "file": str(file),
        "text": mask_phones(heard.text),
        "raw": mask_phones(heard.raw),
        "confidence": None if heard.confidence is None else round(heard.confidence, 3),
    }
    nbest = [{"text": mask_phones(h.text), "logprob": round(h.logprob, 3)} for h in heard.nbest]
    emit({**row, "audio_s": round(audio.seconds, 2), "ms": round(ms, 1), "nbest": nbest})


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
                emit({"spoken": mask_phones(one), "sms": mask_phones(done.sms), "fallback": done.fallback, "ms": ms})
            else:
                typer.echo(mask_phones(done.sms))
            step()
