"""What a question says about where to look: the province it happens in, the document it names."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from functools import cache
from importlib.resources import files
from typing import Final

_KINDS: Final = "法典|法|条例|办法|细则|规定|规范|制度|手册|标准|指引|通知|须知|流程|要求"
_NAMED: Final = re.compile(rf"[一-鿿]{{1,12}}?(?:{_KINDS})")
_KIND: Final = re.compile(rf"(?:{_KINDS})$")
_STATE: Final = re.compile("中华人民共和国|[《》（）()〈〉]")
_LONGEST: Final = 14


@cache
def provinces() -> Mapping[str, tuple[str, ...]]:
    """Each province with its own name and those of its cities."""
    lines = (files(__package__) / "data" / "places.tsv").read_text(encoding="utf-8").splitlines()
    table = (line.partition("\t") for line in lines)
    return {province: (province, *cities.split()) for province, _, cities in table}


@cache
def provinces_in(text: str) -> frozenset[str]:
    """The provinces a text names, itself or by one of their cities."""
    return frozenset(province for province, names in provinces().items() if any(name in text for name in names))


def place_match(question: str, title: str) -> int:
    """Rules of a province hold there only: 1 when the question is about it, -1 when it is not, 0 for rules of all."""
    where = provinces_in(title)
    if not where:
        return 0
    return 1 if where & provinces_in(question) else -1


def named(question: str, titles: Mapping[str, str]) -> frozenset[str]:
    """Documents (name → title) that a question names, in full or shortened as people do: 电商法, 消法, 快递条例.

    A short form has the characters of the title in their order and ends as it ends.
    """
    asked = _STATE.sub("", question)
    forms = {form for match in _NAMED.finditer(asked) for form in _endings(asked[: match.end()])}
    return frozenset(doc for doc, title in titles.items() if any(_short_for(form, _core(title)) for form in forms))


def _endings(text: str) -> Collection[str]:
    return [text[-length:] for length in range(2, min(_LONGEST, len(text)) + 1)]


def _core(title: str) -> str:
    return _STATE.sub("", re.sub(r"[（(].*?[)）]$", "", title))


def _short_for(form: str, title: str) -> bool:
    kinds = [_KIND.search(text) for text in (form, title)]
    if not all(kinds) or form[0] in "的按照和与":
        return False
    ours, theirs = (kind.group() for kind in kinds if kind)
    if ours != theirs or ours == form:
        return False
    rest = iter(title)
    return all(char in rest for char in form)
