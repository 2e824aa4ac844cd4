"""A Whisper that can write Chinese only: nine thousand tokens to choose from for fifty thousand.

Every step of a decoding weighs every token; leaving out those no courier's sentence has makes one a sixth shorter. The
others keep their weights. What is left out takes 6 % of the probability all together, up to 30 % where the model is
unsure, spread thinly, and a reading is to be as likely as it was, or every threshold moves: so groups of
32 stay as one token each, their mean, which the model is as unlikely to write as them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from courier_voice.weights.convert import Arrays

REVISION: Final = 1
"""Of what is left out and how: folders made by another one are made anew."""
EMBEDDINGS: Final = "decoder/embeddings/weight"
BIAS: Final = "decoder/projection/bias"
STANDS_FOR: Final = 32
SPREAD: Final = 1.09
"""ln of the mean of exp over exp of the mean within a group of logits. With it the mean log-probability a token of a
recorded command is right to 0.01 (its mean and its standard deviation: tests/weights/test_chinese.py)."""
_SPECIAL: Final = re.compile(r"<\|.*\|>")
_WRITTEN: Final = re.compile("[\x00-\x7f\u2010-\u2027\u3000-\u303f\u3400-\u4dbf\u4e00-\u9fff\uff00-\uffef°·×℃]*")
_SHORT: Final = 2
_TOKENS: Final = ("suppress_ids", "suppress_ids_begin", "lang_ids")
"""Lists of token numbers in CTranslate2's config.json."""


def _bytes() -> dict[str, int]:
    """The byte that each letter of a byte-level vocabulary stands for (GPT-2's bytes_to_unicode, turned round)."""
    shown = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    hidden = [byte for byte in range(256) if byte not in shown]
    return {chr(byte): byte for byte in shown} | {chr(256 + n): byte for n, byte in enumerate(hidden)}


_BYTE: Final = _bytes()


def kept(words: Sequence[str]) -> list[int]:
    """The numbers of the tokens a Chinese Whisper needs, of a byte-level vocabulary: everything between ``<|`` and
    ``|>``, single bytes (all others can be spelled in them), Chinese and its punctuation, pieces of characters, and of
    Latin words and numbers two letters, capitals, digits: B座, VIP."""
    return [number for number, word in enumerate(words) if _needed(word)]


def _needed(word: str) -> bool:
    if len(word) == 1 or _SPECIAL.fullmatch(word):
        return True
    raw = bytes(_BYTE[letter] for letter in word)
    if raw.isascii():
        return len(raw.strip()) <= _SHORT or (raw.strip().isalnum() and raw == raw.upper())
    try:
        return bool(_WRITTEN.fullmatch(raw.decode()))
    except UnicodeDecodeError:  # a piece of a character, or of two
        return True


def cut(variables: Arrays, config: Mapping[str, Any], words: Sequence[str]) -> tuple[Arrays, dict[str, Any], list[str]]:
    """CTranslate2's variables, config.json and vocabulary of a Whisper without most of its ``words``."""
    left = kept(words)
    others = sorted(set(range(len(words))) - set(left))
    count = math.ceil(len(others) / STANDS_FOR)
    groups = [others[first::count] for first in range(count)]
    rows = variables[EMBEDDINGS]
    means = [rows[group].astype(np.float32).mean(axis=0).astype(rows.dtype) for group in groups]
    bias = [*(0.0 for _ in left), *(math.log(len(group)) + SPREAD for group in groups)]
    new = {old: number for number, old in enumerate(left)}
    return (
        {**variables, EMBEDDINGS: np.stack([*rows[left], *means]), BIAS: np.array(bias, rows.dtype)},
        {**config, **{name: [new[old] for old in config[name] if old in new] for name in _TOKENS}},
        [*(words[old] for old in left), *(f"<|other {number}|>" for number in range(len(groups)))],
    )
