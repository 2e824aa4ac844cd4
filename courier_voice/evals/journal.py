"""Rows of a long run kept as they are made, so that an interrupted run goes on where it stopped."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from courier_voice.prompting import prompts_dir

_PACKAGE = Path(__file__).resolve().parent.parent


def fingerprint(*parts: str) -> str:
    """Names a run: its parameters, and every line of code and prompt that could change what comes out."""
    digest = hashlib.sha256("\0".join(parts).encode())
    for file in _sources():
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def _sources() -> Iterator[Path]:
    for folder, pattern in ((_PACKAGE, "*.py"), (_PACKAGE, "*.yaml"), (prompts_dir(), "*.md")):
        yield from sorted(folder.rglob(pattern))


class Journal:
    """JSON lines in ``folder``, one an item done. Leaving it without an exception ends the run: the file goes."""

    def __init__(self, folder: Path, run: str, *, fresh: bool = False) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._file = folder / f"{run}.jsonl"
        if fresh:
            self._file.unlink(missing_ok=True)
        self._file.touch(mode=0o600)  # rows are whole: what others may see is masked when it is shown
        self.done: dict[str, dict[str, Any]] = dict(self._read())

    def _read(self) -> Iterator[tuple[str, dict[str, Any]]]:
        for line in self._file.read_text("utf-8").splitlines():
            try:
                row = json.loads(line)
            except ValueError:  # cut off in the middle of a line: that item is done again
                continue
            yield row["id"], row

    def add(self, row: Mapping[str, Any]) -> None:
        """Keep an item's row under its ``id``."""
        with self._file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._file.unlink(missing_ok=True)
