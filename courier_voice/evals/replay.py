"""Recorded turns through a real agent: a world and an outbox of its own for every scene, models shared by all."""

from __future__ import annotations

import logging
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from courier_voice.agent import Agent
from courier_voice.app import Wired, build_agent
from courier_voice.audio.wav import read_audio
from courier_voice.core.intent import Polisher
from courier_voice.core.ports import Transcriber
from courier_voice.core.turn import Turn
from courier_voice.core.words import Transcript
from courier_voice.evals.goldens import GoldenTurn, Scene
from courier_voice.evals.marks import Row, failed_row, transcript_row, turn_row
from courier_voice.evals.recorded import turn_key
from courier_voice.nlu.cascade import Cascade
from courier_voice.settings import Api, Settings
from courier_voice.speech.console import ConsoleSpeaker

log = logging.getLogger(__name__)

Listen = Callable[[Agent, Scene, GoldenTurn], Turn]
"""How the sound of a turn reaches the agent."""


def live(agent: Agent, scene: Scene, golden: GoldenTurn) -> Turn:
    """Through the recogniser."""
    return agent.take_turn(read_audio(scene.sound(golden)))


def from_transcripts(transcripts: Mapping[str, Transcript]) -> Listen:
    """As the recogniser heard it when the transcripts were recorded; a turn not recorded was not heard."""

    def listen(agent: Agent, scene: Scene, golden: GoldenTurn) -> Turn:
        return agent.take_transcript(transcripts.get(turn_key(scene, golden), Transcript("", "", 0.0)))

    return listen


def in_scene(
    scene: Scene,
    settings: Settings,
    outbox: Path,
    *,
    nlu: Cascade,
    polisher: Polisher,
    asr: Transcriber | None,
) -> Wired:
    """An agent at the start of a scene. Whatever API the settings name, a replay talks to the mock in this process."""
    changed = settings.model_copy(update={"api": Api(world=scene.world_file)})
    speaker = ConsoleSpeaker(lambda _: None)
    return build_agent(changed, nlu=nlu, polisher=polisher, speaker=speaker, asr=asr, outbox=outbox)


def replay_scenes(
    scenes: Sequence[Scene],
    settings: Settings,
    *,
    nlu: Cascade,
    polisher: Polisher,
    asr: Transcriber | None = None,
    listen: Listen = live,
    before: Callable[[str], None] | None = None,
) -> Iterator[Row]:
    """A row a turn. ``before`` gets the key of the turn that comes next. An exception becomes a row, and is logged."""
    with tempfile.TemporaryDirectory() as scratch:
        for number, scene in enumerate(scenes):
            wired = in_scene(scene, settings, Path(scratch) / f"{number}.sqlite3", nlu=nlu, polisher=polisher, asr=asr)
            with wired.outbox:
                for golden in scene.turns:
                    if before:
                        before(turn_key(scene, golden))
                    try:
                        yield turn_row(scene, golden, listen(wired.agent, scene, golden))
                    except Exception as error:
                        log.exception("%s", turn_key(scene, golden))
                        yield failed_row(scene, golden, error)


def transcribe_only(
    scenes: Sequence[Scene], asr: Transcriber, before: Callable[[str], None] | None = None
) -> Iterator[Row]:
    """The recogniser alone, a row a turn."""
    for scene in scenes:
        for golden in scene.turns:
            if before:
                before(turn_key(scene, golden))
            try:
                audio = read_audio(scene.sound(golden))
                start = time.perf_counter()
                heard = asr.transcribe(audio)
                yield transcript_row(scene, golden, heard, time.perf_counter() - start)
            except Exception as error:
                log.exception("%s", turn_key(scene, golden))
                yield failed_row(scene, golden, error)
