"""Are the weights on disk the ones the catalogue means?

A file that hashed right is remembered with its size and modification time in ``.verified.json`` beside it, so that
asking again costs a ``stat`` and not a gigabyte of reading.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from courier_voice.weights.catalogue import Entry, WeightFile, catalogue, entry

Progress = Callable[[str, int, int], None]
"""Called with the name of the weights, bytes done, bytes in all."""

Fault = Literal["missing", "corrupt"]
State = Literal["present", "missing", "partial", "corrupt"]

_STAMP = ".verified.json"
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Row:
    """How one entry of the catalogue stands on this machine. ``size`` in bytes, ``faults`` by file name."""

    name: str
    role: str
    state: State
    size: int
    default: bool
    licence: str
    upstream: str
    path: Path
    faults: dict[str, Fault]


def list_entries(root: Path) -> tuple[Row, ...]:
    """Every entry of the catalogue with its state; reads file contents only where they were never checked."""
    return tuple(_row(each, root, faults(each, root)) for each in catalogue().values())


def verify(names: Sequence[str], root: Path, progress: Progress | None = None) -> tuple[Row, ...]:
    """Hash every file anew; no names means everything that is there, in whole or in part.

    Raises WeightsMissing for a name that is not in the catalogue.
    """
    chosen = [entry(name) for name in names] or [e for e in catalogue().values() if (root / e.name).is_dir()]
    return tuple(_row(each, root, faults(each, root, rehash=True, progress=progress)) for each in chosen)


def faults(of: Entry, root: Path, *, rehash: bool = False, progress: Progress | None = None) -> dict[str, Fault]:
    """The files of an entry that are not as they should be. Hashes what changed since it was last found right."""
    directory, known = root / of.name, {} if rehash else _read_stamp(root / of.name)
    found: dict[str, Fault] = {}
    good: dict[str, list[int | str]] = {}
    done = 0
    for file in of.files:
        mark = _mark(directory / file.name, file)
        if mark is None:
            found[file.name] = "missing"
        elif mark[0] != file.size:
            found[file.name] = "corrupt"
        elif known.get(file.name) == mark or sha256(directory / file.name, _tick(of, done, progress)) == file.sha256:
            good[file.name] = mark
        else:
            found[file.name] = "corrupt"
        done += file.size
    if good != known or rehash:
        _write_stamp(directory, good)
    return found


def sha256(path: Path, tick: Callable[[int], None] | None = None) -> str:
    """Hex digest of a file, read in pieces; ``tick`` gets the bytes read so far."""
    digest, read = hashlib.sha256(), 0
    with path.open("rb") as source:
        while chunk := source.read(_CHUNK):
            digest.update(chunk)
            read += len(chunk)
            if tick:
                tick(read)
    return digest.hexdigest()


def _row(of: Entry, root: Path, wrong: dict[str, Fault]) -> Row:
    state: State = "present"
    if "corrupt" in wrong.values():
        state = "corrupt"
    elif wrong:
        begun = len(wrong) < len(of.files) or (root / f"{of.name}.partial").is_dir()
        state = "partial" if begun else "missing"
    return Row(of.name, of.role, state, of.size, of.default, of.licence, of.upstream, root / of.name, wrong)


def _tick(of: Entry, before: int, progress: Progress | None) -> Callable[[int], None] | None:
    return None if progress is None else lambda read: progress(of.name, before + read, of.size)


def _mark(path: Path, file: WeightFile) -> list[int | str] | None:
    try:
        stat = path.stat()
    except FileNotFoundError:
        return None
    return [stat.st_size, stat.st_mtime_ns, file.sha256]


def _read_stamp(directory: Path) -> dict[str, list[int | str]]:
    try:
        read = json.loads((directory / _STAMP).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return read if isinstance(read, dict) else {}


def _write_stamp(directory: Path, good: dict[str, list[int | str]]) -> None:
    temporary = directory / f"{_STAMP}.{os.getpid()}"
    try:
        temporary.write_text(json.dumps(good), encoding="utf-8")
        temporary.replace(directory / _STAMP)
    except OSError:
        return  # no directory yet, or one we may only read: the next look hashes again
