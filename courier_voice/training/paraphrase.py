"""Seed lines in a language model's words: kept only where code can tell that they still say the same."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from typing import Final

from rapidfuzz import process
from rapidfuzz.distance import Levenshtein

from courier_voice.core.errors import TrainingError
from courier_voice.core.ports import ChatModel, Role
from courier_voice.prompting import load
from courier_voice.training.generate import example, held_out
from courier_voice.training.seeds import Command, Piece, Seed

Reads = Callable[[str], tuple[str, ...]]
"""The intents that understanding finds in a sentence."""
_TRIES: Final = 2
STYLES: Final = ("语序换一换", "更随便", "更短", "用别的动词")
MOST_TOKENS: Final = 60
_ODD: Final = r"\x00-\x7F“”「」（）："
_GRAMMAR: Final = rf"root ::= [^{_ODD}，。%s] [^{_ODD}]{{2,59}}"
"""One line of Chinese that does not begin as the seed does: a small model would say that again."""
_SHORTEST, _LONGEST = 5, 32
"""Characters of a seed that is worth it: shorter ones have few other words, longer ones come back changed."""
_FREE: Final = 3
"""Characters outside the marks, which are all that can become others."""
_ALIKE: Final = 0.8
"""Two sentences nearer to each other than this (1 less Levenshtein's distance over the longer) are the same one."""
_SIZE: Final = (0.4, 1.7)
"""Shortest and longest answer, of the seed's length."""
_NUMERALS: Final = re.compile("[零二三四五六七八九十百千万两幺洞拐半0-9]")
_NEGATIONS: Final = re.compile("[不没别甭未无]|取消")
_WITHDRAWN: Final = re.compile("不对|不是|[哦呃啊噢]不|说错|错了|等下|等等|算了")
"""Self-corrections, which a model puts in another order and so makes into something else."""
_ORDERS: Final = frozenset(["dial", "send_sms", "sign_off", "report_exception", "correct"])
"""Intents whose sentences must not become a description of a parcel: 签收完成的五零一六 asks for nothing."""
_NUMERAL_BEFORE: Final = re.compile("[零一二三四五六七八九十百千两幺]$")
_NUMERAL_AFTER: Final = re.compile("^[零一二三四五六七八九十百千两幺]")
_NOT_HANZI: Final = re.compile("[^\u4e00-\u9fff，。？！、]")
_CONTROLS: Final = frozenset(["confirm", "cancel", "repeat", "help", "none"])


@dataclass(frozen=True)
class Attempt:
    """One seed asked for in other words: ``said``, and either the ``line`` kept or why it was ``refused``."""

    seed: str
    text: str
    said: str
    line: str = ""
    refused: str = ""


class Check:
    """What a paraphrase must pass. ``known``: lines there are already; ``forbidden``: lines of the development sets."""

    def __init__(self, reads: Reads, known: Iterable[str], forbidden: Iterable[str]) -> None:
        self._reads = reads
        self._known = {bare(text) for text in known}
        self._forbidden = [bare(text) for text in forbidden]

    def __call__(self, seed: Seed, said: str) -> Attempt:
        """The verdict; what is kept counts as known from then on."""
        (command,) = seed.commands
        reworded = marked(command, said)
        refused = self._refused(seed, said, reworded)
        if refused or reworded is None:
            return Attempt(seed.line, seed.text, said, refused=refused)
        self._known.add(bare(said))
        return Attempt(seed.line, seed.text, said, line=written(reworded))

    def _refused(self, seed: Seed, said: str, reworded: Command | None) -> str:
        least, most = (share * len(seed.text) for share in _SIZE)
        if _NOT_HANZI.search(said) or not least <= len(said) <= most:
            return "form"
        if reworded is None:
            return "values"
        if reworded.intent in _ORDERS and _describes(reworded) and not _describes(seed.commands[0]):
            return "form"
        made = Seed(seed.line, (reworded,))
        before, after = (_unmarked(command) for command in (seed.commands[0], reworded))
        if _counted(_NUMERALS, after) - _counted(_NUMERALS, before):
            return "numbers"
        if _counted(_NEGATIONS, after).total() != _counted(_NEGATIONS, before).total():
            return "negation"
        old, new = (_veiled(command) for command in (seed.commands[0], reworded))
        if Levenshtein.normalized_similarity(old, new) > _ALIKE or bare(said) in self._known:
            return "copy"
        if self._developed(said):
            return "development set"
        if held_out(made):
            return "held out"
        if example(made) is None:
            return "values"
        return "" if self._reads(said) == (reworded.intent,) else "intent"

    def _developed(self, said: str) -> bool:
        near = process.extractOne(
            bare(said), self._forbidden, scorer=Levenshtein.normalized_similarity, score_cutoff=_ALIKE
        )
        return near is not None


def bare(text: str) -> str:
    """Without punctuation and spaces."""
    return re.sub(r"\W", "", text)


def fit_for_it(seed: Seed) -> bool:
    """Whether a seed is asked for in other words: one command out of the blue, learnt from, with words to change."""
    return (
        len(seed.commands) == 1
        and seed.commands[0].intent not in _CONTROLS
        and not seed.state
        and not held_out(seed)
        and _SHORTEST <= len(seed.text) <= _LONGEST
        and len(bare(_unmarked(seed.commands[0]))) >= _FREE
        and not _WITHDRAWN.search(seed.text)
    )


def marked(command: Command, said: str) -> Command | None:
    """The command in other words, its marks found in them again; None when one is not there exactly once."""
    spans: list[tuple[int, int, Piece]] = []
    for piece in command.pieces:
        if piece.slot and piece.words:
            if said.count(piece.words) != 1:
                return None
            start = said.index(piece.words)
            spans.append((start, start + len(piece.words), piece))
    pieces: list[Piece] = [piece for piece in command.pieces if piece.slot and not piece.words]
    done = 0
    for start, end, piece in sorted(spans, key=lambda span: span[0]):
        torn = start < done
        if _NUMERAL_AFTER.match(piece.words) or _NUMERAL_BEFORE.search(piece.words):
            torn |= bool(_NUMERAL_BEFORE.search(said[:start]) or _NUMERAL_AFTER.match(said[end:]))
        if torn:
            return None
        pieces += [Piece(said[done:start]), piece]
        done = end
    return Command(command.intent, tuple(p for p in (*pieces, Piece(said[done:])) if p.words or p.slot))


def written(command: Command) -> str:
    """A command as a seed line, its intent before it."""
    return f"{command.intent}> " + "".join(
        piece.words if not piece.slot else f"{{{piece.slot}{'=' * bool(piece.value)}{piece.value}:{piece.words}}}"
        for piece in command.pieces
        if piece.words
    )


def paraphrases(seeds: Sequence[Seed], model: ChatModel, check: Check, out: Path, limit: int) -> Iterator[Attempt]:
    """``limit`` seeds, drawn evenly, asked for in other words; ``out`` gets the lines kept, in the seeds' format.

    All attempts are in a journal beside it (.jsonl), and a run goes on behind them. Raises ModelError, TrainingError.
    """
    journal = out.with_suffix(".jsonl")
    out.parent.mkdir(parents=True, exist_ok=True)
    attempts = _read(journal)
    done = {attempt.text for attempt in attempts}
    prompt = load("nlu/paraphrase")
    prefix: list[tuple[Role, str]] = [("system", prompt.render())]
    model.warm(prefix)
    drawn = Random("paraphrases").sample(chosen := [seed for seed in seeds if fit_for_it(seed)], len(chosen))
    with journal.open("a", encoding="utf-8") as file:
        for number, seed in enumerate(drawn[: limit or None]):
            if seed.text in done:
                continue
            attempt = _attempt(seed, STYLES[number % len(STYLES)], prefix, model, check)
            attempts.append(attempt)
            file.write(json.dumps(asdict(attempt), ensure_ascii=False) + "\n")
            file.flush()
            _write(out, attempts, prompt.stamp)
            yield attempt


def _attempt(seed: Seed, style: str, prefix: Sequence[tuple[Role, str]], model: ChatModel, check: Check) -> Attempt:
    """The first answer that is kept, else the last; each begins otherwise than the seed and the ones before it."""
    openings = [seed.text[0]]
    while True:
        said = model.complete(
            [*prefix, ("user", asked(seed, style))], max_tokens=MOST_TOKENS, grammar=_GRAMMAR % "".join(openings)
        )
        attempt = check(seed, said.strip().partition("\n")[0])
        openings.append(attempt.said[:1])
        if attempt.line or len(openings) > _TRIES:
            return attempt


def asked(seed: Seed, style: str) -> str:
    """What the model is asked: the sentence, the words to keep, a style."""
    kept = "、".join(piece.words for piece in seed.commands[0].pieces if piece.slot and piece.words)
    return f"原句：{seed.text}" + (f"（保留：{kept}）" if kept else "") + f"（{style}）\n换成："


def _read(journal: Path) -> list[Attempt]:
    if not journal.is_file():
        return []
    try:
        return [Attempt(**json.loads(line)) for line in journal.read_text("utf-8").splitlines()]
    except (ValueError, TypeError) as error:
        raise TrainingError(f"{journal.name} is no journal of paraphrases; give another --out") from error


def _write(out: Path, attempts: Sequence[Attempt], stamp: str) -> None:
    lines = [attempt.line for attempt in attempts if attempt.line]
    head = f"# Seed lines in a language model's words ({stamp}), each checked; {len(lines)} of {len(attempts)} kept.\n"
    fresh = out.with_suffix(".new")
    fresh.write_text(head + "".join(f"{line}\n" for line in lines), "utf-8")
    fresh.replace(out)


def _unmarked(command: Command) -> str:
    return "".join(piece.words for piece in command.pieces if not piece.slot)


def _describes(command: Command) -> bool:
    """Whether it ends in a mark with 的 before it."""
    *before, last = [piece for piece in command.pieces if bare(piece.words)]
    return bool(last.slot and before and before[-1].words.endswith("的"))


def _veiled(command: Command) -> str:
    """A command's words with one character for each mark: a long value must not make two sentences alike."""
    return bare("".join(piece.words if not piece.slot else "某" for piece in command.pieces if piece.words))


def _counted(what: re.Pattern[str], text: str) -> Counter[str]:
    return Counter(what.findall(text))
