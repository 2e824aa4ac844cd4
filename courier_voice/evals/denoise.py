"""Whether taking noise out helps the recogniser: recorded turns over street noise, with and without each denoiser.

None of them is part of the agent.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np

from courier_voice.audio.wav import read_audio
from courier_voice.core.ports import Transcriber
from courier_voice.core.words import Audio
from courier_voice.evals.denoisers import Clean, Samples
from courier_voice.evals.goldens import GoldenTurn, Scene
from courier_voice.evals.marks import Row, heard_row
from courier_voice.evals.mix import mixed
from courier_voice.text.normalize import normalize

RATIOS: Final = (5.0, 0.0)


def measured(
    scenes: Sequence[Scene],
    noises: Mapping[str, Samples],
    asr: Transcriber,
    engines: Mapping[str, Clean],
    done: Callable[[], None],
    seed: int = 0,
) -> Iterator[dict[str, Any]]:
    """A row a ratio and engine (``none``: as it was heard): CER, tails right, and CPU seconds of cleaning a second.
    Every turn is mixed once, with one of the noises, for all engines."""
    turns = turns_of(scenes)
    for snr_db in RATIOS:
        heard: dict[str, list[Row]] = {name: [] for name in ("none", *engines)}
        cost, seconds = dict.fromkeys(heard, 0.0), 0.0
        for number, (scene, turn) in enumerate(turns):
            noise = list(noises.values())[number % len(noises)]
            noisy = mixed(read_audio(scene.sound(turn)), noise, snr_db, np.random.default_rng((seed, number)))
            seconds += noisy.seconds
            for name, rows in heard.items():
                began = time.process_time()
                sound = Audio(engines[name](noisy.samples)) if name in engines else noisy
                cost[name] += time.process_time() - began
                rows.append(heard_row(scene, turn, normalize(asr.transcribe(sound).text), {}))
            done()
        for name, rows in heard.items():
            tails = [row.tail for row in rows if row.tail is not None]
            yield {
                "denoiser": name,
                "snr_db": snr_db,
                "turns": len(rows),
                "cer": round(sum(row.edits for row in rows) / max(1, sum(row.chars for row in rows)), 4),
                "tails": [sum(tails), len(tails)],
                "cpu_s_a_second": round(cost[name] / max(seconds, 1e-9), 4),
            }


def turns_of(scenes: Sequence[Scene]) -> list[tuple[Scene, GoldenTurn]]:
    """The turns recorded without noise in which somebody speaks."""
    quiet = ("clean", "human")
    return [(scene, turn) for scene in scenes for turn in scene.turns if turn.condition in quiet and turn.spoken]
