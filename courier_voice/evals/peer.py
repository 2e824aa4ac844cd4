"""The peer pipeline in an interpreter of its own, asked for the same recordings in the same run."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final

import courier_voice
from courier_voice.audio.wav import read_audio, write_wav
from courier_voice.core.errors import CourierVoiceError, SettingsError
from courier_voice.core.words import Audio
from courier_voice.evals.bench import Recording, Row, Stack
from courier_voice.evals.clips import background, followed, joined, spoken_s
from courier_voice.settings import Settings
from courier_voice.weights.adapt import chosen_model

LEAD_S: Final = 1.5
"""Of its own background before each: the peer's recogniser takes the second before the speech with it, which would be
the end of another recording."""
SILENCE_S: Final = 12.0
"""Behind each recording: it takes its time."""
_SCRIPT: Final = Path(__file__).with_name("peer_pipecat.py")


class Peer:
    """The running peer; call it with a recording for a row of `evals.hands_free`."""

    def __init__(self, stack: Stack, scratch: Path) -> None:
        self._stack, self._file = stack, scratch / "clip.wav"

    def __call__(self, recording: Recording) -> Row:
        scene, golden = recording
        clip = read_audio(scene.sound(golden))
        span = spoken_s(clip)
        end_s = LEAD_S + (span[1] if span else 0.0)
        led = Audio(joined(background(clip, LEAD_S), clip.samples))
        write_wav(self._file, followed(led, SILENCE_S))
        events = self._stack.ask(f"{self._file}\t{end_s}")["events"]
        row = {"scene": scene.name, "wav": golden.wav, "condition": golden.condition}
        return {**row, **peer_row(events, end_s, golden.expect.intent)}


def peer_row(events: Sequence[Mapping[str, Any]], end_s: float, intent: str) -> Row:
    """What came of a recording whose speech ended at ``end_s``; milliseconds from there to the silence being noticed,
    the transcript, the turn's end, and its being understood (which is as far as the peer goes). ``came``: see `came`.
    """
    early = sum(event["what"] == "turn" and event["s"] < end_s for event in events)
    after = [event for event in events if event["s"] >= end_s]
    row: Row = {"early": early, "came": came(events, end_s, intent)}
    understood = [event for event in after if event["what"] == "understood"]
    if not understood:
        return {"missed": True, **row}
    moments = {
        name: next((event["s"] - end_s for event in after if event["what"] == what), None)
        for name, what in (("endpoint", "silence"), ("asr", "transcript"), ("turn", "turn"), ("reply", "understood"))
    }
    return {
        "missed": False,
        **row,
        "right": understood[0]["intent"] == intent,
        "ms": {name: round(s * 1000, 1) for name, s in moments.items() if s is not None},
    }


def came(events: Sequence[Mapping[str, Any]], end_s: float, intent: str) -> str:
    """By what was first understood after the speech: ``right``; ``split turn``, where something else was and the speech
    had been cut (more than one silence by then, or words understood before or later); ``other intent`` of a turn in one
    piece; ``no words``, where the recogniser gave none; ``no end``, where no turn ended.
    """
    understood = [event for event in events if event["what"] == "understood"]
    first = next((event for event in understood if event["s"] >= end_s), None)
    if first and first["intent"] == intent:
        return "right"
    if understood:
        silences = sum(event["what"] == "silence" and (not first or event["s"] <= first["s"]) for event in events)
        return "split turn" if silences > 1 or len(understood) > 1 or not first else "other intent"
    seen = {event["what"] for event in events}
    return "no end" if "transcript" in seen or not seen & {"silence", "turn"} else "no words"


@contextmanager
def pipecat(python: Path, settings: Settings) -> Iterator[Peer]:
    """The peer, loaded, with our recogniser's weights. Raises CourierVoiceError when it does not start."""
    if settings.asr.engine != "faster-whisper":
        raise SettingsError("the peer runs faster-whisper: set COURIER_ASR__ENGINE=faster-whisper, or leave out --peer")
    weights, _ = chosen_model(settings.asr.model, settings.asr.adapter, settings.weights)
    environment = {**os.environ, "PYTHONPATH": str(Path(courier_voice.__file__).parents[1])}
    with tempfile.TemporaryDirectory() as scratch:
        try:
            stack = Stack("pipecat", [str(python), str(_SCRIPT), str(weights)], environment)
        except (OSError, CourierVoiceError) as error:
            raise SettingsError(
                f"the peer does not start ({error}): install `pipecat-ai[whisper]` and this package into the "
                "environment of --peer-python, or leave it out"
            ) from error
        with closing(stack):
            yield Peer(stack, Path(scratch))
