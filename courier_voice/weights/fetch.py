"""Bring weights to this machine. A file is seen under its name only when it is whole and its sha256 is right."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from courier_voice.core.errors import WeightsCorrupt, WeightsError
from courier_voice.weights import hubs
from courier_voice.weights.catalogue import Entry, WeightFile, catalogue, unknown
from courier_voice.weights.join import join
from courier_voice.weights.locate import HubRepo, locate, parse
from courier_voice.weights.registry import archive_name
from courier_voice.weights.verify import Progress, faults

log = logging.getLogger(__name__)

_SPARE = 400 << 20
"""Bytes a pull needs beside the files: an archive on its way (twice, while the client copies it), or Node unpacked."""


def pull(names: Sequence[str], root: Path, progress: Progress | None = None) -> tuple[Path, ...]:
    """Bring weights and say where they are; what is already there and right is left alone.

    A name is one of the catalogue's, ``hf:ORG/REPO[@REVISION]`` or ``whisper:NAME``; no names means the catalogue's
    defaults. May be interrupted at any time: the next pull goes on from the last finished part. Two pulls of the same
    weights wait for each other. Raises WeightsMissing for an unknown name, WeightsCorrupt for a wrong hash (naming
    the file), WeightsError when there is no room or no network (the latter ``retryable``).
    """
    chosen = tuple(names) or tuple(e.name for e in catalogue().values() if e.default)
    report = progress or (lambda name, done, total: None)
    return tuple(_pull_one(name, root, report) for name in chosen)


def _pull_one(name: str, root: Path, progress: Progress) -> Path:
    of = catalogue().get(name) or parse(name)
    if isinstance(of, Entry):
        return pull_entry(of, root, progress)
    if of is None:
        if Path(name).expanduser().exists():
            return locate(name, root)  # a path: nothing to bring
        raise unknown(name)
    with _alone(root, name):
        return hubs.pull_repo(of, root, progress) if isinstance(of, HubRepo) else hubs.pull_official(of, root, progress)


@contextmanager
def _alone(root: Path, name: str) -> Iterator[None]:
    try:
        root.mkdir(parents=True, exist_ok=True)
        lock = FileLock(root / f".{name.replace('/', '--').replace(':', '--')}.lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            log.warning("another pull of %s is running; waiting for it", name)
            lock.acquire()
    except OSError as error:
        raise WeightsError(
            f"cannot write to {root}: {error.strerror}; set COURIER_WEIGHTS to a directory you own"
        ) from error
    try:
        yield
    finally:
        lock.release()


def pull_entry(of: Entry, root: Path, progress: Progress) -> Path:
    """``pull`` for one entry, of the catalogue or not."""
    with _alone(root, of.name):
        wrong = faults(of, root)
        todo = [file for file in of.files if file.name in wrong]
        if todo:
            partial = root / f"{of.name}.partial"
            _check_room(of, todo, root, partial)
            _join_all(of, todo, partial, progress)
            _publish(todo, partial, root / of.name)
            if faults(of, root):
                raise WeightsCorrupt(f"{of.name} changed while it was pulled; run the command again")
    progress(of.name, of.size, of.size)
    return root / of.name


def _join_all(of: Entry, todo: Sequence[WeightFile], partial: Path, progress: Progress) -> None:
    def tick(before: int) -> Callable[[int], None]:
        return lambda now: progress(of.name, before + now, of.size)

    done = of.size - sum(file.size for file in todo)
    for at, file in enumerate(todo):
        still_needed = {archive_name(piece) for other in todo[at + 1 :] for piece in other.pieces}
        try:
            join(file, partial, still_needed, tick(done))
        except WeightsCorrupt as error:
            raise WeightsCorrupt(f"{of.name}: {error}") from error
        except OSError as error:
            raise WeightsError(
                f"cannot write {of.name} to {partial.parent}: {error.strerror}; make room and run the command again, "
                "what has arrived is kept"
            ) from error
        done += file.size


def _check_room(of: Entry, todo: Sequence[WeightFile], root: Path, partial: Path) -> None:
    have = sum(path.stat().st_size for path in partial.rglob("*") if path.is_file())
    need = max(0, sum(file.size for file in todo) - have) + _SPARE
    free = shutil.disk_usage(root).free
    if free < need:
        raise WeightsError(
            f"{of.name} needs {need >> 20} MB in {root}, there are {free >> 20} MB; "
            "make room, or set COURIER_WEIGHTS to a directory on a larger disk"
        )


def _publish(files: Sequence[WeightFile], partial: Path, directory: Path) -> None:
    if directory.exists():
        for file in files:
            (partial / "files" / file.name).replace(directory / file.name)
    else:
        (partial / "files").rename(directory)
    shutil.rmtree(partial)
