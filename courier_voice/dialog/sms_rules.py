"""What a text message may be, whoever worded it: the last look before it is read back, and again before it leaves."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Final

import yaml
from pydantic import BaseModel, ConfigDict

from courier_voice.core.privacy import has_phone

_LINK: Final = re.compile(
    r"(?:https?|ftp)\s*[:：]|www\s*[.。点]|[a-z0-9-]+\s*(?:\.|点|。)\s*(?:com|cn|net|org|top|xyz|vip|cc|io|me|shop|site|info|link|club)"
    r"(?![a-z])|点击[^，。]{0,8}(?:链接|网址)|(?:点|戳|打开|访问|复制|扫)(?:击)?(?:一?下)?(?:这个|下面的?|以下|此|下方的?|我的)?(?:链接|网址|网站|短链|二维码)|\bt\.cn/|"
    r"(?:\d{1,3}\.){3}\d{1,3}",
    re.IGNORECASE,
)
_HIDDEN: Final = re.compile(r"[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\u00ad]")
"""Characters nobody sees, with which banned words are cut apart."""


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    banned: dict[str, list[str]]


@lru_cache(maxsize=1)
def _banned() -> tuple[tuple[str, re.Pattern[str]], ...]:
    text = (files("courier_voice.dialog") / "sms_rules.yaml").read_text(encoding="utf-8")
    lists = _File.model_validate(yaml.safe_load(text)).banned
    return tuple((name, re.compile("|".join(f"(?:{p})" for p in patterns))) for name, patterns in lists.items())


@dataclass(frozen=True)
class SmsRules:
    """``max_chars`` is a text's length; the limits count texts given to the outbox within an hour."""

    max_chars: int = 200
    allow_links: bool = False
    per_customer_hour: int = 5
    per_hour: int = 120

    def refusal(self, message: str) -> str:
        """Why a text may not be sent, as it is said to the courier; empty when it may."""
        if not message.strip():
            return "短信是空的"
        if len(message) > self.max_chars:
            return f"短信太长了，最多{self.max_chars}个字"
        plain = _HIDDEN.sub("", unicodedata.normalize("NFKC", message))
        if _HIDDEN.search(message) or any(unicodedata.category(c) == "Cc" and c != "\n" for c in message):
            return "短信里有看不见的字符，不能发"
        closed = re.sub(r"(?<=[\dA-Za-z])[\s，,、\-–·]+(?=[\dA-Za-z])", "", plain)
        if not self.allow_links and (_LINK.search(plain) or _LINK.search(closed)):
            return "短信里有网址，不能发"
        if has_phone(plain) or has_phone(closed):
            return "短信里有电话号码，不能发"
        tight = re.sub(r"[\s*_\-·.|/，,]", "", plain)
        for name, pattern in _banned():
            if pattern.search(tight):
                return f"短信里有不能发的内容（{name}）"
        return ""
