"""tips: what the agent would say unasked today, and when."""

from __future__ import annotations

from pathlib import Path

import typer

from courier_voice.app import build_api
from courier_voice.commands.out import begin, emit
from courier_voice.commands.talk import in_world
from courier_voice.dialog.tips import Tip, timetable

_WHEN = {"arrive": "到了", "open": "打开取件", "deadline": "到点前"}


def tips(world: Path | None, json_: bool) -> None:
    api, _ = build_api(begin(**in_world(world)))
    for tip in timetable(api.day()):
        if json_:
            emit(row(tip))
        else:
            at = tip.at.strftime("%H:%M") if tip.at else f"{_WHEN[tip.moment]} {tip.waybills[0][-4:]}"
            typer.echo(f"{at}  {tip.said}")


def row(tip: Tip) -> dict[str, object]:
    """``at`` is HH:MM, or null for what is said whenever he gets there."""
    return {
        "moment": tip.moment,
        "at": tip.at.strftime("%H:%M") if tip.at else None,
        "waybills": list(tip.waybills),
        "said": tip.said,
        "details": tip.details,
    }
