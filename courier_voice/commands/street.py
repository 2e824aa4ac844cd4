"""eval endpointing and eval street: where utterances are ended, and what is understood in noise."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table

from courier_voice.app import build_asr, build_polisher, data_dir
from courier_voice.commands.models import by_route, ready_nlu
from courier_voice.commands.out import begin, counted, emit, waiting
from courier_voice.evals.clips import read_noises
from courier_voice.evals.endings import FIXED_S, QUICK_S, Row, ending_figures, endings, trials
from courier_voice.evals.goldens import load_scenes
from courier_voice.evals.loud import commands, loud_figures, loud_rows, places


def endpointing(limit: int, nlu_route: str | None, json_: bool) -> None:
    settings = begin(**by_route(nlu_route))
    scenes = load_scenes(data_dir("fixtures") / "audio")
    spoken = [(scene, turn) for scene in scenes for turn in scene.turns if turn.expect.intent != "none"]
    chosen = list(trials(spoken))
    kept = [t for t in chosen if t.kind != "whole"] + [t for t in chosen if t.kind == "whole"]
    kept = kept[: limit or None]
    with waiting("正在准备识别模型…"):
        asr = build_asr(settings)
    cascade, model = ready_nlu(settings)
    rows: list[Row] = []
    with counted("听", len(kept)) as step:
        for row in endings(kept, settings, nlu=cascade, polisher=build_polisher(model), asr=asr, step=step):
            rows.append(row)
            if json_:
                emit(row)
    figures = ending_figures(rows)
    if json_:
        emit({"summary": figures})
        return
    kinds = list(figures[0]["cut_off"])
    table = Table(
        "way",
        *(f"cut off: {kind}" for kind in kinds),
        "never ended",
        "wait s p50 / p95",
        f"over {QUICK_S:g} s",
        box=None,
    )
    for row in figures:
        wait = row["wait_s"]
        cells = [_of(row["cut_off"][kind]) for kind in kinds]
        between = f"{wait['p50']:g} / {wait['p95']:g}" if wait else "–"
        table.add_row(row["way"], *cells, _of(row["missed"]), between, _of(row["over"]))
    Console().print(table, f"ours, beside fixed waits of {', '.join(f'{s:g}' for s in FIXED_S)} s")


def street(limit: int, nlu_route: str | None, json_: bool) -> None:
    settings = begin(**by_route(nlu_route))
    audio = data_dir("fixtures") / "audio"
    recordings = commands(load_scenes(audio))
    recordings = recordings[:: max(1, len(recordings) // limit)][:limit] if limit else recordings
    noises = read_noises(audio / "noise")
    with waiting("正在准备识别模型…"):
        asr = build_asr(settings)
    cascade, model = ready_nlu(settings)
    rows = []
    with counted("听", len(recordings) * len(places(tuple(noises)))) as step:
        for pair in loud_rows(
            recordings, noises, settings, nlu=cascade, polisher=build_polisher(model), asr=asr, step=step
        ):
            rows.append(pair)
            if json_:
                place, heard = pair
                emit({"place": place.name, "scene": heard.scene, "wav": heard.wav, "right": heard.success})
    figures = loud_figures(rows)
    if json_:
        emit({"summary": figures})
        return
    table = Table("place", "commands right", "intents", "tails", "CER", "false actions", "unasked effects", box=None)
    for row in figures:
        cer = "–" if row["cer"] is None else f"{row['cer']:.1%}"
        table.add_row(
            row["place"],
            _of(row["right"]),
            _of(row["intents"]),
            _of(row["tails"]),
            cer,
            _of(row["false_actions"]),
            str(row["unasked_effects"]),
        )
    Console().print(table)


def _of(pair: list[Any]) -> str:
    return f"{pair[0]} / {pair[1]}" if pair[1] else "–"
