import json
import re
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from courier_voice.nlu.grammar import MAX_TEXT, Slot, frames_grammar, frames_schema

INTENTS: Mapping[str, Mapping[str, Slot]] = {
    "dial": {"tail": Slot(pattern="digits"), "name": Slot(), "ref": Slot(enum=("current", "next"))},
    "send_sms": {"tail": Slot(pattern="digits"), "message": Slot()},
    "send": {"sms_slot": Slot(enum=('带"引号"的', "反\\斜杠"))},
    "none": {},
}
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|\[(?:[^\]\\]|\\.)*\]|\{\d+,\d+\}|[()|]|[a-z][a-z0-9-]*')


def as_regex(gbnf: str) -> str:
    """A GBNF without recursion is a regular language: the same one as a Python regex."""
    rules = dict(line.split(" ::= ", 1) for line in gbnf.splitlines())

    def expand(body: str) -> str:
        assert not _TOKEN.sub("", body).strip(), "something the grammar's reader would not understand"
        return "".join(one(token) for token in _TOKEN.findall(body))

    def one(token: str) -> str:
        if token[0] == '"':
            return literal(token)
        if token[0] in "[{)|":
            return token
        return "(?:" if token == "(" else f"(?:{expand(rules[token])})"

    def literal(token: str) -> str:
        return "(?:" + re.escape(re.sub(r"\\(.)", r"\1", token[1:-1])) + ")"

    return expand(rules["root"])


LANGUAGE = re.compile(as_regex(frames_grammar(INTENTS)))


def obeys_schema(value: object, schema: Mapping[str, object]) -> bool:
    """As much of JSON schema as frames_schema uses; anything else in it fails the test."""
    match schema:
        case {"type": "array", "minItems": int(low), "maxItems": int(high), "items": {"anyOf": list(kinds)}, **rest}:
            assert not rest
            return (
                isinstance(value, list)
                and low <= len(value) <= high
                and all(any(obeys_schema(v, k) for k in kinds) for v in value)
            )
        case {
            "type": "object",
            "properties": dict(fields),
            "required": list(needed),
            "additionalProperties": False,
            **rest,
        }:
            assert not rest
            return (
                isinstance(value, dict)
                and set(needed) <= set(value) <= set(fields)
                and all(obeys_schema(v, fields[k]) for k, v in value.items())
            )
        case {"type": "string", "enum": list(values), **rest}:
            assert not rest
            return value in values
        case {"type": "string", "pattern": str(pattern), **rest}:
            assert not rest
            return isinstance(value, str) and re.search(pattern, value) is not None
        case {"type": "string", "minLength": int(low), "maxLength": int(high), **rest}:
            assert not rest
            return isinstance(value, str) and low <= len(value) <= high
    raise AssertionError(f"unknown schema {schema}")


def compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


plain = st.text(
    st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters='"\\'), min_size=1, max_size=MAX_TEXT
)


@st.composite
def frames(draw: st.DrawFn) -> dict[str, str]:
    intent = draw(st.sampled_from(sorted(INTENTS)))
    names = draw(st.permutations(sorted(INTENTS[intent])))[: draw(st.integers(0, len(INTENTS[intent])))]
    values = {}
    for name in names:
        slot = INTENTS[intent][name]
        free = st.from_regex(r"\A[0-9]{1,20}\Z") if slot.pattern == "digits" else plain
        values[name] = draw(st.sampled_from(slot.enum) if slot.enum else free)
    return {"intent": intent, **values}


@given(st.lists(frames(), min_size=1, max_size=2))
def test_every_frame_in_any_order_of_slots_is_in_the_language(value: list[dict[str, str]]) -> None:
    assert LANGUAGE.fullmatch(compact(value))
    assert obeys_schema(value, frames_schema(INTENTS))


@given(st.from_regex(LANGUAGE, fullmatch=True))
def test_everything_in_the_language_is_json_the_schema_allows(text: str) -> None:
    value = json.loads(text)
    assert obeys_schema(value, frames_schema(INTENTS))
    assert all(next(iter(frame)) == "intent" for frame in value)


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        '[{"intent":"dial"},{"intent":"dial"},{"intent":"dial"}]',
        '{"intent":"dial"}',
        '[{"intent":"sing"}]',
        '[{"tail":"0578","intent":"dial"}]',
        '[{"intent":"dial","message":"到了"}]',
        '[{"intent":"dial","ref":"previous"}]',
        '[{"intent":"dial","tail":"五七八"}]',
        '[{"intent":"dial","tail":""}]',
        '[{"intent":"dial","tail":578}]',
        '[{"intent":"none","tail":"0578"}]',
        '[{"intent":"send_sms","message":"' + "长" * (MAX_TEXT + 1) + '"}]',
    ],
)
def test_nothing_else_is(text: str) -> None:
    assert not LANGUAGE.fullmatch(text)
    assert text.startswith('[{"tail"') or not obeys_schema(json.loads(text), frames_schema(INTENTS))


@pytest.mark.parametrize(
    "text", ['[{"intent": "dial"}]', '[{"intent":"dial","name":"王\n"}]', '[{"intent":"dial","name":"王\\u0000"}]']
)
def test_white_space_control_characters_and_escapes_are_not_spoken(text: str) -> None:
    assert not LANGUAGE.fullmatch(text)
