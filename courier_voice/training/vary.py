"""Variants of seed lines: other names and numbers in the slots, disfluencies, misheard words, commands joined."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from random import Random
from typing import Final

from courier_voice.nlu.frames import NUMBERS
from courier_voice.training.confusions import Confusions
from courier_voice.training.seeds import Command, Piece, Seed
from courier_voice.training.slots import Filler, lines

_SHARE: Final[Mapping[str, float]] = {
    "tail": 0.97, "name": 0.9, "address": 0.8, "area": 0.8, "item": 0.6, "product": 0.5, "place": 0.45, "message": 0.35,
    "note": 0.45, "weight_kg": 0.7, "length_cm": 0.7, "width_cm": 0.7, "height_cm": 0.7, "quantity": 0.7,
    "declared_value_yuan": 0.6, "cod_yuan": 0.6, "ref": 0.15,
}  # fmt: skip
"""How often a slot's words make room for others."""
_TEMPLATES: Final[Mapping[str, str]] = {
    "name": "{name}", "item": "{goods}", "product": "{product}", "place": "{place}", "weight_kg": "{weight}",
    "length_cm": "{dim}", "width_cm": "{dim}", "height_cm": "{dim}", "declared_value_yuan": "{money}",
    "cod_yuan": "{money}",
}  # fmt: skip
_AREAS: Final = ("{compound}", "{compound}", "{compound}", "{road}", "{village}", "{compound}{building}")
_DOORS: Final = ("{building}", "{building}{room}", "{building}{unit}", "{building}{unit}{room}", "{room}")
_NUMERAL: Final = re.compile(r"[零一二三四五六七八九十百幺两拐洞勾]")
_NO_INSURANCE: Final = re.compile(r"[不没别免甭无]")
_MEASURE: Final = re.compile(r"[件箱票单个包袋盒桶家]")
_UNITS: Final[Mapping[str, str]] = {"weight_kg": r"[斤克两]", "declared_value_yuan": "[块元]", "cod_yuan": "[块元]"}
_WITHDRAWN: Final = ("不对", "啊不对", "不是", "哦不", "哦不是", "错了", "说错了", "噢不", "哎不对", "不不", "等下，是")
_WITHDRAWABLE: Final = ("tail", "tail", "name", "weight_kg", "place", "address")
_MISHEARD: Final = 0.34
"""Share of commands with something misheard in them,"""
_BADLY_HEARD: Final = 0.08
"""and with much of it."""
_JOINED: Final = 0.07
"""Share of commands with another one behind,"""
_REWORDED: Final = 0.3
"""Share of words with others of the same meaning that make room for one of them."""
_HESITANT: Final = 0.03
_HESITATIONS: Final = ("嗯", "呃", "那个", "就", "就是", "嗯，", "那个，", "这个")
_LITERAL: Final = frozenset(["tail", "name", "address", "area", "item", "product", *NUMBERS])
"""Slots whose words are nobody's to reword."""
_MUSED: Final = 0.05
"""and with talk before that is none."""
_LONGEST_TALK: Final = 14
_OPENINGS: Final = tuple("嗯 呃 那个 哎 喂 小助手 帮我 麻烦 来 快 嗯那个 就是 这样 好了 行 好 哦对了 对了".split())
_ENDINGS: Final = ("啊", "吧", "呗", "哈", "了", "呢", "嘛", "谢谢", "快点", "噢", "哦", "昂", "一下")
_JOINTS: Final = tuple(
    "，然后 ，再 ，接着 ，顺便 ，另外 ，完了 ，之后 ，还有 ，同时 ，回头 然后 完了再 再 ； ， "
    "，然后再 ，顺手 ，顺带 ，完事 ，跟着 ，还有就是".split()
)
_PUNCTUATION: Final = re.compile(r"[，。！？、；：,.!?…—]")
_SINGLES: Final = frozenset(
    ["dial", "send_sms", "fill_pickup", "query_waybill", "query_tasks", "sign_off", "report_exception"]
)
"""Intents that come in pairs."""
_OPEN_ENDED: Final = frozenset(["message", "note", "place"])
"""What no second command can follow without a pause."""


class Varied:
    """Variants of seeds, the same for the same seed of ``rng``."""

    def __init__(self, seeds: Sequence[Seed], rng: Random, confusions: Confusions) -> None:
        self._rng = rng
        self._filler = Filler(rng)
        self._confusions = confusions
        self._said: dict[tuple[str, str], list[str]] = defaultdict(list)
        self._same = {word: line.split() for line in lines("synonyms") for word in line.split()}
        self._reword = re.compile("|".join(sorted(self._same, key=len, reverse=True)))
        self._goods = [goods for goods in lines("goods") if len(goods) > 1]
        for command in (command for seed in seeds for command in seed.commands):
            for piece in filter(lambda piece: piece.words, command.pieces):
                self._said[piece.slot, piece.value or _kind(command)].append(piece.words)
        talk = (seed.text for seed in seeds if seed.commands[0].intent == "none" and not seed.state)
        self._talk = [words for words in talk if len(words) <= _LONGEST_TALK]
        self._pairable = [
            seed.commands[0] for seed in seeds if len(seed.commands) == 1 and seed.commands[0].intent in _SINGLES
        ]

    def __call__(self, seed: Seed) -> Seed:
        """A variant of a seed, sometimes joined to another command."""
        rng = self._rng
        commands = tuple(self._command(command) for command in seed.commands)
        if len(commands) == 1 and not seed.state and commands[0].intent in _SINGLES:
            kind = rng.random()
            second = rng.choice(self._pairable)
            if kind < _JOINED and second.intent != commands[0].intent:
                commands = self._joined(commands[0], self._command(second))
            elif kind < _JOINED + _MUSED and self._talk:
                commands = (_before(rng.choice(self._talk).rstrip("。，？！") + rng.choice("，，。"), commands[0]),)
        if rng.random() < 0.12:
            commands = (_before(rng.choice(_OPENINGS) + rng.choice(("，", "，", "", "……")), commands[0]), *commands[1:])
        if rng.random() < 0.06 and commands[-1].intent not in ("send_sms", "none", "ask_knowledge"):
            commands = (*commands[:-1], _after(commands[-1], rng.choice(_ENDINGS)))
        return replace(seed, commands=self._punctuated(commands))

    def _joined(self, first: Command, second: Command) -> tuple[Command, Command]:
        joint = self._rng.choice(_JOINTS)
        if first.pieces[-1].slot in _OPEN_ENDED and joint[0] not in "，；":
            joint = f"，{joint}"
        head = replace(first.pieces[-1], words=first.pieces[-1].words.rstrip("。？！，"))
        return replace(first, pieces=(*first.pieces[:-1], head)), _before(joint, second)

    def _command(self, command: Command) -> Command:
        rng = self._rng
        pieces: list[Piece] = []
        for piece in command.pieces:
            new = self._piece(piece, command)
            if piece.slot in _WITHDRAWABLE and rng.random() < 0.05:
                wrong = self._piece(piece, command, always=True).words
                pause = rng.choice(("，", "，", ""))
                pieces.append(Piece(f"{wrong}，{rng.choice(_WITHDRAWN)}{pause}"))
            elif piece.slot and rng.random() < _HESITANT:
                pieces.append(Piece(rng.choice(_HESITATIONS)))
            pieces.append(new if new.slot in _LITERAL else self._reworded(new))
        noise = rng.random()
        spoken = [at for at, piece in enumerate(pieces) if piece.words]
        if noise < _BADLY_HEARD:
            spoken = [at for at in spoken if rng.random() < 0.5]
        elif noise < _MISHEARD:
            spoken = [rng.choice(spoken)]
        else:
            spoken = []
        for at in spoken:
            pieces[at] = replace(pieces[at], words=self._confusions.heard(pieces[at].words, rng))
        return replace(command, pieces=tuple(pieces))

    def _piece(self, piece: Piece, command: Command, *, always: bool = False) -> Piece:
        words = piece.words
        if not words:
            return piece
        if not always and self._rng.random() >= _SHARE.get(piece.slot, 0):
            return self._other_goods(piece) if piece.slot in ("", "question", "message") else piece

        def fill(template: str) -> str:
            return self._filler.fill(template)[0]

        match piece.slot:
            case "tail":
                spelled = len(_NUMERAL.findall(words))
                words = fill({3: "{tail3}", 5: "{tail5}"}.get(spelled, "{tail}")) if "个" not in words else words
            case "address":
                words = fill(self._rng.choice(_DOORS) if _NUMERAL.match(words) else "{address}")
            case "area":
                words = fill(self._rng.choice(_AREAS))
            case "quantity":
                measure = _MEASURE.findall(words)[-1:]
                words = fill("{parcels}")[:-1] + measure[0] if measure else fill("{parcels}")[:-1]
            case "message" if self._rng.random() < 0.4:
                words = fill(self._rng.choice(lines("messages")))
            case "note" if self._rng.random() < 0.4 and _kind(command) == "rescheduled":
                words = fill(self._rng.choice(("{clock}", "{day}{clock}", "{day}")))
            case "message" | "note" | "ref":
                words = self._rng.choice(self._said[piece.slot, piece.value or _kind(command)])
            case slot if slot in _TEMPLATES and not (slot == "declared_value_yuan" and _NO_INSURANCE.search(words)):
                new = fill(_TEMPLATES[slot])
                unit = _UNITS.get(slot)
                words = new if unit is None or re.search(unit, words) or not re.search(unit, new) else words
        return replace(piece, words=words)

    def _reworded(self, piece: Piece) -> Piece:
        def other(match: re.Match[str]) -> str:
            word = match[0]
            return self._rng.choice(self._same[word]) if self._rng.random() < _REWORDED else word

        return replace(piece, words=self._reword.sub(other, piece.words))

    def _other_goods(self, piece: Piece) -> Piece:
        """Other goods in a question or text that speaks of some."""
        if len(piece.words) < 5 or self._rng.random() < 0.5:
            return piece
        there = [goods for goods in self._goods if goods in piece.words]
        return replace(piece, words=piece.words.replace(there[0], self._rng.choice(self._goods))) if there else piece

    def _punctuated(self, commands: tuple[Command, ...]) -> tuple[Command, ...]:
        kind = self._rng.random()
        if kind < 0.5:
            return commands
        share = 1.0 if kind < 0.9 else 0.5

        def thinned(words: str) -> str:
            return _PUNCTUATION.sub(lambda m: "" if self._rng.random() < share else m[0], words)

        def bare(command: Command) -> Command:
            pieces = (replace(piece, words=thinned(piece.words)) for piece in command.pieces)
            return replace(command, pieces=tuple(piece for piece in pieces if piece.words or piece.value))

        return tuple(map(bare, commands))


def _kind(command: Command) -> str:
    """What a free slot's words depend on: the reason of an exception, else the intent."""
    return next((piece.value for piece in command.pieces if piece.slot == "reason"), command.intent)


def _before(words: str, command: Command) -> Command:
    return replace(command, pieces=(Piece(words), *command.pieces))


def _after(command: Command, words: str) -> Command:
    last = command.pieces[-1]
    ended = replace(last, words=last.words.rstrip("。？！，"))
    return replace(command, pieces=(*command.pieces[:-1], ended, Piece(words)))
