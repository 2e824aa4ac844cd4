"""Being addressed: while nobody is listened to, only the beginning of what is said is decoded, and only to see whether
it is the wake phrase. There is no model of its own for that: the recogniser's readings are compared by their sound.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from courier_voice.core.ports import Transcriber
from courier_voice.core.words import Audio, Hypothesis, Transcript
from courier_voice.text.phonetics import find_by_sound, pinyin, sounding

NEAR: Final = 0.2
"""How far from the phrase a beginning may sound: less than one of four syllables, so that 小哥哥 is not 小哥小哥."""
LEAD: Final = 2
"""Syllables that may stand before it: 哎, 那个."""
_THERE: Final = 0.5
"""The same where it is known to be there: all that matters then is where it ends."""
_ANY: Final = 0.99
BEGINNING_S: Final = 2.4
"""What is decoded of an utterance: two seconds of speech, and the sound kept from before its first word."""


def nearest(spotter: Transcriber, audio: Audio, phrase: str) -> float:
    """How far the beginning of an utterance sounds from the phrase in the reading nearest to it, by the phrase's
    syllables: 0.0 alike, 1.0 nothing in common. Raises TranscriptionError."""
    heard = spotter.transcribe(audio.cut(0.0, BEGINNING_S))  # told the phrase, it hears 小狗小狗 as 小哥小哥
    found = (_found(text, phrase, _ANY) for text in (heard.text, *(one.text for one in heard.nbest)))
    return min((one[1] for one in found if one), default=1.0)


def behind(text: str, phrase: str, near: float = NEAR) -> str | None:
    """What is said behind the phrase, empty when that is all; None where ``text`` does not begin with it."""
    found = _found(text, phrase, near)
    return None if found is None else text[found[0] :].lstrip("，。！？、,.!? 　")


def _found(text: str, phrase: str, near: float) -> tuple[int, float] | None:
    heard, wanted = sounding(text), len(pinyin(phrase))
    if not heard:
        return None
    last = heard[min(len(heard), LEAD + wanted) - 1][0] + 1
    stretch = find_by_sound(phrase, text[:last], limit=near)
    if stretch is None or sum(at < stretch[0] for at, _ in heard) > LEAD:
        return None
    return stretch[1], stretch[2]


class Addressed:
    """core.ports.Transcriber that hears only those who are to be heard: everybody while ``heard_since`` says so;
    otherwise who begins with ``phrase``, which is not part of what he says.

    ``spotter`` hears the beginnings: on this device, whatever ``asr`` is. All else said is an empty transcript.
    """

    def __init__(
        self,
        asr: Transcriber,
        spotter: Transcriber,
        phrase: str,
        heard_since: Callable[[float], bool],
        *,
        near: float = NEAR,
    ) -> None:
        """``heard_since``: whether somebody who began to speak so many seconds ago is listened to."""
        self._asr, self._spotter, self._phrase = asr, spotter, phrase
        self._heard_since, self._near = heard_since, near
        self.called = False
        """Whether the utterance decoded last was the phrase and nothing else."""
        self.by_name = False
        """Whether the utterance decoded last began with the phrase."""

    def transcribe(self, audio: Audio, hints: Sequence[str] = ()) -> Transcript:
        """Hear 16 kHz audio. Raises TranscriptionError."""
        self.called = self.by_name = False
        spotted = not self._heard_since(audio.seconds)
        if spotted and nearest(self._spotter, audio, self._phrase) > self._near:
            return Transcript("", "", 0.0, (), audio.seconds)
        heard = self._asr.transcribe(audio, hints)
        rest = _without(heard, self._phrase, _THERE if spotted else self._near)
        self.by_name = spotted or rest.text != heard.text
        self.called = self.by_name and not rest.text
        return rest


def _without(heard: Transcript, phrase: str, near: float) -> Transcript:
    """The transcript behind the phrase; where it was said but not written so, as it is."""
    text = _cut(heard.text, phrase, near)
    nbest = tuple(Hypothesis(_cut(one.text, phrase, near), one.logprob) for one in heard.nbest)
    return replace(heard, text=text, nbest=nbest if text else ())


def _cut(text: str, phrase: str, near: float) -> str:
    rest = behind(text, phrase, near)
    return text if rest is None else rest
