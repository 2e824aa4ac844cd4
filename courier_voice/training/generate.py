"""From marked utterances to what the fast model learns: characters, a tag each, and what every command is."""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Final

from courier_voice.core.words import Utterance
from courier_voice.nlu.labels import CHOICES, INTENTS, STATES, TAGS
from courier_voice.text.normalize import normalize
from courier_voice.text.units import digits
from courier_voice.training.confusions import Confusions
from courier_voice.training.seeds import Command, Piece, Seed
from courier_voice.training.slots import Filler, lines
from courier_voice.training.vary import Varied

LONGEST: Final = 96
"""Characters of normalised text; longer talk is no command of the fast route."""
NONE: Final = -1
"""No such command, or a slot it does not have."""
_HELD_OUT: Final = 8
"""One seed line in so many is kept from training."""
_SHARES: Final[Mapping[str, float]] = {
    "dial": 8, "send_sms": 11, "fill_pickup": 14, "query_waybill": 10, "query_tasks": 10, "ask_knowledge": 10,
    "sign_off": 8, "report_exception": 9, "correct": 6, "confirm": 2, "cancel": 2.5, "repeat": 2, "help": 2, "none": 34,
    "two": 6,
}  # fmt: skip
"""How often a variant of each intent's seeds is made, and of those with two commands."""
_STATE_SHARE: Final = 0.22
_TALK: Final = ("everyday", "news", "general", "street", "domains", "domains", "domains")
"""Lists of sentences that are no commands."""
_TALK_SHARE: Final = 0.25
"""How much of ``none`` is from these lists."""


@dataclass(frozen=True)
class Example:
    """``tags`` has an index into TAGS for every character; ``split`` is where the second command begins, or 0.

    ``intents`` and ``choices`` (in the order of CHOICES) have an entry for each command.
    """

    text: str
    tags: tuple[int, ...]
    split: int
    intents: tuple[int, ...]
    choices: tuple[tuple[int, ...], ...]
    state: int
    line: str


def held_out(seed: Seed) -> bool:
    """Whether a seed line is kept from training: by its words, so that lines written later move none."""
    digest = hashlib.sha256(seed.text.encode()).digest()
    return digest[0] % _HELD_OUT == 0


def example(seed: Seed, state: str | None = None) -> Example | None:
    """A marked utterance as it will be read; None when normalisation tore a mark apart or it is too long."""
    heard = seed.text
    utterance = normalize(heard)
    if len(utterance.heard) != len(heard) or not 0 < len(utterance.text) <= LONGEST:
        return None
    tags = ["O"] * len(utterance.text)
    at, starts = 0, [0]
    for command in seed.commands:
        for piece in command.pieces:
            end = at + len(piece.words)
            if piece.slot and not piece.value:
                span = moved(utterance, at, end)
                if span is None or (piece.slot == "tail" and utterance.text[slice(*span)] != digits(piece.words)):
                    return None
                tags[slice(*span)] = [f"B-{piece.slot}", *[f"I-{piece.slot}"] * (span[1] - span[0] - 1)]
            at = end
        starts.append(_edge(utterance, at, end=True))
    waiting = seed.state if state is None else state
    return Example(
        utterance.text,
        tuple(TAGS.index(tag) for tag in tags),
        starts[1] if len(seed.commands) > 1 else 0,
        tuple(INTENTS.index(command.intent) for command in seed.commands),
        tuple(_chosen(command) for command in seed.commands),
        STATES.index(waiting),
        seed.line,
    )


def _chosen(command: Command) -> tuple[int, ...]:
    said = {piece.slot: piece.value for piece in command.pieces if piece.value}
    return tuple(values.index(said.get(slot, "")) for slot, values in CHOICES.items())


def moved(utterance: Utterance, start: int, end: int) -> tuple[int, int] | None:
    """Where ``heard[start:end]`` stands in the normalised text, without punctuation or spaces at its ends."""
    first, last = _edge(utterance, start, end=False), _edge(utterance, end, end=True)
    stretch = utterance.text[first:last]
    first += len(stretch) - len(stretch.lstrip(" ，。！？、；：,.!?"))
    last = first + len(utterance.text[first:last].rstrip(" ，。！？、；：,.!?"))
    return (first, last) if first < last else None


def _edge(utterance: Utterance, position: int, *, end: bool) -> int:
    shift = 0
    for edit in utterance.edits:
        if position <= edit.start:
            break
        if position < edit.end:
            return _inside(utterance, edit.start, position, edit.out_start, edit.out_end, end=end)
        shift = edit.out_end - edit.end
    return position + shift


def _inside(utterance: Utterance, start: int, position: int, out_start: int, out_end: int, *, end: bool) -> int:
    """四十三十二十 became 40 30 20: as many numbers in as there are before the position."""
    written = utterance.text[out_start:out_end]
    before = normalize(utterance.heard[start:position]).text
    if written.startswith(before):
        return out_start + len(before)
    return out_end if end else out_start


class Maker:
    """Examples without end: variants of seeds in fair shares, talk that is no command, dialogue states at random."""

    def __init__(self, seeds: Sequence[Seed], rng: Random, confusions: Confusions) -> None:
        self._rng = rng
        self._varied = Varied(seeds, rng, confusions)
        self._filler = Filler(rng)
        self._confusions = confusions
        self._groups: dict[str, list[Seed]] = defaultdict(list)
        for seed in seeds:
            self._groups["two" if len(seed.commands) > 1 else seed.commands[0].intent].append(seed)
        self._talk = [line for name in _TALK for line in lines(name)]
        self.dropped = 0

    def __iter__(self) -> Iterator[Example]:
        names = [name for name in _SHARES if name in self._groups]
        shares = [_SHARES[name] for name in names]
        while True:
            name = self._rng.choices(names, shares)[0]
            made = self._make(name)
            if made is None:
                self.dropped += 1
            else:
                yield made

    def _make(self, name: str) -> Example | None:
        rng = self._rng
        if name == "none" and rng.random() < _TALK_SHARE:
            chosen = self._filler.fill(rng.choice(self._talk))[0]
            words = self._filler.fill(chosen)[0]  # an alternative may hold slots of its own
            seed = Seed("talk", (Command("none", (Piece(words),)),))
        else:
            seed = rng.choice(self._groups[name])
        varied = self._varied(seed)
        state = varied.state
        if not state and name not in ("two", "correct") and rng.random() < _STATE_SHARE:
            state = rng.choice(STATES[1:])
        return example(varied, state)


def plain(seeds: Sequence[Seed]) -> list[Example]:
    """The seeds as they were written, and those with punctuation once more without any."""
    found: list[Example] = []
    for seed in seeds:
        bare = replace(seed, commands=tuple(_bare(command) for command in seed.commands))
        for one in (seed, bare) if bare.text != seed.text else (seed,):
            made = example(one)
            if made is not None:
                found.append(made)
    return found


def _bare(command: Command) -> Command:
    pieces = (replace(piece, words=re.sub("[，。！？、；：…—]", "", piece.words)) for piece in command.pieces)
    return replace(command, pieces=tuple(piece for piece in pieces if piece.words))


def counted(examples: Sequence[Example]) -> dict[str, int]:
    """How many examples there are of each intent, and of two commands."""
    names = ("two" if len(one.intents) > 1 else INTENTS[one.intents[0]] for one in examples)
    return dict(sorted(Counter(names).items()))
