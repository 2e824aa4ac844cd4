"""The network that hears words over a reply: its data gathered in shards, its fitting, and what it weighs in a file."""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.random import default_rng
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from courier_voice.audio.overspeech import SIZE
from courier_voice.core.errors import TrainingError
from courier_voice.training.overtalk_scenes import Event, Voices, Watched, scene, watched

SHARD: Final = 20
"""Scenes a file."""
ALONE: Final = 1.5
"""What a frame weighs in which there is nothing but echo."""
HARD: Final = {"hum": 1.5, "wind": 1.5, "music": 1.5, "knock": 1.5}
"""Sounds that are most like words, or most often beside a courier: how much more they weigh."""
STAIRWELLS: Final = 2
"""Of so many shards the last is in stairwells, the others in rooms of all kinds."""
_FARTHEST: Final = 6.0
"""As at run time."""

_NAMES: Final = {
    "first.weight": "first",
    "first.bias": "first_bias",
    "state.weight_ih_l0": "given",
    "state.bias_ih_l0": "given_bias",
    "state.weight_hh_l0": "kept",
    "state.bias_hh_l0": "kept_bias",
    "out.weight": "out",
    "out.bias": "out_bias",
}
"""torch's names of the weights, and those in the file."""

Report = Callable[[str, int, int, float], None]
"""What is done (dev, train, learn), how much, of how much, and the loss."""


@dataclass(frozen=True)
class Recipe:
    """``clips`` are spoken for it; ``scenes`` are of 12.8 s. ``narrow`` and ``kept`` are the widths of the network's
    first layer and of its state."""

    clips: int = 410
    scenes: int = 4000
    dev_scenes: int = 200
    epochs: int = 18
    batch: int = 24
    narrow: int = 64
    kept: int = 128
    rate: float = 2e-3
    seed: int = 0


@dataclass(frozen=True)
class Lesson:
    """One scene as the network sees it: its replies, and what was heard beside them."""

    replies: tuple[Watched, ...]
    events: tuple[Event, ...]


class Net(nn.Module):
    """``[batch, frames, SIZE]``, of mean 0 and deviation 1, to log odds of words ``[batch, frames]``."""

    def __init__(self, recipe: Recipe) -> None:
        super().__init__()
        self.first = nn.Linear(SIZE, recipe.narrow)
        self.state = nn.GRU(recipe.narrow, recipe.kept, batch_first=True)
        self.out = nn.Linear(recipe.kept, 1)
        self.dropped = nn.Dropout(0.2)

    def forward(self, seen: Tensor) -> Tensor:
        kept, _ = self.state(self.dropped(torch.relu(self.first(seen))))
        return torch.as_tensor(self.out(self.dropped(kept)))[..., 0]


def gather(
    voices: Voices, folder: Path, recipe: Recipe, report: Report, *, dev: bool, jobs: int = 1
) -> Iterator[Lesson]:
    """The lessons of one split, shard after shard, made by ``jobs`` processes; what ``folder`` holds is not made again.
    Raises TrainingError when that is of another recipe."""
    split, count = ("dev", recipe.dev_scenes) if dev else ("train", recipe.scenes)
    folder.mkdir(parents=True, exist_ok=True)
    _same(folder / f"{split}.json", {"seed": recipe.seed, "voices": len(voices.sentences)})
    files = [folder / f"{split}-{shard:03}.npz" for shard in range(-(-count // SHARD))]
    lacking = [(shard, file) for shard, file in enumerate(files) if not file.is_file()]
    make = partial(_shard, seed=recipe.seed, dev=dev, size=SHARD)
    done = len(files) - len(lacking)
    with _workers(voices, min(jobs, len(lacking))) as each:
        for _ in each(make, lacking):
            done += 1
            report(split, min(count, done * SHARD), count, 0.0)
    for file in files:
        yield from _read(file)


def fit(taught: Sequence[Lesson], dev: Sequence[Lesson], recipe: Recipe, report: Report) -> dict[str, NDArray[Any]]:
    """The weights, as `audio.overspeech` reads them, of the epoch that did best on ``dev``."""
    torch.manual_seed(recipe.seed)
    replies = [reply for lesson in taught for reply in weighed(lesson)]
    if not replies or not any(reply.words.any() for reply in replies):
        raise TrainingError("nobody says anything over the replies: more scenes are needed")
    every = np.concatenate([reply.seen.astype(np.float32) for reply in replies])
    mean, spread = every.mean(0), np.maximum(every.std(0), 1e-3)
    net = Net(recipe)
    steps = recipe.epochs * -(-len(replies) // recipe.batch)
    optimiser = torch.optim.AdamW(net.parameters(), recipe.rate, weight_decay=0.02)
    pace = torch.optim.lr_scheduler.OneCycleLR(optimiser, recipe.rate, total_steps=steps, pct_start=0.1)
    held = [_batch(group, mean, spread) for group in _groups([r for one in dev for r in weighed(one)], recipe.batch)]
    best, kept = float("inf"), {name: value.clone() for name, value in net.state_dict().items()}
    for epoch in range(recipe.epochs):
        net.train()
        order = default_rng([recipe.seed, epoch]).permutation(len(replies))
        for group in _groups([replies[int(n)] for n in order], recipe.batch):
            optimiser.zero_grad()
            loss = _loss(net, *_batch(group, mean, spread))
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimiser.step()
            pace.step()
        net.eval()
        with torch.no_grad():
            judged = float(np.mean([float(_loss(net, *one)) for one in held])) if held else float(loss)
        if judged < best:
            best, kept = judged, {name: value.clone() for name, value in net.state_dict().items()}
        report("learn", epoch + 1, recipe.epochs, judged)
    return _exported(kept, mean, spread)


def weighed(lesson: Lesson) -> Iterator[Watched]:
    """Its replies, what stops them too easily weighing more."""
    for reply in lesson.replies:
        weights = np.where((reply.words == 0) & (reply.weights == 1), ALONE, reply.weights).astype(np.float32)
        for event in lesson.events:
            part = slice(max(0, event.start - reply.first), max(0, event.end - reply.first))
            weights[part] *= np.where(reply.words[part] == 0, HARD.get(event.kind, 1.0), 1.0)
        yield replace(reply, weights=weights)


def save(weights: dict[str, NDArray[Any]], file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(file, **weights)  # type: ignore[arg-type,unused-ignore]


def odds(weights: dict[str, NDArray[Any]], recipe: Recipe, replies: Sequence[Watched]) -> list[NDArray[np.float32]]:
    """Probabilities of words in each frame of each reply, by the weights as they are shipped."""
    net = Net(recipe).eval()
    stored = net.state_dict()
    for theirs, ours in _NAMES.items():
        stored[theirs] = torch.from_numpy(weights[ours].astype(np.float32)).reshape(stored[theirs].shape)
    net.load_state_dict(stored)
    mean, spread = weights["mean"].astype(np.float32), weights["spread"].astype(np.float32)
    with torch.no_grad():
        return [torch.sigmoid(net(_batch([one], mean, spread)[0]))[0].numpy() for one in replies]


@contextmanager
def _workers(voices: Voices, jobs: int) -> Iterator[Callable[..., Iterator[None]]]:
    """What maps over processes that have been told the voices; over this one where there is no use for more."""
    if jobs <= 1:
        _given(voices)
        yield map
        return
    with ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn"), _given, (voices,)) as pool:
        yield pool.map


_spoken: list[Voices] = []
"""Of this process."""


def _given(voices: Voices) -> None:
    _spoken[:] = [voices]


def _shard(told: tuple[int, Path], *, seed: int, dev: bool, size: int) -> None:
    shard, file = told
    rngs = (default_rng([seed, dev, shard, number]) for number in range(size))
    scenes = [scene(_spoken[0], rng, dev=dev, hard=not (shard + 1) % STAIRWELLS) for rng in rngs]
    _write(file, [Lesson(tuple(watched(one)), one.events) for one in scenes])


def _write(file: Path, lessons: Sequence[Lesson]) -> None:
    arrays: dict[str, NDArray[Any]] = {}
    about = []
    for number, lesson in enumerate(lessons):
        about.append({"firsts": [r.first for r in lesson.replies], "events": [asdict(e) for e in lesson.events]})
        for place, reply in enumerate(lesson.replies):
            arrays[f"seen{number}.{place}"] = reply.seen
            arrays[f"right{number}.{place}"] = np.stack([reply.words, reply.weights])
    part = file.with_suffix(".part")
    with part.open("wb") as out:
        np.savez(out, about=np.array(json.dumps(about)), **arrays)  # type: ignore[arg-type,unused-ignore]
    part.replace(file)


def _read(file: Path) -> Iterator[Lesson]:
    with np.load(file, allow_pickle=False) as stored:
        for number, about in enumerate(json.loads(str(stored["about"]))):
            replies = [
                Watched(first, stored[f"seen{number}.{place}"], *stored[f"right{number}.{place}"])
                for place, first in enumerate(about["firsts"])
            ]
            yield Lesson(tuple(replies), tuple(Event(**event) for event in about["events"]))


def _same(file: Path, about: dict[str, int]) -> None:
    if file.is_file() and json.loads(file.read_text()) != about:
        raise TrainingError(f"{file.parent.name} holds scenes of another recipe; remove it or give another --out")
    file.write_text(json.dumps(about))


def _groups(replies: Sequence[Watched], size: int) -> Iterator[Sequence[Watched]]:
    for at in range(0, len(replies), size):
        yield replies[at : at + size]


def _batch(
    group: Sequence[Watched], mean: NDArray[np.float32], spread: NDArray[np.float32]
) -> tuple[Tensor, Tensor, Tensor]:
    seen = [np.clip((reply.seen.astype(np.float32) - mean) / spread, -_FARTHEST, _FARTHEST) for reply in group]
    padded = [
        pad_sequence([torch.from_numpy(np.ascontiguousarray(one)) for one in ones], batch_first=True)
        for ones in (seen, [reply.words for reply in group], [reply.weights for reply in group])
    ]
    return padded[0], padded[1], padded[2]


def _loss(net: Net, seen: Tensor, words: Tensor, weights: Tensor) -> Tensor:
    each = nn.functional.binary_cross_entropy_with_logits(net(seen), words, reduction="none")
    return (each * weights).sum() / weights.sum()


def _exported(kept: dict[str, Tensor], mean: NDArray[Any], spread: NDArray[Any]) -> dict[str, NDArray[Any]]:
    made = {ours: kept[theirs].numpy().astype(np.float16) for theirs, ours in _NAMES.items()}
    made["out"] = made["out"][0]
    return {"mean": mean.astype(np.float32), "spread": spread.astype(np.float32), **made}
