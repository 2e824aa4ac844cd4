"""What a larger encoder knows of sentences, for the fast model to imitate while it learns: distillation.

The larger one is too slow for the variants made anew at every step, so it reads a fixed set of sentences, once: the
seed lines as they were written, the talk beside them, and sentences of the legal texts, which nobody marked.
"""

from __future__ import annotations

import hashlib
import re
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final

import numpy as np
from numpy.typing import NDArray

from courier_voice.knowledge.embed import Embedder, Vectors
from courier_voice.text.normalize import normalize
from courier_voice.training.seeds import Seed
from courier_voice.training.slots import Filler, lines

COMPONENTS: Final = 128
"""Of the teacher's vectors the model learns so many, those in which the sentences differ most."""
_TALK: Final = ("everyday", "news", "general", "street", "domains")
_SHORTEST, _LONGEST = 4, 40
"""Characters of a sentence nobody marked; longer ones take more time than they teach."""
_SENTENCE: Final = re.compile(r"[^。；！？\n：]+")
_HEADING: Final = re.compile(
    r"^(?:#.*|<!--.*|第[零一二三四五六七八九十百]+[条章节]\s*|[（(][零一二三四五六七八九十]+[)）])"
)
_BATCH: Final = 32


@dataclass(frozen=True)
class Lessons:
    """``texts``, normalised, and what the teacher makes of each: ``targets [n, COMPONENTS]``, each of length one."""

    texts: tuple[str, ...]
    targets: NDArray[np.float32]


def sentences(seeds: Sequence[Seed], documents: Iterable[Path]) -> tuple[str, ...]:
    """What the teacher reads, each once: the seeds, the talk lists with their slots filled, sentences of documents."""
    found = [seed.text for seed in seeds]
    found += talk(Random("lessons"))
    for document in documents:
        for line in document.read_text("utf-8").splitlines():
            plain = (part.strip() for part in _SENTENCE.findall(_HEADING.sub("", line.strip())))
            found += [part for part in plain if _SHORTEST <= len(part) <= _LONGEST]
    read = dict.fromkeys(normalize(text).text for text in found)
    return tuple(text for text in read if 0 < len(text) <= _LONGEST)


def talk(rng: Random) -> list[str]:
    """The lists of talk that is no command, their slots filled."""
    filler = Filler(rng)
    return [filler.fill(filler.fill(line)[0])[0] for name in _TALK for line in lines(name)]


def embedded(
    texts: Sequence[str], teacher: Embedder, file: Path, progress: Callable[[int, int], None] = lambda *_: None
) -> Vectors:
    """The teacher's vectors ``[n, d]``; those in ``file`` (SQLite) are not made again, new ones are kept there."""
    file.parent.mkdir(parents=True, exist_ok=True)
    keys = [hashlib.sha256(f"{teacher.stamp}\n{text}".encode()).digest() for text in texts]
    with closing(sqlite3.connect(file)) as kept:
        kept.execute("CREATE TABLE IF NOT EXISTS vector (key BLOB PRIMARY KEY, value BLOB NOT NULL)")
        there: dict[bytes, bytes] = dict(kept.execute("SELECT key, value FROM vector"))
        wanted = sorted((n for n, key in enumerate(keys) if key not in there), key=lambda n: len(texts[n]))
        for start in range(0, len(wanted), _BATCH):
            part = wanted[start : start + _BATCH]
            vectors = teacher.embed_queries([texts[n] for n in part])
            rows = {keys[n]: vector.astype(np.float16).tobytes() for n, vector in zip(part, vectors, strict=True)}
            with kept:
                kept.executemany("INSERT OR REPLACE INTO vector VALUES (?, ?)", rows.items())
            there |= rows
            progress(len(texts) - len(wanted) + start + len(part), len(texts))
    return np.stack([np.frombuffer(there[key], np.float16) for key in keys]).astype(np.float32)


def lessons(texts: Sequence[str], vectors: Vectors) -> Lessons:
    """The main components of the vectors, about their mean (PCA), scaled to length one."""
    centred = vectors - vectors.mean(0)
    _, axes = np.linalg.eigh(centred.T @ centred)
    main = centred @ axes[:, ::-1][:, :COMPONENTS]
    lengths = np.linalg.norm(main, axis=1, keepdims=True)
    return Lessons(tuple(texts), (main / np.maximum(lengths, 1e-6)).astype(np.float32))
