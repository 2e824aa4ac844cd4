"""The second reader's net: from a larger encoder's sentence vectors to intents, learnt from the seeds as written."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any, Final

import numpy as np
import torch
from torch import nn

from courier_voice.knowledge.embed import Embedder
from courier_voice.nlu.advise import ADVICE, LAYERS, SCALE
from courier_voice.nlu.labels import INTENTS
from courier_voice.text.normalize import normalize
from courier_voice.training.lessons import embedded, talk
from courier_voice.training.seeds import Seed

Labelled = tuple[str, int]
"""A normalised text and the number of its intent."""
_WIDTH: Final = 256
_ROUNDS: Final = 25
_BATCH: Final = 128
_SMOOTHED: Final = 0.05
_DROPOUT: Final = 0.3


def labelled(seeds: Sequence[Seed]) -> list[Labelled]:
    """Single commands said while nothing waits, and the talk beside them, each once."""
    found = {
        normalize(seed.text).text: INTENTS.index(seed.commands[0].intent)
        for seed in seeds
        if not seed.state and len(seed.commands) == 1
    }
    found |= {text: INTENTS.index("none") for text in map(_normalised, talk(Random("lessons"))) if text not in found}
    return [(text, intent) for text, intent in found.items() if text]


def learn(seeds: Sequence[Seed], teacher: Embedder, taught: Path, out: Path, seed: int) -> int:
    """Fit the net and write it; how many sentences it learnt from. ``taught`` keeps the vectors."""
    texts, intents = zip(*labelled(seeds), strict=True)
    vectors = torch.from_numpy(SCALE * embedded(texts, teacher, taught))
    wanted = torch.tensor(intents)
    torch.manual_seed(seed)
    net = nn.Sequential(
        nn.Linear(vectors.shape[1], _WIDTH), nn.GELU("tanh"), nn.Dropout(_DROPOUT), nn.Linear(_WIDTH, len(INTENTS))
    )
    optimizer = torch.optim.AdamW(net.parameters(), lr=3e-3, weight_decay=1e-2)
    net.train()
    for _ in range(_ROUNDS):
        order = torch.randperm(len(wanted))
        for part in (order[at : at + _BATCH] for at in range(0, len(order), _BATCH)):
            optimizer.zero_grad(set_to_none=True)
            loss = nn.functional.cross_entropy(net(vectors[part]), wanted[part], label_smoothing=_SMOOTHED)
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
    first, second = (layer for layer in net if isinstance(layer, nn.Linear))
    held = (first.weight.T, first.bias, second.weight.T, second.bias)
    arrays: dict[str, Any] = {
        name: value.detach().numpy().astype(np.float16) for name, value in zip(LAYERS, held, strict=True)
    }
    out.mkdir(parents=True, exist_ok=True)
    with (out / ADVICE).open("wb") as file:
        np.savez_compressed(file, stamp=np.array(teacher.stamp), intents=np.array(INTENTS), **arrays)
    return len(wanted)


def _normalised(text: str) -> str:
    return normalize(text).text
