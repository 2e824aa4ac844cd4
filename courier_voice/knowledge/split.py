"""Documents as chunks: along the structure, or (to measure that against) without regard to it."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Final

from courier_voice.knowledge.words import Block, Chunk, Document

SPLITTER: Final = 1
"""Counts up when the same document would be cut otherwise than before."""

SIZE: Final = 600
OVERLAP: Final = 80
"""Characters."""

SENTENCES = re.compile(r"[^。！？；!?;\n]*[。！？；!?;\n]+[”’）)」』]*|[^。！？；!?;\n]+$")
PHRASES = re.compile(r"[^，、,：:]*[，、,：:]+|[^，、,：:]+$")


def split(document: Document, size: int = SIZE, overlap: int = OVERLAP) -> tuple[Chunk, ...]:
    """Chunks of at most ``size`` characters, each of one article (or, where nothing is numbered, of one heading).

    Paragraphs are packed whole. Only one that is longer than ``size`` is cut, at the end of a sentence if it has one,
    and only there up to ``overlap`` characters are said again. A table's row is never cut, however long.
    """
    _check(size, overlap)
    chunks: list[list[Block]] = []
    for _, group in groupby(document.blocks, key=lambda block: (block.path, block.section)):
        packed: list[Block] = []
        for block in group:
            if block.table or len(block.text) <= size:
                if packed and _length([*packed, block]) > size:
                    chunks.append(packed)
                    packed = []
                packed.append(block)
                continue
            if packed:
                chunks.append(packed)
                packed = []
            chunks += [[_with_text(block, piece)] for piece in pieces(block.text, size, overlap)]
        if packed:
            chunks.append(packed)
    return _chunks(document, ((blocks, "\n".join(block.text for block in blocks)) for blocks in chunks))


def split_fixed(document: Document, size: int = 300, overlap: int = 45) -> tuple[Chunk, ...]:
    """A baseline: every ``size`` characters of the running text, whatever stands there."""
    _check(size, overlap)
    text, starts = _running_text(document.blocks)
    spans = []
    start = 0
    while start < len(text):
        spans.append((start, min(start + size, len(text))))
        if spans[-1][1] == len(text):
            break
        start += size - overlap
    return _chunks(document, ((_touched(document.blocks, starts, *span), text[slice(*span)]) for span in spans))


def split_paragraphs(document: Document, size: int = 500, overlap: int = 50) -> tuple[Chunk, ...]:
    """A baseline: paragraphs packed up to ``size`` across articles, each chunk begun with the last's final ``overlap``
    characters; a longer paragraph is cut every ``size``."""
    _check(size, overlap)
    text, starts = _running_text(document.blocks)
    ends = [start + len(block.text) for start, block in zip(starts, document.blocks, strict=True)]
    spans = []
    start = 0
    while start < len(text):
        fitting = [end for end in ends if start + overlap < end <= start + size]
        end = fitting[-1] if fitting else min(start + size, len(text))
        spans.append((start, end))
        if end == len(text):
            break
        start = end - overlap
    return _chunks(document, ((_touched(document.blocks, starts, *span), text[slice(*span)]) for span in spans))


def pieces(text: str, size: int, overlap: int) -> list[str]:
    """``text`` in pieces of at most ``size`` characters, cut at sentence ends, else at commas, else anywhere. A piece
    begins with the last whole sentences of the one before that fit into ``overlap``."""
    units: list[str] = []
    for sentence in SENTENCES.findall(text):
        if len(sentence) <= size:
            units.append(sentence)
            continue
        for phrase in PHRASES.findall(sentence):
            units += [phrase[n : n + size] for n in range(0, len(phrase), size)]
    made: list[list[str]] = [[]]
    for unit in units:
        if sum(map(len, made[-1])) + len(unit) > size:
            again: list[str] = []
            for last in reversed(made[-1]):
                if sum(map(len, again)) + len(last) > overlap or sum(map(len, again)) + len(last) + len(unit) > size:
                    break
                again.insert(0, last)
            made.append(again)
        made[-1].append(unit)
    return ["".join(piece) for piece in made]


def _check(size: int, overlap: int) -> None:
    if not 0 <= overlap < size:
        raise ValueError(f"overlap {overlap} must be at least 0 and below size {size}")


def _length(blocks: Sequence[Block]) -> int:
    return sum(len(block.text) for block in blocks) + len(blocks) - 1


def _with_text(block: Block, text: str) -> Block:
    return Block(text, block.path, block.section, block.page)


def _running_text(blocks: Sequence[Block]) -> tuple[str, list[int]]:
    starts, at = [], 0
    for block in blocks:
        starts.append(at)
        at += len(block.text) + 1
    return "\n".join(block.text for block in blocks), starts


def _touched(blocks: Sequence[Block], starts: Sequence[int], start: int, end: int) -> list[Block]:
    return [block for block, at in zip(blocks, starts, strict=True) if at < end and at + len(block.text) > start]


def _chunks(document: Document, made: Iterable[tuple[Sequence[Block], str]]) -> tuple[Chunk, ...]:
    """``id`` is a hash of document, version, place and text, and of how often these were there before; not of the page,
    which moves when something is put in above it."""
    seen: Counter[str] = Counter()
    chunks = []
    for blocks, text in made:
        if not text.strip():
            continue
        first = blocks[0]
        place = "\0".join([document.name, document.version, *first.path, first.section, text])
        seen[place] += 1
        chunks.append(
            Chunk(
                id=hashlib.sha256(f"{place}\0{seen[place]}".encode()).hexdigest()[:32],
                doc=document.name,
                title=document.title,
                text=text,
                path=first.path,
                section=first.section,
                page=first.page,
                version=document.version,
                effective=document.effective,
                sections=tuple(dict.fromkeys(block.section for block in blocks if block.section)),
            )
        )
    return tuple(chunks)
