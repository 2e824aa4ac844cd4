"""The figures of a report: what they are of rows, and that its page says the same as its JSON."""

from __future__ import annotations

import json
import random
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from courier_voice.evals.report import NOTHING, at, calibration, confusion, unconfirmed
from courier_voice.evals.report_marks import MARKS, judged
from courier_voice.evals.report_page import along, page, shown
from courier_voice.evals.score import NluScore, tails_of

SLOTS = st.fixed_dictionaries(
    {},
    optional={
        "target": st.fixed_dictionaries(
            {}, optional={"tail": st.text("0123456789", min_size=4, max_size=4), "name": st.sampled_from("王李张")}
        ),
        "message": st.text("我到了楼下", min_size=1, max_size=5),
        "weight_kg": st.floats(0.1, 50),
    },
)
FRAME = st.fixed_dictionaries({"intent": st.sampled_from(["dial", "send_sms", "none", "fill_pickup"]), "slots": SLOTS})
LINES = st.lists(st.lists(FRAME, min_size=1, max_size=2), min_size=1, max_size=4)
PAIRS = st.lists(st.tuples(*[st.lists(FRAME, min_size=1, max_size=2)] * 2), min_size=1, max_size=4)


def scored(pairs: list[Any]) -> NluScore:
    score = NluScore()
    for meant, said in pairs:
        score.add(meant, said)
    return score


@settings(max_examples=25)
@given(LINES)
def test_what_is_all_right_scores_all(lines: list[Any]) -> None:
    told = scored([(line, json.loads(json.dumps(line))) for line in lines]).summary()
    assert told["intent_accuracy"] == told["frame_accuracy"] == 1
    assert told["false_actions"] == 0
    assert told["tail_exact"] == (1 if told["tails"] else 0)
    assert all(each["precision"] == each["recall"] == each["f1"] == 1 for each in told["slots"].values())  # type: ignore[attr-defined]
    assert told["slot_f1"] == (1 if told["slots"] else 0)


@settings(max_examples=25)
@given(PAIRS, st.randoms(use_true_random=False))
def test_the_order_of_lines_changes_nothing(pairs: list[Any], chance: random.Random) -> None:
    mixed = chance.sample(pairs, len(pairs))
    assert scored(mixed).summary() == scored(pairs).summary()


@settings(max_examples=25)
@given(PAIRS, st.randoms(use_true_random=False))
def test_nor_does_the_order_of_slots(pairs: list[Any], chance: random.Random) -> None:
    def mixed(frame: dict[str, Any]) -> dict[str, Any]:
        slots = list(frame["slots"].items())
        return {**frame, "slots": dict(chance.sample(slots, len(slots)))}

    again = [([mixed(f) for f in meant], [mixed(f) for f in said]) for meant, said in pairs]
    assert scored(again).summary() == scored(pairs).summary()


@settings(max_examples=25)
@given(PAIRS)
def test_scores_are_shares_and_a_right_frame_has_right_intents(pairs: list[Any]) -> None:
    told = scored(pairs)
    assert 0 <= told.frames_right <= told.intents_right <= told.lines == len(pairs)
    assert told.tails_right <= told.tails
    assert 0 <= told.f1() <= 1


def test_tails_count_wherever_they_are_said() -> None:
    frames = [{"intent": "dial", "slots": {"target": {"tail": "零五七八"}}}, {"intent": "none", "slots": {}}]
    assert tails_of(frames) == ["0578"]
    score = scored([(frames, [{"intent": "sign_off", "slots": {"target": {"tail": "0578"}}}])])
    assert (score.tails, score.tails_right, score.intents_right) == (1, 1, 0)


def sure(confidence: float | None, right: bool) -> dict[str, Any]:
    return {"confidence": confidence, "right": right}


def test_calibration_by_hand() -> None:
    rows = [sure(0.95, True), sure(0.95, True), sure(0.95, False), sure(0.25, False), sure(None, False)]
    told = calibration(rows)
    assert told["bins"] == [[0.25, 0.0, 1], [0.95, 0.6667, 3]]
    assert told["ece"] == pytest.approx((0.25 * 1 + (0.95 - 2 / 3) * 3) / 4, abs=1e-4)
    assert calibration([sure(None, True)]) == {"rows": 0, "ece": None, "bins": []}


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1))
def test_calibration_counts_every_row_once(rows: list[tuple[float, bool]]) -> None:
    told = calibration([sure(*row) for row in rows])
    assert sum(count for _, _, count in told["bins"]) == told["rows"] == len(rows)
    assert 0 <= told["ece"] <= 1


def pair(meant: list[str], said: list[str]) -> dict[str, Any]:
    return {"meant": [{"intent": i} for i in meant], "said": [{"intent": i} for i in said]}


def test_confusion_pairs_commands_in_order() -> None:
    told = confusion([pair(["dial", "none"], ["dial"]), pair(["none"], ["dial"])])
    assert told["labels"] == ["dial", "none", NOTHING]
    assert told["counts"] == [[1, 0, 0], [1, 0, 1], [0, 0, 0]]


@pytest.mark.parametrize(
    ("turns", "found"),
    [
        ([("confirm", []), ("act", ["sms"])], 0),
        ([("confirm", []), ("reject", []), ("act", ["sign_off", "sign_off"])], 0),
        ([("act", ["sms"])], 1),
        ([("confirm", []), ("act", ["sms"]), ("act", ["sms", "sms"])], 2),
        ([("act", ["dial", "waybill"])], 0),
        ([("ask", []), ("act", ["exception"])], 1),
    ],
)
def test_an_effect_needs_its_read_back(turns: list[Any], found: int) -> None:
    assert unconfirmed([(kind, [{"op": op, "args": {}} for op in ops]) for kind, ops in turns]) == found
    edited, submitted = ({"op": "pickup", "args": {name: True}} for name in ("item", "submit"))
    assert unconfirmed([("act", [submitted])]) == unconfirmed([("act", [edited, submitted])]) == 1
    assert unconfirmed([("answer", [edited]), ("act", [submitted])]) == 0
    assert unconfirmed([("answer", [edited]), ("act", [submitted]), ("act", [submitted])]) == 1


def test_figures_by_key() -> None:
    figures = {"slots": {"target.tail": {"f1": 0.5}, "target": 3}, "ms": {"p50": 1.0}}
    assert at(figures, "slots.target.tail.f1") == 0.5
    assert at(figures, "slots.target") == 3
    assert at(figures, "ms.p95") is None
    assert at(figures, "ms.p50.more") is None


def test_marks_know_which_way_is_better() -> None:
    figures = {"sets": {"nlu": {"intent_accuracy": 0.98, "false_action_rate": 0.002}}}
    told = {row["measure"]: row for row in judged(figures)}
    assert len(told) == len(MARKS)
    assert (told["intent accuracy, text"]["passes"], told["intent accuracy, text"]["reaches_goal"]) == (True, False)
    assert told["false actions on labelled talk"]["reaches_goal"] is True
    assert told["whole frame right, text"]["passes"] is None


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("a.f1", 0.98765, "98.77%"), ("a.p95", 2.345, "2.35 ms"), ("a.p50", 1234.5, "1234 ms"), ("a.lines", 7, "7"),
        ("a.f1", None, "–"), ("a.by", [3, 4], "3 / 4"),
    ],
)  # fmt: skip
def test_figures_in_words(key: str, value: Any, words: str) -> None:
    assert shown(key, value) == words


def test_the_latency_axis_is_logarithmic() -> None:
    assert along(0.1) == along(0) == 0
    assert along(100) - along(10) == along(10) - along(1) == pytest.approx(75)


class Cells(HTMLParser):
    """The text of every element with a data-key, and every attribute that could fetch something."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.cells: list[tuple[str, str]] = []
        self.fetches: list[str] = []
        self._key: str | None = None
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        self._key = told.get("data-key")
        self.fetches += [name for name in told if name in ("src", "href", "xlink:href", "srcset")]

    def handle_data(self, data: str) -> None:
        if self._key:
            self.cells.append((self._key, data))
            self._key = None


def a_report(**changes: Any) -> dict[str, Any]:
    route = {"fast": {"rows": 2, "p50": 1.5, "p95": 2.0, "cpu_p50": 1.0, "cpu_p95": 1.5}}
    sets: dict[str, Any] = {
        "nlu": {
            "lines": 2, "intent_accuracy": 0.5, "slot_f1": 0.75, "route_ms": route, "right_by_tag": {"asr_error": [1, 2]},
            "slots": {"target.tail": {"precision": 1.0, "recall": 0.5, "f1": 0.6667, "meant": 2}},
            "confusion": {"labels": ["dial", "none"], "counts": [[1, 1], [0, 0]]},
        },
        "dialogs": {"dialogs": 1, "dialogs_right": 1.0, "route_ms": route, "right_by_cover": {"group_sms": [1, 1]}},
        "sms": {"texts": 3, "right": 1.0, "ms": {"p50": 1.0, "p95": 2.0}},
        "talk": {"lines": 9, "false_action_rate": 0.1111, "by_intent": {"dial": 1}, "by_route": {"fast": 1},
                 "by_domain": {"music": [1, 9]}, "route_ms": route},
        "audio": {"conditions": {name: {"turns": 4, "success": 0.25, "cer": None, "ms": route} for name in ("5dB", "all")},
                  "nlu_ms": route, "unconfirmed_effects": 0},
        "kb": {"questions": 40, "right": 0.7},
    }  # fmt: skip
    told = {
        "made": "2026-11-22", "masked": True, "notes": ["a < b"], "sets": sets,
        "calibration": {"rows": 2, "ece": 0.125, "bins": [[0.5, 0.5, 1], [0.9, 1.0, 1]]},
        "ablations": {"without pinyin": {"variant": "without pinyin", "left_out": "no such setting"},
                      "fast only": {"variant": "fast only", "intent": 0.5, "p50_ms": 2.5}},
        "about": {"version": "0", "code": "c0de", "models": {}, "prompts": [], "settings": {}},
        "files": {"eval/nlu.jsonl": {"sha256": "00", "rows": 2}},
        "failures": {"nlu": [{"id": "n-1", "fault": "<b>打给谁</b>"}]},
    }  # fmt: skip
    told["marks"] = judged(told)
    return told | changes


def test_the_page_says_what_the_json_says() -> None:
    report = json.loads(json.dumps(a_report()))
    cells = Cells(page(report)).cells
    assert [(key, text) for key, text in cells if text != shown(key, at(report, key))] == []
    keys = {key for key, _ in cells}
    for wanted in (
        "sets.nlu.slots.target.tail.recall", "sets.nlu.right_by_tag.asr_error", "sets.talk.by_domain.music", "calibration.ece",
        "sets.dialogs.route_ms.fast.cpu_p95", "sets.audio.conditions.5dB.success", "ablations.fast only.p50_ms", "sets.kb.right",
        *(row["key"] for row in report["marks"]),
    ):  # fmt: skip
        assert wanted in keys
    told = " ".join(text for _, text in cells)
    assert "66.67%" in told
    assert "11.11%" in told


def test_the_page_stands_alone() -> None:
    html = page(a_report())
    assert Cells(html).fetches == []
    assert not re.search(r"https?:|url\(|@import|<script|<link", html)
    assert html.count("<svg") == 3
    assert "width=device-width" in html
    assert "&lt;b&gt;打给谁" in html
    assert "a &lt; b" in html


def test_a_report_of_little_is_a_page_too() -> None:
    nothing = a_report(sets={}, ablations={}, failures={}, calibration={"rows": 0, "ece": None, "bins": []})
    nothing["marks"] = judged(nothing)
    html = page(nothing)
    assert "not measured" in html
    assert "<svg" not in html
    assert "NOT masked" in page(a_report(masked=False))
