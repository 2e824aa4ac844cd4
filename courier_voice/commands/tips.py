"""tips: what the agent would say unasked today, and when."""

from __future__ import annotations

from pathlib import Path

import typer

from courier_voice.app import build_api, build_rewords
from courier_voice.commands.models import ready_llm
from courier_voice.commands.out import begin, counted, emit, stderr
from courier_voice.commands.talk import in_world
from courier_voice.dialog.tips import Tip, account_rules, timetable

_WHEN = {"arrive": "到了", "open": "打开取件", "deadline": "到点前"}


def tips(world: Path | None, llm: bool, json_: bool) -> None:
    settings = begin(**in_world(world))
    api, _ = build_api(settings)
    day = api.day()
    rewords = build_rewords(settings, "tip", ready_llm(settings) if llm else None)
    if llm:
        rules = list(dict.fromkeys(rules for p in day.parcels if (rules := account_rules(p, day))))
        with counted("缩短要求", len(rules)) as step:
            shortened = rewords.ahead(rules, step)
        stderr.print(f"{shortened} of {len(rules)} in the model's words, the others in their own", markup=False)
    for tip in timetable(day, rewords):
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
