"""The peer ``bench --hands-free --peer-python`` compares with: the pipeline of pipecat's guide (recogniser, the user's
context aggregator with Silero VAD and the smart-turn model, then whoever answers), all at its defaults, with our
Whisper weights in faster-whisper (int8) and our fast understanding where the language model would stand.

The turn's words are taken from the aggregator's context, as a language model gets them: the frame that tells a turn's
end is a system frame and overtakes the transcript pushed before it (pipecat issue 4008), so whoever takes the words
that are there when it comes has none. Words of a turn cut in two are understood together, as in a context.

What it still misses, at these defaults: a pause of 0.2 s cuts the speech, and the first part's transcript ends the
turn if it comes once the turn model has seen the end, without the part still being decoded; a part that Whisper takes
for no speech by 0.4 or more is dropped (``no_speech_prob``); a turn without words ends after 5 s. Nothing tells the
recogniser the day's names, and its window is the whole 30 s.

Runs as a script in an interpreter that has ``pipecat-ai[whisper]``, and answers in JSON lines: in, a sound file at 16
kHz and when its speech ends; out, what happened when. Imported by nothing, because pipecat is no dependency.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import soundfile
from loguru import logger
from pipecat.audio.vad.silero import SileroVADAnalyzer
from pipecat.frames.frames import (
    EndFrame,
    Frame,
    InputAudioRawFrame,
    LLMContextFrame,
    TranscriptionFrame,
    UserStoppedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.aggregators.llm_response_universal import LLMContextAggregatorPair, LLMUserAggregatorParams
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.services.whisper.stt import WhisperSTTService
from pipecat.transcriptions.language import Language
from pipecat.workers.runner import WorkerRunner

from courier_voice.core.turn import NluContext
from courier_voice.settings import load_settings
from courier_voice.text.normalize import normalize
from courier_voice.understanding import build_nlu

RATE = 16_000
CHUNK_S = 0.02
"""What pipecat's transports hand on."""
AFTER_S = 4.0
"""Played on after a turn was understood: whether words of it come later."""


class Log:
    """What happened when, in seconds since a recording began."""

    def __init__(self) -> None:
        self.started = 0.0
        self.events: list[dict[str, Any]] = []

    def begin(self) -> None:
        """The clock starts with the next recording."""
        self.started, self.events = time.monotonic(), []

    def tell(self, what: str, **more: str) -> None:
        self.events.append({"what": what, "s": time.monotonic() - self.started, **more})

    def understood_s(self, end_s: float) -> float | None:
        """When a turn was first understood after the speech's end."""
        return next((e["s"] for e in self.events if e["what"] == "understood" and e["s"] >= end_s), None)


class Heard(FrameProcessor):  # type: ignore[misc]  # pipecat is not there when types are checked
    """Behind the recogniser, where transcripts pass on their way down and the detector's frames on their way up."""

    def __init__(self, log: Log) -> None:
        super().__init__()
        self._log = log

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        match frame:
            case VADUserStoppedSpeakingFrame():
                self._log.tell("silence")
            case TranscriptionFrame():
                self._log.tell("transcript", text=frame.text)
        await self.push_frame(frame, direction)


class Understanding(FrameProcessor):  # type: ignore[misc]
    """Where the language model would stand: understands what the user has said in the context handed to it."""

    def __init__(self, log: Log) -> None:
        super().__init__()
        self._log = log
        self._nlu = build_nlu(load_settings(nlu={"route": "fast"}), None)
        self._nlu.understand(normalize("打电话"), NluContext())  # loads what it loads at the first

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        match frame:
            case UserStoppedSpeakingFrame() if direction == FrameDirection.DOWNSTREAM:
                self._log.tell("turn")
            case LLMContextFrame():
                self._understand(frame.context.messages)
        await self.push_frame(frame, direction)

    def _understand(self, messages: list[Any]) -> None:
        if messages[-1]["role"] != "user":  # a turn without words: it would ask back
            return
        said = " ".join(message["content"] for message in messages if message["role"] == "user")
        meant = self._nlu.understand(normalize(said), NluContext())
        self._log.tell("understood", text=said, intent=meant.drafts[0].intent)


async def serve(weights: str, answers: Any) -> None:
    log, context = Log(), LLMContext()
    ear = WhisperSTTService(
        device="cpu", compute_type="int8", settings=WhisperSTTService.Settings(model=weights, language=Language.ZH)
    )
    pair = LLMContextAggregatorPair(context, user_params=LLMUserAggregatorParams(vad_analyzer=SileroVADAnalyzer()))
    worker = PipelineWorker(
        Pipeline([ear, Heard(log), pair.user(), Understanding(log), pair.assistant()]),
        params=PipelineParams(audio_in_sample_rate=RATE),
        idle_timeout_secs=None,
        enable_rtvi=False,
    )
    runner = WorkerRunner(handle_sigint=False)
    await runner.add_workers(worker)
    running = asyncio.create_task(runner.run())
    _tell(answers, {"loaded": True})
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        file, end_s = line.rstrip("\n").split("\t")
        context.set_messages([])
        log.begin()
        for number, chunk in enumerate(_chunks(file), 1):
            done_s = log.understood_s(float(end_s))
            if done_s is not None and number * CHUNK_S > done_s + AFTER_S:
                break
            if (early := log.started + number * CHUNK_S - time.monotonic()) > 0:
                await asyncio.sleep(early)
            await worker.queue_frame(InputAudioRawFrame(audio=chunk, sample_rate=RATE, num_channels=1))
        _tell(answers, {"events": log.events})
    await worker.queue_frame(EndFrame())
    await running


def _chunks(file: str) -> Iterator[bytes]:
    samples, _ = soundfile.read(file, dtype="int16")
    step = round(CHUNK_S * RATE)
    for at in range(0, len(samples) - step + 1, step):
        yield np.ascontiguousarray(samples[at : at + step]).tobytes()


def _tell(answers: Any, answer: dict[str, Any]) -> None:
    answers.write(json.dumps(answer, ensure_ascii=False) + "\n")
    answers.flush()


if __name__ == "__main__":
    told = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever a library prints is no answer
    logger.remove()
    asyncio.run(serve(sys.argv[1], told))
