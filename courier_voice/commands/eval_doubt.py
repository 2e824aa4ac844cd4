"""eval doubt: what asking about numbers heard unsurely costs and catches."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from courier_voice.app import build_asr, data_dir
from courier_voice.audio.wav import read_audio
from courier_voice.commands.out import begin, counted, emit
from courier_voice.dialog.hearings import UNSURE
from courier_voice.evals.doubt import figures, in_noise, recorded, tails_in
from courier_voice.evals.goldens import load_scenes
from courier_voice.evals.recorded import load_transcripts
from courier_voice.training.clips import read_index

RATIOS: Final = (5.0, 0.0)


def doubt(data: Path | None, limit: int, json_: bool) -> None:
    """``data``: a folder of clips of which the development ones that name one tail are heard in noise."""
    settings = begin()
    audio = data_dir("fixtures") / "audio"
    rows = list(recorded(load_scenes(audio), load_transcripts(audio)))
    if data:
        clips = [clip for clip in read_index(data) if clip.split == "dev" and len(tails_in(clip.text)) == 1]
        sounds = [(clip.text, partial(read_audio, data / clip.file)) for clip in clips[: limit or None]]
        noises = {file.stem: read_audio(file).samples for file in sorted((audio / "noise").glob("*.flac"))}
        asr = build_asr(settings)
        with counted("听不清的号码", len(RATIOS) * len(sounds)) as step:
            rows += in_noise(sounds, noises, asr, RATIOS, step)
    table = Table("tails", "right", "asked about", "wrong", "caught", "rivals though right", "rivals caught", box=None)
    used = f"{UNSURE:g}"
    for row in figures(rows):
        if json_:
            emit(row)
            continue
        known = (row["right"], row["asked_though_right"][used], row["wrong"], row["caught"][used])
        table.add_row(row["source"], *map(str, (*known, row["rivals_though_right"], row["rivals_caught"])))
    if not json_:
        Console().print(table)
