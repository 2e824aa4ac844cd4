"""Likeness of sound: toneless pinyin, compared with the confusions speakers and recognisers make.

金桂花园 and 锦桂花园 sound alike, 薛先森 is nearly 薛先生. Numbers never are "nearly" right: compare them
with ``same_digits``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from courier_voice.text.normalize import normalize

_HAN_DIGITS = str.maketrans("0123456789", "零一二三四五六七八九")
_INITIALS = ("zh", "ch", "sh", *"bpmfdtnlgkhjqxrzcsyw")
_NEAR_INITIALS = {
    frozenset(pair.split("-"))
    for pair in "z-zh c-ch s-sh n-l l-r f-h r-y j-zh q-ch x-sh b-p d-t g-k h-k z-c zh-ch j-q x-s".split()
}
_NEAR_FINALS = {
    frozenset(pair.split("-"))
    for pair in (
        "an-ang en-eng in-ing ian-iang uan-uang un-ong on-ong eng-ong ei-ui e-er o-uo ai-ei ou-uo ie-ian".split()
    )
}
_OTHER = 1.0
_NEAR = 0.3
_INDEL = 1.0


def pinyin(text: str) -> tuple[str, ...]:
    """The syllables of ``text`` without tones, digits as they are read, other letters as they stand.

    One for each character that sounds; punctuation and spaces have none.
    """
    return tuple(syllable for _, syllable in sounding(text))


@lru_cache(maxsize=8192)
def sounding(text: str) -> tuple[tuple[int, str], ...]:
    """(position, syllable) of each character that sounds."""
    from pypinyin import lazy_pinyin  # 0.2 s

    spoken = text.lower().translate(_HAN_DIGITS)
    # what has no pinyin comes back character by character, so that there is one entry for each
    syllables = lazy_pinyin(spoken, errors=lambda rest: list(rest))  # type: ignore[arg-type, return-value]
    return tuple((at, syllable) for at, syllable in enumerate(syllables) if syllable.isalnum())


def sound_distance(a: str, b: str) -> float:
    """How different two texts sound: 0.0 alike, 1.0 nothing in common (weighted edits by the longer's syllables)."""
    left, right = pinyin(a), pinyin(b)
    if not left or not right:
        return 0.0 if left == right else 1.0
    return _edit_distance(left, right) / max(len(left), len(right))


def find_by_sound(needle: str, haystack: str, *, limit: float = 0.25) -> tuple[int, int, float] | None:
    """The stretch of ``haystack`` that sounds most like ``needle``: (start, end, distance), or None beyond ``limit``.

    Positions are characters of ``haystack``; distance is by the needle's syllables. The first of equals wins.
    """
    wanted, heard = pinyin(needle), sounding(haystack)
    if not wanted or not heard:
        return None
    # Sellers 1980: edit distance with free start and end in the haystack; each cell also carries where it began.
    row = [(0.0, start) for start in range(len(heard) + 1)]
    for count, syllable in enumerate(wanted, 1):
        above, row = row, [(count * _INDEL, 0)]
        for at, (_, other) in enumerate(heard):
            row.append(
                min(
                    (above[at][0] + syllables_differ(syllable, other), above[at][1]),
                    (above[at + 1][0] + _INDEL, above[at + 1][1]),
                    (row[at][0] + _INDEL, row[at][1]),
                )
            )
    end = min(range(1, len(row)), key=lambda at: (row[at][0], at))
    cost, start = row[end]
    distance = min(1.0, cost / len(wanted))
    if distance > limit or start >= end:
        return None
    return heard[start][0], heard[end - 1][0] + 1, distance


def same_digits(a: str, b: str) -> bool:
    """Whether two texts name the same numbers in the same order, spoken or written (六栋 and 6栋, not 6栋 and 9栋)."""
    return _numbers(a) == _numbers(b)


@lru_cache(maxsize=8192)
def _numbers(text: str) -> tuple[str, ...]:
    return tuple(re.findall(r"\d+|[a-z]+", normalize(text).text.lower()))


def _edit_distance(left: Sequence[str], right: Sequence[str]) -> float:
    row = [at * _INDEL for at in range(len(right) + 1)]
    for count, syllable in enumerate(left, 1):
        above, row = row, [count * _INDEL]
        for at, other in enumerate(right):
            row.append(min(above[at] + syllables_differ(syllable, other), above[at + 1] + _INDEL, row[at] + _INDEL))
    return row[-1]


@lru_cache(maxsize=65536)
def syllables_differ(a: str, b: str) -> float:
    """0.0 for the same syllable, up to 1.0: half for the initial, half for the final, less where they get confused."""
    if a == b:
        return 0.0
    (initial_a, final_a), (initial_b, final_b) = _parts(a), _parts(b)
    initials = _part_differs(initial_a, initial_b, _NEAR_INITIALS)
    finals = _part_differs(final_a, final_b, _NEAR_FINALS)
    return (initials + finals) / 2


def _part_differs(a: str, b: str, near: set[frozenset[str]]) -> float:
    return 0.0 if a == b else _NEAR if frozenset((a, b)) in near else _OTHER


def _parts(syllable: str) -> tuple[str, str]:
    for initial in _INITIALS:
        if syllable.startswith(initial) and len(syllable) > len(initial):
            return initial, syllable[len(initial) :]
    return "", syllable
