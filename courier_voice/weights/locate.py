"""Where weights are: a specification in words to a path on disk."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import NamedTuple

import platformdirs

from courier_voice.core.errors import WeightsCorrupt, WeightsMissing
from courier_voice.weights.catalogue import catalogue, entry, unknown
from courier_voice.weights.verify import faults

_HF = re.compile(r"hf:(?P<repo>[\w.-]+/[\w.-]+)(?:@(?P<revision>[\w./-]+))?")
_OFFICIAL = re.compile(r"whisper:(?P<name>[\w.-]+)")


def weights_root() -> Path:
    """Where weights live: ``COURIER_WEIGHTS``, or the user's cache directory."""
    chosen = os.environ.get("COURIER_WEIGHTS")
    return Path(chosen).expanduser() if chosen else platformdirs.user_cache_path("courier-voice") / "weights"


class HubRepo(NamedTuple):
    """A Hugging Face repository; no revision means its main branch."""

    repo: str
    revision: str | None

    def directory(self, root: Path) -> Path:
        name = "--".join(["hf", *self.repo.split("/"), *([self.revision.replace("/", "-")] if self.revision else [])])
        return root / name


class OfficialWhisper(NamedTuple):
    """A checkpoint openai-whisper knows by name (``small``, ``turbo``), for that engine only."""

    name: str

    def file(self, root: Path) -> Path:
        return root / "openai-whisper" / f"{self.name}.pt"


def parse(spec: str) -> HubRepo | OfficialWhisper | None:
    """What ``hf:ORG/REPO[@REVISION]`` or ``whisper:NAME`` means; None for anything else."""
    if hub := _HF.fullmatch(spec):
        return HubRepo(hub["repo"], hub["revision"])
    if official := _OFFICIAL.fullmatch(spec):
        return OfficialWhisper(official["name"])
    return None


def locate(spec: str, root: Path) -> Path:
    """The directory (or file, for ``whisper:NAME`` and a path to one) that holds the weights.

    ``spec`` is a catalogue name, ``hf:ORG/REPO[@REVISION]``, ``whisper:NAME`` or a path; a catalogue name wins over a
    path spelled alike. Raises WeightsMissing, naming the command that brings them, and WeightsCorrupt.
    """
    if spec in catalogue():
        return _in_catalogue(spec, root)
    parsed = parse(spec)
    if parsed is None:
        path = Path(spec).expanduser()
        if path.exists():
            return path
        if path.parent != Path():
            raise WeightsMissing(f"there is nothing at {spec}; give the path of a file or directory that exists")
        raise unknown(spec)
    path = parsed.directory(root) if isinstance(parsed, HubRepo) else parsed.file(root)
    if not path.exists():
        raise _missing(spec)
    return path


def _in_catalogue(name: str, root: Path) -> Path:
    wrong = faults(entry(name), root)
    if corrupt := [file for file, fault in wrong.items() if fault == "corrupt"]:
        raise WeightsCorrupt(
            f"{', '.join(corrupt)} of {name} is not the file it should be (size or sha256 differ); "
            f"run: courier-voice models pull {name}"
        )
    if wrong:
        raise _missing(name)
    return root / name


def _missing(spec: str) -> WeightsMissing:
    return WeightsMissing(f"the weights {spec} are not on this machine yet; run: courier-voice models pull {spec}")
