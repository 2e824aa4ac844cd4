"""The stacks ``bench`` compares, each in a process of its own, asked and answering in JSON lines.

``ours`` is the agent as the settings build it. ``plain`` is what its parts' manuals show: openai-whisper in float32
on 30-second windows, then transformers with a few-shot prompt for free JSON; it calls no API and words no reply,
which is in its favour. ``windows`` is the default recogniser alone, with the encoder window cut to the audio and with
30 seconds.
"""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from courier_voice.app import build_agent, build_asr, build_detector, build_llm, build_polisher
from courier_voice.audio.wav import read_audio
from courier_voice.core.errors import CourierVoiceError
from courier_voice.nlu.llm import LlmUnderstander
from courier_voice.prompting import load
from courier_voice.settings import Api, Settings, load_settings
from courier_voice.speech.console import ConsoleSpeaker
from courier_voice.understanding import build_nlu
from courier_voice.weights.locate import locate

Answer = dict[str, Any]
Take = Callable[[Path], Answer]
"""One recording: what was heard and understood, and what it took."""
MOST_TOKENS = 128


@contextmanager
def measured(answer: Answer) -> Iterator[None]:
    """Adds ``s``, wall-clock seconds, and ``cpu_s``, CPU seconds of all threads of this process."""
    wall, cpu = time.perf_counter(), time.process_time()
    yield
    answer |= {"s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu}


def ours(settings: Settings) -> Take:
    asr, model = build_asr(settings), build_llm(settings)
    nlu, polisher = build_nlu(settings, model), build_polisher(model)
    if isinstance(nlu.model, LlmUnderstander):
        nlu.model.warm()
    speaker = ConsoleSpeaker(lambda _: None)
    mocked = settings.model_copy(update={"api": Api()})

    def take(sound: Path) -> Answer:
        with tempfile.TemporaryDirectory() as scratch:
            outbox = Path(scratch) / "outbox.sqlite3"
            wired = build_agent(mocked, nlu=nlu, polisher=polisher, speaker=speaker, asr=asr, outbox=outbox)
            answer: Answer = {}
            with wired.outbox, measured(answer):
                turn = wired.agent.take_turn(read_audio(sound))
        stages = {stage: turn.timings.get(stage, 0.0) for stage in ("asr", "nlu")}
        return answer | {"heard": turn.utterance.heard, "intent": turn.intent, "stages": stages}

    return take


def plain(settings: Settings) -> Take:
    import torch
    import whisper

    from courier_voice.llm.transformers import Transformers
    from courier_voice.weights.convert import openai_checkpoint

    torch.set_num_threads(settings.llm.threads)
    asr = whisper.load_model(str(openai_checkpoint(locate(settings.asr.model, settings.weights))), device="cpu")
    path = locate(settings.llm.model, settings.weights)
    model = Transformers(path / "model.gguf" if path.is_dir() else path)
    prompt = load("bench/free_json")

    def take(sound: Path) -> Answer:
        answer: Answer = {}
        with measured(answer):
            start = time.perf_counter()
            heard = asr.transcribe(read_audio(sound).samples, language="zh", fp16=False)["text"]
            middle = time.perf_counter()
            said = model.complete([("user", prompt.render(text=heard))], max_tokens=MOST_TOKENS)
        stages = {"asr": middle - start, "nlu": time.perf_counter() - middle}
        return answer | {"heard": heard, "intent": free_intent(said), "stages": stages}

    return take


def free_intent(said: str) -> str:
    """The intent of the first JSON object in a free answer; empty when there is none."""
    found = re.search(r"\{.*", said, re.DOTALL)
    try:
        frame, _ = json.JSONDecoder().raw_decode(found[0] if found else "")
    except ValueError:
        return ""
    return str(frame.get("intent", ""))


def windows(settings: Settings) -> Take:
    from courier_voice.asr.faster import FasterWhisper
    from courier_voice.asr.style import PLAIN, Habits

    path, detector = locate(settings.asr.model, settings.weights), build_detector()
    chosen = settings.asr
    built = {
        name: FasterWhisper(
            path,
            detector,
            beam=chosen.beam,
            hypotheses=chosen.hypotheses,
            threads=chosen.threads,
            habits=habits,
        )
        for name, habits in (("cut", PLAIN), ("full", Habits(windows_s=(30.0,))))
    }

    def take(sound: Path) -> Answer:
        audio, answers = read_audio(sound), dict[str, Answer]()
        for name, asr in built.items():
            answer: Answer = {}
            with measured(answer):
                heard = asr.transcribe(audio)
            answers[name] = answer | {"heard": heard.text}
        return answers

    return take


STACKS: dict[str, Callable[[Settings], Take]] = {"ours": ours, "plain": plain, "windows": windows}


def peak_mb() -> float:
    """The most memory this process had resident, in MB.

    Linux keeps a process's own peak as VmHWM; its ru_maxrss begins with the peak of whoever started it.
    """
    status = Path("/proc/self/status")
    if status.is_file():
        found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text())
        if found:
            return int(found[1]) * 1024 / 1e6
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6


def serve(name: str) -> None:
    """Load a stack, say so, answer one path a line until the input ends, then tell the peak."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever a library prints is no answer

    def tell(answer: Answer) -> None:
        answers.write(json.dumps(answer, ensure_ascii=False) + "\n")
        answers.flush()

    loading: Answer = {}
    with measured(loading):
        take = STACKS[name](load_settings())
    tell(loading)
    for line in sys.stdin:
        tell(take(Path(line.rstrip("\n"))))
    tell({"peak_mb": peak_mb()})


if __name__ == "__main__":
    try:
        serve(sys.argv[1])
    except CourierVoiceError as error:
        sys.exit(str(error))
