"""Recorded turns and what has to come of them: one YAML a scene beside its sound files, three readers.

All scalars are read as strings and typed by the models below, so that the tail 0567 stays 0567 (plain YAML makes it
an octal number).
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Final, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError, model_validator
from typing_extensions import Self

from courier_voice.core.errors import GoldenError
from courier_voice.core.intent import Target
from courier_voice.core.parcels import Op
from courier_voice.core.turn import Kind

SCENE: Final = "scene.yaml"

Condition = Literal["clean", "15dB", "10dB", "5dB", "human", "negative"]
"""Speech over noise at that ratio, a real person's recording, or sound the assistant must not act on."""
IntentName = Literal[
    "dial", "send_sms", "fill_pickup", "query_waybill", "query_tasks", "ask_knowledge", "sign_off", "report_exception",
    "confirm", "cancel", "repeat", "help", "correct", "none",
]  # fmt: skip


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    def stated(self) -> dict[str, Any]:
        """The fields given in the file, as plain values."""
        return self.model_dump(exclude_unset=True)


class _PickupFields(_Strict):
    weight_kg: float | None = None
    length_cm: float | None = None
    width_cm: float | None = None
    height_cm: float | None = None
    quantity: int | None = None
    item: str | None = None
    product: str | None = None
    declared_value_yuan: float | None = None
    cod_yuan: float | None = None
    payment: Literal["sender", "receiver", "monthly"] | None = None


class _Question(_PickupFields):
    aspect: Literal["status", "address", "eta", "fee", "remark", "weight", "cod", "phone", "item"] | None = None
    kind: Literal["delivery", "pickup", "all"] | None = None
    state: Literal["pending", "done", "overdue", "due_soon", "exception", "all"] | None = None
    area: str | None = None
    measure: Literal["count", "list", "next", "cod_total"] | None = None
    question: str | None = None
    place: str | None = None
    reason: Literal["rejected", "no_answer", "wrong_address", "damaged", "rescheduled", "missing", "other"] | None = (
        None
    )


class Slots(_Question):
    """The slots of any intent, by contract name."""

    target: Target | None = None
    message: str | None = None
    note: str | None = None


class Args(_Question):
    """Arguments of a call; only those listed are compared. ``*_contains``: each entry is in the text, ``a|b`` is or."""

    message_contains: tuple[str, ...] = ()
    note_contains: tuple[str, ...] = ()
    submit: bool | None = None


class ExpectedCall(_Strict):
    """One thing that must be asked of the API."""

    op: Op
    waybill: str | None = None
    args: Args = Args()


class Command(_Strict):
    """One of two commands in a sentence."""

    intent: IntentName
    slots: Slots = Slots()


class Expect(_Strict):
    """What must come of a turn. ``calls`` is exact: nothing else may reach the API."""

    intent: IntentName
    slots: Slots = Slots()
    intents: tuple[Command, ...] = ()
    """All commands of a sentence with two, in spoken order; the first is ``intent`` and ``slots`` again."""
    action: Kind
    calls: tuple[ExpectedCall, ...] = ()
    reply_has: tuple[str, ...] = ()
    """Each entry is in the reply, digits as Arabic numerals; ``a|b`` is or."""
    within_ms: int | None = Field(default=None, gt=0)

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        if self.action in ("ask", "confirm", "reject") and self.calls:
            raise ValueError(f"{self.action} turns make no call")
        if self.intents and self.intents[0].intent != self.intent:
            raise ValueError("intents starts with intent")
        return self

    @property
    def commands(self) -> tuple[Command, ...]:
        """What is to be understood: one command or two."""
        return self.intents or (Command(intent=self.intent, slots=self.slots),)


class GoldenTurn(_Strict):
    """One recording. ``spoken`` is what is said in it, empty where nobody speaks."""

    wav: str
    spoken: str = ""
    condition: Condition
    voice: str | None = None
    """A Kokoro voice; without one the file is a recording, or only noise."""
    speed: float = Field(default=1.0, gt=0)
    noise: Literal["rain", "engine", "train", "music", "silence"] | None = None
    expect: Expect
    xfail: str | None = None
    """Why this turn is known to fail. A turn that passes all the same is an error: take the mark off."""


class Scene(_Strict):
    """A conversation: its turns share one agent and are taken in order, the world starts fresh."""

    says: str
    """What the scene shows."""
    world: str
    """Name of a file in ``fixtures/worlds``."""
    turns: Annotated[tuple[GoldenTurn, ...], Field(min_length=1)]
    _folder: Path = PrivateAttr(default=Path())

    @property
    def name(self) -> str:
        return self._folder.name

    @property
    def world_file(self) -> Path:
        return self._folder.parent.parent / "worlds" / self.world

    def sound(self, turn: GoldenTurn) -> Path:
        """Where a turn's recording lies."""
        return self._folder / turn.wav


def load_scene(file: Path) -> Scene:
    """Read one ``scene.yaml``. Raises GoldenError naming the file and what is wrong in it."""
    try:
        # BaseLoader makes every scalar a string and runs no tags: as safe as SafeLoader.
        scene = Scene.model_validate(yaml.load(file.read_text("utf-8"), Loader=yaml.BaseLoader))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise GoldenError(f"cannot read scene {file}: {error}") from error
    except ValidationError as error:
        raise GoldenError(f"scene {file} breaks the schema, correct it: {error}") from error
    scene._folder = file.resolve().parent
    return scene


def load_scenes(path: Path) -> tuple[Scene, ...]:
    """The scenes of a folder, of a folder of folders, or of one ``scene.yaml``, by name. Raises GoldenError."""
    files = [path] if path.is_file() else sorted({*path.glob(SCENE), *path.glob(f"*/{SCENE}")})
    if not files:
        raise GoldenError(f"no {SCENE} in {path}: name a folder of recorded turns")
    return tuple(load_scene(file) for file in files)
