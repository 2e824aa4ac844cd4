"""The fast model: a character-level transformer encoder with four readings of what it encodes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from courier_voice.nlu.fast import LONGEST
from courier_voice.nlu.labels import CHOICES, INTENTS, QUESTIONS, TAGS
from courier_voice.training.generate import NONE, Example
from courier_voice.training.seeds import MOST_COMMANDS

_BOUNDS = tuple(len(values) for values in CHOICES.values())
_HAS = torch.tensor([[slot in QUESTIONS[intent] for slot in CHOICES] for intent in INTENTS])
"""Which intent has which choice, ``[intents, choices]``."""


@dataclass(frozen=True)
class Shape:
    """Sizes of the model."""

    width: int = 192
    layers: int = 4
    heads: int = 4
    inner: int = 512
    letter: int = 128
    word: int = 64
    sound: int = 32
    dropout: float = 0.1


@dataclass(frozen=True)
class Batch:
    """``ids``, ``words``, ``places`` ``[n, 1 + longest]``, the state first; ``split [n]``; ``intents [n, 2]``,
    ``choices [n, 2, slots]``, ``tags [n, longest]``, with ``NONE`` where nothing is told."""

    ids: Tensor
    words: Tensor
    places: Tensor
    split: Tensor
    intents: Tensor
    choices: Tensor
    tags: Tensor


class Layer(nn.Module):
    """Self-attention and a feed-forward net, normalised before each."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.heads = shape.heads
        self.before, self.between = nn.LayerNorm(shape.width), nn.LayerNorm(shape.width)
        self.qkv, self.out = nn.Linear(shape.width, 3 * shape.width), nn.Linear(shape.width, shape.width)
        self.up, self.down = nn.Linear(shape.width, shape.inner), nn.Linear(shape.inner, shape.width)
        self.dropout = nn.Dropout(shape.dropout)

    def forward(self, x: Tensor, barred: Tensor) -> Tensor:
        """``x [n, t, width]``; ``barred [n, 1, 1, t]`` is added to the scores: 0, or very little for padding."""
        n, t, width = x.shape
        q, k, v = self.qkv(self.before(x)).reshape(n, t, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        scores = q @ k.transpose(-1, -2) * (width // self.heads) ** -0.5 + barred
        mixed = (torch.softmax(scores, -1) @ v).transpose(1, 2).reshape(n, t, width)
        x = x + self.dropout(self.out(mixed))
        out: Tensor = x + self.dropout(self.down(nn.functional.gelu(self.up(self.between(x)))))
        return out


class Reader(nn.Module):
    """Letters in; out come where the second command begins, intents and choices of both, and a tag a character."""

    def __init__(
        self,
        shape: Shape,
        sounds: tuple[NDArray[np.int64], NDArray[np.int64], int, int],
        words: NDArray[np.float32],
    ) -> None:
        """``sounds`` as of ``letters.sounds``; ``words [1 + words, word]`` is what is known of words, and stays."""
        super().__init__()
        initials, finals, most_initials, most_finals = sounds
        self.letters = nn.Embedding(len(initials), shape.letter)
        self.initials, self.finals = nn.Embedding(most_initials, shape.sound), nn.Embedding(most_finals, shape.sound)
        nn.init.normal_(self.letters.weight, std=0.5)
        self.register_buffer("initial", torch.from_numpy(initials))
        self.register_buffer("final", torch.from_numpy(finals))
        self.known = _fixed(torch.from_numpy(words))
        self.word, self.within = nn.Linear(shape.word, shape.width, bias=False), nn.Embedding(4, shape.width)
        nn.init.zeros_(self.within.weight)
        self.join = nn.Linear(shape.letter + 2 * shape.sound, shape.width)
        self.around = nn.Linear(3 * shape.width, shape.width)
        self.places = nn.Parameter(torch.randn(1 + LONGEST, shape.width) * 0.1)
        self.dropout = nn.Dropout(shape.dropout)
        self.layers = nn.ModuleList(Layer(shape) for _ in range(shape.layers))
        self.norm = nn.LayerNorm(shape.width)
        self.splits, self.tags = nn.Linear(shape.width, 1), nn.Linear(shape.width, len(TAGS))
        self.asks = nn.Linear(shape.width, 1 + len(CHOICES), bias=False)
        self.told = nn.Linear(shape.width, shape.width)
        self.intents = nn.Linear(shape.width, len(INTENTS))
        self.choices = nn.ModuleList(nn.Linear(shape.width, len(values)) for values in CHOICES.values())

    def know(self, table: NDArray[np.float32]) -> None:
        """Begin with what a table ``[letters, letter]`` says; its rows of zeros stay random."""
        known = torch.from_numpy(table)
        there = known.abs().sum(-1) > 0
        with torch.no_grad():
            self.letters.weight[there] = known[there] * 0.5

    def table(self) -> Tensor:
        """What the encoder sees of each letter, ``[letters, width]``."""
        joined = (self.letters.weight, self.initials(self.initial), self.finals(self.final))
        out: Tensor = self.join(torch.cat(joined, -1))
        return out

    def encode(self, letters: Tensor, words: Tensor, places: Tensor, barred: Tensor) -> Tensor:
        """State and characters, encoded: ``letters [n, t, width]``, rows of ``table``; ``words``, ``places [n, t]``."""
        seen = letters + self.word(self.known(words)) + self.within(places)
        beside = nn.functional.pad(seen, (0, 0, 1, 1))
        x = seen + nn.functional.gelu(self.around(torch.cat((beside[:, :-2], seen, beside[:, 2:]), -1)))
        x = self.dropout(x + self.places[: seen.shape[1]])
        for layer in self.layers:
            x = layer(x, barred)
        out: Tensor = self.norm(x)
        return out

    def tell(self, x: Tensor, inside: Tensor) -> tuple[Tensor, Tensor]:
        """Intent and choice scores of one command: ``x [n, t, width]`` characters, ``inside [n, t]`` its own."""
        scores = self.asks(x).masked_fill(~inside[..., None], -1e4)
        asked = torch.softmax(scores, 1).transpose(1, 2) @ x
        told = asked + nn.functional.gelu(self.told(asked))
        choices = torch.cat([head(told[:, at]) for at, head in enumerate(self.choices, 1)], -1)
        return self.intents(told[:, 0]), choices

    def forward(self, given: Batch) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Scores: of places to be the split ``[n, t]``, intents and choices ``[n, 2, …]``, tags ``[n, t, …]``.

        The batch's own split cuts the commands for the intents and choices.
        """
        split = given.split
        x, real = self._characters(given.ids, given.words, given.places)
        places = torch.arange(x.shape[1])[None]
        behind = places >= split[:, None]
        first = self.tell(x, real & (~behind | (split == 0)[:, None]))
        second = self.tell(x, real & behind)
        splits = self.splits(x)[..., 0].masked_fill(~real, -1e4)
        intents, choices = (torch.stack(pair, 1) for pair in zip(first, second, strict=True))
        return splits, intents, choices, self.tags(x)

    def pooled(self, ids: Tensor, words: Tensor, places: Tensor) -> Tensor:
        """The mean of an utterance's encoded characters, ``[n, width]``."""
        x, real = self._characters(ids, words, places)
        out: Tensor = (x * real[..., None]).sum(1) / real.sum(1, keepdim=True)
        return out

    def _characters(self, ids: Tensor, words: Tensor, places: Tensor) -> tuple[Tensor, Tensor]:
        """Encoded characters ``[n, t, width]``, and which are no padding ``[n, t]``."""
        padding = ids == 0
        barred = torch.zeros(padding.shape).masked_fill(padding, -1e4)[:, None, None]
        letters = nn.functional.embedding(ids, self.table())
        return self.encode(letters, words, places, barred)[:, 1:], ~padding[:, 1:]


def _fixed(table: Tensor) -> nn.Embedding:
    """An embedding that is not learnt."""
    out: nn.Embedding = nn.Embedding.from_pretrained(table)  # type: ignore[no-untyped-call]
    return out


Row = tuple[list[int], list[int], list[int]]
"""Letters, words and places of an example, the state first."""


def padded(rows: Sequence[Row]) -> tuple[Tensor, Tensor, Tensor]:
    """Letters, words and places of several utterances, ``[n, longest]`` each."""
    longest = max(len(row[0]) for row in rows)
    parts = ([[*row[part], *[0] * (longest - len(row[part]))] for row in rows] for part in range(3))
    letters, words, places = map(torch.tensor, parts)
    return letters, words, places


def batch(examples: Sequence[Example], rows: Sequence[Row]) -> Batch:
    """Examples and what is seen of them, padded to the longest."""
    letters, words, places = padded(rows)
    longest = letters.shape[1]
    tags = [[*one.tags, *[NONE] * (longest - 1 - len(one.tags))] for one in examples]
    blank = tuple([NONE] * len(CHOICES))
    intents = [[*one.intents, *[NONE] * (MOST_COMMANDS - len(one.intents))] for one in examples]
    choices = [[*one.choices, *[blank] * (MOST_COMMANDS - len(one.choices))] for one in examples]
    split = torch.tensor([one.split for one in examples])
    return Batch(letters, words, places, split, torch.tensor(intents), torch.tensor(choices), torch.tensor(tags))


def loss(model: Reader, given: Batch) -> Tensor:
    """Cross-entropy of the four readings, summed."""
    splits, intents, choices, tags = model(given)
    entropy: Any = nn.functional.cross_entropy
    wanted = given.intents.flatten()
    total = entropy(splits, given.split) + entropy(intents.flatten(0, 1), wanted, ignore_index=NONE)
    total = total + 4 * entropy(tags.flatten(0, 1), given.tags.flatten(), ignore_index=NONE)
    has = _HAS[wanted.clamp(min=0)] & (wanted != NONE)[:, None]
    chosen = given.choices.flatten(0, 1).masked_fill(~has, NONE)
    for at, scores in enumerate(choices.flatten(0, 1).split(_BOUNDS, -1)):
        if has[:, at].any():
            share = has[:, at].sum() / (wanted != NONE).sum()
            total = total + share * entropy(scores, chosen[:, at], ignore_index=NONE)
    out: Tensor = total
    return out


def echo_loss(model: Reader, head: nn.Module, seen: tuple[Tensor, Tensor, Tensor], targets: Tensor) -> Tensor:
    """One less the cosine between what a head makes of utterances and what a larger encoder does, ``[n, d]``."""
    said = head(model.pooled(*seen)).float()
    out: Tensor = (1 - nn.functional.cosine_similarity(said, targets)).mean()
    return out


class Exported(nn.Module):
    """The model for one utterance, its letters' table folded into one, cutting the commands where it would itself."""

    def __init__(self, model: Reader) -> None:
        super().__init__()
        self.model = model
        self.seen = _fixed(model.table().detach())

    def forward(self, ids: Tensor, words: Tensor, places: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """All ``[1, 1 + t]`` → splits ``[t]``, intents and choices ``[2, …]``, tags ``[t, …]``."""
        x = self.model.encode(self.seen(ids), words, places, torch.zeros(1, 1, 1, 1))[:, 1:]
        splits = self.model.splits(x)[..., 0]
        split = splits.argmax(-1, keepdim=True)
        behind = torch.arange(x.shape[1])[None] >= split
        first = self.model.tell(x, ~behind | (split == 0))
        second = self.model.tell(x, behind)
        intents, choices = (torch.cat(pair) for pair in zip(first, second, strict=True))
        return splits[0], intents, choices, self.model.tags(x)[0]
