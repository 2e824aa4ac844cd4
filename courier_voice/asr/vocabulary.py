"""A model's own token numbers: one that writes Chinese only has left most of its tokenizer's out."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokenizers import Tokenizer


class Vocabulary:
    """``words``: the model's tokens by number, None where they are its tokenizer's."""

    def __init__(self, tokenizer: Tokenizer, words: Sequence[str] | None) -> None:
        self._tokenizer = tokenizer
        self._outside = None if words is None else [tokenizer.token_to_id(word) for word in words]
        self._inside = {outside: inside for inside, outside in enumerate(self._outside or ())}

    def inside(self, tokens: Iterable[int]) -> list[int]:
        """The tokenizer's tokens as the model's; one that it has not is spelled byte by byte."""
        if self._outside is None:
            return list(tokens)
        return [inside for token in tokens for inside in self._spelled(token)]

    def outside(self, tokens: Iterable[int]) -> list[int]:
        """The model's tokens as the tokenizer's; those that it has not, timestamps, are left out."""
        if self._outside is None:
            return list(tokens)
        return [outside for token in tokens if (outside := self._outside[token]) is not None]

    def _spelled(self, token: int) -> list[int]:
        if token in self._inside:
            return [self._inside[token]]
        letters = self._tokenizer.id_to_token(token) or ""
        return [self._inside[self._tokenizer.token_to_id(letter)] for letter in letters]


def vocabulary(model: Path, tokenizer: Tokenizer) -> Vocabulary:
    """Of a CTranslate2 folder. Raises OSError, ValueError for one without vocabulary.json or vocabulary.txt."""
    listed = model / "vocabulary.json"
    words: list[str] = (
        json.loads(listed.read_text("utf-8"))
        if listed.is_file()
        else (model / "vocabulary.txt").read_text("utf-8").splitlines()
    )
    known = {number: word for word, number in tokenizer.get_vocab(with_added_tokens=True).items()}
    same = all(known.get(number, word) == word for number, word in enumerate(words))
    return Vocabulary(tokenizer, None if same else words)
