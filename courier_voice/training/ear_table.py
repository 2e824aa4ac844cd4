"""The recogniser's table: engines, windows, adapter, beams and hints, on the development clips in one run."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from numpy.random import default_rng

from courier_voice.asr.faster import FasterWhisper
from courier_voice.asr.openai import OpenAIWhisper
from courier_voice.asr.second import SecondOpinion
from courier_voice.asr.style import PLAIN, TUNED, Habits
from courier_voice.audio.endpoint import SileroDetector
from courier_voice.core.ports import SpeechDetector, Transcriber
from courier_voice.training.clips import Clip
from courier_voice.training.hearings import Street
from courier_voice.training.judge import CONDITIONS, WholeClip, judge
from courier_voice.weights.convert import openai_checkpoint

_WHOLE: Final = Habits(windows_s=(30.0,))
_OTHERS: Final = 24


@dataclass(frozen=True)
class Variant:
    """A way to recognise; ``hints``: none, true (what is said among others) or false (only others)."""

    name: str
    build: Callable[[], Transcriber]
    hints: str = "none"


def variants(base: Path, tuned: Path, chinese: Path, partway: Path) -> list[Variant]:
    """From the obvious engine to ours, one change at a time. All four are CTranslate2 folders; ``chinese`` is the tuned
    one with tokens for that only, and so is ``partway``."""

    def fast(model: Path, habits: Habits, beam: int) -> Transcriber:
        return FasterWhisper(model, WholeClip(), beam=beam, hypotheses=min(3, beam), habits=habits)

    def in_doubt(detector: SpeechDetector) -> Transcriber:
        first, other = (FasterWhisper(model, detector, habits=TUNED) for model in (chinese, partway))
        return SecondOpinion(first, lambda: other)

    def openai(checkpoint: Callable[[], Path], habits: Habits) -> Transcriber:
        return OpenAIWhisper(str(checkpoint()), WholeClip(), beam=5, hypotheses=3, habits=habits)

    return [
        Variant("openai-whisper fp32, 30 s, beam 5", partial(openai, lambda: openai_checkpoint(base), _WHOLE)),
        Variant("faster-whisper int8, 30 s, beam 5", partial(fast, base, _WHOLE, 5)),
        Variant("+ window cut to the audio", partial(fast, base, PLAIN, 5)),
        Variant("+ adapter, beam 5", partial(fast, tuned, TUNED, 5)),
        Variant("+ adapter, beam 3", partial(fast, tuned, TUNED, 3)),
        Variant("+ adapter, beam 1", partial(fast, tuned, TUNED, 1)),
        Variant("+ adapter, beam 5, Chinese tokens", partial(fast, chinese, TUNED, 5)),
        Variant("the same, hints with what is said", partial(fast, chinese, TUNED, 5), "true"),
        Variant("the same, hints without it", partial(fast, chinese, TUNED, 5), "false"),
        Variant("the same, a second opinion in doubt", lambda: in_doubt(WholeClip())),
        Variant("as shipped: that, behind the voice gate", lambda: in_doubt(SileroDetector())),
        Variant("openai-whisper fp32 + adapter, beam 5", partial(openai, lambda: tuned / "openai.pt", TUNED)),
    ]


def rows(
    chosen: Sequence[Variant], clips: Sequence[Clip], street: Street, progress: Callable[[int, int], None]
) -> Iterator[dict[str, object]]:
    """A row a variant: rates by condition, CPU seconds a clip, and seconds of audio a clip. Loading is not counted."""
    total = len(chosen)
    heard = len(clips) * len(CONDITIONS) + len(clips) // 2
    seconds = sum(clip.seconds for clip in clips) / max(1, len(clips)) + 2 / 3
    for number, variant in enumerate(chosen):
        engine = variant.build()
        started = time.process_time()
        rates = judge(engine, clips, street, hints=partial(_hints, variant.hints, clips))
        cpu_s = (time.process_time() - started) / max(1, heard)
        yield {"variant": variant.name, "clips": len(clips), "cpu_s": cpu_s, "audio_s": seconds, "rates": rates}
        progress(number + 1, total)


def _hints(kind: str, clips: Sequence[Clip], clip: Clip) -> list[str]:
    if kind == "none":
        return []
    rng = default_rng(len(clip.text) * 7919 + len(clip.file))
    keys = [key for n in rng.choice(len(clips), min(_OTHERS, len(clips)), replace=False) for key in clips[int(n)].keys]
    keys = [key for key in keys if key not in clip.text] + (list(clip.keys) if kind == "true" else [])
    return [keys[int(n)] for n in rng.permutation(len(keys))]
