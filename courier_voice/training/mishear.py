"""Learning from the recogniser what it mishears: clips in noise, transcribed, mistakes aligned to what was said."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

from numpy.random import default_rng
from rapidfuzz.distance import Levenshtein

from courier_voice.core.ports import Transcriber
from courier_voice.text.phonetics import pinyin
from courier_voice.training.clips import Clip
from courier_voice.training.hearings import Street
from courier_voice.training.judge import bare, in_street

SNR_DB: Final = (0.0, 15.0)
_LONGEST: Final = 4
"""Characters; a longer mistake is a lost stretch, not a word taken for another."""
Pair = tuple[str, str]


def mistakes(said: str, heard: str) -> Iterator[Pair]:
    """(heard, said) where characters were replaced one for one, with the character beside them for context.

    Characters lost or added teach nothing about sounds, and neither does a stretch with hardly a right character.
    """
    said, heard = bare(said), bare(heard)
    if Levenshtein.normalized_distance(said, heard) > 0.5:
        return
    for code in Levenshtein.opcodes(said, heard):
        length = code.src_end - code.src_start
        if code.tag != "replace" or length != code.dest_end - code.dest_start or length > _LONGEST:
            continue
        before, after = code.src_start, code.src_end
        if length == 1 and after < len(said) and said[after] == heard[code.dest_end : code.dest_end + 1]:
            yield heard[code.dest_start : code.dest_end + 1], said[before : after + 1]
        elif length == 1 and before and code.dest_start and said[before - 1] == heard[code.dest_start - 1]:
            yield heard[code.dest_start - 1 : code.dest_end], said[before - 1 : after]
        elif length > 1:
            yield heard[code.dest_start : code.dest_end], said[before:after]


def alike(pair: Pair) -> bool:
    """Whether two words share half of their syllables' letters: what does not was not misheard but made up."""
    heard, said = (" ".join(pinyin(word)) for word in pair)
    return Levenshtein.normalized_similarity(heard, said) >= 0.5


def learn(
    engine: Transcriber,
    clips: Sequence[Clip],
    street: Street,
    seed: int = 0,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Counter[Pair]:
    """How often which word was heard for which, each clip once, in noise of 0 to 15 dB."""
    counts: Counter[Pair] = Counter()
    for number, clip in enumerate(clips):
        snr_db = float(default_rng([seed, number]).uniform(*SNR_DB))
        heard = engine.transcribe(in_street(clip, street, snr_db, seed * 100_003 + number))
        for hypothesis in dict.fromkeys(h.text for h in heard.nbest) or (heard.text,):
            counts.update(pair for pair in mistakes(clip.text, hypothesis) if alike(pair))
        progress(number + 1, len(clips))
    return counts


def write(counts: Counter[Pair], path: Path) -> None:
    """heard, said, count: tabs between, the frequent first. ``confusions.read_table`` reads it."""
    rows = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    path.write_text("".join(f"{heard}\t{said}\t{count}\n" for (heard, said), count in rows), "utf-8")
