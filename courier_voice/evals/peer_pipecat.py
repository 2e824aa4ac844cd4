"""The peer ``bench --hands-free --peer`` compares with: pipecat's own parts with its own defaults (Silero VAD, its
smart-turn model, faster-whisper in int8), our Whisper weights, and our fast understanding behind them.

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
    TranscriptionFrame,
    UserStartedSpeakingFrame,
    UserStoppedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.audio.vad_processor import VADProcessor
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.services.whisper.stt import WhisperSTTService
from pipecat.transcriptions.language import Language
from pipecat.turns.user_turn_processor import UserTurnProcessor
from pipecat.workers.runner import WorkerRunner

from courier_voice.core.turn import NluContext
from courier_voice.settings import load_settings
from courier_voice.text.normalize import normalize
from courier_voice.understanding import build_nlu

RATE = 16_000
CHUNK_S = 0.02
"""What pipecat's transports hand on."""


class Understanding(FrameProcessor):  # type: ignore[misc]  # pipecat is not there when types are checked
    """The end of the pipeline: notes what passes, and understands when a turn is over and its words are there: the
    end of a turn is told as soon as they are known, and overtakes them on their way here.
    """

    def __init__(self) -> None:
        super().__init__()
        self._nlu = build_nlu(load_settings(nlu={"route": "fast"}), None)
        self.started = 0.0
        self.events: list[dict[str, Any]] = []
        self._said: list[str] = []
        self._over = False

    def begin(self) -> None:
        """The clock starts with the next recording."""
        self.started, self.events, self._said, self._over = time.monotonic(), [], [], False

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if direction == FrameDirection.DOWNSTREAM:
            self._note(frame)
        await self.push_frame(frame, direction)

    def _note(self, frame: Frame) -> None:
        match frame:
            case VADUserStoppedSpeakingFrame():
                self._tell("silence")
            case UserStartedSpeakingFrame():
                self._over = False
            case TranscriptionFrame():
                self._said.append(frame.text)
                self._tell("transcript", text=frame.text)
                self._understood()
            case UserStoppedSpeakingFrame():
                self._over = True
                self._tell("turn", text="".join(self._said))
                self._understood()

    def _understood(self) -> None:
        said = "".join(self._said)
        if self._over and said.strip():
            self._said, self._over = [], False
            meant = self._nlu.understand(normalize(said), NluContext())
            self._tell("understood", text=said, intent=meant.drafts[0].intent)

    def _tell(self, what: str, **more: str) -> None:
        self.events.append({"what": what, "s": time.monotonic() - self.started, **more})


async def serve(weights: str, answers: Any) -> None:
    last = Understanding()
    ear = WhisperSTTService(
        device="cpu", compute_type="int8", settings=WhisperSTTService.Settings(model=weights, language=Language.ZH)
    )
    pipeline = Pipeline([VADProcessor(vad_analyzer=SileroVADAnalyzer()), ear, UserTurnProcessor(), last])
    worker = PipelineWorker(
        pipeline, params=PipelineParams(audio_in_sample_rate=RATE), idle_timeout_secs=None, enable_rtvi=False
    )
    runner = WorkerRunner(handle_sigint=False)
    await runner.add_workers(worker)
    running = asyncio.create_task(runner.run())
    _tell(answers, {"loaded": True})
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        file, end_s = line.rstrip("\n").split("\t")
        last.begin()
        for number, chunk in enumerate(_chunks(file), 1):
            if any(event["what"] == "understood" and event["s"] > float(end_s) for event in last.events):
                break
            if (early := last.started + number * CHUNK_S - time.monotonic()) > 0:
                await asyncio.sleep(early)
            await worker.queue_frame(InputAudioRawFrame(audio=chunk, sample_rate=RATE, num_channels=1))
        _tell(answers, {"events": last.events})
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
