"""Whether a person says words over a reply: a small recurrent network over what is heard, what is played, and what the
echo canceller leaves. `courier-voice train overtalk` makes its weights; data/overspeech.md tells of what and how good.
"""

from __future__ import annotations

from collections import deque
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from courier_voice.audio.endpoint import FRAME, VoiceStream
from courier_voice.audio.ring import Frame
from courier_voice.audio.voicing import LAGS, Voicing
from courier_voice.core.errors import WeightsCorrupt
from courier_voice.core.words import RATE

WEIGHTS: Final = Path(__file__).parent / "data" / "overspeech.npz"
BANDS: Final = 24
HOP: Final = FRAME // 2
SIZE: Final = 5 * BANDS + LAGS + 2 + VoiceStream.SIZE
"""Numbers a frame is known by."""
_LOW_HZ: Final = 80
_HIGH_HZ: Final = 7600
_FLOOR: Final = 1e-9
"""Of the power in a band: below it is silence."""
_REACH: Final = 10
"""Frames for which what was played may come back."""
_SETTLES_S: Final = 3.0
"""Of replies, until the canceller knows most rooms."""
_FARTHEST: Final = 6.0
"""Deviations from the mean beyond which more says no more."""

Floats = NDArray[np.float32]


class Overlap(NamedTuple):
    """A frame beside a reply: heard, played, what the canceller leaves of it, and the seconds of replies it has learnt
    from so far."""

    heard: Frame
    played: Frame
    left: Frame
    learnt_s: float


class Senses:
    """``senses(overlap)``: what the network is told of a frame, ``[SIZE]``: log powers in mel bands (of what is left
    twice, 16 ms apart; of what is heard, played, and the loudest played in the last 0.3 s), the periodicity of what is
    left, how long the canceller has learnt, and what Silero makes of it: log odds of voice, and its state.
    """

    def __init__(self) -> None:
        self._voice, self._voicing = VoiceStream(), Voicing()
        self._before = np.zeros((3, HOP), np.float32)
        self._played: deque[Floats] = deque(maxlen=_REACH)
        self._window, self._mel = np.hanning(FRAME).astype(np.float32), _mel()

    def __call__(self, overlap: Overlap) -> Floats:
        now = np.stack([overlap.left, overlap.heard, overlap.played])
        windows = np.stack([np.hstack([self._before, now[:, :HOP]]), now], 1) * self._window
        self._before = now[:, HOP:]
        power = np.square(np.abs(np.fft.rfft(windows))).astype(np.float32) @ self._mel
        left, (heard, played) = power[0], power[1:].mean(1)
        self._played.append(played)
        bands = np.log10(np.concatenate([*left, heard, played, np.max(self._played, 0)]) + _FLOOR)
        p = float(np.clip(self._voice.probabilities(np.ascontiguousarray(overlap.left))[0], 1e-4, 1 - 1e-4))
        rest = [np.log(p / (1 - p)), min(1.0, overlap.learnt_s / _SETTLES_S)]
        return np.concatenate([bands, self._voicing(overlap.left), rest, self._voice.state]).astype(np.float32)


class Overspeech:
    """``overspeech(overlap)``: the probability that a person says words in the frame, given those before it. One for
    each reply. Raises WeightsCorrupt.
    """

    def __init__(self, weights: Path = WEIGHTS) -> None:
        self._w = _read(weights)
        self._senses = Senses()
        self._state = np.zeros(len(self._w["out"]), np.float32)

    def __call__(self, overlap: Overlap) -> float:
        w = self._w
        seen = np.clip((self._senses(overlap) - w["mean"]) / w["spread"], -_FARTHEST, _FARTHEST)
        first = np.maximum(w["first"] @ seen + w["first_bias"], 0)
        given = np.split(w["given"] @ first + w["given_bias"], 3)
        kept = np.split(w["kept"] @ self._state + w["kept_bias"], 3)
        reset, update = _sigmoid(given[0] + kept[0]), _sigmoid(given[1] + kept[1])
        self._state = (1 - update) * np.tanh(given[2] + reset * kept[2]) + update * self._state
        return float(_sigmoid(w["out"] @ self._state + w["out_bias"])[0])


@lru_cache(maxsize=2)
def _read(file: Path) -> dict[str, Floats]:
    try:
        with np.load(file, allow_pickle=False) as stored:
            weights = {name: np.asarray(stored[name], np.float32) for name in stored.files}
        if weights["first"].shape[1] != SIZE or weights["kept"].shape[1] != len(weights["out"]):
            raise ValueError("of another shape")
    except (OSError, ValueError, KeyError) as error:
        raise WeightsCorrupt(f"{file.name} cannot be read ({error}): install courier-voice anew") from error
    return weights


def _sigmoid(x: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(x, -30, 30))), np.float32)


def _mel() -> Floats:
    """Triangles evenly spaced in mel ``[FRAME / 2 + 1, BANDS]``, each the mean of its bins, by the window's power."""
    low, high = (2595 * np.log10(1 + hz / 700) for hz in (_LOW_HZ, _HIGH_HZ))
    edges = 700 * (10 ** (np.linspace(low, high, BANDS + 2) / 2595) - 1)
    hz = np.fft.rfftfreq(FRAME, 1 / RATE)[:, None]
    up, down = (hz - edges[:-2]) / np.diff(edges)[:-1], (edges[2:] - hz) / np.diff(edges)[1:]
    shapes = np.maximum(np.minimum(up, down), 0) + _FLOOR
    return np.asarray(shapes / shapes.sum(0) / np.square(np.hanning(FRAME)).sum(), np.float32)
