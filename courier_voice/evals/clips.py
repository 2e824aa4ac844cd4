"""Recordings made into a stream: silence of their own behind them, pauses in the middle of them, noise over them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from courier_voice.audio.endpoint import SileroDetector
from courier_voice.audio.wav import read_audio
from courier_voice.core.words import RATE, Audio, Segment

Samples = NDArray[np.float32]

SPEECH: Final = SileroDetector(pad_s=0.0)
_SHORTEST_S: Final = 0.2
"""Of background that is looped; under it the quietest stretch of the whole recording is taken."""
_FADE_S: Final = 0.01


def spoken_s(audio: Audio) -> tuple[float, float] | None:
    """From when to when somebody speaks, in seconds; None when nobody does."""
    segments = SPEECH.segments(audio)
    return (segments[0].start_s, segments[-1].end_s) if segments else None


def background(audio: Audio, seconds: float) -> Samples:
    """So many seconds of what is heard around the speech, to and fro so that it has no seams."""
    quiet = _unspoken(audio, SPEECH.segments(audio))
    if len(quiet) < _SHORTEST_S * RATE:
        width = min(len(audio.samples), round(_SHORTEST_S * RATE))
        at = _quietest(audio.samples, width)
        quiet = audio.samples[at : at + width]
    wanted = round(seconds * RATE)
    turned = np.concatenate([quiet, quiet[::-1]])
    return np.tile(turned, wanted // len(turned) + 1)[:wanted]


def followed(audio: Audio, seconds: float) -> Audio:
    """With so many seconds of its own background behind it."""
    return Audio(joined(audio.samples, background(audio, seconds)))


def paused(audio: Audio, at_s: float, seconds: float) -> Audio:
    """With so many seconds of its own background put in."""
    at = round(at_s * RATE)
    return Audio(joined(audio.samples[:at], background(audio, seconds), audio.samples[at:]))


def quiet_s(audio: Audio, between: tuple[float, float], width_s: float = 0.03) -> float:
    """The quietest moment between two times, in seconds."""
    start, end = (round(each * RATE) for each in between)
    width = round(width_s * RATE)
    return (start + _quietest(audio.samples[start:end], width) + width // 2) / RATE


def joined(*parts: Samples) -> Samples:
    """One after the other, each faded in and out over 10 ms where it meets another: no clicks."""
    fade = round(_FADE_S * RATE)
    ramp = np.linspace(0, 1, fade, dtype=np.float32)
    out = [part.copy() for part in parts]
    for before, after in pairwise(out):
        if len(before) >= fade and len(after) >= fade:
            before[-fade:] *= ramp[::-1]
            after[:fade] *= ramp
    return np.concatenate(out)


def over_noise(audio: Audio, noise: Samples, snr_db: float, at: int) -> Audio:
    """Under a stretch of noise from sample ``at`` on (looped): speech over it by ``snr_db``, as RMS while somebody
    speaks. Scaled down together where that would clip.
    """
    speech = np.concatenate([audio.cut(s.start_s, s.end_s).samples for s in SPEECH.segments(audio)] or [audio.samples])
    behind = np.take(noise, np.arange(at, at + len(audio.samples)), mode="wrap")
    mixed = audio.samples + behind * (rms(speech) / max(rms(behind), 1e-6) / 10 ** (snr_db / 20))
    return Audio((mixed / max(1.0, float(np.abs(mixed).max()))).astype(np.float32))


def read_noises(folder: Path) -> dict[str, Samples]:
    """The noises of a folder by name."""
    return {file.stem: read_audio(file).samples for file in sorted(folder.glob("*.flac"))}


def rms(samples: Samples) -> float:
    return float(np.sqrt(np.mean(np.square(samples)))) if len(samples) else 0.0


def _unspoken(audio: Audio, segments: Sequence[Segment], margin_s: float = 0.1) -> Samples:
    """All that is more than a margin away from speech."""
    free = np.ones(len(audio.samples), bool)
    for segment in segments:
        free[max(0, round((segment.start_s - margin_s) * RATE)) : round((segment.end_s + margin_s) * RATE)] = False
    return audio.samples[free]


def _quietest(samples: Samples, width: int) -> int:
    """Where the stretch of ``width`` samples with the least energy begins."""
    energy = np.cumsum(np.square(samples, dtype=np.float64), dtype=np.float64)
    if len(energy) <= width:
        return 0
    return int(np.argmin(energy[width:] - energy[:-width]))
