"""The model card of a tuned recogniser, out of what its run wrote down."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import asdict
from typing import Any

from courier_voice.training.ear import Recipe
from courier_voice.training.ear_run import Places, gathered
from courier_voice.training.judge import CONDITIONS
from courier_voice.weights.verify import sha256


def card(places: Places, recipe: Recipe) -> str:
    """Markdown: what it is, data, recipe, curve, figures of the best checkpoint. Raises TrainingError without data."""
    rows: list[dict[str, Any]] = [json.loads(line) for line in (places.run / "log.jsonl").read_text().splitlines()]
    best = min(rows, key=lambda row: float(row["score"]))
    clips = gathered(places.data, "train")
    kinds = Counter(clip.kind for clip in clips)
    hours = sum(clip.seconds for clip in clips) / 3600
    digest = hashlib.sha256("\n".join(sorted(clip.text for clip in clips)).encode()).hexdigest()
    lines = [
        "# Whisper base, tuned for couriers' Mandarin",
        "",
        "A low-rank adapter (LoRA) on openai/whisper-base, all linear layers of attention and MLP. Trained on",
        "synthetic speech only; made by `courier-voice train ear-data` and `courier-voice train ear`.",
        "",
        "## Data",
        f"{len(clips)} clips ({hours:.1f} h), {len({clip.speaker for clip in clips})} blended Kokoro speakers; "
        + ", ".join(f"{kind} {count}" for kind, count in sorted(kinds.items()))
        + ".",
        f"Texts' sha256 {digest[:16]}. Every hearing has a new throat, room, headset and noise (0 to 25 dB, none in",
        "28 %); 6 % are noise or far talk with nothing to write; 7 % are several sentences in a row; 45 % have a text",
        "before them.",
        "",
        "## Recipe",
        "`" + json.dumps(asdict(recipe)) + "`",
        f"Base model.bin sha256 {sha256(places.base / 'model.bin')[:16]}.",
        "",
        "## Curve",
        "| step | loss | score | "
        + " | ".join(f"CER {name} | tails {name}" for name in CONDITIONS)
        + " | noise heard |",
        "|---|---|---|" + "---|" * (2 * len(CONDITIONS) + 1),
        *(_row(row) for row in rows),
        "",
        f"Shipped: step {best['step']}. Development clips: unseen speakers, sentences and stretches of noise, greedy.",
        "",
        "## Limits",
        "One synthesiser made the training and the development speech; human speech is checked on a few clips only.",
    ]
    return "\n".join(lines) + "\n"


def _row(row: dict[str, Any]) -> str:
    rates = row["rates"]
    cells = [f"{rates[c]['cer']:.1%} | {rates[c].get('tails', float('nan')):.0%}" for c in CONDITIONS]
    heard = rates["nobody"]["heard"]
    return f"| {row['step']} | {row['loss']:.3f} | {row['score']:.4f} | {' | '.join(cells)} | {heard:.1%} |"
