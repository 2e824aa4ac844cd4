"""say, converse: typed turns through everything but the recogniser."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import typer
from pydantic import BaseModel, ConfigDict, ValidationError

from courier_voice.app import Wired, build_agent, build_polisher, build_speaker
from courier_voice.commands.models import by_route, ready_nlu
from courier_voice.commands.out import begin, counted, emit, numbered, turn_row
from courier_voice.core.errors import SettingsError
from courier_voice.core.privacy import mask_phones, phoneless
from courier_voice.core.turn import Turn
from courier_voice.logistics.mock.world import load_world
from courier_voice.speech.console import ConsoleSpeaker


def in_world(world: Path | None) -> dict[str, object]:
    """The settings' changes that a --world option makes. Raises WorldError here, before any model is waited for."""
    if world is None:
        return {}
    load_world(world)
    return {"api": {"world": str(world)}}


def say(text: str, world: Path | None, yes: bool, json_: bool) -> None:
    if not text.strip():
        raise typer.BadParameter("nothing to say: give a TEXT")
    settings = begin(**in_world(world))
    cascade, model = ready_nlu(settings)
    speaker = ConsoleSpeaker(lambda _: None) if json_ else build_speaker(settings, lambda _: None)
    wired = build_agent(settings, nlu=cascade, polisher=build_polisher(model), speaker=speaker)
    with wired.outbox:
        turns = [wired.agent.take_text(text)]
        if yes and turns[0].kind == "confirm":
            turns.append(wired.agent.take_text("确认"))
        for turn in turns:
            if json_:
                emit(turn_row(turn))
            else:
                show(turn)
        wired.api.prefetch()
    if turns[-1].kind == "reject":
        raise typer.Exit(1)


def show(turn: Turn) -> None:
    """A turn in a few lines of text."""
    for draft in turn.understanding.drafts if turn.intent != "none" else ():
        typer.echo(f"  {draft.intent} {json.dumps(phoneless(dict(draft.slots)), ensure_ascii=False)}")
    for call in turn.calls:
        typer.echo(f"  → {call.op} {call.waybill or ''} {json.dumps(phoneless(dict(call.args)), ensure_ascii=False)}")
    typer.echo(turn.reply or "（没有回答）")


class ScriptTurn(BaseModel):
    model_config = ConfigDict(extra="ignore")
    user: str


class Dialogue(BaseModel):
    """A line of a ``converse`` script."""

    model_config = ConfigDict(extra="ignore")
    id: str
    turns: tuple[ScriptTurn, ...]


def read_script(script: Path) -> list[Dialogue]:
    """The dialogues of a script. Raises SettingsError naming the line."""
    dialogues = []
    for number, line in numbered(script):
        try:
            dialogues.append(Dialogue.model_validate_json(line))
        except ValidationError as error:
            raise SettingsError(f'{script.name}, line {number}: expected {{"id", "turns": [{{"user"}}]}}') from error
    return dialogues


def converse(script: Path, world: Path | None, route: str | None) -> None:
    settings = begin(**in_world(world), **by_route(route))
    dialogues = read_script(script)
    cascade, model = ready_nlu(settings, whole=True)
    polisher = build_polisher(model)
    with counted("对话", len(dialogues)) as step, tempfile.TemporaryDirectory() as scratch:
        for number, dialogue in enumerate(dialogues):
            outbox = Path(scratch) / f"{number}.sqlite3"
            wired = build_agent(
                settings, nlu=cascade, polisher=polisher, speaker=ConsoleSpeaker(lambda _: None), outbox=outbox
            )
            emit({"id": dialogue.id, "turns": [_row(wired, turn.user) for turn in dialogue.turns]})
            wired.outbox.close()
            step()


def _row(wired: Wired, user: str) -> dict[str, object]:
    turn = wired.agent.take_text(user)
    calls = [{"op": c.op, "waybill": c.waybill, "args": phoneless(dict(c.args))} for c in turn.calls]
    return {"user": mask_phones(user), "kind": turn.kind, "intent": turn.intent, "calls": calls, "reply": turn.reply}
