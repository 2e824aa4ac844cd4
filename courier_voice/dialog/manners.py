"""The word lists of polite texting, from ``manners.yaml``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

import yaml
from pydantic import BaseModel, ConfigDict


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    orders: list[str]
    rude: list[str]
    gripes: list[str]
    sour: list[str]
    softer: list[tuple[str, str]]
    promises: list[str]
    claims: list[tuple[str, str]]
    polite: list[str]


@dataclass(frozen=True)
class Manners:
    """What may not be said, and what to say instead."""

    orders: re.Pattern[str]
    rude: re.Pattern[str]
    gripes: re.Pattern[str]
    sour: re.Pattern[str]
    softer: tuple[tuple[re.Pattern[str], str], ...]
    promises: tuple[str, ...]
    claims: tuple[tuple[re.Pattern[str], re.Pattern[str]], ...]
    polite: re.Pattern[str]
    """Words a text may add: they tell the customer nothing new."""


@lru_cache(maxsize=1)
def manners() -> Manners:
    """The shipped lists; read once."""
    text = (files("courier_voice.dialog") / "manners.yaml").read_text(encoding="utf-8")
    lists = _File.model_validate(yaml.safe_load(text))
    return Manners(
        _any(lists.orders),
        _any(lists.rude),
        _any(lists.gripes),
        _any(sorted(lists.sour, key=len, reverse=True)),
        tuple((re.compile(pattern), new) for pattern, new in lists.softer),
        tuple(lists.promises),
        tuple((re.compile(new), re.compile(known)) for new, known in lists.claims),
        _any(sorted(lists.polite, key=len, reverse=True)),
    )


def _any(patterns: list[str]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns))
