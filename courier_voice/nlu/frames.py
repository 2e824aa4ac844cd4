"""Flat JSON frames, the form a language model reads and writes: ``[{"intent":"dial","tail":"0578"}]``.

Every value is a string quoted from the utterance; units, digits and grounding are settled here, in code.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal, get_args, get_origin

from pydantic import TypeAdapter, ValidationError
from rapidfuzz import fuzz

from courier_voice.core.errors import ModelOutputError
from courier_voice.core.intent import Example, Intent, Target
from courier_voice.core.turn import Draft
from courier_voice.core.words import Utterance
from courier_voice.intents import ALL, BY_NAME
from courier_voice.nlu.settle import TWO, asked_for, settle
from courier_voice.text.normalize import normalize
from courier_voice.text.phonetics import find_by_sound, same_digits

TARGET_SLOTS: Final = ("tail", "name", "address", "ref")
QUOTED: Final = frozenset(["name", "address", "message", "item", "product", "place", "note", "question", "area"])
NUMBERS: Final = frozenset(
    ["weight_kg", "length_cm", "width_cm", "height_cm", "quantity", "declared_value_yuan", "cod_yuan"]
)
MOST_DRAFTS: Final = 2
SPOKEN: Final = {
    "1": "一",
    "2": "两二",
    "3": "三",
    "4": "四",
    "5": "五",
    "6": "六",
    "7": "七",
    "8": "八",
    "9": "九",
    "10": "十",
}
_FORM: Final = re.compile(r"[取揽寄录填登单收开记表件]|\d")
"""What a form with nothing in it needs a word of, to be asked for."""
_QUESTION: Final = re.compile(r"几|吗|什么|怎么|怎样|啥|多少|能不能|要不要|算不算|可不可以|行不行|[？?]")
SOUNDS_SAID: Final = 0.2
"""Sound distance up to which a value is what was said, only misheard: 潘女士 for 潘女是."""


def _choices(annotation: object) -> tuple[str, ...]:
    """The strings of a Literal, also inside ``| None``."""
    if get_origin(annotation) is Literal:
        return tuple(str(choice) for choice in get_args(annotation))
    return tuple(choice for part in get_args(annotation) for choice in _choices(part))


def _fields(intent: type[Intent]) -> Iterator[tuple[str, Any]]:
    if intent.name == "correct":
        seen: dict[str, Any] = {}
        for other in ALL:
            if other.name not in ("correct", "query_waybill", "query_tasks", "ask_knowledge"):
                seen.update(_fields(other))
        yield from seen.items()
        return
    for name, field in intent.model_fields.items():
        if not field.exclude:
            yield name, field.annotation


def slots_of(intent: type[Intent]) -> dict[str, tuple[str, ...]]:
    """Flat slot name → its allowed values (empty: free text), in the order of the model's fields."""
    flat: dict[str, tuple[str, ...]] = {}
    for name, annotation in _fields(intent):
        if name == "target":
            flat |= {"tail": (), "name": (), "address": (), "ref": ("current", "next", "previous", "all")}
        else:
            flat[name] = _choices(annotation)
    return flat


_ADAPTERS: Final[dict[str, TypeAdapter[Any]]] = {
    name: TypeAdapter(annotation) for intent in ALL for name, annotation in _fields(intent)
}


def flatten(intent: str, slots: Mapping[str, object]) -> dict[str, object]:
    """Contract slots → flat frame."""
    frame: dict[str, object] = {"intent": intent}
    for name, value in slots.items():
        if name == "target" and isinstance(value, Mapping):
            frame |= value
        else:
            frame[name] = value
    return frame


def written(frames: list[dict[str, object]]) -> str:
    return json.dumps(frames, ensure_ascii=False, separators=(",", ":"))


def shown(intent: type[Intent], example: Example) -> tuple[str, str]:
    """An example as the model sees it: normalised sentence (with its dialogue state) and frames."""
    return asked(normalize(example.text).text, example.waiting), written([flatten(intent.name, example.slots)])


def asked(text: str, waiting: str) -> str:
    """The sentence as put to the model; the dialogue state stands in front in brackets."""
    return f"[{waiting}]{text}" if waiting else text


def read(output: str, utterance: Utterance, waiting: str = "") -> tuple[Draft, ...]:
    """A model's output → drafts with contract slots. Raises ModelOutputError when it is no list of frames.

    ``waiting`` is the dialogue state (NluContext.waiting): an answer need not ask again for what is being done.
    """
    start, end = output.find("["), output.rfind("]")
    try:
        frames = json.loads(output[start : end + 1]) if start >= 0 else json.loads(output)
    except json.JSONDecodeError as error:
        raise ModelOutputError(f"not JSON: {error.msg} at character {error.pos}") from error
    if isinstance(frames, dict):
        frames = [frames]
    if not isinstance(frames, list) or not frames or not all(isinstance(f, dict) for f in frames):
        raise ModelOutputError("not a list of frames")
    frames = frames[: MOST_DRAFTS if TWO.search(utterance.text) else 1]
    parts = _parts(utterance.text) if len(frames) > 1 else (utterance.text,)
    drafts = tuple(
        aimed(draft(frame, utterance, part), utterance, waiting) for frame, part in zip(frames, parts, strict=True)
    )
    return drafts[:1] if len(drafts) > 1 and _adds_nothing(drafts[1], drafts[0]) else drafts


def _adds_nothing(second: Draft, first: Draft) -> bool:
    """A small model likes to say one command twice, under another name, or to close with a none."""
    if second == first or second.intent == "none":
        return True
    return bool(second.slots) and all(first.slots.get(name) == value for name, value in second.slots.items())


def aimed(draft: Draft, utterance: Utterance, waiting: str) -> Draft:
    """What acts on a customer must be asked for; a question that fills nothing in is a question about rules."""
    if not waiting and not asked_for(draft.intent, utterance.text):
        return Draft("none")
    if draft.intent == "fill_pickup" and not draft.slots and _QUESTION.search(utterance.text):
        return Draft("ask_knowledge", {"question": utterance.text})
    if not waiting and draft.intent == "fill_pickup" and not draft.slots and not _FORM.search(utterance.text):
        return Draft("none")
    return draft


def _parts(text: str) -> tuple[str, str]:
    """The two commands of a sentence, cut where the first word stands that joins commands."""
    joint = TWO.search(text, 2)
    return (text[: joint.start()], text[joint.start() :]) if joint else (text, text)


def draft(frame: Mapping[str, object], utterance: Utterance, part: str, *, settled: bool = True) -> Draft:
    """One flat frame → a draft, grounded in the utterance and settled by its own ``part`` of the normalised text.

    ``settled=False`` takes the frame as it is. Raises ModelOutputError when it is no frame.
    """
    intent = BY_NAME.get(str(frame.get("intent")))
    if intent is None:
        raise ModelOutputError(f"unknown intent; known are {', '.join(BY_NAME)}")
    allowed = slots_of(intent)
    target: dict[str, str] = {}
    slots: dict[str, object] = {}
    said = {str(name): str(value).strip() for name, value in frame.items() if name != "intent"}
    frame_slots = settle(intent.name, said, part, frozenset(allowed)) if settled else said
    for name, value in frame_slots.items():
        grounded = ground(name, value, utterance)
        if grounded is None:
            continue
        if name in TARGET_SLOTS:
            target[name] = grounded
            continue
        try:
            slots[name] = _ADAPTERS[name].validate_python(grounded)
        except ValidationError:
            continue
    if target:
        try:
            slots = {"target": Target.model_validate(target).model_dump(exclude_none=True), **slots}
        except ValidationError as error:
            raise ModelOutputError(f"bad target: {error.error_count()} errors") from error
    defaults = {n: f.default for n, f in intent.model_fields.items() if isinstance(f.default, str)}
    return Draft(intent.name, {**slots, **{n: v for n, v in defaults.items() if n not in slots}})


def ground(slot: str, value: str, utterance: Utterance) -> str | None:
    """The value as the utterance bears it out; None when it is nowhere in it."""
    text = utterance.text
    if slot == "tail":
        return _tail(value, text)
    if slot in NUMBERS:
        digits = re.findall(r"\d+(?:\.\d+)?", value)
        if not digits and value != "0":
            return value if value in text else None  # 不保价, 一个: its type knows what that is worth
        return value if value == "0" or all(_said(d, text) for d in digits) else None
    if slot not in QUOTED:
        return value
    span = _span(value, text)
    if span is None:
        return None
    return utterance.as_heard(span) if slot == "message" and span in text else span


def _said(number: str, text: str) -> bool:
    """A small count may stay in Hanzi in the normalised text: 一个包."""
    return number in text or any(hanzi in text for hanzi in SPOKEN.get(number, ""))


def _tail(value: str, text: str) -> str | None:
    digits = re.sub(r"\D", "", value)
    runs = re.findall(r"\d{3,}", text)
    if digits in runs or (len(digits) >= 3 and any(digits in run for run in runs)):
        return digits
    four = [run for run in runs if len(run) == 4]
    return four[0] if len(four) == 1 else None


def _span(value: str, text: str) -> str | None:
    """The value itself when quoted or sounding like what was said, else the stretch it was made from."""
    if value in text:
        return value
    tidy = normalize(value).text
    if tidy in text:
        return tidy
    alike = find_by_sound(tidy, text)
    if alike is not None and alike[2] <= SOUNDS_SAID:
        stretch = text[alike[0] : alike[1]]
        if same_digits(tidy, stretch):
            return tidy
    found = fuzz.partial_ratio_alignment(tidy, text)
    return text[found.dest_start : found.dest_end] if found is not None and found.score >= 70 else None
