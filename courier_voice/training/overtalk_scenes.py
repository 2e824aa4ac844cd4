"""Replies in random rooms, with people who talk over them and everything else that is heard there, and what the product
makes of them: its own echo canceller and its own senses, frame by frame, beside what would have been right.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy.signal import butter, fftconvolve, sosfilt

from courier_voice.audio.duplex import Duplex
from courier_voice.audio.endpoint import FRAME, FRAME_S
from courier_voice.audio.overspeech import Overlap, Senses
from courier_voice.audio.ring import Both
from courier_voice.core.words import RATE
from courier_voice.speech.mouth import DUCKED
from courier_voice.training.distort import coloured as recoloured
from courier_voice.training.distort import echoing, pitched
from courier_voice.training.noises import Samples, babble, made
from courier_voice.training.overtalk_sounds import levelled, sound

WORDS: Final = "words"
ECHO: Final = "echo"
_FRAMES: Final = 400
"""Of a scene, 12.8 s."""
_GAP_S: Final = 0.25
"""Shorter silences are part of what is said."""
_AFTER_S: Final = 0.4
"""After words: a room, a breath; whatever is told there matters little."""
_ONSET: Final = (0.2, 0.6, 3.0, 3.0, 3.0, 3.0, 3.0, 2.0, 1.0)
"""What the first frames of words weigh; the first hold too little of them."""
_LATER: Final = 0.4
_SOUND: Final = 2.5
_ELSE: Final = 1.0


@dataclass(frozen=True)
class Voices:
    """Sentences and hums of one split's speakers, float32 at 16 kHz."""

    sentences: Sequence[Samples]
    hums: Sequence[Samples]


@dataclass(frozen=True)
class Event:
    """What is heard beside the reply, from one frame to another; ``learnt_s``: of replies that came before it."""

    kind: str
    start: int
    end: int
    learnt_s: float = 0.0


@dataclass(frozen=True)
class Scene:
    """What is played and heard, samples in step; ``words`` and ``weights`` ``[frames]``: what is right, how much so."""

    played: Samples
    heard: Samples
    words: NDArray[np.float32]
    weights: NDArray[np.float32]
    events: tuple[Event, ...]


@dataclass(frozen=True)
class Watched:
    """One reply of a scene as the network sees it: ``seen [n, SIZE]``; ``first``: its first frame in the scene."""

    first: int
    seen: NDArray[np.float16]
    words: NDArray[np.float32]
    weights: NDArray[np.float32]


def scene(voices: Voices, rng: Generator, *, dev: bool, hard: bool = False) -> Scene:
    """A reply or two, and two to five things beside them; ``hard``: in a stairwell, where the echo is long and loud."""
    count = _FRAMES * FRAME
    level = _log(rng, 0.02, 0.2)
    near, words, weights, events = _beside(voices, level, rng, dev=dev, hard=hard)
    played = _replies(voices, rng) * _ducking(events, rng)
    echo = _returned(played, rng, dev=dev, hard=hard)
    if not hard and rng.random() < 0.15:  # a headset, into whose microphone nothing or hardly anything comes back
        echo *= np.float32(rng.choice([0.0, 10 ** rng.uniform(-2.5, -1.5)]))
    else:
        loud = min(0.3, level * 10 ** (-rng.uniform(-6 if hard else -5, 5 if hard else 15) / 20))
        echo = levelled(echo, loud)
    heard = echo + near + _around(voices, level, count, rng)
    heard += rng.standard_normal(count).astype(np.float32) * np.float32(_log(rng, 2e-5, 2e-3))
    return Scene(played, np.clip(heard, -1, 1).astype(np.float32), words, weights, events)


def watched(told: Scene) -> Iterator[Watched]:
    """Each reply of a scene through the product's canceller and senses."""
    clock, segments = 0, list[tuple[int, list[NDArray[np.float16]]]]()

    def over() -> Senses:
        senses, seen = Senses(), list[NDArray[np.float16]]()
        segments.append((clock, seen))

        def noted(overlap: Overlap) -> float:
            seen.append(senses(overlap).astype(np.float16))
            return 0.0

        return noted  # type: ignore[return-value]

    duplex = Duplex(_Deaf(), over=over, voiced=lambda: lambda frame: 0.0)  # type: ignore[arg-type]
    for frame in duplex.frames(_pairs(told)):
        duplex.probability(frame)
        clock += 1
    for first, seen in segments:
        part = slice(first, first + len(seen))
        yield Watched(first, np.stack(seen), told.words[part], told.weights[part])


class _Deaf:
    """An output on which nothing has an effect: what is played is settled before."""

    heard_out = False

    def stop(self) -> None:
        pass

    def duck(self, on: bool) -> None:
        pass


def _pairs(told: Scene) -> Iterator[Both]:
    for at in range(0, len(told.played), FRAME):
        yield Both(told.heard[at : at + FRAME], told.played[at : at + FRAME])


def _log(rng: Generator, low: float, high: float) -> float:
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def _pick(rng: Generator, sounds: Sequence[Samples]) -> Samples:
    return sounds[int(rng.integers(len(sounds)))]


def _replies(voices: Voices, rng: Generator) -> Samples:
    """Clauses with pauses between; half of the time silence in the middle, so that the second reply finds the canceller
    warm. At times two voices, or music, from the speaker."""
    out = np.zeros(_FRAMES * FRAME, np.float32)
    at, again = int(rng.uniform(0, 0.6) * RATE), rng.random() < 0.5
    pitch = rng.uniform(0.92, 1.1)
    while at < len(out):
        clause = levelled(pitched(_pick(rng, voices.sentences), pitch), 1.0)
        if rng.random() < 0.08:
            clause = clause + np.resize(levelled(_pick(rng, voices.sentences), _log(rng, 0.2, 1)), len(clause))
        part = clause[: len(out) - at]
        out[at : at + len(part)] += part
        at += len(part) + int(rng.uniform(0.02, 0.45) * RATE)
        if again and at > 3.5 * RATE:
            at, again = at + int(rng.uniform(0.6, 1.5) * RATE), False
    return np.asarray(np.clip(out * np.float32(_log(rng, 0.03, 0.25)), -1, 1), np.float32)


def _ducking(events: Sequence[Event], rng: Generator) -> Samples:
    """The gain of what is played: low from soon after most of what is heard, and now and then for nothing."""
    wanted = np.ones(_FRAMES + 64)
    starts = [event.start + int(rng.integers(1, 6)) for event in events if rng.random() < 0.65]
    starts += [int(rng.integers(_FRAMES)) for _ in range(int(rng.poisson(0.8)))]
    for start in starts:
        wanted[start : start + int(rng.integers(22, 45))] = DUCKED
    gain = np.repeat(wanted[:_FRAMES], FRAME)
    return np.asarray(np.convolve(gain, np.full(161, 1 / 161), "same"), np.float32)


def _returned(played: Samples, rng: Generator, *, dev: bool, hard: bool) -> Samples:
    """Through a loudspeaker, sometimes too small for it, and a room."""
    drive = _log(rng, 1, 12) / max(float(np.abs(played).max()), 1e-6)
    sound_ = np.tanh(played * drive) / drive if rng.random() < 0.3 else played
    small = butter(int(rng.integers(1, 3)), _log(rng, 80, 500), "high", fs=RATE, output="sos")
    sound_ = recoloured(np.asarray(sosfilt(small, sound_), np.float32), rng)
    longest = 1.0 if dev else 0.8
    t60, delay = rng.uniform(0.3, longest) if hard else _log(rng, 0.05, longest), int(rng.uniform(0, 0.25) * RATE)
    time = np.arange(int(min(t60, 0.5) * RATE)) / RATE
    walls = rng.standard_normal(len(time)) * 10 ** (-3 * time / t60)
    walls[: int(_log(rng, 0.001, 0.01) * RATE)] = 0
    walls[rng.integers(0, len(walls), 6)] *= rng.uniform(1, 8, 6)
    walls *= 10 ** (-rng.uniform(-5, 4 if hard else 15) / 20) / max(np.sqrt((walls**2).sum()), 1e-9)
    walls[0] = 1.0
    response = np.concatenate([np.zeros(delay), walls])
    return np.asarray(fftconvolve(sound_, response)[: len(played)], np.float32)


def _around(voices: Voices, level: float, count: int, rng: Generator) -> Samples:
    """The street all the while, or a room in which others talk far off, or quiet."""
    kind = rng.random()
    if kind < 0.4:
        return np.zeros(count, np.float32)
    if kind < 0.85:
        return levelled(made(count, rng), level * 10 ** (-rng.uniform(0, 25) / 20))
    talk = babble([_pick(rng, voices.sentences) for _ in range(int(rng.integers(2, 7)))], count, rng)
    return levelled(echoing(talk, rng, direct=0.2)[:count], level * 10 ** (-rng.uniform(14, 32) / 20))


def _beside(
    voices: Voices, level: float, rng: Generator, *, dev: bool, hard: bool
) -> tuple[Samples, NDArray[np.float32], NDArray[np.float32], tuple[Event, ...]]:
    near, words = np.zeros(_FRAMES * FRAME, np.float32), np.zeros(_FRAMES, np.float32)
    weights, events = np.full(_FRAMES, _ELSE, np.float32), list[Event]()
    at = int(rng.uniform(0.3, 2.5) / FRAME_S * FRAME)
    while at < len(near) - RATE // 2:
        spoken = rng.random() < 0.42
        if spoken:
            kind, made_ = WORDS, _said(_pick(rng, voices.sentences), rng)
            sounding = levelled(made_, level)
        elif rng.random() < 0.1 and voices.hums:
            kind, made_ = "hum", pitched(_pick(rng, voices.hums), rng.uniform(0.85, 1.15))
            sounding = levelled(made_, level * 10 ** (rng.uniform(-10, 10) / 20))
        else:
            kind, made_ = sound(rng, dev=dev)
            sounding = levelled(made_, level * 10 ** (rng.uniform(-12, 12) / 20))
        sounding = echoing(sounding, rng) if rng.random() < 0.3 else sounding
        sounding = sounding[: len(near) - at]
        near[at : at + len(sounding)] += sounding
        active = _active(made_)[: _FRAMES - at // FRAME - 1] if spoken else np.ones(len(sounding) // FRAME, bool)
        start, end = at // FRAME, min(_FRAMES, at // FRAME + len(active))
        if spoken:
            first = start + int(np.argmax(active))
            words[start:end] = np.maximum(words[start:end], active[: end - start])
            weights[start : min(_FRAMES, end + round(_AFTER_S / FRAME_S))] = _LATER / 4
            for number in range(first, end):
                place = number - first
                weights[number] = _ONSET[place] if place < len(_ONSET) else _LATER
            start = first
        else:
            weights[start : min(_FRAMES, end + 10)] = np.maximum(weights[start : min(_FRAMES, end + 10)], _SOUND)
        events.append(Event(kind, start, end, start * FRAME_S))
        at += round(len(sounding) / FRAME + rng.uniform(8, 90 if hard else 45)) * FRAME + int(rng.integers(FRAME))
        if not spoken and rng.random() < 0.15 and kind not in ("throat", "cough"):
            at = max(0, events[-1].start * FRAME + int(rng.uniform(0.3, 0.9) * len(sounding)))  # words amid the noise
    return near, words, weights, tuple(events)


def _said(clip: Samples, rng: Generator) -> Samples:
    """Somebody's words, from the sentence's beginning or from a lull in it on."""
    voice = pitched(clip, rng.uniform(0.88, 1.14)) if rng.random() < 0.6 else clip
    voice = recoloured(voice, rng) if rng.random() < 0.3 else voice
    if rng.random() < 0.4 and len(voice) > 1.5 * RATE:
        start = int(rng.uniform(0.1, 0.5) * len(voice)) // 160 * 160
        hops = np.abs(voice[start : start + RATE // 4 * 160 // 160]).copy()
        quiet = hops[: len(hops) // 160 * 160].reshape(-1, 160).mean(1)
        voice = voice[start + int(np.argmin(quiet)) * 160 :]
    return voice[: int(_log(rng, 0.4, 3.0) * RATE)]


def _active(voice: Samples) -> NDArray[np.bool_]:
    """In which frames something is said ``[frames]``: within 30 dB of the loudness, short gaps filled."""
    frames = voice[: max(1, len(voice) // FRAME) * FRAME]
    frames = np.resize(frames, (max(1, len(frames) // FRAME), FRAME))
    power = np.mean(frames**2, 1)
    loud = power > 1e-3 * np.quantile(power, 0.9)
    spots = np.flatnonzero(loud)
    for before, after in itertools.pairwise(spots):
        if (after - before) * FRAME_S < _GAP_S:
            loud[before:after] = True
    return np.asarray(loud)
