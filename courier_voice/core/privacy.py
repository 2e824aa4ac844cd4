"""Masking of personal data: for anything that leaves the courier's own ears and screen."""

from __future__ import annotations

import json
import logging
import re
import threading
import traceback
from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Any, Final
from urllib.parse import quote

from courier_voice.core.parcels import Day

_S: Final = "0-9０-９零〇一二三四五六七八九幺洞拐勾两"
_GAP: Final = r"[\s\-–.·、，]{0,2}"
_MOBILE: Final = re.compile(
    r"(?:(?<![\dA-Za-z])(?:\+|00)?(?:86|８６)[\s-]*|(?<![\dA-Za-z]))([1１][3-9３-９]\d)[\s\-–.·]{0,2}(\d{4})[\s\-–.·]{0,2}(\d{4})(?!\d)"
)
_SPELLED: Final = re.compile(rf"(?<![{_S}])[1１一幺]{_GAP}[3-9３-９三四五六七八九拐勾](?:{_GAP}[{_S}]){{9}}(?![{_S}])")
_LANDLINE: Final = re.compile(r"(?<![\dA-Za-z])0\d{2,3}[-\s]?[2-9]\d{6,7}(?!\d)")
_VIRTUAL: Final = re.compile(r"(?<![\dA-Za-z])0{4,}\d{4,}(?!\d)")
_COUNT: Final = r"(?:\d{1,4}|[A-Za-z]|[零一二三四五六七八九十百幺两]{1,5})"
_DOOR: Final = re.compile(
    rf"{_COUNT}(?:号楼|号院|栋|幢|单元|弄)(?:{_COUNT}(?:号楼|单元|号|室|层|楼|栋|座)?)*|[A-Za-z]座(?:{_COUNT}(?:层|楼|室)?)?"
)
STRUCK: Final = "***********"


def mask_phones(text: str) -> str:
    """Every mobile, landline or virtual number in a text struck out, however it is written: 137****6625."""
    text = _MOBILE.sub(r"\1****\3", text)
    for pattern in (_SPELLED, _LANDLINE, _VIRTUAL):
        text = pattern.sub(STRUCK, text)
    return text


def find_phones(text: str) -> tuple[str, ...]:
    """Every telephone number in a text, as it is written there."""
    return tuple(
        match.group() for pattern in (_MOBILE, _SPELLED, _LANDLINE, _VIRTUAL) for match in pattern.finditer(text)
    )


def has_phone(text: str) -> bool:
    """Whether a text holds a telephone number."""
    return any(pattern.search(text) for pattern in (_MOBILE, _SPELLED, _LANDLINE, _VIRTUAL))


def mask_name(name: str) -> str:
    """A person's name with all but its first character struck out: 胡**."""
    return name[:1] + "*" * (len(name) - 1)


def place_of(address: str) -> str:
    """The place name an address begins with: 枫林里 of 枫林里3号楼2单元501; empty when it has none."""
    return re.split(r"[\dA-Za-z]", address, maxsplit=1)[0].strip()


class Known:
    """Names and addresses that must not leave, learnt from the courier's lists. Thread-safe."""

    def __init__(self) -> None:
        self._strings: frozenset[str] = frozenset()
        self._pattern: re.Pattern[str] | None = None
        self._encoded: re.Pattern[str] | None = None
        self._lock = threading.Lock()

    def learn(self, day: Day) -> None:
        """Add a day's customers and where they live."""
        strings = (s for p in day.parcels for s in (p.customer, p.address, place_of(p.address)))
        self.add(strings)

    def add(self, strings: Iterable[str]) -> None:
        new = frozenset(s for s in strings if len(s) > 1) - self._strings
        if not new:
            return
        with self._lock:
            self._strings |= new
            longest_first = sorted(self._strings, key=lambda s: (-len(s), s))
            self._pattern = re.compile("|".join(map(re.escape, longest_first)))
            self._encoded = None

    @property
    def strings(self) -> frozenset[str]:
        return self._strings

    def found(self, text: str) -> tuple[str, ...]:
        """Which known names and addresses a text holds, in order."""
        return tuple(m.group() for m in self._pattern.finditer(text)) if self._pattern else ()

    def mask(self, text: str) -> str:
        """A text without phone numbers, known names and addresses, or house and door numbers."""
        if self._pattern:
            text = self._pattern.sub(lambda match: mask_name(match.group()), text)
        return mask_phones(_DOOR.sub("***", text))

    def mask_encoded(self, text: str) -> str:
        """A text without known names and addresses as URLs, JSON and bytes spell them."""
        if self._encoded is None:
            spelled = (form for s in sorted(self._strings, key=lambda s: (-len(s), s)) for form in _spellings(s))
            self._encoded = re.compile("|".join(map(re.escape, spelled)) or r"(?!)", re.IGNORECASE)
        return self._encoded.sub(STRUCK, text)

    def mask_all(self, value: Any) -> Any:
        """``mask`` for every string inside lists and mappings; what ``waybill``, ``key`` and ``id`` hold stays."""
        if isinstance(value, str):
            return self.mask(value)
        if isinstance(value, Mapping):
            return {k: v if k in ("waybill", "key", "id") else self.mask_all(v) for k, v in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.mask_all(v) for v in value]
        return value


def _spellings(string: str) -> tuple[str, ...]:
    """As in a URL, in ASCII JSON, and in the representation of bytes."""
    return quote(string), json.dumps(string)[1:-1], repr(string.encode())[2:-1]


people: Final = Known()
"""Whoever was on a list this process has seen: what the log filter strikes out."""


def phoneless(value: Any) -> Any:
    """``mask_phones`` for every string inside lists and mappings, waybill numbers aside."""
    if isinstance(value, str):
        return mask_phones(value)
    if isinstance(value, Mapping):
        return {k: v if k in ("waybill", "tail") else phoneless(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [phoneless(v) for v in value]
    return value


_INSIDE: Final = re.compile(r"[1１][3-9３-９]\d(?:[\s+-]|%20)?\d{4}(?:[\s+-]|%20)?\d{4}|0\d{2,3}-[2-9]\d{6,7}(?!\d)")
"""In a log even a number inside a longer one, or in a URL, goes; that costs a waybill now and then."""


class PersonalFilter(logging.Filter):
    """The last line of defence: no log record leaves with a phone number, or a name or address this process knows."""

    def filter(self, record: logging.LogRecord) -> bool:
        try:
            told = record.getMessage()
        except Exception:  # a library's message that does not fit its arguments must not end a turn
            told = f"{record.msg} {record.args}"
        record.msg, record.args = _for_log(told), None
        if record.exc_info or record.exc_text:  # another handler may have put it into words already
            text = logging.Formatter().formatException(record.exc_info) if record.exc_info else record.exc_text
            record.exc_text = _for_log(text or "")
        if record.stack_info:
            record.stack_info = _for_log(record.stack_info)
        return True


def masked_trace(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> str:
    """An uncaught exception in words, as it may be shown on a screen others see."""
    return _for_log("".join(traceback.format_exception(kind, error, trace)))


def _for_log(text: str) -> str:
    return _INSIDE.sub(STRUCK, people.mask_encoded(people.mask(text)))
