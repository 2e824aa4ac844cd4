"""Dictations as couriers speak them: what must reach the customer and what must not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from courier_voice.dialog.corrections import resolve_corrections
from courier_voice.dialog.courtesy import LONGEST, template
from courier_voice.dialog.dictation import read
from courier_voice.dialog.facts import facts_of
from courier_voice.dialog.guard import check
from courier_voice.evals.sms_score import score_sms

ROOT = Path(__file__).resolve().parents[2]
OWN = [json.loads(line) for line in (Path(__file__).parent / "dictations.jsonl").read_text("utf-8").splitlines()]
DEV = [json.loads(line) for line in (ROOT / "fixtures/eval/sms.jsonl").read_text("utf-8").splitlines()]


@pytest.mark.parametrize("line", OWN + DEV, ids=lambda line: line["spoken"][:10])
def test_the_template_says_it_politely(line: dict[str, object]) -> None:
    sms = template(str(line["spoken"]))
    score = score_sms(sms, line["facts"], line["forbidden"])  # type: ignore[arg-type]
    assert not score.missing
    assert not score.forbidden
    assert check(str(line["spoken"]), sms) == []
    assert len(sms) <= LONGEST


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("货款210，不对，219", "货款219"),
        ("我5点，呃，5点50到", "我5点50到"),
        ("改11点半，不，11点40", "改11点40"),
        ("放物业了，不对，放便利店了", "放便利店了"),
        ("在3号楼，说错了，5号楼等您", "在5号楼等您"),
        ("明天，哦不，后天上午送", "后天上午送"),
        ("货款680不对860", "货款860"),
        ("不是3号门是5号门，我在那儿", "5号门，我在那儿"),
        ("一共2件，错了，3件", "一共3件"),
    ],
)
def test_the_last_value_stays(said: str, meant: str) -> None:
    assert resolve_corrections(said) == meant


@pytest.mark.parametrize(
    "content",
    ["地址不对，麻烦重发", "搁长宁路小卖部，不是常宁路那家", "密码不对，进不去", "尺寸不是很大，2个人能抬"],
)
def test_what_only_sounds_like_a_correction_stays(content: str) -> None:
    assert resolve_corrections(content) == content


@pytest.mark.parametrize(
    ("spoken", "addressee", "clauses"),
    [
        ("跟冉大姐说杯子放门垫底下了", "冉大姐", ("杯子放门垫底下了",)),
        ("问问马先生伞能不能放门口", "马先生", ("请问您伞能不能放门口？",)),
        ("告诉他我到楼下了", "", ("我到楼下了",)),
        ("提醒翁阿姨带身份证", "翁阿姨", ("提醒您带身份证",)),
        ("让他把狗拴好", "", ("请您把狗拴好",)),
        ("说我堵在路上了", "", ("我堵在路上了",)),
        ("他家没人，让海关扣了", "", ("您家没人", "让海关扣了")),
        ("放邻居老赵家了，他家狗凶", "", ("放邻居老赵家了", "他家狗凶")),
        ("别的件都到了，别拆外箱", "", ("别的件都到了", "请不要拆外箱")),
        ("他妈妈在家，等他妈签", "", ("您妈妈在家", "等您妈签")),
        ("给他妈打个电话", "", ("给您妈打个电话",)),
        ("肉放冰柜了，这事儿别提", "", ()),
        ("杯子到了，价钱别写", "", ("杯子到了",)),
        ("门禁密码2468打不开", "", ("门禁密码打不开",)),
        ("取件密码2468，柜子在北门", "", ("取件密码2468", "柜子在北门")),
    ],
)
def test_reading(spoken: str, addressee: str, clauses: tuple[str, ...]) -> None:
    message = read(spoken)
    assert message.addressee == addressee
    assert message.clauses == clauses


def test_nothing_worth_sending_still_makes_a_text() -> None:
    assert (
        template("他妈的磨蹭死了") == template("") == "您好，我是快递员。有关您的快递想跟您联系，请您看到后回复。谢谢！"
    )


@settings(max_examples=50, deadline=None)
@given(
    st.text(
        alphabet="我他您在到放取说让问别不对的了一二三四五六七八九十百点半号楼元斤，。？0123456789妈磨蹭", max_size=60
    )
)
def test_any_words_make_a_text(spoken: str) -> None:
    sms = template(spoken)
    assert sms.startswith("您好，我是快递员。")
    assert sms.endswith("谢谢！")
    assert len(sms) <= LONGEST


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(["柜子", "前台", "驿站"]),
    st.integers(2, 30),
    st.integers(1, 12),
    st.integers(1000, 9999),
    st.sampled_from(["甭磨蹭", "烦死了", "爱要不要", "这人真啰嗦", "别磨磨唧唧"]),
)
def test_numbers_outlive_rudeness(place: str, count: int, hour: int, code: int, rude: str) -> None:
    sms = template(f"{rude}，{count}件放{place}了，{rude}，取件码{code}，{hour}点半关门，{rude}")
    facts = {(fact.kind, fact.value) for fact in facts_of(sms)}
    assert {("number", str(count)), ("number", str(code)), ("clock", f"{hour % 12}:30")} <= facts
    assert not any(word in sms for word in ("磨", "烦", "爱要", "啰嗦"))
