"""The language a model may answer in: a JSON array of one or two flat frames, as GBNF and as JSON schema.

``[{"intent":"dial","tail":"0578"}]``: the intent first, then any of its slots in any order, every value a string as it
was said, no white space. Both forms describe the same frames; the schema alone also refuses a slot given twice, and
cannot speak of order and white space.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

MAX_TEXT: Final = 80
"""Characters in a free slot, at most: longer than any sentence a courier says in one breath."""
MAX_DIGITS: Final = 20
MAX_FRAMES: Final = 2


@dataclass(frozen=True)
class Slot:
    """What a slot's string may be: one of ``enum``, or free ``text``, or ``digits`` only."""

    enum: tuple[str, ...] = ()
    pattern: Literal["text", "digits"] = "text"


def frames_grammar(intents: Mapping[str, Mapping[str, Slot]]) -> str:
    """GBNF (llama.cpp's and xgrammar's dialect) for one or two frames of these intents."""
    rules = [
        f'root ::= "[" frame ("," frame){{0,{MAX_FRAMES - 1}}} "]"',
        f"frame ::= {' | '.join(_rule(intent) for intent in intents)}",
    ]
    for intent, slots in intents.items():
        opening = _literal('{"intent":' + _json(intent))
        if slots:
            rules.append(f'{_rule(intent)} ::= {opening} ("," {_rule(intent, "slot")}){{0,{len(slots)}}} "}}"')
            pairs = (f"{_literal(_json(name) + ':')} {_value(slot)}" for name, slot in slots.items())
            rules.append(f"{_rule(intent, 'slot')} ::= {' | '.join(pairs)}")
        else:
            rules.append(f'{_rule(intent)} ::= {opening} "}}"')
    rules.append(rf'text ::= "\"" [^"\\\x00-\x1F\x7F]{{1,{MAX_TEXT}}} "\""')
    rules.append(rf'digits ::= "\"" [0-9]{{1,{MAX_DIGITS}}} "\""')
    return "\n".join(rules) + "\n"


def frames_schema(intents: Mapping[str, Mapping[str, Slot]]) -> dict[str, object]:
    """The same frames as a JSON schema, for servers that take nothing else."""
    return {
        "type": "array",
        "minItems": 1,
        "maxItems": MAX_FRAMES,
        "items": {
            "anyOf": [
                {
                    "type": "object",
                    "properties": {
                        "intent": {"type": "string", "enum": [intent]},
                        **{name: _schema(slot) for name, slot in slots.items()},
                    },
                    "required": ["intent"],
                    "additionalProperties": False,
                }
                for intent, slots in intents.items()
            ]
        },
    }


def _schema(slot: Slot) -> dict[str, object]:
    if slot.enum:
        return {"type": "string", "enum": list(slot.enum)}
    if slot.pattern == "digits":
        return {"type": "string", "pattern": f"^[0-9]{{1,{MAX_DIGITS}}}$"}
    return {"type": "string", "minLength": 1, "maxLength": MAX_TEXT}


def _value(slot: Slot) -> str:
    if slot.enum:
        return f"({' | '.join(_literal(_json(value)) for value in slot.enum)})"
    return slot.pattern


def _rule(intent: str, part: str = "frame") -> str:
    return f"{part}-{intent.replace('_', '-')}"


def _json(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _literal(text: str) -> str:
    """A GBNF literal of exactly this text."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
