"""Fills templates: words drawn evenly from the data lists, numbers and addresses put together as they are spoken."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache
from importlib.resources import files
from random import Random

from courier_voice.nlu.lexicon import GOODS
from courier_voice.training import spoken

_HOLE = re.compile(r"\{(\w+)\}|\(([^()]*)\)")
_KEYED = frozenset({"tail", "tail3", "tail5", "name", "goods", "compound", "road", "village", "shop"})
_HOUSES = tuple(
    "{compound}" + rest
    for rest in (
        "",
        "{room}",
        "{floor}",
        "{building}",
        "{building}{room}",
        "{building}{unit}",
        "{building}{unit}{room}",
    )
)
_NUMBERS = tuple("{road}{roadno}" + rest for rest in ("", "", "{floor}", "{shop}", "{room}"))
_COUNTRY = ("{village}", "{village}{small}组", "{village}{small}号", "{village}村口", "{shop}")
_HOURS = {"早上": (7, 9), "上午": (8, 11), "中午": (11, 12), "下午": (1, 6), "晚上": (6, 9), "": (1, 12)}


@cache
def lines(name: str) -> tuple[str, ...]:
    """The items of courier_voice/training/data/NAME.txt, one a line; goods are those of understanding."""
    if name == "goods":
        return GOODS
    text = files("courier_voice.training").joinpath("data", f"{name}.txt").read_text(encoding="utf-8")
    return tuple(line for line in text.splitlines() if line)


class Deck:
    """Draws items in shuffled rounds, so that every item has been drawn before any comes again."""

    def __init__(self, items: Sequence[str], rng: Random) -> None:
        self._items, self._rng = tuple(items), rng
        self._left: list[str] = []

    def draw(self) -> str:
        if not self._left:
            self._left = self._rng.sample(self._items, len(self._items))
        return self._left.pop()


class Filler:
    """Fills `{slot}` and `(this|that)` in templates, keeping the names, places, goods and tails it used as keys."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._decks: dict[str, Deck] = {}
        self._keys: list[str] = []
        self._makers: dict[str, Callable[[], str]] = {
            "tail": lambda: self._spelled(4),
            "tail3": lambda: self._spelled(3),
            "tail5": lambda: self._spelled(5),
            "code": self._code,
            "name": self._name,
            "who": self._who,
            "address": self._address,
            "building": self._building,
            "unit": lambda: f"{spoken.number(rng.randint(1, 6))}单元",
            "room": self._room,
            "floor": self._floor,
            "roadno": self._road_number,
            "weight": self._weight,
            "dim": self._dim,
            "size": self._size,
            "money": self._money,
            "parcels": lambda: spoken.count(rng.choice((1, 2, 2, 3, 4, 5, 6, 8, 10, 12))) + rng.choice("件件个箱"),
            "clock": self._clock,
            "age": lambda: spoken.number(rng.randint(3, 96)),
            "small": lambda: spoken.number(rng.randint(1, 30)),
            "number": lambda: spoken.number(rng.randrange(10 ** rng.randint(2, 4)) + 10),
            "percent": lambda: f"百分之{spoken.number(rng.randint(1, 100))}",
        }

    def fill(self, template: str) -> tuple[str, tuple[str, ...]]:
        """The sentence, and its keys in the order spoken."""
        self._keys = []
        text = self._expand(template)
        return text, tuple(dict.fromkeys(self._keys))

    def draw(self, name: str) -> str:
        """The next item of the list data/NAME.txt, itself expanded."""
        deck = self._decks.get(name)
        if deck is None:
            deck = self._decks[name] = Deck(lines(name), self._rng)
        return self._expand(deck.draw())

    def _expand(self, template: str) -> str:
        return _HOLE.sub(self._hole, template)

    def _hole(self, match: re.Match[str]) -> str:
        slot, ways = match.group(1), match.group(2)
        if ways is not None:
            return str(self._rng.choice(ways.split("|")))
        maker = self._makers.get(slot)
        said = maker() if maker else self.draw(_LISTS.get(slot, f"{slot}s"))
        if slot in _KEYED:
            self._keys.append(said)
        return said

    def _spelled(self, length: int) -> str:
        rng = self._rng
        digits = "".join(rng.choice("0123456789") for _ in range(length))
        if rng.random() < 0.15:
            digits = digits[:-2] + digits[-1] * 2
        return spoken.spelled(digits, yao=rng.random() < 0.75, slang=rng if rng.random() < 0.06 else None)

    def _code(self) -> str:
        rng = self._rng
        if rng.random() < 0.6:
            return self._spelled(6)
        return f"{spoken.number(rng.randint(1, 20))}杠{spoken.number(rng.randint(1, 9))}杠{self._spelled(4)}"

    def _name(self) -> str:
        kind = self._rng.random()
        surname = self.draw("surnames")
        if kind < 0.62:
            return surname + self.draw("titles")
        if kind < 0.92 or len(surname) > 1:
            return surname + self.draw("given_names")
        return self._rng.choice("小老小老阿大") + surname

    def _who(self) -> str:
        kind = self._rng.random()
        slot = "name" if kind < 0.35 else "tail" if kind < 0.6 else "address" if kind < 0.85 else "ref"
        return self._expand(f"{{{slot}}}")

    def _address(self) -> str:
        kind = self._rng.random()
        ways = _HOUSES if kind < 0.6 else _NUMBERS if kind < 0.85 else _COUNTRY
        return self._expand(self._rng.choice(ways))

    def _building(self) -> str:
        rng = self._rng
        at = spoken.number(rng.randint(1, 30))
        return at + rng.choice(("号楼", "号楼", "号楼", "栋", "栋", "幢", "座", "号院", "排"))

    def _room(self) -> str:
        rng = self._rng
        level, door = rng.randint(1, 33), rng.randint(1, 8)
        digits = f"{level}{door:02d}"
        return spoken.spelled(digits, yao=rng.random() < 0.5) + rng.choice(("", "", "", "室", "房", "号"))

    def _floor(self) -> str:
        return spoken.number(self._rng.randint(1, 33)) + self._rng.choice("楼楼层")

    def _road_number(self) -> str:
        rng = self._rng
        at = rng.choice((rng.randint(1, 99), rng.randint(100, 999)))
        said = spoken.spelled(str(at), yao=True) if at > 99 and rng.random() < 0.5 else spoken.number(at, liang=False)
        return f"{said}号" if rng.random() < 0.8 else f"{said}弄{spoken.number(rng.randint(1, 60))}号"

    def _weight(self) -> str:
        rng = self._rng
        whole = rng.choice((1, 1, 2, 2, 3, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 15, 18, 20, 23, 25, 30, 36, 40))
        kilo = rng.choice(("公斤", "公斤", "千克", "斤"))
        return rng.choice(
            (
                f"{spoken.count(whole)}{kilo}",
                f"{spoken.decimal(f'{whole}.{rng.randint(1, 9)}')}{kilo}",
                f"{spoken.decimal(f'{whole}.{rng.randint(1, 9)}')}{kilo}",
                f"{spoken.decimal(f'{rng.choice((0, whole))}.{rng.randint(11, 99)}')}{kilo}",
                f"{spoken.count(whole)}{kilo}半",
                f"{spoken.count(whole)}斤{spoken.number(rng.randint(1, 9))}两",
                f"{rng.choice('二三四五六七八九')}两",
                f"{spoken.number(rng.randint(1, 19) * 50)}克",
                f"半{kilo}",
                f"{spoken.count(whole)}{kilo}多一点",
            )
        )

    def _dim(self) -> str:
        rng = self._rng
        if rng.random() < 0.2:
            return rng.choice(("一米", "一米二", "一米五", "一米八", "两米", "半米", "一米三五", "两米一"))
        at = rng.randint(1, 24) * 5 if rng.random() < 0.6 else rng.randint(5, 99)
        return spoken.number(at) + rng.choice(("", "", "厘米", "公分", "厘米"))

    def _size(self) -> str:
        rng = self._rng
        a, b, c = (
            spoken.number(rng.randint(2, 20) * 5 if rng.random() < 0.5 else rng.randint(5, 99)) for _ in range(3)
        )
        forms = (f"{a}乘{b}乘{c}", f"{a}乘以{b}乘以{c}", f"{a}，{b}，{c}", f"{a}、{b}、{c}厘米", f"长{a}宽{b}高{c}")
        return rng.choice((forms[0], *forms))

    def _money(self) -> str:
        rng = self._rng
        coin = rng.choice(("块", "元", "块钱", ""))
        return rng.choice(
            (
                f"{spoken.number(rng.randint(1, 9) * 100)}{coin}",
                f"{spoken.number(rng.randint(1, 12) * 1000, liang=rng.random() < 0.85)}{coin}",
                f"{spoken.number(rng.randint(10, 99) * 10)}{coin}",
                f"{spoken.number(rng.randint(3, 99))}{coin or '块'}",
                f"{spoken.count(rng.randint(1, 9))}千{rng.choice('一二三五六八')}",
                f"{spoken.count(rng.randint(1, 9))}百{rng.choice('二三五六八')}",
                f"{spoken.count(rng.randint(1, 5))}万",
                f"{spoken.number(rng.randint(6, 60))}块{rng.choice('二三四五六八九')}",
            )
        )

    def _clock(self) -> str:
        rng = self._rng
        part, hours = rng.choice(tuple(_HOURS.items()))
        minute = rng.choice(("", "", "", "半", "一刻", "四十", "十分", "二十"))
        return f"{part}{spoken.count(rng.randint(*hours))}点{minute}"


# Slots that are lists of another name; the others find theirs under the plural.
_LISTS = {"goods": "goods", "minutes": "minutes", "pay": "payments", "soon": "soon"}
