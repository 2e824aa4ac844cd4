from __future__ import annotations

import contextlib
import json
from pathlib import Path

import pytest

from courier_voice.core.errors import SettingsError
from courier_voice.core.parcels import Call
from courier_voice.core.turn import Draft, NluContext, Turn, Understanding
from courier_voice.core.words import Utterance
from courier_voice.evals import sets
from courier_voice.evals.journal import Journal, fingerprint
from courier_voice.nlu.cascade import Cascade
from courier_voice.nlu.polish import TemplatePolisher

EVAL = Path(__file__).parents[2] / "fixtures" / "eval"


@pytest.mark.parametrize(("name", "items"), [("nlu", 150), ("dialogs", 16), ("sms", 20)])
def test_the_sets_are_there(name: str, items: int) -> None:
    assert len({item["id"] for item in sets.read_set(EVAL / f"{name}.jsonl")}) == items


def test_a_bad_line_is_named(tmp_path: Path) -> None:
    file = tmp_path / "set.jsonl"
    file.write_text('{"id": "a"}\n\n{"text": "b"}\n', "utf-8")
    with pytest.raises(SettingsError, match=r"set\.jsonl, line 3"):
        sets.read_set(file)


class Dial:
    def understand(self, utterance: Utterance, context: NluContext) -> Understanding:
        return Understanding((Draft("dial", {"target": {"tail": "0578"}}),), "llm")


def test_utterances() -> None:
    frame = {"id": "1", "text": "打给零五七八", "intent": "dial", "slots": {"target": {"tail": "0578"}}, "tags": ["a"]}
    rows = [sets.nlu_row(item, Cascade(Dial())) for item in (frame, frame | {"id": "2", "intent": "none", "slots": {}})]
    assert [row["right"] for row in rows] == [True, False]
    told = sets.nlu_summary(json.loads(json.dumps(rows)))
    assert (told["intent_accuracy"], told["false_actions"], told["right_by_tag"]) == (0.5, 1, {"a": [1, 2]})
    assert sets.nlu_row({"id": "3", "text": "取消", "intent": "cancel"}, Cascade(Dial()))["route"] == "control"


def test_dialogues() -> None:
    def take(text: str) -> Turn:
        calls = (Call("dial", "JD1", {}),) if text == "打" else ()
        kind = "act" if calls else "ask"
        return Turn(Utterance(text, text), Understanding((Draft("dial"),), "llm"), kind, calls, "打给谁？")

    ask = {"kind": "ask", "intent": "dial", "calls": [], "must_not_call": True}
    item = {"id": "d", "turns": [{"user": "嗯", "expect": ask}, {"user": "打", "expect": ask}]}
    row = sets.dialog_row(item, take)
    assert [len(turn["errors"]) for turn in row["turns"]] == [0, 2]
    told = sets.dialog_summary([row, sets.dialog_row({"id": "e", "turns": item["turns"][:1]}, take)])
    assert (told["dialogs_right"], told["turns_right"], told["unasked_calls"]) == (0.5, 0.6667, 1)


def test_texts() -> None:
    item = {"id": "s", "spoken": "说我十点到", "facts": ["10点"], "forbidden": ["11点"]}
    row = sets.sms_row(item, TemplatePolisher())
    assert row["right"] is True
    lacking = sets.sms_row(item | {"facts": ["10点", "驿站"], "forbidden": ["10点"]}, TemplatePolisher())
    assert (lacking["missing"], lacking["forbidden"]) == (["驿站"], ["10点"])
    told = sets.sms_summary([row, lacking])
    assert (told["right"], told["with_missing"], told["with_forbidden"]) == (0.5, 1, 1)


def interrupted(folder: Path, row: dict[str, object]) -> None:
    with contextlib.suppress(KeyboardInterrupt), Journal(folder, "run") as journal:
        journal.add(row)
        raise KeyboardInterrupt


def test_an_interrupted_run_goes_on_and_a_finished_one_leaves_nothing(tmp_path: Path) -> None:
    interrupted(tmp_path, {"id": "一", "right": True})
    with (tmp_path / "run.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"id": "二", "ri')
    with Journal(tmp_path, "run") as journal:
        assert journal.done == {"一": {"id": "一", "right": True}}
    assert list(tmp_path.iterdir()) == []


def test_a_fresh_run_forgets(tmp_path: Path) -> None:
    interrupted(tmp_path, {"id": "a"})
    assert Journal(tmp_path, "run", fresh=True).done == {}


def test_runs_are_told_apart() -> None:
    assert fingerprint("a", "b") == fingerprint("a", "b") != fingerprint("ab", "")
