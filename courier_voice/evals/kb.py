"""Questions over documents: whether the right article is found, and whether the answer says what it says."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

from courier_voice.evals.kb_score import Place, places, rank, score_answer
from courier_voice.evals.summary import percentiles
from courier_voice.knowledge.answer import Answerer
from courier_voice.knowledge.answer_check import unsupported
from courier_voice.knowledge.find import Finder, Found, Weights

Item = Mapping[str, Any]
Row = dict[str, Any]

DEEP: Final = 9

FUSIONS: Final[Mapping[str, Weights]] = {
    "chunk": Weights(sentence=0, words=0, place=0, named=0, code=0, article=0, kind=0, formal=False),
    "sentence": Weights(sentence=1, words=0, place=0, named=0, code=0, article=0, kind=0, formal=False),
    "chunk + sentence": Weights(words=0, place=0, named=0, code=0, article=0, kind=0, formal=False),
    "… + words": Weights(place=0, named=0, code=0, article=0, kind=0, formal=False),
    "… + place": Weights(named=0, code=0, article=0, kind=0, formal=False),
    "… + named, codes, articles": Weights(kind=0, formal=False),
    "… + kind asked for": Weights(formal=False),
    "all": Weights(),
    "all, words 0.02": Weights(words=0.02),
    "all, words 0.15": Weights(words=0.15),
    "all, words 0.3": Weights(words=0.3),
    "all, no sentence": Weights(sentence=0),
    "all, sentence 0.5": Weights(sentence=0.5),
}


def retrieval_row(item: Item, finder: Finder) -> Row:
    """One question through search: the rank of the right article."""
    start = time.perf_counter()
    found = finder.search(item["question"], DEEP)
    ms = (time.perf_counter() - start) * 1000
    at = rank(item, [_places(each) for each in found])
    first = [found[0].chunk.doc, found[0].chunk.section] if found else []
    near = found[0].near if found else None
    row: Row = {"id": item["id"], "question": item["question"], "rank": at, "first": first, "ms": round(ms, 1)}
    return {**row, "near": near and round(near, 4), "asked": bool(places(item)), "right": at == 1 or not places(item)}


def retrieval_summary(rows: Sequence[Item]) -> Row:
    asked = [row for row in rows if row["asked"]]
    return {
        "questions": len(asked),
        "first": _share(row["rank"] == 1 for row in asked),
        "top3": _share((row["rank"] or 99) <= 3 for row in asked),
        f"top{DEEP}": _share(row["rank"] is not None for row in asked),
        "ms": percentiles([row["ms"] for row in rows]) if rows else {},
    }


def fused_ranks(item: Item, by_vectors: Finder, by_words: Finder) -> Row:
    """The plain way to fuse: reciprocal ranks of both lists with equal weight."""
    scores: dict[str, float] = {}
    seen: dict[str, Found] = {}
    start = time.perf_counter()
    for finder in (by_vectors, by_words):
        for at, each in enumerate(finder.search(item["question"], 60)):
            scores[each.chunk.id] = scores.get(each.chunk.id, 0.0) + 1 / (60 + at)
            seen[each.chunk.id] = each
    best = sorted(scores, key=lambda one: -scores[one])[:DEEP]
    at_rank = rank(item, [_places(seen[one]) for one in best])
    ms = (time.perf_counter() - start) * 1000
    return {"id": item["id"], "rank": at_rank, "asked": bool(places(item)), "ms": round(ms, 1)}


def answer_row(item: Item, answerer: Answerer) -> Row:
    """One question through answering: key facts, declining, polarity, nothing invented."""
    start = time.perf_counter()
    answer = answerer.answer(item["question"])
    ms = (time.perf_counter() - start) * 1000
    said = answer.text
    invented = unsupported(answer.statement, [answer.detail], item["question"]) if answer.answered else []
    score = score_answer(item, said, answer.answered, invented)
    row: Row = {"id": item["id"], "question": item["question"], "answer": said, "answered": answer.answered}
    row |= {"citations": [list(one) for one in answer.citations], "missing": list(score.missing)}
    row |= {"polarity": score.polarity, "invented": invented, "refused": list(answer.checked), "ms": round(ms, 1)}
    answerable = bool(places(item))
    cited = bool(places(item) & set(answer.citations))
    return {**row, "asked": answerable, "cited": cited, "right": score.right(answerable)}


def answer_summary(rows: Sequence[Item]) -> Row:
    asked = [row for row in rows if row["asked"]]
    other = [row for row in rows if not row["asked"]]
    ways = [row["polarity"] for row in asked if row["polarity"] is not None]
    return {
        "questions": len(rows),
        "right": _share(row["right"] for row in rows),
        "key_facts": _share(row["answered"] and not row["missing"] for row in asked),
        "cited": _share(row["cited"] for row in asked),
        "declined_rightly": _share(not row["answered"] for row in other),
        "declined_wrongly": _share(not row["answered"] for row in asked),
        "polarity": _share(ways),
        "invented": sum(bool(row["invented"]) for row in rows),
        "ms": percentiles([row["ms"] for row in rows]) if rows else {},
    }


def _places(found: Found) -> set[Place]:
    chunk = found.chunk
    return {(chunk.doc, section) for section in (chunk.section, *chunk.sections)}


def _share(checks: Any) -> float:
    told = list(checks)
    return round(sum(map(bool, told)) / max(1, len(told)), 4)
