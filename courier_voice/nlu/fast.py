"""The fast route: one small encoder reads intents, choices and slots of an utterance at once, and how sure it is."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from courier_voice.core.errors import ModelError, ModelOutputError
from courier_voice.core.turn import Draft, NluContext, Route, Understanding
from courier_voice.core.words import Utterance
from courier_voice.nlu import frames
from courier_voice.nlu.labels import CHOICES, INTENTS, QUESTIONS, STATES
from courier_voice.nlu.lexicon import TITLES
from courier_voice.nlu.settle import DENIED
from courier_voice.nlu.spans import best_tags, spans_of

MODEL: Final = "fast.onnx"
CARD: Final = "fast.json"
LONGEST: Final = 96
"""Characters; longer talk is left to others."""
LONGEST_WORD: Final = 4
UNKNOWN: Final = 1
"""Letter of a character the model never saw; 0 pads, the dialogue states follow, then the characters."""
FIRST_STATE: Final = 2
FEATURES: Final = ("split", "intents", "choices", "tags", "odd")
"""What a confidence is made of: the doubt in each reading, and how many characters and slots are odd."""
DOUBTED: Final = 0.98
"""Where the likeliest intent is less likely than this, a second reader is asked."""
_CERTAIN: Final = 1e-5
_NONE: Final = INTENTS.index("none")
_WHOLE: Final = frozenset(["message", "question", "note"])
"""Slots that go on from their first to their last word."""
_LAST: Final = frozenset(["place", *frames.NUMBERS])
"""Slots of which the last said holds; of others the likeliest."""
_STOPS: Final = "。，、；！. "
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Card:
    """What goes with the model: its letters and words, how its confidence is made, from which one on it is believed.

    ``words`` are those a language model knows, with spaces between. ``none_from``: how likely an utterance must be no
    command to count as none; ``advised_none_from``: that where a second reader was asked.
    """

    letters: str
    words: str
    weights: Mapping[str, float]
    bias: float
    threshold: float
    none_from: float
    advised_none_from: float
    version: str

    @classmethod
    def read(cls, file: Path) -> Card:
        row = json.loads(file.read_text("utf-8"))
        return cls(**{name: row[name] for name in cls.__dataclass_fields__})

    @cached_property
    def letter(self) -> Mapping[str, int]:
        first = FIRST_STATE + len(STATES)
        return {char: number for number, char in enumerate(self.letters, first)}

    @cached_property
    def word(self) -> Mapping[str, int]:
        return {word: number for number, word in enumerate(self.words.split(), 1)}

    def ids(self, text: str, waiting: str) -> dict[str, NDArray[np.int64]]:
        """The model's inputs, each of shape ``[1, 1 + len(text)]``: letters behind the dialogue state, words, places."""
        state = STATES.index(waiting if waiting in STATES else STATES[-1])
        letters = [FIRST_STATE + state, *(self.letter.get(char.upper(), UNKNOWN) for char in text)]
        words, places = lexical(text, self.word)
        rows = {"ids": letters, "words": [0, *words], "places": [0, *places]}
        return {name: np.array([row], np.int64) for name, row in rows.items()}


def shipped_card() -> Card:
    """The card of the shipped model. Raises ModelError when it cannot be read."""
    try:
        with as_file(files("courier_voice.nlu").joinpath("data", CARD)) as file:
            return Card.read(file)
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(f"the fast model cannot be read ({type(error).__name__}): run make train") from error


def lexical(text: str, known: Mapping[str, int]) -> tuple[list[int], list[int]]:
    """Of every character the longest known word it is in, 0 for none, and where in it: 1 first, 2 within, 3 last."""
    words, places, sizes = ([0] * len(text) for _ in range(3))
    for start in range(len(text)):
        for size in range(min(LONGEST_WORD, len(text) - start), 1, -1):
            number = known.get(text[start : start + size])
            if number is None:
                continue
            for at in range(start, start + size):
                if size > sizes[at]:
                    words[at], sizes[at] = number, size
                    places[at] = 1 if at == start else 3 if at == start + size - 1 else 2
            break
    return words, places


@dataclass(frozen=True)
class Reading:
    """What the model made of an utterance: flat frames with the part of the text each is of, and FEATURES by name.

    ``nothing``: how likely it is no command, 0..1. ``advised``: whether a second reader had a say.
    """

    frames: tuple[tuple[Mapping[str, str], str], ...]
    features: Mapping[str, float]
    nothing: float
    advised: bool = False


class FastUnderstander:
    """Reads utterances with the model of a folder, the shipped one by default; 1 thread. Raises ModelError for none.

    ``threshold`` is the confidence from which on a reading may be acted on without asking a larger model. ``advise``
    is a second reader, asked about utterances nothing waits for when their intent is in doubt: normalised text →
    log-probabilities of the intents.
    """

    def __init__(
        self,
        folder: Path | None = None,
        threshold: float | None = None,
        advise: Callable[[str], Floats] | None = None,
    ) -> None:
        import onnxruntime

        self.advise = advise

        shipped = files("courier_voice.nlu").joinpath("data")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            with as_file(shipped) as packed:
                source = folder or packed
                self.card = Card.read(source / CARD)
                self.threshold = self.card.threshold if threshold is None else threshold
                model = (source / MODEL).read_bytes()
            self._session: Any = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        except (OSError, ValueError, KeyError) as error:
            raise ModelError(f"the fast model cannot be read ({type(error).__name__}): run make train") from error

    def understand(self, utterance: Utterance, context: NluContext) -> Understanding:
        """Drafts with their confidence, 0.0 for talk that is too long to read."""
        if not 0 < len(utterance.text) <= LONGEST:
            return Understanding((Draft("none", confidence=0.0),), "fast", self.card.version)
        # Recognisers end every utterance with a mark, people who type seldom do: it says nothing.
        reading = self.read(utterance.text.rstrip(_STOPS) or utterance.text, context.waiting)
        confidence = self.confidence(reading)
        try:
            drafts = self.drafts(reading, utterance, context.waiting)
        except ModelOutputError:
            return Understanding((Draft("none", confidence=0.0),), "fast", self.card.version)
        if drafts[0].intent == "none":  # decided by ``none_from``: a language model tells talk from commands no better
            confidence = max(confidence, self.threshold)
        route: Route = "llm" if reading.advised else "fast"
        return Understanding(tuple(replace(d, confidence=confidence) for d in drafts), route, self.card.version)

    def drafts(self, reading: Reading, utterance: Utterance, waiting: str) -> tuple[Draft, ...]:
        """Raises ModelOutputError when what was read makes no draft."""
        drafts = [frames.draft(frame, utterance, part) for frame, part in reading.frames]
        return tuple(frames.aimed(draft, utterance, waiting) for draft in _one_breath(drafts))

    def confidence(self, reading: Reading) -> float:
        """How likely everything in a reading is right, 0..1."""
        weights = self.card.weights
        score = self.card.bias + sum(weights[name] * value for name, value in reading.features.items())
        return 1 / (1 + math.exp(-max(-60.0, min(60.0, score))))

    def read(self, text: str, waiting: str = "") -> Reading:
        """One pass of the model over a normalised text of at most ``LONGEST`` characters."""
        seen = self.card.ids(text, waiting)
        split, intents, choices, tags = (_log_softmax(out) for out in self._outputs(seen))
        start = int(split.argmax())
        advised = bool(self.advise and not waiting and not start and math.exp(float(intents[0].max())) < DOUBTED)
        if self.advise and advised:
            intents[0] = _log_softmax(intents[0] + self.advise(text))
        nothing = math.exp(float(intents[0][_NONE]))
        if nothing >= (self.card.advised_none_from if advised else self.card.none_from):
            intents[0][_NONE], start = 0.0, 0
        commands = ((0, start), (start, len(text))) if start else ((0, len(text)),)
        told: dict[str, float] = dict.fromkeys(FEATURES, 0.0)
        told["split"] = float(split[start])
        told["odd"] = float((seen["ids"] == UNKNOWN).sum())
        read: list[tuple[Mapping[str, str], str]] = []
        for number, (first, last) in enumerate(commands):
            frame, odd = _frame(text, first, last, intents[number], choices[number], tags, told)
            told["odd"] += odd
            read.append((frame, text[first:last]))
        doubts = {name: math.log(_CERTAIN - told[name]) for name in FEATURES if name != "odd"}
        return Reading(tuple(read), {**doubts, "odd": told["odd"]}, nothing, advised)

    def _outputs(self, seen: dict[str, NDArray[np.int64]]) -> tuple[Floats, Floats, list[list[Floats]], Floats]:
        split, intents, choices, tags = self._session.run(None, seen)
        bounds = np.cumsum([len(values) for values in CHOICES.values()])[:-1]
        return split, intents, [np.split(row, bounds) for row in choices], tags


def _one_breath(drafts: Sequence[Draft]) -> Sequence[Draft]:
    """The same command twice, of which one names nobody, is one command said in two pieces, the later piece right."""
    if len(drafts) != 2 or drafts[0].intent != drafts[1].intent or all(d.slots.get("target") for d in drafts):
        return drafts
    return [replace(drafts[0], slots={**drafts[0].slots, **drafts[1].slots})]


def _log_softmax(scores: Any) -> Any:
    if isinstance(scores, list):
        return [_log_softmax(one) for one in scores]
    top = scores - scores.max(-1, keepdims=True)
    return top - np.log(np.exp(top).sum(-1, keepdims=True))


def _frame(
    text: str, first: int, last: int, intents: Floats, choices: Sequence[Floats], tags: Floats, told: dict[str, float]
) -> tuple[dict[str, str], int]:
    """The frame of ``text[first:last]`` and how many of its slots came twice; adds to the log-probabilities ``told``."""
    best = int(intents.argmax())
    told["intents"] += float(intents[best])
    slots = QUESTIONS[INTENTS[best]]
    frame = {"intent": INTENTS[best]}
    for (slot, values), scores in zip(CHOICES.items(), choices, strict=True):
        if slot in slots:
            chosen = int(scores.argmax())
            told["choices"] += float(scores[chosen])
            if values[chosen]:
                frame[slot] = values[chosen]
    likeliest_tags = best_tags(tags[first:last], frozenset(slots))
    sure = tags[np.arange(first, last), likeliest_tags]
    told["tags"] += float(sure.sum())
    spans = spans_of(likeliest_tags, first)
    for slot in dict.fromkeys(slot for slot, _, _ in spans):
        named = [(start, end) for other, start, end in spans if other == slot]
        where = [span for span in named if not DENIED.search(text[first : span[0]])] or named
        likeliest = max(where, key=lambda span: float(sure[span[0] - first : span[1] - first].mean()))
        chosen_span = where[-1] if slot in _LAST else likeliest
        start, end = (where[0][0], where[-1][1]) if slot in _WHOLE else chosen_span
        frame[slot] = text[start : _end(slot, text, end, last)]
    if frame["intent"] == "ask_knowledge":  # the whole question, whatever parts of it were marked
        frame["question"] = _BEFORE_QUESTION.sub("", text[first:last])
    return frame, len(spans) - len({slot for slot, _, _ in spans})


_BEFORE_QUESTION: Final = re.compile(
    "^(?:(?:嗯|呃|哎|喂|那个|对了|哦对了|请问|(?:我|麻烦|想)*问(?:你)?(?:一?[下句个])?|小助手)[，,、]?)+"
)
_NUMBER_GOES_ON: Final = re.compile(r"(?<=\d)[\d.]*\d")
_TITLE_GOES_ON: Final = tuple((title[:1], title[1:]) for title in TITLES if len(title) > 1)


def _end(slot: str, text: str, end: int, last: int) -> int:
    """Where a value ends that must not be cut short: within a number, or within 阿姨."""
    if slot in frames.NUMBERS or slot == "tail":
        more = _NUMBER_GOES_ON.match(text, end, last)
        return more.end() if more else end
    if slot == "name":
        return next(
            (end + len(b) for a, b in _TITLE_GOES_ON if text[end - 1 : end] == a and text.startswith(b, end)), end
        )
    return end
