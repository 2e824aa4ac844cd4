"""Scoring of polished texts, by the rules the development sets state: facts present, nothing forbidden."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from courier_voice.text.normalize import comparable, normalize


@dataclass(frozen=True)
class SmsScore:
    """What one text lacks and what it should not hold; entries as the set writes them (``a|b``: any of them)."""

    missing: tuple[str, ...]
    forbidden: tuple[str, ...]

    @property
    def right(self) -> bool:
        return not self.missing and not self.forbidden


def score_sms(sms: str, facts: Sequence[str], forbidden: Sequence[str]) -> SmsScore:
    """Facts are looked for with every numeral Arabic; what is forbidden with those of names left alone (81路 is
    no 八一路)."""
    flat, plain = comparable(sms), _plain(sms)
    missing = tuple(entry for entry in facts if not any(comparable(one) in flat for one in entry.split("|")))
    present = tuple(entry for entry in forbidden if any(_plain(one) in plain for one in entry.split("|")))
    return SmsScore(missing, present)


def _plain(text: str) -> str:
    return re.sub(r"[^\w.%]", "", normalize(text).text)
