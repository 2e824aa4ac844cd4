"""Questions to passages: vectors and words, fused.

The weights were chosen on the development questions (``eval kb --retrieval --ablation`` prints the table): chunk and
best sentence together beat either, words help a little and hurt when they weigh more, and what a question says about
place and document is worth more than both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from courier_voice.knowledge.asked_for import kind_asked
from courier_voice.knowledge.base import Base, wording
from courier_voice.knowledge.editions import replaced
from courier_voice.knowledge.embed import Embedder, Vectors, normalised
from courier_voice.knowledge.everyday import formal
from courier_voice.knowledge.find_named import named, place_match
from courier_voice.knowledge.grams import articles, codes, grams
from courier_voice.knowledge.store import VectorStore
from courier_voice.knowledge.words import Chunk, Passage

NEAREST: Final = 200
"""Vectors looked at; with a chunk's sentences among them, some 80 chunks."""
BY_WORDS: Final = 60


@dataclass(frozen=True)
class Weights:
    """What counts beside the cosine (0 … 1) of a chunk: the share of its best sentence in that, and additions; whether
    everyday words are put formally as well."""

    sentence: float = 0.3
    words: float = 0.05
    place: float = 0.1
    named: float = 0.08
    kind: float = 0.03
    code: float = 0.2
    article: float = 0.5
    formal: bool = True


@dataclass(frozen=True)
class Found:
    """A passage with what made it one: ``near`` its cosine (None without an embedder), ``covered`` the share of the
    question's words it holds, rare ones weighing more, ``lines`` the cosines of its sentences that were near, counted
    from 1."""

    passage: Passage
    near: float | None
    covered: float
    lines: Mapping[int, float] = field(default_factory=dict)

    @property
    def chunk(self) -> Chunk:
        return self.passage.chunk


class Finder:
    """Searches a base. Without embedder or store by words alone."""

    def __init__(
        self,
        base: Base,
        store: VectorStore | None = None,
        embedder: Embedder | None = None,
        weights: Weights | None = None,
    ) -> None:
        self._base, self._store, self._embedder = base, store, embedder
        self._weights = weights or Weights()

    def variant(self, weights: Weights | None = None, *, vectors: bool = True) -> Finder:
        """The same base searched otherwise."""
        return Finder(self._base, self._store if vectors else None, self._embedder, weights or self._weights)

    @property
    def by_words_only(self) -> bool:
        return self._embedder is None or self._store is None

    def search(self, question: str, count: int = 9, *, editions: bool = False) -> list[Found]:
        """The best passages, best first; with ``editions`` also those of documents that have a later edition.

        Raises ModelError and KnowledgeError.
        """
        documents = self._base.documents()
        titles = {entry.doc: entry.title for entry in documents}
        out = frozenset() if editions else replaced(documents)
        meant = named(question, titles)
        near = self._near(question, meant)
        asked = frozenset(grams(question))
        by_words, rarity = dict(self._base.by_words(asked, BY_WORDS)), self._base.rarity(asked)
        rows = list({*near, *by_words})
        chunks = self._base.chunks(rows)
        most = max(by_words.values(), default=1.0)
        floor = min((_mixed(lines, self._weights.sentence, 0.0) for lines in near.values()), default=0.0)
        found = []
        for row in rows:
            chunk, lines = chunks[row], near.get(row, {})
            if chunk.doc in out:
                continue
            cosine = _mixed(lines, self._weights.sentence, floor) if near else None
            covered = _covered(rarity, chunk)
            score = cosine if cosine is not None else covered
            score += self._weights.words * by_words.get(row, 0.0) / most
            score += self._extra(question, chunk, meant)
            inner = {place: value for place, value in lines.items() if place}
            found.append(Found(Passage(chunk, score), cosine, covered, inner))
        return sorted(found, key=lambda each: (-each.passage.score, each.chunk.id))[:count]

    def _near(self, question: str, meant: frozenset[str]) -> dict[int, dict[int, float]]:
        """Chunk rows with the cosines of what of them is near: 0 for the whole, else the sentence's number."""
        if self._embedder is None or self._store is None:
            return {}
        query = self._asked(self._embedder, question)
        nearest = dict(self._store.nearest(query, NEAREST))
        if meant:
            nearest |= dict(self._store.nearest(query, NEAREST, self._base.vectors_of(meant)))
        rows: dict[int, dict[int, float]] = {}
        for vector, hits in self._base.hits(nearest).items():
            for hit in hits:
                rows.setdefault(hit.row, {})[hit.place] = nearest[vector]
        return rows

    def _asked(self, embedder: Embedder, question: str) -> Vectors:
        """The question's vector; where it has everyday words, between it and the same in the words of rules."""
        wordings = list(dict.fromkeys([question, formal(question)] if self._weights.formal else [question]))
        return normalised(embedder.embed_queries(wordings).mean(axis=0, keepdims=True))

    def _extra(self, question: str, chunk: Chunk, meant: frozenset[str]) -> float:
        weights = self._weights
        extra = weights.place * place_match(question, chunk.title)
        extra += weights.named * (chunk.doc in meant)
        wanted = kind_asked(question)
        extra += weights.kind * bool(wanted and wanted.search(wording(chunk)))
        asked = codes(question)
        if asked:
            extra += weights.code * len(asked & codes(chunk.text)) / len(asked)
        if chunk.doc in meant and set(articles(question)) & set(articles(chunk.section)):
            extra += weights.article
        return extra


def _mixed(lines: Mapping[int, float], share: float, floor: float) -> float:
    """Of a chunk and its best sentence; where one of them was not near, the other stands for both, a little lower."""
    if not lines:
        return floor
    whole, best = lines.get(0), max((value for place, value in lines.items() if place), default=None)
    if whole is None:
        return (1 - share) * min(floor or best or 0.0, best or 0.0) + share * (best or 0.0)
    return (1 - share) * whole + share * (best if best is not None else whole)


def _covered(rarity: Mapping[str, float], chunk: Chunk) -> float:
    there = set(grams(f"{chunk.title} {' '.join(chunk.path)} {chunk.section} {chunk.text}"))
    return sum(value for gram, value in rarity.items() if gram in there) / (sum(rarity.values()) or 1.0)
