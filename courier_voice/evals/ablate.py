"""The agent with one part left out: what each part is worth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from courier_voice.evals.report import at
from courier_voice.settings import Nlu, Settings

Row = dict[str, Any]


@dataclass(frozen=True)
class Variant:
    """``nlu``: settings that differ; ``fast_model``: another folder of the fast model; ``missing``: why it is not."""

    name: str
    nlu: Mapping[str, object] = field(default_factory=dict)
    fast_model: Path | None = None
    missing: str = ""

    def settings(self, base: Settings) -> Settings:
        """The settings of this variant."""
        changed = Nlu.model_validate({**base.nlu.model_dump(), **self.nlu})
        return base.model_copy(update={"nlu": changed})


NO_MODEL: Final = "no language model loaded: leave out --nlu fast, or courier-voice models pull"
NO_PLAIN: Final = "no model trained without ASR noise: make one, and name its folder with --without-noise"


def variants(llm: bool, without_noise: Path | None, fields: Mapping[str, object] = Nlu.model_fields) -> list[Variant]:
    """Every row of the table in order; ``llm``: there is a language model; ``fields``: the NLU settings there are."""
    no_model = "" if llm else NO_MODEL
    return [
        Variant("whole"),
        Variant("without ASR noise", fast_model=without_noise, missing="" if without_noise else NO_PLAIN),
        _switched_off("without n-best", "nbest", fields),
        _switched_off("without pinyin", "pinyin", fields),
        _switched_off("without the second reader", "advice", fields),
        Variant("LLM only", {"route": "llm"}, missing=no_model),
        Variant("fast only", {"route": "fast"}),
    ]


def _switched_off(name: str, setting: str, fields: Mapping[str, object]) -> Variant:
    if setting not in fields:
        return Variant(name, missing=f"there is no setting nlu.{setting} in this version")
    return Variant(name, {setting: False})


COLUMNS: Final[Mapping[str, str]] = {
    "intent": "nlu.intent_accuracy",
    "frame": "nlu.frame_accuracy",
    "slot_f1": "nlu.slot_f1",
    "false_actions": "nlu.false_action_rate",
    "dialogs": "dialogs.dialogs_right",
    "dialog_turns": "dialogs.turns_right",
    "audio_tails": "audio.conditions.all.tail_understood",
    "audio_turns": "audio.conditions.all.success",
    "p50_ms": "nlu.ms.p50",
}
"""Of the table, by the key of the figure."""


def ablation_row(variant: Variant, figures: Mapping[str, Any]) -> Row:
    """A row of the table: the figures of the sets it was scored on, or why it was not."""
    if variant.missing:
        return {"variant": variant.name, "left_out": variant.missing}
    return {"variant": variant.name, **{column: at(figures, key) for column, key in COLUMNS.items()}}
