"""The evaluation sets, one entry each: how a set is read, scored, summed up, and how a failure of it is told."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from courier_voice.app import build_agent, build_asr, data_dir
from courier_voice.core.ports import ChatModel
from courier_voice.evals import sets, talk
from courier_voice.evals.goldens import load_scenes
from courier_voice.evals.marks import Row as TurnRow
from courier_voice.evals.recorded import TRANSCRIPTS, load_transcripts
from courier_voice.evals.replay import Listen, from_transcripts, live, replay_scenes
from courier_voice.evals.report import audio_figures, dialog_figures, nlu_figures
from courier_voice.nlu.cascade import Cascade
from courier_voice.nlu.polish import LlmPolisher, TemplatePolisher
from courier_voice.settings import Api, Settings
from courier_voice.speech.console import ConsoleSpeaker

Item = Mapping[str, Any]
Row = dict[str, Any]
Score = Callable[[Item], Row]


@dataclass(frozen=True)
class Ready:
    """What understanding needs, loaded once for all sets."""

    settings: Settings
    nlu: Cascade
    polisher: LlmPolisher | TemplatePolisher
    model: ChatModel | None = None


@dataclass(frozen=True)
class EvalSet:
    """One set. ``path`` is below ``fixtures``; a row has an ``id`` and says whether it is ``right``."""

    name: str
    path: str
    read: Callable[[Path], Sequence[Item]]
    prepare: Callable[[Ready], Score]
    summarise: Callable[[Sequence[Item]], Row]
    fault: Callable[[Item], str]

    @property
    def file(self) -> Path:
        return data_dir("fixtures") / self.path


def _nlu(ready: Ready) -> Score:
    return lambda item: sets.nlu_row(item, ready.nlu)


def _dialogs(ready: Ready) -> Score:
    world = data_dir("fixtures") / "worlds" / "beihu.json"
    mocked = ready.settings.model_copy(update={"api": Api(world=world)})

    def score(item: Item) -> Row:
        with tempfile.TemporaryDirectory() as scratch:
            outbox, speaker = Path(scratch) / "outbox.sqlite3", ConsoleSpeaker(lambda _: None)
            wired = build_agent(mocked, nlu=ready.nlu, polisher=ready.polisher, speaker=speaker, outbox=outbox)
            with wired.outbox:
                return sets.dialog_row(item, wired.agent.take_text)

    return score


def _sms(ready: Ready) -> Score:
    return lambda item: sets.sms_row(item, ready.polisher)


def _talk(ready: Ready) -> Score:
    return lambda item: talk.talk_row(item, ready.nlu)


def _scenes(path: Path) -> list[Item]:
    return [{"id": scene.name, "scene": scene} for scene in load_scenes(path)]


def _recorded(ready: Ready) -> Score:
    return _audio(ready, from_transcripts(load_transcripts(RECORDED.file)))


def _live(ready: Ready) -> Score:
    return _audio(ready, live)


def _audio(ready: Ready, listen: Listen) -> Score:
    asr = build_asr(ready.settings) if listen is live else None

    def score(item: Item) -> Row:
        found = replay_scenes(
            [item["scene"]], ready.settings, nlu=ready.nlu, polisher=ready.polisher, asr=asr, listen=listen
        )
        turns = [asdict(row) for row in found]
        return {"id": item["id"], "right": not any(_wrong(turn) for turn in turns), "turns": turns}

    return score


def _wrong(turn: Item) -> bool:
    return turn["success"] is False and not turn["xfail"]


def turns_of(rows: Sequence[Item]) -> list[TurnRow]:
    """The turns of scenes that were scored, or read back from a journal."""
    return [TurnRow(**turn) for row in rows for turn in row["turns"]]


def _audio_figures(rows: Sequence[Item]) -> Row:
    return audio_figures(turns_of(rows))


def _frames(frames: Sequence[Mapping[str, Any]]) -> str:
    return "; ".join(f"{frame['intent']} {frame.get('slots', {})}" for frame in frames)


def _nlu_fault(row: Item) -> str:
    return f"{row['text']}\n    meant {_frames(row['meant'])}\n    said  {_frames(row['said'])}"


def _dialog_fault(row: Item) -> str:
    wrong = [turn for turn in row["turns"] if turn["errors"]]
    return "".join(f"\n    {turn['user']} → {'; '.join(turn['errors'])} | {turn['reply']}" for turn in wrong)


def _sms_fault(row: Item) -> str:
    return f"{row['spoken']}\n    → {row['sms']}\n    missing {row['missing']}, forbidden {row['forbidden']}"


def _talk_fault(row: Item) -> str:
    sure = "" if row["confidence"] is None else f", {row['confidence']:.2f}"
    return f"[{row['domain']}] {row['text']}\n    said  {_frames(row['said'])} ({row['route']}{sure})"


def _audio_fault(row: Item) -> str:
    told = []
    for turn in filter(_wrong, row["turns"]):
        failures = ", ".join(TurnRow(**turn).failures)
        what = turn["error"] or f"{_frames(turn['said'])} {turn['kind']} | {turn['reply']}"
        told.append(f"\n    {turn['wav']} [{failures}] {turn['spoken']} ≈ {turn['heard']} → {what}")
    return "".join(told)


NLU: Final = EvalSet("nlu", "eval/nlu.jsonl", sets.read_set, _nlu, nlu_figures, _nlu_fault)
DIALOGS: Final = EvalSet("dialogs", "eval/dialogs.jsonl", sets.read_set, _dialogs, dialog_figures, _dialog_fault)
SMS: Final = EvalSet("sms", "eval/sms.jsonl", sets.read_set, _sms, sets.sms_summary, _sms_fault)
TALK: Final = EvalSet("talk", "eval/talk.txt", talk.read_talk, _talk, talk.talk_summary, _talk_fault)
RECORDED: Final = EvalSet("audio", "audio", _scenes, _recorded, _audio_figures, _audio_fault)
"""The recorded turns as the recogniser heard them when they were recorded."""
LIVE: Final = EvalSet("audio", "audio", _scenes, _live, _audio_figures, _audio_fault)
"""The recorded turns through the recogniser."""
TEXT_SETS: Final = (NLU, DIALOGS, SMS)
"""The sets ``eval report`` scores by the route chosen; talk and audio have options of their own."""


def content(path: Path) -> str:
    """What a set is made of, as far as it can change: names a run."""
    return (path / TRANSCRIPTS if path.is_dir() else path).read_text("utf-8-sig")
