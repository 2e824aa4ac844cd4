"""The fast route with the model that is shipped, and the decoding around it."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from courier_voice.core.errors import ModelError
from courier_voice.core.turn import NluContext
from courier_voice.nlu.fast import CARD, LONGEST, MODEL, FastUnderstander, _end
from courier_voice.nlu.labels import QUESTIONS, TAGS
from courier_voice.nlu.spans import best_tags, spans_of
from courier_voice.text.normalize import normalize

SAID = [
    ("给尾号六六八八打电话", [("dial", {"target": {"tail": "6688"}})]),
    ("给孙大姐打个电话", [("dial", {"target": {"name": "孙大姐"}})]),
    ("跟尾号零三一五说我十分钟后到", [("send_sms", {"target": {"tail": "0315"}, "message": "我十分钟后到"})]),
    ("这单放门卫了，签收", [("sign_off", {"target": {"ref": "current"}, "place": "门卫"})]),
    ("尾号四四二一客户拒收，报异常", [("report_exception", {"target": {"tail": "4421"}, "reason": "rejected"})]),
    ("尾号七七三零到哪了", [("query_waybill", {"target": {"tail": "7730"}, "aspect": "status"})]),
    ("今天还有几件没送", [("query_tasks", {"kind": "delivery", "state": "pending", "measure": "count"})]),
    ("三公斤半，到付", [("fill_pickup", {"weight_kg": 3.5, "payment": "receiver"})]),
    ("今天天气怎么样", [("none", {})]),
    (
        "先给尾号六六八八打电话，然后看看下一单去哪",
        [
            ("dial", {"target": {"tail": "6688"}}),
            ("query_tasks", {"kind": "all", "state": "pending", "measure": "next"}),
        ],
    ),
]


@cache
def _shared() -> FastUnderstander:
    return FastUnderstander()


@pytest.fixture(scope="module")
def fast() -> FastUnderstander:
    return _shared()


@pytest.mark.parametrize(("said", "meant"), SAID)
def test_plain_commands(fast: FastUnderstander, said: str, meant: list[tuple[str, dict[str, object]]]) -> None:
    read = fast.understand(normalize(said), NluContext())
    assert [(draft.intent, dict(draft.slots)) for draft in read.drafts] == meant
    assert read.route == "fast"
    assert read.prompt.startswith("fast@")


@given(st.text(max_size=LONGEST), st.sampled_from(["", "form", "confirm:send_sms", "what.ever"]))
def test_anything_is_read_into_valid_drafts(text: str, waiting: str) -> None:
    read = _shared().understand(normalize(text), NluContext(waiting))
    assert 1 <= len(read.drafts) <= 2
    for draft in read.drafts:
        assert 0 <= draft.confidence <= 1
        assert set(draft.slots) - {"target"} <= set(QUESTIONS[draft.intent])


def test_talk_too_long_is_left_to_others(fast: FastUnderstander) -> None:
    read = fast.understand(normalize("好" * (LONGEST + 1)), NluContext())
    assert [(draft.intent, draft.confidence) for draft in read.drafts] == [("none", 0.0)]


def test_a_missing_or_broken_model_names_the_fix(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="make train"):
        FastUnderstander(tmp_path)
    (tmp_path / CARD).write_text("{}", "utf-8")
    (tmp_path / MODEL).write_bytes(b"")
    with pytest.raises(ModelError, match="make train"):
        FastUnderstander(tmp_path)


@given(st.integers(1, 12), st.integers(0, 2**32 - 1))
def test_no_value_goes_on_that_has_not_begun(length: int, seed: int) -> None:
    scores = np.random.default_rng(seed).normal(size=(length, len(TAGS))).astype(np.float32)
    tags = best_tags(scores, frozenset(["tail", "name"]))
    before = "O"
    for number in tags:
        tag = TAGS[number]
        assert tag == "O" or tag[2:] in ("tail", "name")
        assert tag[0] != "I" or before[1:] == tag[1:]
        before = tag
    assert all(first < last for _, first, last in spans_of(tags, 0))


def test_the_best_path_is_the_greedy_one_where_that_is_allowed() -> None:
    tags = ["O", "B-tail", "I-tail", "O", "B-name"]
    scores = np.full((5, len(TAGS)), -5.0, np.float32)
    scores[np.arange(5), [TAGS.index(tag) for tag in tags]] = 0.0
    assert [TAGS[number] for number in best_tags(scores, frozenset(["tail", "name"]))] == tags
    assert spans_of(best_tags(scores, frozenset(["tail", "name"])), 3) == [("tail", 4, 6), ("name", 7, 8)]


@pytest.mark.parametrize(
    ("slot", "text", "end", "whole"),
    [
        ("declared_value_yuan", "保7000元", 2, "保7000"),
        ("weight_kg", "重3.5公斤", 2, "重3.5"),
        ("name", "给孙阿姨打", 3, "给孙阿姨"),
        ("name", "给孙阿姨打", 4, "给孙阿姨"),
        ("place", "放3号柜", 2, "放3"),
    ],
)
def test_no_number_or_title_is_cut_short(slot: str, text: str, end: int, whole: str) -> None:
    assert text[: _end(slot, text, end, len(text))] == whole
