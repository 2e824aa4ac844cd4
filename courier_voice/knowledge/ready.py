"""Vectors that come with the documents they are of, so that the shipped ones need not be embedded on every machine.

A vector is named by the hash of its text and title, so a changed sentence finds none and is embedded as ever.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from courier_voice.knowledge.embed import Vectors, normalised

FILE: Final = "vectors.npz"
_LARGEST: Final = 127
log = logging.getLogger(__name__)


class Ready:
    """Vectors by name: one byte a number, and a scale for each (cosine to the original over 0.9998)."""

    def __init__(self, names: Sequence[str], codes: NDArray[np.int8]) -> None:
        self._at = {name: number for number, name in enumerate(names)}
        self._codes = codes

    def __contains__(self, name: str) -> bool:
        return name in self._at

    def __len__(self) -> int:
        return len(self._at)

    def vectors(self, names: Sequence[str]) -> Vectors:
        """Of length one, ``[n, d]``."""
        return normalised(self._codes[[self._at[name] for name in names]].astype(np.float32))


NONE: Final = Ready((), np.zeros((0, 1), np.int8))


def read_ready(file: Path, stamp: str) -> Ready:
    """Those of an embedder; none where the file is missing, damaged, or another embedder's."""
    try:
        with np.load(file, allow_pickle=False) as held:
            if str(held["stamp"]) != stamp:
                return NONE
            return Ready([str(name) for name in held["names"]], held["codes"])
    except FileNotFoundError:
        return NONE
    except (OSError, ValueError, KeyError) as error:
        log.warning("%s cannot be read (%s): its documents are embedded anew", file.name, type(error).__name__)
        return NONE


def write_ready(file: Path, stamp: str, names: Sequence[str], vectors: Vectors) -> None:
    """Vectors of length one as bytes, each by its own largest number."""
    scaled = vectors * (_LARGEST / np.maximum(np.abs(vectors).max(1, keepdims=True), 1e-9))
    with file.open("wb") as out:
        np.savez_compressed(out, stamp=np.array(stamp), names=np.array(names), codes=np.rint(scaled).astype(np.int8))
