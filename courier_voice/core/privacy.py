"""Masking of personal data: for anything that leaves the courier's own ears and screen."""

from __future__ import annotations

import logging
import re
from typing import Final

_PHONE: Final = re.compile(r"(?<!\d)(1[3-9]\d)[\s-]?(\d{4})[\s-]?(\d{4})(?!\d)")
_VIRTUAL: Final = re.compile(r"(?<!\d)0{4,}\d{4,}(?!\d)")


def mask_phones(text: str) -> str:
    """Every mobile or virtual number in a text, its middle struck out: 137****6625."""
    return _VIRTUAL.sub("***********", _PHONE.sub(r"\1****\3", text))


def mask_name(name: str) -> str:
    """A person's name with all but the surname struck out: 胡**."""
    return name[:1] + "*" * (len(name) - 1)


class PhoneFilter(logging.Filter):
    """The last line of defence: no log record leaves with a phone number in it."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = mask_phones(record.getMessage()), None
        return True
