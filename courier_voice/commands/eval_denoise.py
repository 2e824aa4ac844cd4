"""eval denoise: error rates of the recogniser over street noise, with and without each denoiser that is installed."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.table import Table

from courier_voice.app import build_asr, data_dir
from courier_voice.audio.wav import read_audio
from courier_voice.commands.out import begin, counted, emit
from courier_voice.evals.denoise import RATIOS, measured, turns_of
from courier_voice.evals.denoisers import denoisers
from courier_voice.evals.goldens import load_scenes


def denoise(path: Path | None, limit: int, json_: bool) -> None:
    settings = begin()
    audio = data_dir("fixtures") / "audio"
    scenes = load_scenes(path or audio)[: limit or None]
    noises = {file.stem: read_audio(file).samples for file in sorted((audio / "noise").glob("*.flac"))}
    asr = build_asr(settings)
    engines, missing = denoisers()
    table = Table("denoiser", "SNR dB", "turns", "CER", "tails", "CPU s a second", box=None)
    with counted("降噪", len(RATIOS) * len(turns_of(scenes))) as step:
        for row in measured(scenes, noises, asr, engines, step):
            if json_:
                emit(row)
                continue
            right, of = row["tails"]
            cells = (f"{row['snr_db']:g}", str(row["turns"]), f"{row['cer']:.1%}", f"{right}/{of}")
            table.add_row(row["denoiser"], *cells, f"{row['cpu_s_a_second']:g}")
    for name, why in missing.items():
        if json_:
            emit({"denoiser": name, "left_out": why})
        else:
            table.add_row(name, "–", "–", "–", "–", why)
    if not json_:
        Console().print(table)
