"""Understanding by a language model: few-shot from the intents' examples, grammar-constrained, checked in code."""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise, zip_longest
from math import log, sqrt
from typing import Final

from courier_voice.core.errors import ModelOutputError
from courier_voice.core.ports import ChatModel, Role
from courier_voice.core.turn import Draft, NluContext, Understanding
from courier_voice.core.words import Utterance
from courier_voice.intents import ALL
from courier_voice.nlu import frames
from courier_voice.nlu.grammar import Slot, frames_grammar, frames_schema
from courier_voice.nlu.pairs import PAIRS
from courier_voice.prompting import load
from courier_voice.text.normalize import normalize
from courier_voice.text.phonetics import pinyin

log_ = logging.getLogger(__name__)

MOST_TOKENS = 160
STANDING_EACH = 12
NEAREST = 0


@dataclass(frozen=True)
class Shot:
    """One worked example as the model sees it: a question and its answer."""

    asked: str
    answer: str


def shots() -> tuple[Shot, ...]:
    """Every example of every intent, in the intents' order, then the pairs."""
    single = (Shot(*frames.shown(intent, example)) for intent in ALL for example in intent.examples)
    double = (Shot(normalize(text).text, frames.written([dict(f) for f in pair])) for text, pair in PAIRS)
    return (*single, *double)


def standing(each: int) -> tuple[Shot, ...]:
    """The first ``each`` examples of every intent, one intent after the other in turn, and ``each`` pairs."""
    columns = [[Shot(*frames.shown(intent, e)) for e in intent.examples[:each]] for intent in ALL]
    columns.append(list(shots()[-len(PAIRS) :][:each]))
    return tuple(shot for row in zip_longest(*columns) for shot in row if shot)


def turns(worked: Sequence[Shot]) -> list[tuple[Role, str]]:
    """Examples as turns of the conversation, which models heed better than text about a conversation."""
    return [message for shot in worked for message in (("user", shot.asked), ("assistant", shot.answer))]


class Nearest:
    """The worked examples that sound most like a sentence: cosine over tf-idf of pinyin uni- and bigrams.

    Pinyin, because a misheard word still sounds like the right one; digits count as one token, since which
    digits they are says nothing about the intent.
    """

    def __init__(self, bank: Sequence[Shot]) -> None:
        self.bank = tuple(bank)
        grams = [_grams(shot.asked) for shot in self.bank]
        seen = Counter(gram for counts in grams for gram in counts)
        self._idf = {gram: log(1 + len(grams) / count) for gram, count in seen.items()}
        self._rows = [self._weigh(counts) for counts in grams]

    def __call__(self, text: str, count: int) -> tuple[Shot, ...]:
        """The ``count`` nearest examples, the nearest last (a model heeds the end of its prompt most)."""
        row = self._weigh(_grams(text))
        scored = sorted(
            ((sum(row[g] * other[g] for g in row.keys() & other.keys()), n) for n, other in enumerate(self._rows)),
            key=lambda pair: (-pair[0], pair[1]),
        )
        return tuple(self.bank[n] for _, n in reversed(scored[:count]))

    def _weigh(self, counts: Counter[str]) -> dict[str, float]:
        row = {gram: count * self._idf.get(gram, 1.0) for gram, count in counts.items()}
        norm = sqrt(sum(value * value for value in row.values())) or 1.0
        return {gram: value / norm for gram, value in row.items()}


def _grams(text: str) -> Counter[str]:
    tokens: list[str] = []
    for syllable in pinyin(text):
        token = "#" if syllable.isdigit() else syllable
        if token != "#" or tokens[-1:] != ["#"]:
            tokens.append(token)
    return Counter(tokens) + Counter(f"{a} {b}" for a, b in pairwise(tokens))


_JOINT: Final = re.compile(r"[，。；、](?:然后|接着|顺便|顺带|另外|完了|之后|还有|同时|再)(?:再|就|把|给我)?")
"""Where a second command may begin."""
_WHOLE: Final = frozenset(["none", "ask_knowledge", "confirm", "cancel", "repeat", "help", "correct"])
"""Intents that do not come in pairs."""


def _covers(draft: Draft, utterance: Utterance, start: int) -> bool:
    """Whether a quoted slot of the draft reaches into the sentence behind ``start``: then it is one command."""
    behind = utterance.text[start:].strip("，。 ")
    texts = [normalize(str(v)).text for v in draft.slots.values() if isinstance(v, str)]
    return any(len(text) > 3 and (behind in text or text[-4:] in behind) for text in texts)


def _tail_of(utterance: Utterance, start: int) -> Utterance:
    """The utterance from a place in its normalised text on."""
    rest = utterance.text[start:]
    return normalize(utterance.as_heard(rest) or rest)


class LlmUnderstander:
    """Reads one or two commands out of an utterance with a language model."""

    def __init__(self, model: ChatModel, *, standing_each: int = STANDING_EACH, nearest: int = NEAREST) -> None:
        self.model = model
        self.nearest = nearest
        self.prompt = load("nlu/understand")
        self._nearest = Nearest(shots())
        kinds = {
            intent.name: {
                slot: Slot(choices, "digits" if slot == "tail" else "text")
                for slot, choices in frames.slots_of(intent).items()
            }
            for intent in ALL
        }
        self._grammar = frames_grammar(kinds)
        self._schema = frames_schema(kinds)
        system = self.prompt.render(intents="\n".join(f"- {i.name}：{i.summary}" for i in ALL))
        self._prefix: list[tuple[Role, str]] = [("system", system), *turns(standing(standing_each))]

    def warm(self) -> None:
        """Evaluate the shared prompt once, so that the first utterance does not wait for it."""
        self.model.warm(self._prefix)

    def understand(self, utterance: Utterance, context: NluContext) -> Understanding:
        """Raises ModelError when the model cannot be reached; an answer out of form becomes ``none``."""
        drafts = self._read(utterance, context)
        joint = _JOINT.search(utterance.text)
        if (
            joint
            and len(drafts) == 1
            and drafts[0].intent not in _WHOLE
            and not _covers(drafts[0], utterance, joint.end())
        ):
            second = self._read(_tail_of(utterance, joint.end()), context)[0]
            if second.intent not in _WHOLE and second != drafts[0]:
                drafts = (drafts[0], second)
        return Understanding(drafts, "llm", self.prompt.stamp)

    def _read(self, utterance: Utterance, context: NluContext) -> tuple[Draft, ...]:
        said = frames.asked(utterance.text, context.waiting)
        near = turns(self._nearest(said, self.nearest))
        return self._ask([*self._prefix, *near, ("user", said)], utterance, context.waiting)

    def _ask(self, messages: list[tuple[Role, str]], utterance: Utterance, waiting: str) -> tuple[Draft, ...]:
        for attempt in (1, 2):
            output = self.model.complete(messages, max_tokens=MOST_TOKENS, grammar=self._grammar, schema=self._schema)
            try:
                return frames.read(output, utterance, waiting)
            except ModelOutputError as error:
                log_.info("understanding, attempt %d: %s", attempt, error)
                messages = [*messages, ("assistant", output), ("user", f"{error}。只输出JSON数组，再来一次。")]
        return (Draft("none", confidence=0.0),)
