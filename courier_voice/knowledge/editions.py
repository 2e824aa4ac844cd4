"""Editions of one document: the one in force since later replaces the earlier."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from courier_voice.knowledge.base import Entry

_EDITION: Final = re.compile(
    r"[（(][^）)]*[)）]|第?[\d一二三四五六七八九十.]+[版期]|[vV]\d[\d.]*|20\d\d年?版?|(?:修订|试行|新)版?$|\s+"
)


def edition(title: str) -> str:
    """A title without what tells editions apart."""
    return _EDITION.sub("", title)


def replaced(entries: Iterable[Entry]) -> frozenset[str]:
    """Documents of which a later edition is there; those without a date replace nothing and stay."""
    dated = [(edition(entry.title), entry.effective, entry.doc) for entry in entries if entry.effective]
    newest = {name: max(since for other, since, _ in dated if other == name) for name, _, _ in dated}
    return frozenset(doc for name, since, doc in dated if since < newest[name])
