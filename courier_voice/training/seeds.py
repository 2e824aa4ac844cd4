"""Seed lines: what couriers say, written by hand, with the slots marked in it.

``尾号{tail:六六八八}，{ref=current:他}家`` marks words as a slot's value, or as what says a value of a choice. A line's
intent is its file's name, or stands before it (``cancel> 先不发了``), with the dialogue state it is said in after an @
(``correct@confirm:sign_off> 放{place:门卫}``). Two commands in one breath are joined by ``|``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

from courier_voice.core.errors import TrainingError
from courier_voice.core.intent import Example
from courier_voice.intents import ALL
from courier_voice.nlu.frames import flatten
from courier_voice.nlu.labels import CHOICES, INTENTS, QUESTIONS, SPANS, STATES
from courier_voice.text.normalize import normalize

_MARK: Final = re.compile(r"\{(?P<slot>\w+)(?:=(?P<value>\w+))?:(?P<words>[^{}]+)\}")
_HEAD: Final = re.compile(r"(?P<intent>[a-z_]+)(?:@(?P<state>[a-z_:.]+))?>\s*")
MOST_COMMANDS: Final = 2


@dataclass(frozen=True)
class Piece:
    """Words of a command; with a ``slot`` they are its value, or say its ``value`` (then there may be none)."""

    words: str
    slot: str = ""
    value: str = ""


@dataclass(frozen=True)
class Command:
    """One command of an utterance, in pieces."""

    intent: str
    pieces: tuple[Piece, ...]

    @property
    def text(self) -> str:
        return "".join(piece.words for piece in self.pieces)


@dataclass(frozen=True)
class Seed:
    """One utterance: a command or two. ``line`` says where it is written (``dial:12``)."""

    line: str
    commands: tuple[Command, ...]
    state: str = ""

    @property
    def text(self) -> str:
        return "".join(command.text for command in self.commands)


def read_seeds() -> tuple[Seed, ...]:
    """All seed lines of the package, in the order of their files. Raises TrainingError naming a line that is none."""
    folder = files("courier_voice.training").joinpath("data", "seed")
    found: list[Seed] = []
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        if file.name.endswith(".txt"):
            found += parse(file.read_text("utf-8"), file.name.removesuffix(".txt"))
    return tuple(found)


def parse(text: str, name: str) -> Iterator[Seed]:
    """The seeds of one file's text; ``name`` is its intent unless the lines say theirs."""
    for number, line in enumerate(text.splitlines(), 1):
        said = line.strip()
        if said and not said.startswith("#"):
            yield _seed(said, name, f"{name}:{number}")


def _seed(said: str, name: str, line: str) -> Seed:
    commands: list[Command] = []
    state = ""
    for part in said.split("|"):
        head = _HEAD.match(part.strip())
        intent = head["intent"] if head else name
        if head and head["state"]:
            state = head["state"]
        commands.append(_command(intent, part.strip()[head.end() :] if head else part, line))
    if len(commands) > MOST_COMMANDS or state not in STATES:
        raise TrainingError(f"seed {line}: at most two commands, and a state out of nlu.labels.STATES")
    return Seed(line, tuple(commands), state)


def _command(intent: str, part: str, line: str) -> Command:
    if intent not in INTENTS:
        raise TrainingError(f"seed {line}: {intent} is no intent; name the file after one or write one before the line")
    pieces: list[Piece] = []
    done = 0
    for mark in _MARK.finditer(part):
        slot, value = mark["slot"], mark["value"] or ""
        known = value in CHOICES[slot] if slot in CHOICES and value else slot in SPANS and not value
        if not known or slot not in QUESTIONS[intent]:
            raise TrainingError(f"seed {line}: {mark[0]} is no mark of {intent}")
        pieces += [Piece(part[done : mark.start()]), Piece(mark["words"], slot, value)]
        done = mark.end()
    pieces.append(Piece(part[done:]))
    if any(char in piece.words for piece in pieces for char in "{}"):
        raise TrainingError(f"seed {line}: a brace without its other half")
    return Command(intent, tuple(piece for piece in pieces if piece.words))


def example_seeds() -> tuple[Seed, ...]:
    """The intents' own worked examples as seeds; those whose words cannot be found in them again are left out."""
    found = []
    for intent in ALL:
        for number, one in enumerate(intent.examples, 1):
            command = _worked(intent.name, one)
            if command is not None:
                found.append(Seed(f"{intent.name}.example:{number}", (command,), one.waiting))
    return tuple(found)


def _worked(intent: str, one: Example) -> Command | None:
    utterance = normalize(one.text)
    heard = utterance.heard
    marks: list[tuple[int, int, str]] = []
    said: list[Piece] = []
    for slot, value in flatten(intent, one.slots).items():
        if slot == "intent" or (slot, value) == ("kind", "all"):
            continue
        if slot in CHOICES:
            said.append(Piece("", slot, str(value)))
            continue
        words = utterance.as_heard(str(value))
        if heard.count(words) != 1:
            return None
        marks.append((heard.index(words), heard.index(words) + len(words), slot))
    done = 0
    pieces: list[Piece] = []
    for start, end, slot in sorted(marks):
        if start < done:
            return None
        pieces += [Piece(heard[done:start]), Piece(heard[start:end], slot)]
        done = end
    pieces = [piece for piece in (*pieces, Piece(heard[done:])) if piece.words]
    return Command(intent, (*said, *pieces))
