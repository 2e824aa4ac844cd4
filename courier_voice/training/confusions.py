"""What recognisers make of what is said: a table learnt from ours, and characters that sound alike."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from random import Random
from typing import Final

from courier_voice.core.errors import TrainingError
from courier_voice.text.phonetics import pinyin

_DIGITS: Final = frozenset("零一二三四五六七八九十百千万两幺拐洞勾半点公斤克米块元")
"""What numbers and units are made of: another one is another number."""
_NEVER_HEARD: Final = frozenset("零一二三四五六七八九十百万两幺")
"""What would make a number where none was said; 千 for 签 does no harm."""
_NEAR: Final = tuple(pair.split("-") for pair in "zh-z ch-c sh-s ang-an eng-en ing-in l-n h-f".split())
"""Parts of syllables that are mistaken for each other, within a speaker's dialect or by a recogniser."""
TABLE: Final = "confusions.tsv"


@dataclass(frozen=True)
class Confusions:
    """``table``: said → (heard, how often); ``alike``: character → those that sound the same or nearly so."""

    table: Mapping[str, tuple[tuple[str, int], ...]]
    alike: Mapping[str, tuple[str, ...]]

    def heard(self, words: str, rng: Random) -> str:
        """The words as they may be heard: an entry of the table, or a character or two by their sound."""
        found = [said for said in self.table if said in words]
        if found and rng.random() < 0.6:
            said = rng.choice(found)
            heard, counts = zip(*self.table[said], strict=True)
            return words.replace(said, rng.choices(heard, counts)[0], 1)
        chars = list(words)
        for _ in range(1 if len(chars) < 6 or rng.random() < 0.7 else 2):
            at = rng.randrange(len(chars))
            if chars[at] in self.alike:
                chars[at] = rng.choice(self.alike[chars[at]])
        return "".join(chars)


def read_table() -> dict[str, tuple[tuple[str, int], ...]]:
    """``data/confusions.tsv``: heard, said and a count a line, by what was said; empty without the file.

    Entries that touch a numeral are left out. Raises TrainingError naming a line that is no such row.
    """
    file = files("courier_voice.training").joinpath("data", TABLE)
    if not file.is_file():
        return {}
    table: dict[str, list[tuple[str, int]]] = defaultdict(list)
    rows = csv.reader(file.read_text("utf-8").splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)
    for number, row in enumerate(rows, 1):
        try:
            heard, said, count = row
            if not _DIGITS & set(heard + said):
                table[said].append((heard, int(count)))
        except ValueError:
            raise TrainingError(f"{TABLE}, line {number}: heard, said, a count are needed, tabs between") from None
    return {said: tuple(entries) for said, entries in table.items()}


def read_confusions(corpus: Iterable[str]) -> Confusions:
    """The table, and characters of the corpus that sound alike (frequent ones more often than rare ones)."""
    counts = Counter(
        char for text in corpus for char in text if "\u4e00" <= char <= "\u9fff" and char not in _NEVER_HEARD
    )
    by_sound: dict[str, list[str]] = defaultdict(list)
    for char, _ in counts.most_common():
        by_sound[pinyin(char)[0]].append(char)
    alike: dict[str, tuple[str, ...]] = {}
    for sound, chars in by_sound.items():
        nearly = [char for other in _nearly(sound) for char in by_sound.get(other, [])[:3]]
        for char in chars:
            others = [*[c for c in chars[:8] if c != char] * 3, *nearly]
            if others and char not in _DIGITS:
                alike[char] = tuple(others)
    return Confusions(read_table(), alike)


def _nearly(sound: str) -> set[str]:
    """Syllables mistaken for this one: shi for si, jing for jin."""
    found: set[str] = set()
    for long, short in _NEAR:
        for old, new in ((long, short), (short, long)):
            if old[0] in "aei":
                found |= {sound.removesuffix(old) + new} if sound.endswith(old) else set()
            elif sound.startswith(old):
                found.add(new + sound.removeprefix(old))
    return found - {sound}
