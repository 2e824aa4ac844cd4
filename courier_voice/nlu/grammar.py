"""The language of frames, as GBNF and as JSON schema: one or two objects, slots in any order.

A fixed slot order lowers the accuracy of small models (they must skip what is not there in silence), so the
grammar lets slots come as they were said.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

LONGEST_STRING = 80
Slots = Mapping[str, tuple[str, ...]]
"""Flat slot name → allowed values; none: free text. ``tail`` is digits."""


def frames_grammar(intents: Mapping[str, Slots]) -> str:
    """GBNF (llama.cpp, vLLM)."""
    frames = [_quoted(f"frame-{name}") for name in intents]
    rules = [
        'root ::= "[" frame ("," frame)? "]"',
        f"frame ::= {' | '.join(frames)}",
        f'text ::= "\\"" [^"\\\\\\x00-\\x1f]{{1,{LONGEST_STRING}}} "\\""',
        'digits ::= "\\"" [0-9]{2,15} "\\""',
    ]
    for name, slots in intents.items():
        head = f'"{{\\"intent\\":\\"{name}\\""'
        if not slots:
            rules.append(f'{_quoted(f"frame-{name}")} ::= {head} "}}"')
            continue
        rule = _quoted(f"slot-{name}")
        rules.append(f'{_quoted(f"frame-{name}")} ::= {head} ("," {rule}){{0,{len(slots)}}} "}}"')
        rules.append(f"{rule} ::= {' | '.join(_slot(slot, values) for slot, values in slots.items())}")
    return "\n".join(rules)


def frames_schema(intents: Mapping[str, Slots]) -> dict[str, object]:
    """The same language as JSON schema (OpenAI, Ollama, vLLM)."""
    frames = [
        {
            "type": "object",
            "properties": {"intent": {"const": name}, **{slot: _schema(values) for slot, values in slots.items()}},
            "required": ["intent"],
            "additionalProperties": False,
        }
        for name, slots in intents.items()
    ]
    return {"type": "array", "minItems": 1, "maxItems": 2, "items": {"anyOf": frames}}


def _quoted(rule: str) -> str:
    return rule.replace("_", "-")


def _slot(name: str, values: tuple[str, ...]) -> str:
    key = f'"\\"{name}\\":"'
    if values:
        return f"{key} ({' | '.join(json.dumps(json.dumps(value)) for value in values)})"
    return f"{key} {'digits' if name == 'tail' else 'text'}"


def _schema(values: tuple[str, ...]) -> dict[str, object]:
    return {"enum": list(values)} if values else {"type": "string", "maxLength": LONGEST_STRING}
