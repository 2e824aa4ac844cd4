"""Sentences to train the recogniser on: what couriers say, and Mandarin at large against forgetting it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from random import Random
from typing import Literal, get_args

from courier_voice.training.slots import Deck, Filler, lines

Kind = Literal["command", "control", "digits", "general"]
Source = Iterator[tuple[str, tuple[str, ...]]]  # texts and their keys, without end

_SHARES: dict[Kind, float] = {"command": 0.40, "control": 0.12, "digits": 0.12, "general": 0.36}
_INTENTS = {
    "dial": 4, "send_sms": 6, "fill_pickup": 8, "query_waybill": 5, "query_tasks": 4, "ask_knowledge": 6,
    "sign_off": 4, "report_exception": 5, "correct": 4, "two": 2, "answer": 4,
}  # fmt: skip
_LONGEST: dict[Kind, int] = {"command": 30, "control": 12, "digits": 24, "general": 25}
_SECOND = ("dial", "sign_off", "query_waybill", "query_tasks", "report_exception")  # follow another command
_USUAL = 10  # characters; longer commands are thinned out
_SHORT = 12
_PAUSES = ("嗯", "呃", "那个", "就是")
_BARE = 0.15  # of the digits are a tail and nothing else
_SAME_CONTROL = 4  # every time in another voice
_TRIES = 200
_SILENT = re.compile(r"[，。？！、]")
_QUESTION = re.compile(r"[吗呢么]$|怎么|多少|几[个件单家点]|什么|哪|谁|能不能|有没有|要不要|行不行|是不是|可不可以")


@dataclass(frozen=True)
class Sentence:
    """What is spoken and written, the same characters; `keys` are the names, places, goods and tails in it."""

    text: str
    kind: Kind
    keys: tuple[str, ...]


def sentences(count: int, seed: int) -> list[Sentence]:
    """`count` sentences in random order, the same for the same seed.

    All texts are distinct, except that a control word may come up to four times. Numerals are Chinese, as spoken;
    there are no Latin letters. Raises ValueError when the templates do not hold that many.
    """
    rng = Random(seed)
    quota = {kind: round(count * share) for kind, share in _SHARES.items()}
    quota["command"] += count - sum(quota.values())
    makers = {"command": _commands, "control": _controls, "digits": _digits, "general": _general}
    made: list[Sentence] = []
    times: dict[str, int] = {}
    for kind in get_args(Kind):
        made += _distinct(makers[kind](rng), kind, quota[kind], times)
    rng.shuffle(made)
    return made


def _distinct(source: Source, kind: Kind, count: int, times: dict[str, int]) -> list[Sentence]:
    made: list[Sentence] = []
    most = _SAME_CONTROL if kind == "control" else 1
    tries = 0
    while len(made) < count:
        text, keys = next(source)
        tries += 1
        if tries > _TRIES:
            raise ValueError(f"{len(made)} of {count} sentences of kind {kind} are all there are: ask for fewer")
        heard = _SILENT.sub("", text)
        if len(text) <= _LONGEST[kind] and times.get(heard, 0) < most:
            times[heard] = times.get(heard, 0) + 1
            made.append(Sentence(text, kind, keys))
            tries = 0
    return made


def _commands(rng: Random) -> Source:
    filler = Filler(rng)
    decks = {intent: Deck(lines(f"command_{intent}"), rng) for intent in _INTENTS}
    intents = Deck([intent for intent, share in _INTENTS.items() for _ in range(share)], rng)
    while True:
        intent = intents.draw()
        text, keys = filler.fill(decks[intent].draw())
        if rng.random() > _USUAL / len(text):
            continue
        if intent in _SECOND and len(text) < _SHORT and rng.random() < 0.05:
            second, more = filler.fill(decks[rng.choice(_SECOND)].draw())
            text, keys = f"{text.rstrip('？')}，{filler.draw('joints')}{second}", keys + more
        yield _ended(_hesitant(text, filler, rng), rng), keys


def _hesitant(text: str, filler: Filler, rng: Random) -> str:
    """Now and then with a filler, in front or at the first pause, or with the first word said twice."""
    way = rng.random()
    if way < 0.09:
        return f"{filler.draw('fillers')}，{text}"
    if way < 0.12 and "，" in text:
        return text.replace("，", f"，{rng.choice(_PAUSES)}，", 1)
    if way < 0.13 and text[0] in "给打查":
        return f"{text[0]}，{text}"
    return text


def _controls(rng: Random) -> Source:
    filler = Filler(rng)
    decks = [Deck(lines("controls_core"), rng), Deck(lines("controls"), rng)]
    while True:
        text = rng.choice(decks).draw()
        way = rng.random()
        if way < 0.06:
            text = f"{filler.draw('fillers')}，{text}"
        elif way < 0.1 and len(text) < 4:
            text = f"{text}，{text}"
        yield _ended(text, rng), ()


def _digits(rng: Random) -> Source:
    filler = Filler(rng)
    deck = Deck(lines("digits"), rng)
    while True:
        text, keys = filler.fill("{tail}" if rng.random() < _BARE else deck.draw())
        yield _ended(text, rng), keys


def _general(rng: Random) -> Source:
    filler = Filler(rng)
    data = files("courier_voice.training").joinpath("data").iterdir()
    laws = sorted(file.name.removesuffix(".txt") for file in data if file.name.startswith("law_"))
    decks = {
        "everyday": Deck(lines("everyday"), rng),
        "news": Deck(lines("news"), rng),
        "law": Deck([clause for law in laws for clause in lines(law)], rng),
        "general": Deck(lines("general"), rng),
        "street": Deck(lines("street"), rng),
    }
    sources = Deck(["everyday"] * 6 + ["news"] * 2 + ["law"] * 7 + ["general"] * 5 + ["street"] * 2, rng)
    while True:
        text, keys = filler.fill(decks[sources.draw()].draw())
        yield _ended(text, rng), keys


def _ended(text: str, rng: Random) -> str:
    """With a final mark, in seven of eight cases."""
    if text[-1] in "。？！" or rng.random() < 0.125:
        return text
    return text + ("？" if _QUESTION.search(text) and rng.random() < 0.8 else "。")
