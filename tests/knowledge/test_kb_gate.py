"""Whether the documents tell what is asked: the kinds of question, the gate, and its training."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from courier_voice.knowledge.answer import NOT_THERE, Answerer
from courier_voice.knowledge.asked_for import asks_where, kind_asked, strangers
from courier_voice.knowledge.find import Finder, Found
from courier_voice.knowledge.gate import Gate, shipped, signs
from courier_voice.knowledge.words import Chunk, Passage
from courier_voice.training.kb_gate import Lesson, crossed, fit, report
from tests.knowledge.kb_doubles import quiet, small_base

LOCKER = Found(Passage(Chunk("1", "柜.pdf", "快递柜办法", "第一条 大格每次收0.5元，满36小时取出。"), 0.6), 0.6, 0.4)
SEEN = {"near": 0.5, "covered": 0.1, "no_kind": 0.0, "where": 0.0, "elsewhere": 0.0, "strangers": 0.0}


@pytest.mark.parametrize(
    ("question", "holds", "lacks"),
    [
        ("迟到扣几块钱", "每次扣20元", "迟到的扣罚"),
        ("费用按百分之几算", "费率1.5%", "每票3元"),
        ("多少天之内答复", "七日内答复", "答复申诉人"),
        ("隔多久再打", "间隔30分钟", "再次联系"),
        ("几点前交款", "20:30前缴清", "3天内缴清"),
        ("要裹几层", "裹三层", "用气泡膜包裹"),
        ("杯子寄了几个，得裹几层", "裹三层", "每箱5个"),
        ("最高罚多少", "处五百元罚款", "责令改正"),
        ("开车打电话记几分", "一次记3分", "停车30分钟"),
        ("客服电话是多少", "拨打6011", "拨打客服热线"),
        ("电动车最快能骑多快", "不得超过十五公里", "应当减速"),
    ],
)
def test_a_passage_must_hold_what_is_asked_for(question: str, holds: str, lacks: str) -> None:
    wanted = kind_asked(question)
    assert wanted is not None
    assert wanted.search(holds)
    assert not wanted.search(lacks)


@pytest.mark.parametrize("question", ["易碎品怎么包", "能不能放门口", "要交代哪几样", "谁来赔", "好几遍没人接怎么办"])
def test_any_passage_may_answer_other_questions(question: str) -> None:
    assert kind_asked(question) is None


def test_places_and_strangers() -> None:
    assert asks_where("工服去哪儿领")
    assert not asks_where("报给哪个部门")
    assert strangers("快递柜押金交多少", "快递柜大格每次0.5元") == 1
    assert strangers("寄到日本多少钱", "邻省首重13元") == 1
    assert strangers("保价费怎么收", "保价费费率2%") == 0
    assert strangers("漏一票扣多少", "漏录每单扣50元") == 0


def test_signs_of_a_near_passage_that_does_not_say_it() -> None:
    seen = signs("快递柜的客服电话是多少", [LOCKER], LOCKER)
    assert seen == {"near": 0.6, "covered": 0.4, "no_kind": 1.0, "where": 0.0, "elsewhere": 0.0, "strangers": 0.0}
    assert shipped().chance(seen) < shipped().chance(signs("快递柜收几块", [LOCKER], LOCKER))


def test_rules_of_another_province_do_not_answer() -> None:
    there = Found(Passage(Chunk("1", "浙.md", "浙江省快递业促进条例", "第一条 三轮车长三米。"), 0.6), 0.6, 0.4)
    assert signs("江苏的三轮车多长", [there], there)["elsewhere"] == 1.0
    assert signs("杭州的三轮车多长", [there], there)["elsewhere"] == 0.0


@given(st.floats(0, 1), st.floats(0, 0.5))
def test_the_shipped_gate_opens_with_nearness_and_never_with_what_is_missing(near: float, more: float) -> None:
    gate = shipped()
    seen = {**SEEN, "near": near}
    assert gate.chance({**seen, "near": near + more}) >= gate.chance(seen)
    for name in ("no_kind", "where", "elsewhere", "strangers"):
        assert gate.chance({**seen, name: 1.0}) < gate.chance(seen)


def lesson(near: float, told: bool, right: bool = True, no_kind: float = 0.0) -> Lesson:
    return Lesson(f"{near}{told}", {**SEEN, "near": near, "no_kind": no_kind}, told, told and right)


def test_the_gate_learns_what_tells_them_apart() -> None:
    taught = [lesson(0.4 + n / 100, True) for n in range(30)] + [lesson(0.1 + n / 100, False) for n in range(30)]
    taught += [lesson(0.6, False, no_kind=1.0)] * 5
    gate = fit(taught, least=0.5)
    assert gate.weights["near"] > 0 > gate.weights["no_kind"]
    figures = report((gate, one) for one in taught)
    assert figures == {"not_there": 35, "declined": 1.0, "right_passage": 30, "lost": 0.0}
    assert all(gate.chance(one.seen) >= 0.5 for one in taught if one.told)


def test_a_wrong_passage_teaches_nothing() -> None:
    taught = [lesson(0.5, True), lesson(0.6, True), lesson(0.2, False), lesson(0.1, False)]
    assert fit([*taught, lesson(0.0, True, right=False)]) == fit(taught)
    with pytest.raises(ValueError, match="are not"):
        fit([one for one in taught if one.told])


def test_no_question_is_judged_by_a_gate_that_learned_from_it() -> None:
    taught = [lesson(0.4 + n / 100, True) for n in range(20)] + [lesson(0.1 + n / 100, False) for n in range(20)]
    outlier = Lesson("另一题", {**SEEN, "near": 5.0}, False, False)
    gates = {one.question: gate for gate, one in crossed([*taught, outlier])}
    assert gates["另一题"].weights["near"] > 0
    assert len({tuple(gate.weights.items()) for gate in gates.values()}) > 1


def test_an_amount_that_stands_nowhere_is_declined_without_an_embedder_too(tmp_path: Path) -> None:
    (tmp_path / "柜.txt").write_text("快递柜办法\n第一条 快递柜的使用费由快递员承担。\n", encoding="utf-8")
    filler = small_base(tmp_path / "kb", tmp_path)
    list(filler.add([tmp_path / "柜.txt"], quiet))
    answers = Answerer(Finder(filler.base))
    assert answers.answer("快递柜的使用费由谁承担").answered
    assert answers.answer("快递柜的使用费是多少钱").text == NOT_THERE


def test_the_shipped_gate_knows_every_sign() -> None:
    assert set(shipped().weights) == set(signs("几块", [LOCKER], LOCKER))
    assert Gate(0.0, {}).chance(SEEN) == 0.5


def test_both_halves_of_the_questions_hold_both_kinds() -> None:
    file = Path(__file__).parents[2] / "fixtures" / "eval" / "kb_more.jsonl"
    items = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    for half in ("choose", "test"):
        asked = [bool(item["article"]) for item in items if item["split"] == half]
        assert min(sum(asked), len(asked) - sum(asked)) >= 40
