"""What flows through a turn before it is understood: audio, transcripts, utterances."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RATE = 16_000
"""Sample rate in Hz that every recogniser and voice detector here works at."""


@dataclass(frozen=True, eq=False)
class Audio:
    """Mono sound: ``samples`` is float32, shape ``[n]``, in -1..1, at ``rate`` Hz."""

    samples: NDArray[np.float32]
    rate: int = RATE

    @property
    def seconds(self) -> float:
        return len(self.samples) / self.rate

    def cut(self, start_s: float, end_s: float) -> Audio:
        """The part between two times in seconds, clipped to what there is."""
        start, end = max(0, round(start_s * self.rate)), max(0, round(end_s * self.rate))
        return Audio(self.samples[start:end], self.rate)


@dataclass(frozen=True)
class Segment:
    """A stretch of speech, in seconds from the start of its audio."""

    start_s: float
    end_s: float


@dataclass(frozen=True)
class Hypothesis:
    """One reading of an utterance; ``logprob`` is the mean log-probability a token (higher is better)."""

    text: str
    logprob: float


@dataclass(frozen=True)
class Transcript:
    """What a recogniser heard. An empty ``text`` means nobody spoke.

    ``text`` is simplified Chinese, ``raw`` the engine's own output, ``confidence`` is in 0..1, or None from an engine
    that does not tell it, ``nbest`` is best first and holds ``text`` as its first entry unless empty: from such an
    engine it is.
    """

    text: str
    raw: str
    confidence: float | None
    nbest: tuple[Hypothesis, ...] = ()
    audio_s: float = 0.0


@dataclass(frozen=True)
class Edit:
    """``heard[start:end]`` became ``text[out_start:out_end]`` in normalisation."""

    start: int
    end: int
    out_start: int
    out_end: int


@dataclass(frozen=True)
class Utterance:
    """What was heard (simplified, untouched else) beside its normalised text (Arabic digits, half width).

    ``edits`` are in order and do not overlap; between them both texts run alike. Normalisation of
    width and spacing happens to ``heard`` first, so that the two differ in numerals only.
    """

    heard: str
    text: str
    edits: tuple[Edit, ...] = ()
    nbest: tuple[str, ...] = ()
    """Other readings, normalised, best first, without this one."""

    def as_heard(self, quote: str) -> str:
        """The stretch of ``heard`` that a quote of ``text`` came from; the quote itself if it is not one."""
        at = self.text.find(quote)
        if at < 0 or not quote:
            return quote
        return self.heard[self._back(at, end=False) : self._back(at + len(quote), end=True)]

    def _back(self, position: int, *, end: bool) -> int:
        shift = 0
        for edit in self.edits:
            if position < edit.out_end or (position == edit.out_end and end):
                if position > edit.out_start:
                    return edit.end if end else edit.start
                if position == edit.out_start and not end:
                    return edit.start
                break
            if position >= edit.out_end:
                shift = edit.end - edit.out_end
        return position + shift
