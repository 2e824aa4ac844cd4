"""The making of the fast model, whole: seeds, fitting, export, confidence, cards."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path
from random import Random
from string import Template
from typing import Any, Final

import numpy as np

from courier_voice.core.errors import TrainingError
from courier_voice.knowledge.embed import Embedder
from courier_voice.nlu.advise import Adviser
from courier_voice.nlu.fast import CARD, FEATURES, MODEL, FastUnderstander
from courier_voice.training import advise, exam
from courier_voice.training.confusions import Confusions, read_confusions
from courier_voice.training.exam import Answer
from courier_voice.training.export import export
from courier_voice.training.fit import Fit, Recipe
from courier_voice.training.generate import Example, counted, example, held_out, plain
from courier_voice.training.lessons import Lessons, embedded, lessons, sentences
from courier_voice.training.letters import letters
from courier_voice.training.seeds import Seed, example_seeds, read_seeds
from courier_voice.training.vary import Varied

Report = Callable[[str, int, int, float], None]
"""What is being done (lessons, learn, exam), how much of it is done, how much there is, the mean loss."""
NOTES: Final = "fast.md"
TAUGHT: Final = "teacher.sqlite3"
_VARIANTS: Final = 4
_VERSION: Final = "fast@1"
Figures = dict[str, Any]


@dataclass(frozen=True)
class Places:
    """``out`` gets the model, its card and notes; ``checkpoint`` is there while a run is not over.

    ``model_file`` is what has the embeddings to begin with: a GGUF, or EmbeddingGemma's folder. ``documents`` are read
    for their sentences by the teacher, whose vectors are kept in ``taught`` (SQLite).
    """

    out: Path
    checkpoint: Path
    model_file: Path | None
    documents: tuple[Path, ...] = ()
    taught: Path | None = None


def recipe_of(folder: Path) -> Figures | None:
    """What the model in a folder was made by, as its card says; None where there is none, or an older one."""
    card = folder / CARD
    found: Figures | None = json.loads(card.read_text("utf-8")).get("recipe") if card.is_file() else None
    return found


def refuse_another(out: Path, recipe: Recipe) -> None:
    """Raises TrainingError when a folder holds a model of another recipe; a run may be made longer or shorter."""
    held = recipe_of(out)
    if held and {**held, "steps": recipe.steps} != asdict(recipe):
        raise TrainingError(f"{out.name} holds a model of another recipe; give another folder with --out, or --fresh")


def make(recipe: Recipe, places: Places, report: Report, teacher: Embedder | None = None) -> Figures:
    """Fit, export, examine and describe a model; the same files for the same seeds, recipe and number of threads.

    ``teacher`` is what a recipe with distillation imitates. Raises TrainingError.
    """
    seeds = (*read_seeds(), *example_seeds())
    learnt, kept_back = [s for s in seeds if not held_out(s)], [s for s in seeds if held_out(s)]
    confusions = read_confusions(seed.text for seed in learnt)
    known = letters(seed.text for seed in learnt)
    taught = _taught(learnt, places, teacher, report) if recipe.distil and teacher else None
    fit = Fit(recipe, learnt, confusions, known, places.model_file, taught)
    fit.run(lambda done, total, loss: report("learn", done, total, loss), places.checkpoint)
    size = export(fit.averaged(), places.out / MODEL)
    row = {
        "letters": known,
        "words": " ".join(fit.words),
        "weights": dict.fromkeys(FEATURES, 1.0),
        "bias": 0.0,
        "threshold": 1.0,
        "none_from": 1.0,
        "advised_none_from": 1.0,
        "version": _VERSION,
        "recipe": asdict(recipe),
    }
    _write(places.out / CARD, row)
    as_written, _ = examined(FastUnderstander(places.out), kept_back, recipe.seed, report)
    row["none_from"] = exam.none_from(as_written)
    _write(places.out / CARD, row)
    as_written, varied = examined(FastUnderstander(places.out), kept_back, recipe.seed, report)
    scale = exam.calibrated([*as_written, *varied])
    advised = _advised(learnt, kept_back, teacher, places, row, recipe.seed, report) if teacher else None
    digest = hashlib.sha256((places.out / MODEL).read_bytes()).hexdigest()[:8]
    row |= {"weights": dict(scale.weights), "bias": scale.bias, "threshold": exam.BELIEVED}
    row |= {"version": f"{_VERSION}:{digest}"}
    _write(places.out / CARD, row)
    told: Figures = {
        "seeds": len(seeds),
        "held_out": len(kept_back),
        "parameters": fit.parameters,
        "mb": round(size, 2),
        "as_written": exam.figures(as_written),
        "varied": exam.figures(varied),
        "sure": _crossed(as_written, varied),
        "cautious_threshold": scale.cautious,
        "advised": advised,
    }
    (places.out / NOTES).write_text(_notes(recipe, fit, told, as_written, varied), "utf-8")
    return told


def _advised(
    learnt: Sequence[Seed],
    kept_back: Sequence[Seed],
    teacher: Embedder,
    places: Places,
    row: Figures,
    seed: int,
    report: Report,
) -> Figures:
    """Make the second reader, find from where on it takes something for none, and judge both readers together."""
    taught = places.taught or places.checkpoint.with_name(TAUGHT)
    sentences_read = advise.learn(learnt, teacher, taught, places.out, seed)
    fast = FastUnderstander(places.out, advise=Adviser(lambda: teacher, places.out))
    found = _answers(fast, plain(kept_back), "exam advised", report)
    row["advised_none_from"] = exam.none_from([answer for answer in found if answer.advised])
    _write(places.out / CARD, row)
    fast = FastUnderstander(places.out, advise=Adviser(lambda: teacher, places.out))
    found = _answers(fast, plain(kept_back), "exam advised again", report)
    asked = sum(answer.advised for answer in found) / len(found)
    return {**exam.figures(found), "asked": asked, "learnt_from": sentences_read}


def _taught(seeds: Sequence[Seed], places: Places, teacher: Embedder, report: Report) -> Lessons:
    texts = sentences(seeds, places.documents)
    file = places.taught or places.checkpoint.with_name(TAUGHT)
    return lessons(texts, embedded(texts, teacher, file, lambda done, total: report("lessons", done, total, 0.0)))


def examined(
    fast: FastUnderstander, kept_back: Sequence[Seed], seed: int, report: Report
) -> tuple[list[Answer], list[Answer]]:
    """A model's answers to held-out seeds as they were written, and with other words in their slots."""
    as_written = _answers(fast, plain(kept_back), "exam", report)
    return as_written, _answers(fast, _variants(kept_back, seed), "exam variants", report)


def _answers(fast: FastUnderstander, examples: Sequence[Example], what: str, report: Report) -> list[Answer]:
    found: list[Answer] = []
    for at in range(0, len(examples), 50):
        found += exam.answers(fast, examples[at : at + 50])
        report(what, len(found), len(examples), 0.0)
    return found


def _variants(seeds: Sequence[Seed], seed: int) -> list[Example]:
    """Held-out seeds with other words in their slots, nothing misheard: what they mean is beyond doubt."""
    varied = Varied(seeds, Random(f"exam {seed}"), Confusions({}, {}))
    made = (example(varied(one)) for one in seeds for _ in range(_VARIANTS))
    return [one for one in made if one is not None]


def _crossed(as_written: Sequence[Answer], varied: Sequence[Answer]) -> Figures:
    """Confidence made on one half of the held-out lines, judged on the other, both ways, as written."""
    judged: list[Answer] = []
    chances: list[float] = []
    cautious: list[bool] = []
    for half in (0, 1):
        scale = exam.calibrated([a for a in (*as_written, *varied) if _half(a) != half])
        others = [a for a in as_written if _half(a) == half]
        chance = exam.confidences(scale, others)
        judged += others
        chances += chance.tolist()
        cautious += (chance >= scale.cautious).tolist()
    right = np.array([answer.right for answer in judged], float)
    none = np.array([answer.meant[0].intent == "none" for answer in judged])
    acts = np.array([bool(answer.said) and answer.said[0].intent != "none" for answer in judged])
    sure = np.array(chances) >= exam.BELIEVED
    return {
        "kept": float(sure.mean()),
        "right_in_kept": float(right[sure].mean()) if sure.any() else 0.0,
        "false_actions": float((sure & acts)[none].mean()) if none.any() else 0.0,
        "kept_cautiously": float(np.mean(cautious)),
        "right_in_kept_cautiously": float(right[np.array(cautious)].mean()) if any(cautious) else 0.0,
        "reliability": exam.reliability(np.array(chances), right),
    }


def _half(answer: Answer) -> int:
    return hashlib.sha256(answer.example.line.encode()).digest()[0] % 2


def _write(file: Path, row: Figures) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(row, ensure_ascii=False, indent=1, sort_keys=True) + "\n", "utf-8")


def _notes(recipe: Recipe, fit: Fit, told: Figures, as_written: Sequence[Answer], varied: Sequence[Answer]) -> str:
    template = Template(files("courier_voice.training").joinpath("data", "fast_card.md").read_text("utf-8"))
    sure, plainly, other = told["sure"], told["as_written"], told["varied"]
    wrong = [answer.example.text for answer in as_written if not answer.right]
    return template.substitute(
        parameters=f"{fit.parameters / 1e6:.1f}",
        mb=told["mb"],
        steps=recipe.steps,
        batch=recipe.batch,
        seed=recipe.seed,
        init=recipe.init,
        distil=f"weight {recipe.distil:g}" if recipe.distil else "not used",
        misheard="characters that sound alike" if recipe.misheard else "nothing misheard",
        seeds=told["seeds"],
        held_out=told["held_out"],
        intents=f"{plainly['intents']:.1%}",
        frames=f"{plainly['frames']:.1%}",
        false_actions=f"{plainly['false_actions']:.1%} of {plainly['nones']}",
        varied_intents=f"{other['intents']:.1%}",
        varied_frames=f"{other['frames']:.1%}",
        kept=f"{sure['kept']:.1%}",
        right_in_kept=f"{sure['right_in_kept']:.1%}",
        threshold=exam.BELIEVED,
        false_in_kept=f"{sure['false_actions']:.1%}",
        cautious=f"{told['cautious_threshold']:.3f}",
        kept_cautiously=f"{sure['kept_cautiously']:.1%}",
        right_cautiously=f"{sure['right_in_kept_cautiously']:.2%}",
        shares="\n".join(f"| {name} | {count} |" for name, count in counted(fit.examples(0)).items()),
        reliability="\n".join(
            f"| {chance:.2f} | {right:.2f} | {count} |" for chance, right, count in sure["reliability"]
        ),
        wrong="\n".join(f"- {text}" for text in wrong),
        varied=len(varied),
        advised=_second_reader(told["advised"]),
    )


def _second_reader(told: Figures | None) -> str:
    if told is None:
        return "No second reader was made: there was no larger encoder to learn from."
    return (
        f"With the second reader (`advise.npz`: a net on EmbeddingGemma's sentence vector, learnt from "
        f"{told['learnt_from']} sentences), asked about {told['asked']:.1%} of the lines as written: intents "
        f"{told['intents']:.1%}, whole frames {told['frames']:.1%}, taken for commands that are none "
        f"{told['false_actions']:.1%}."
    )
