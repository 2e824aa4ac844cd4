"""The characters the fast model reads: how each sounds, and what a language model knows of it."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from courier_voice.nlu.fast import FIRST_STATE, LONGEST_WORD
from courier_voice.nlu.labels import STATES
from courier_voice.text.phonetics import pinyin

_ASCII: Final = "".join(map(chr, range(0x20, 0x7F))).replace("abcdefghijklmnopqrstuvwxyz", "")
_MARKS: Final = "，。！？；：（）、…—～“”‘’《》【】·"
_INITIALS: Final = ("zh", "ch", "sh", *"bpmfdtnlgkhjqxrzcsyw")
_EMBEDDINGS: Final = "token_embd.weight"
_WORD: Final = re.compile(f"[\u4e00-\u9fff]{{2,{LONGEST_WORD}}}")


def letters(corpus: Iterable[str]) -> str:
    """The characters known: GB 2312, ASCII without small letters, marks, and whatever else the corpus has twice."""
    rows = (bytes((row, column)) for row in range(0xB0, 0xF8) for column in range(0xA1, 0xFF))
    hanzi = "".join(row.decode("gb2312", errors="ignore") for row in rows)
    counts = Counter(char for text in corpus for char in text.upper())
    known = dict.fromkeys(_ASCII + _MARKS + hanzi)
    known |= dict.fromkeys(char for char, count in counts.items() if count > 1)
    return "".join(known)


def sounds(known: str) -> tuple[NDArray[np.int64], NDArray[np.int64], int, int]:
    """Initial and final of every letter's toneless syllable, shape ``[letters]`` each, and how many of them there are.

    Letters without a syllable, and those before the characters, have number 0.
    """
    initials: dict[str, int] = {"": 0}
    finals: dict[str, int] = {"": 0}
    pairs = [(0, 0)] * (FIRST_STATE + len(STATES))
    for char in known:
        syllable = (pinyin(char) or ("",))[0] if char not in _ASCII or char.isdigit() else ""
        initial = next((start for start in _INITIALS if syllable.startswith(start) and syllable != start), "")
        final = syllable.removeprefix(initial)
        pairs.append((initials.setdefault(initial, len(initials)), finals.setdefault(final, len(finals))))
    first, second = np.array(pairs, np.int64).T
    return first, second, len(initials), len(finals)


class Knowledge:
    """What a language model's token embeddings say of characters and words.

    ``tokens``: text → row of the table; ``rows``: those rows, ``[n, d]``, float32.
    """

    def __init__(self, tokens: Mapping[str, int], rows: Callable[[list[int]], NDArray[np.float32]]) -> None:
        self._tokens, self._rows = tokens, rows
        self.words = tuple(sorted(text for text in tokens if _WORD.fullmatch(text)))
        """Chinese words that are one token."""

    def of_letters(self, known: str, size: int) -> NDArray[np.float32]:
        """Main components, shape ``[letters, size]``, unit variance; letters that are no token of their own are 0."""
        return self._components(known, FIRST_STATE + len(STATES), size)

    def of_words(self, size: int) -> NDArray[np.float32]:
        """Main components of the words, shape ``[1 + words, size]``; row 0 is no word."""
        return self._components(self.words, 1, size)

    def _components(self, texts: Sequence[str], first: int, size: int) -> NDArray[np.float32]:
        found = {at: self._tokens[text] for at, text in enumerate(texts, first) if text in self._tokens}
        rows = self._rows(list(found.values()))
        centred = rows - rows.mean(0)
        _, axes = np.linalg.eigh(centred.T @ centred)
        main = centred @ axes[:, ::-1][:, :size]
        table = np.zeros((first + len(texts), size), np.float32)
        table[list(found)] = main / main.std()
        return table


def of_gguf(model: Path) -> Knowledge:
    """Of a GGUF language model. Byte-level BPE vocabularies only."""
    import gguf

    reader = gguf.GGUFReader(model)
    field = reader.fields["tokenizer.ggml.tokens"]
    table = next(tensor for tensor in reader.tensors if tensor.name == _EMBEDDINGS)
    texts = (_text_of(bytes(field.parts[part]).decode("utf-8")) for part in field.data)
    tokens = {text: number for number, text in enumerate(texts) if text}

    def rows(numbers: list[int]) -> NDArray[np.float32]:
        found: NDArray[np.float32] = gguf.quants.dequantize(table.data[numbers], table.tensor_type)
        return found

    return Knowledge(tokens, rows)


def of_gemma(directory: Path) -> Knowledge:
    """Of EmbeddingGemma, as it runs: a table of 8 bits and a scale for each row. Raises as ``embed_gemma.exported``."""
    import onnx

    from courier_voice.knowledge.embed_gemma import exported

    file = exported(directory)
    tokens: dict[str, int] = json.loads(file.with_name("tokenizer.json").read_text("utf-8"))["model"]["vocab"]
    held = onnx.load(file).graph.initializer
    codes, scale = (onnx.numpy_helper.to_array(one) for one in held if one.dims[0] == len(tokens))
    return Knowledge(tokens, lambda numbers: (codes[numbers] * scale[numbers]).astype(np.float32))


def _text_of(token: str) -> str:
    """What a token of byte-level BPE stands for, one printable character for each UTF-8 byte (GPT-2's table)."""
    try:
        return bytes(_BYTES[char] for char in token).decode("utf-8")
    except (KeyError, UnicodeDecodeError):
        return ""  # a control token, or a part of a character


def _byte_table() -> dict[str, int]:
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in plain]
    return {chr(byte): byte for byte in plain} | {chr(256 + number): byte for number, byte in enumerate(others)}


_BYTES: Final = _byte_table()
