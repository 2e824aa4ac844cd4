"""Prompts as versioned files: ``prompts/<area>/<name>.v<N>.md``, YAML front matter over a ``string.Template`` body.

    ---
    id: nlu/understand
    version: 3
    inputs: [intents, day]
    purpose: One utterance into frames.
    ---
    你是快递员的助手。今天是 $day ……

JSON braces stay literal; a dollar sign is written ``$$``. A text that was released is frozen: ``RELEASED.tsv`` beside
the prompts holds its stamp, and a change makes a new version.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Final

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from courier_voice.core.errors import PromptError

_HERE: Final = Path(__file__).resolve().parent
_FILE: Final = re.compile(r"(?P<name>[a-z0-9_]+)\.v(?P<version>[1-9][0-9]*)\.md")
_REFERENCE: Final = re.compile(r"(?P<id>[a-z0-9_]+/[a-z0-9_]+)(@(?P<version>[1-9][0-9]*))?")
_LAYOUT: Final = re.compile(r"---\n(?P<front>.*?\n)---\n(?P<body>.*)", re.DOTALL)


class _Front(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    id: str
    version: int
    inputs: list[str]
    purpose: str = Field(min_length=1)


@dataclass(frozen=True)
class Prompt:
    """One version of one prompt."""

    id: str
    version: int
    inputs: tuple[str, ...]
    purpose: str
    body: str

    @property
    def stamp(self) -> str:
        """``id@version:sha8`` of the body: written beside everything a model said to it."""
        return f"{self.id}@{self.version}:{hashlib.sha256(self.body.encode()).hexdigest()[:8]}"

    def render(self, **inputs: object) -> str:
        """The body with its inputs filled in, exactly those it declares. Raises PromptError."""
        if set(inputs) != set(self.inputs):
            raise PromptError(f"{self.id}@{self.version} takes the inputs {_names(self.inputs)}, not {_names(inputs)}")
        return Template(self.body).substitute(inputs)


def prompts_dir() -> Path:
    """Where the prompts are: inside an installed package, else at the repository's root."""
    packaged = _HERE / "_prompts"
    return packaged if packaged.is_dir() else _HERE.parent / "prompts"


def load(reference: str, directory: Path | None = None) -> Prompt:
    """The newest version of ``area/name``, or the one named by ``area/name@version``. Raises PromptError."""
    asked = _REFERENCE.fullmatch(reference)
    if not asked:
        raise PromptError(f"{reference!r} names no prompt: write area/name or area/name@version")
    root = directory or prompts_dir()
    area, name = asked["id"].split("/")
    versions = {int(m["version"]): path for path, m in _files(root / area) if m["name"] == name}
    version = int(asked["version"]) if asked["version"] else max(versions, default=0)
    if version not in versions:
        known = ", ".join(f"v{n}" for n in sorted(versions)) or "none"
        raise PromptError(f"there is no prompt {reference} in {root.name}/ (versions there: {known})")
    return _read(versions[version])


def load_all(directory: Path | None = None) -> tuple[Prompt, ...]:
    """Every version of every prompt, by id and version. Raises PromptError for the first file that breaks a rule."""
    root = directory or prompts_dir()
    strays = [
        p.relative_to(root)
        for p in sorted(root.rglob("*.md"))
        if not _FILE.fullmatch(p.name) or p.parent.parent != root
    ]
    if strays:
        raise PromptError(f"{strays[0]} is not named <area>/<name>.v<N>.md")
    prompts = (_read(path) for area in root.iterdir() if area.is_dir() for path, _ in _files(area))
    return tuple(sorted(prompts, key=lambda p: (p.id, p.version)))


def changed_since_release(directory: Path | None = None) -> tuple[str, ...]:
    """Released stamps that no prompt carries any more: texts edited or deleted after their release.

    ``RELEASED.tsv`` has a line a prompt, the stamp and the release it went out with, and a header.
    """
    root = directory or prompts_dir()
    lines = (root / "RELEASED.tsv").read_text(encoding="utf-8").splitlines()[1:]
    present = {prompt.stamp for prompt in load_all(root)}
    return tuple(line.split("\t")[0] for line in lines if line and line.split("\t")[0] not in present)


def _files(area: Path) -> list[tuple[Path, re.Match[str]]]:
    found = ((path, _FILE.fullmatch(path.name)) for path in sorted(area.glob("*.md")))
    return [(path, match) for path, match in found if match]


def _read(path: Path) -> Prompt:
    label = f"{path.parent.name}/{path.name}"
    layout = _LAYOUT.fullmatch(path.read_text(encoding="utf-8"))
    if not layout:
        raise PromptError(f"{label} does not start with front matter between two lines of ---")
    try:
        front = _Front.model_validate(yaml.safe_load(layout["front"]))
    except (yaml.YAMLError, ValidationError) as error:
        raise PromptError(f"the front matter of {label} is wrong: {error}") from error
    if f"{front.id}.v{front.version}.md" != label:
        raise PromptError(f"{label} says it is {front.id} version {front.version}: rename the file or correct it")
    body = layout["body"].strip("\n")
    used = _placeholders(body, label)
    if used != set(front.inputs) or len(front.inputs) != len(used):
        raise PromptError(f"{label} declares the inputs {_names(front.inputs)} and its text uses {_names(used)}")
    return Prompt(front.id, front.version, tuple(front.inputs), front.purpose, body)


def _placeholders(body: str, label: str) -> set[str]:
    matches = list(Template.pattern.finditer(body))
    if any(match["invalid"] is not None for match in matches):
        raise PromptError(f"{label} has a lone $: write $$ for a dollar sign")
    return {name for match in matches if (name := match["named"] or match["braced"])}


def _names(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "(none)"
