"""World files: one courier's invented day, as the mock API is given it (CONTRACTS §3)."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from courier_voice.core.errors import WorldError
from courier_voice.core.privacy import place_of

ClockTime = r"([01]\d|2[0-3]):[0-5]\d"
Text = Annotated[str, Field(min_length=1)]
Yuan = Annotated[float, Field(ge=0)]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class TrackPoint(Strict):
    time: Annotated[str, Field(pattern=rf"^\d{{4}}-\d\d-\d\d {ClockTime}$")]
    place: Text
    event: Text


class TaskSummary(Strict):
    """What a list of tasks shows of one. ``phone_masked`` must be masked: a whole number is refused here."""

    id: Text
    kind: Literal["delivery", "pickup"]
    waybill: Annotated[str, Field(pattern=r"^JD\d{13}$")]
    customer: Text
    title: Text
    gender: Literal["female", "male"]
    phone_masked: Annotated[str, Field(pattern=r"^\d{3}\*{4}\d{4}$")]
    address: Text
    window: Annotated[str, Field(pattern=rf"^{ClockTime}-{ClockTime}$")]
    state: Literal["pending", "done", "exception"]
    overdue: bool = False
    due_soon: bool = False
    cod_yuan: Yuan = 0
    fee_yuan: Yuan = 0
    remark: str = ""
    ka_code: str | None = None
    weight_kg: Annotated[float, Field(gt=0)] | None = None
    item: str | None = None


class Task(TaskSummary):
    """One task as the carrier's system knows it; ``virtual_number`` is what it dials and never leaves it."""

    virtual_number: Annotated[str, Field(pattern=r"^\d{6,20}$")]
    track: tuple[TrackPoint, ...] = ()


class Courier(Strict):
    name: Text
    station: Text
    car: str = ""


class Account(Strict):
    name: Text
    rules: tuple[Text, ...]


class World(Strict):
    """A whole file. ``conventions`` and ``track_labels`` are for people and scorers; the API does not serve them."""

    courier: Courier
    date: dt.date
    now: Annotated[str, Field(pattern=rf"^{ClockTime}$")]
    current: str | None = None
    previous: str | None = None
    route: tuple[str, ...]
    tasks: tuple[Task, ...]
    key_accounts: dict[str, Account] = {}
    conventions: Any = None
    track_labels: Any = None

    @model_validator(mode="after")
    def _refers_to_what_it_has(self) -> World:
        tasks = {task.id: task for task in self.tasks}
        waybills = {task.waybill for task in self.tasks}
        if len(tasks) < len(self.tasks):
            raise ValueError("tasks: an id is there twice")
        if len(waybills) < len(self.tasks):
            raise ValueError("tasks: a waybill is there twice")
        for n, task in enumerate(self.tasks):
            if task.ka_code is not None and task.ka_code not in self.key_accounts:
                raise ValueError(f"tasks.{n}.ka_code: not among key_accounts")
        for n, task_id in enumerate(self.route):
            if task_id not in tasks or tasks[task_id].state != "pending":
                raise ValueError(f"route.{n}: not the id of a pending task")
        if len(set(self.route)) < len(self.route):
            raise ValueError("route: an id is there twice")
        for name, pointed in (("current", self.current), ("previous", self.previous)):
            if pointed is not None and pointed not in tasks:
                raise ValueError(f"{name}: not the id of a task")
        return self

    @property
    def named(self) -> tuple[str, ...]:
        """Whom and which places this day is about, and the numbers they are called by."""
        return tuple(s for t in self.tasks for s in (t.customer, t.address, place_of(t.address), t.virtual_number))

    @property
    def start(self) -> dt.datetime:
        """The mock's clock at start: naive, the station's local time."""
        return dt.datetime.combine(self.date, dt.time.fromisoformat(self.now))


def load_world(path: Path) -> World:
    """Read and check a world file. Raises WorldError naming the file, the field and what is wrong, never a value."""
    try:
        text = path.read_bytes()
    except OSError as error:
        raise WorldError(f"{path.name}: cannot be read ({error.strerror}); give --world an existing file") from error
    try:
        return World.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        field = ".".join(str(part) for part in first["loc"])
        message = first["msg"].removeprefix("Value error, ")
        problem = f"{field}: {message}" if field else message
        more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
        raise WorldError(f"{path.name}: {problem}{more}; correct the world file") from None
