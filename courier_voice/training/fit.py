"""Fitting the fast model: seeded, resumable at every chunk, the same data for the same seed."""

from __future__ import annotations

import copy
import math
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from random import Random
from typing import Final, Literal

import numpy as np
import torch
from torch import Tensor, nn

from courier_voice.core.errors import TrainingError
from courier_voice.nlu.fast import FIRST_STATE, UNKNOWN, lexical
from courier_voice.nlu.labels import STATES
from courier_voice.training.confusions import Confusions
from courier_voice.training.generate import Example, Maker
from courier_voice.training.lessons import COMPONENTS, Lessons
from courier_voice.training.letters import Knowledge, of_gemma, of_gguf, sounds
from courier_voice.training.model import Batch, Reader, Row, Shape, batch, echo_loss, loss, padded
from courier_voice.training.seeds import Seed

Init = Literal["words", "letters", "gemma", "scratch"]
Echo = tuple[tuple[Tensor, Tensor, Tensor], Tensor]
"""Letters, words and places of some sentences, and the teacher's vectors of them."""
_ECHOED: Final = 0.25
"""Sentences of the lessons in a step, against its examples,"""
_MISHEARD: Final = 0.3
"""and how many of them are misheard."""
Progress = Callable[[int, int, float], None]
"""Steps done, steps in all, mean loss of the last chunk."""


@dataclass(frozen=True)
class Recipe:
    """All that the weights depend on beside the data. ``average``: of the weights' moving average, a step."""

    seed: int = 1
    steps: int = 9000
    batch: int = 64
    chunk: int = 100
    rate: float = 1.2e-3
    warmup: int = 300
    average: float = 0.998
    blanked: float = 0.04
    """Share of letters the model must do without."""
    unworded: float = 0.15
    """Share of examples in which no word is known."""
    init: Init = "words"
    """What is taken over from the language model's embeddings: those of letters and of words, of letters, nothing; or
    those of letters and words from EmbeddingGemma's."""
    distil: float = 0.0
    """How much imitating the larger encoder weighs against the readings; 0: there are no lessons."""
    misheard: bool = True
    """Whether words are misheard: by the table learnt of the recogniser, and by their sound."""
    shape: Shape = field(default_factory=Shape)

    def rate_at(self, step: int) -> float:
        """Linear warm-up, then a cosine down to a fiftieth."""
        if step < self.warmup:
            return self.rate * (step + 1) / self.warmup
        done = (step - self.warmup) / max(1, self.steps - self.warmup)
        return self.rate * (0.02 + 0.98 * (1 + math.cos(math.pi * min(1.0, done))) / 2)


class Fit:
    """A model being fitted to variants of seeds, and to ``lessons`` where the recipe has it imitate.

    ``model_file`` is what any ``init`` but scratch begins with: a GGUF, or EmbeddingGemma's folder.
    """

    def __init__(
        self,
        recipe: Recipe,
        seeds: Sequence[Seed],
        confusions: Confusions,
        letters: str,
        model_file: Path | None,
        lessons: Lessons | None = None,
    ) -> None:
        if recipe.init != "scratch" and model_file is None:
            raise TrainingError("the language model's weights are needed: courier-voice models pull, or --init scratch")
        if recipe.distil and lessons is None:
            raise TrainingError("there is no larger encoder to imitate: courier-voice models pull, or --distil 0")
        torch.manual_seed(recipe.seed)
        self.recipe, self._seeds = recipe, seeds
        self._confusions = confusions if recipe.misheard else Confusions({}, {})
        self._lessons = lessons if recipe.distil else None
        first = FIRST_STATE + len(STATES)
        self.letter = {char: number for number, char in enumerate(letters, first)}
        knowledge = _known(recipe.init, model_file) if model_file else None
        worded = knowledge if recipe.init != "letters" else None
        self.words = worded.words if worded else ()
        self.word = {word: number for number, word in enumerate(self.words, 1)}
        table = worded.of_words(recipe.shape.word) if worded else np.zeros((1, recipe.shape.word), np.float32)
        self.model = Reader(recipe.shape, sounds(letters), table)
        if knowledge:
            self.model.know(knowledge.of_letters(letters, recipe.shape.letter))
        self.average = {name: value.detach().clone() for name, value in self.model.state_dict().items()}
        self._echo = nn.Linear(recipe.shape.width, COMPONENTS)
        """What says the teacher's vector; it is no part of the model."""
        trained = [*self.model.parameters(), *(self._echo.parameters() if self._lessons else ())]
        self._optimizer = torch.optim.AdamW(trained, lr=recipe.rate, weight_decay=0.01, betas=(0.9, 0.98))
        self.step = 0

    @property
    def parameters(self) -> int:
        """How many numbers are trained."""
        return sum(parameter.numel() for parameter in self.model.parameters())

    def run(self, progress: Progress, checkpoint: Path | None = None) -> None:
        """To the last step, from where a checkpoint stands; one is written after every chunk."""
        if checkpoint and checkpoint.is_file():
            self.restore(checkpoint)
        while self.step < self.recipe.steps:
            chunk = self.step // self.recipe.chunk
            losses = [self._learn(*both) for both in zip(self._batches(chunk), self._echoes(chunk), strict=True)]
            progress(self.step, self.recipe.steps, sum(losses) / len(losses))
            if checkpoint:
                self.save(checkpoint)

    def examples(self, chunk: int) -> list[Example]:
        """What is learnt in a chunk, the same whenever it is asked for."""
        rng = Random(f"{self.recipe.seed}:{chunk}")
        return list(islice(Maker(self._seeds, rng, self._confusions), self.recipe.batch * self.recipe.chunk))

    def _batches(self, chunk: int) -> Iterator[Batch]:
        size = self.recipe.batch
        rng = Random(f"batches {self.recipe.seed}:{chunk}")
        examples = sorted(self.examples(chunk), key=lambda one: len(one.text))
        groups = [examples[at : at + size] for at in range(0, len(examples), size)]
        rng.shuffle(groups)
        for group in groups:
            yield batch(group, [self._row(one.text, one.state, rng) for one in group])

    def _echoes(self, chunk: int) -> Iterator[Echo | None]:
        """Sentences with the teacher's vectors, of like lengths in a batch; some are misheard by it alone."""
        size, known = max(1, int(self.recipe.batch * _ECHOED)), self._lessons
        if known is None:
            yield from [None] * self.recipe.chunk
            return
        rng = Random(f"echoes {self.recipe.seed}:{chunk}")
        drawn = rng.choices(range(len(known.texts)), k=size * self.recipe.chunk)
        drawn.sort(key=lambda n: len(known.texts[n]))
        groups = [drawn[at : at + size] for at in range(0, len(drawn), size)]
        rng.shuffle(groups)
        for group in groups:
            texts = (known.texts[n] for n in group)
            heard = (self._confusions.heard(text, rng) if rng.random() < _MISHEARD else text for text in texts)
            rows = [self._row(text, 0, rng) for text in heard]
            yield padded(rows), torch.from_numpy(known.targets[group])

    def _row(self, text: str, state: int, rng: Random) -> Row:
        known, blanked = self.letter, self.recipe.blanked
        letters = (UNKNOWN if rng.random() < blanked else known.get(char.upper(), UNKNOWN) for char in text)
        words, places = lexical(text, self.word if rng.random() >= self.recipe.unworded else {})
        return [FIRST_STATE + state, *letters], [0, *words], [0, *places]

    def _learn(self, given: Batch, echo: Echo | None) -> float:
        for group in self._optimizer.param_groups:
            group["lr"] = self.recipe.rate_at(self.step)
        torch.manual_seed(self.recipe.seed * 1_000_003 + self.step)
        self.model.train()
        self._optimizer.zero_grad(set_to_none=True)
        with torch.autocast("cpu", torch.bfloat16):
            value = loss(self.model, given)
            if echo:
                value = value + self.recipe.distil * echo_loss(self.model, self._echo, *echo)
        value.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_([p for group in self._optimizer.param_groups for p in group["params"]], 1.0)
        self._optimizer.step()
        self.step += 1
        keep = min(self.recipe.average, self.step / (self.step + 10))
        for name, now in self.model.state_dict().items():
            if now.is_floating_point():
                self.average[name].lerp_(now, 1 - keep)
        return float(value.detach())

    def averaged(self) -> Reader:
        """The model with the moving average of its weights, for use."""
        model = copy.deepcopy(self.model)
        model.load_state_dict(self.average)
        return model.eval()

    def save(self, path: Path) -> None:
        """A checkpoint to go on from, whole or not at all."""
        path.parent.mkdir(parents=True, exist_ok=True)
        state = {"recipe": asdict(self.recipe), "letters": "".join(self.letter), "step": self.step}
        state |= {"model": self.model.state_dict(), "average": self.average, "optimizer": self._optimizer.state_dict()}
        state["echo"] = self._echo.state_dict()
        temporary = path.with_suffix(".new")
        with temporary.open("wb") as file:
            torch.save(state, file)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)

    def restore(self, path: Path) -> None:
        """Go on from a checkpoint of the same recipe and letters. Raises TrainingError for another one's."""
        state = torch.load(path, weights_only=True)
        if state["recipe"] != asdict(self.recipe) or state["letters"] != "".join(self.letter):
            raise TrainingError(f"{path.name} is of another recipe or other data; begin anew with --fresh")
        self.model.load_state_dict(state["model"])
        self._echo.load_state_dict(state["echo"])
        self._optimizer.load_state_dict(state["optimizer"])
        self.average, self.step = state["average"], int(state["step"])


def _known(init: Init, model: Path) -> Knowledge | None:
    if init == "scratch":
        return None
    return of_gemma(model) if init == "gemma" else of_gguf(model)
