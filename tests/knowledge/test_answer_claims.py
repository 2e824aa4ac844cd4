"""What single words decide: units, bounds, permissions, negations, people. Probes written by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from courier_voice.knowledge.answer_check import unsupported
from courier_voice.knowledge.answer_claims import Amount, amounts, modalities

PROBES: list[dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("claims.yaml").read_text("utf-8"))
FALSE = [(each["passage"], said) for each in PROBES for said in each["fails"]]
TRUE = [(each["passage"], said) for each in PROBES for said in each["holds"]]


def test_nearly_all_that_is_false_is_caught() -> None:
    assert len(FALSE) >= 120
    missed = [said for passage, said in FALSE if not unsupported(said, [passage])]
    assert len(missed) <= 0.05 * len(FALSE), missed


def test_little_that_is_true_is_refused() -> None:
    assert len(TRUE) >= 80
    refused = [(said, why) for passage, said in TRUE if (why := unsupported(said, [passage]))]
    assert len(refused) <= 0.1 * len(TRUE), refused


@pytest.mark.parametrize(
    "passage",
    [
        "应急处置表\n锂电池冒烟，疏散距离10米，用干沙覆盖。\n不明液体渗漏，疏散距离25米，上风口撤离。",
        "情形：锂电池冒烟；疏散距离10米；首要动作：用干沙覆盖。\n情形：不明液体渗漏；疏散距离25米；首要动作：撤离。",
    ],
    ids=["sentences", "rows"],
)
def test_a_mere_number_is_that_of_what_was_asked_about(passage: str) -> None:
    asked = "锂电池冒烟要离多远"
    assert unsupported("10米", [passage], asked) == []
    assert unsupported("25米", [passage], asked)
    assert unsupported("不明液体渗漏疏散10米", [passage], asked)


@pytest.mark.parametrize("passage", [each["passage"] for each in PROBES])
def test_a_passage_supports_itself(passage: str) -> None:
    assert unsupported(passage, [passage]) == []


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("不超过20公斤", Amount("20", "公斤", "most")),
        ("20千克以内", Amount("20", "公斤", "most")),
        ("至少两次", Amount("2", "次", "least")),
        ("不得少于三年", Amount("3", "年", "least")),
        ("运费的七倍", Amount("7", "倍", "")),
        ("千分之五", Amount("5", "‰", "")),
        ("百分之五", Amount("5", "%", "")),
        ("三个工作日内", Amount("3", "工作日", "most")),
        ("十日前", Amount("10", "日", "before")),
    ],
)
def test_numbers_with_their_unit_and_side(said: str, meant: Amount) -> None:
    assert meant in amounts(said)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("不得收寄", {"forbidden"}),
        ("可以不登记", {"freed"}),
        ("应当登记", {"required"}),
        ("有权验收", {"allowed"}),
        ("不得超过十日", set()),
        ("不可抗力造成的", set()),
    ],
)
def test_what_a_clause_allows_and_forbids(said: str, meant: set[str]) -> None:
    assert modalities(said) == meant
