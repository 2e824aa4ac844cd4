"""Quick after complete commands, patient inside numbers and messages."""

from __future__ import annotations

import pytest

from courier_voice.core.turn import Draft, NluContext, Understanding
from courier_voice.dialog.patience import Waits, patience_s
from courier_voice.text.normalize import normalize

WAITS = Waits()


def _wait(text: str, draft: Draft | None, waiting: str = "", route: str = "fast") -> float:
    meant = Understanding((draft,), route) if draft else None  # type: ignore[arg-type]
    return patience_s(normalize(text), meant, NluContext(waiting))


@pytest.mark.parametrize(
    ("text", "draft"),
    [
        ("打给六六八八", Draft("dial", {"target": {"tail": "6688"}})),
        ("给王女士打电话", Draft("dial", {"target": {"name": "王女士"}})),
        ("九零二一到哪了", Draft("query_waybill", {"target": {"tail": "9021"}, "aspect": "status"})),
        ("今天还有几件没送", Draft("query_tasks", {"measure": "count"})),
        ("易碎品怎么包", Draft("ask_knowledge", {"question": "易碎品怎么包"})),
    ],
)
def test_a_complete_command_is_acted_on_at_once(text: str, draft: Draft) -> None:
    assert _wait(text, draft) == WAITS.quick <= 0.3


@pytest.mark.parametrize(
    "text", ["给尾号六六", "尾号", "打给", "跟王女士说", "给三号楼的", "取件长四十宽", "尾号六六八", "嗯那个"]
)
def test_numbers_and_half_sentences_are_waited_for(text: str) -> None:
    assert _wait(text, Draft("dial", {"target": {"tail": "66"}})) >= 1.5
    assert _wait(text, None) >= 1.5


def test_the_rest_of_a_tail_asked_for_is_waited_for() -> None:
    assert _wait("六六", None, "dial.target") == WAITS.patient
    assert _wait("六六八八", Draft("dial", {"target": {"tail": "6688"}}), "dial.target") == WAITS.quick


def test_a_message_ends_with_its_closing_words_or_a_long_pause() -> None:
    sms = Draft("send_sms", {"target": {"name": "王女士"}, "message": "我十分钟后到"})
    assert _wait("跟王女士说我十分钟后到", sms) == WAITS.dictating
    assert _wait("跟王女士说我十分钟后到，就这样", sms) == WAITS.quick
    assert _wait("给王女士发短信说", None) == WAITS.dictating
    assert _wait("我到楼下了", None, "send_sms.message") == WAITS.dictating
    assert _wait("我到楼下了发送", None, "send_sms.message") == WAITS.quick


def test_forms_and_unsure_readings_wait_as_usual() -> None:
    assert _wait("三公斤半", Draft("fill_pickup", {"weight_kg": 3.5})) == WAITS.usual
    assert _wait("今天天气不错", Draft("none")) == WAITS.usual
    assert _wait("给王女士打电话", Draft("dial", {"target": {"name": "王女士"}}, confidence=0.4)) == WAITS.usual
    assert _wait("", None) == WAITS.usual
    assert _wait("打个电话", Draft("dial", {})) == WAITS.usual


def test_a_yes_is_quick() -> None:
    assert _wait("确认", Draft("confirm"), "confirm:send_sms", "control") == WAITS.quick


@pytest.mark.parametrize(
    "text",
    ["帮我拨三七", "四一", "二五八", "先联系五五二", "给四七一九", "五零六三", "湖滨公寓A座六", "锦绣园二单元十二"],
)
def test_a_number_nothing_is_said_about_yet_is_waited_for(text: str) -> None:
    assert _wait(text, Draft("none")) == WAITS.patient


def test_a_door_and_a_tail_asked_for_are_whole() -> None:
    at_door = Draft("dial", {"target": {"address": "湖滨公寓A座603"}})
    assert _wait("打给湖滨公寓A座六零三", at_door) == WAITS.quick
    assert _wait("四七一九", Draft("none"), "dial.target") == WAITS.quick


def test_a_building_without_a_door_may_go_on() -> None:
    assert _wait("打给湖滨公寓", Draft("dial", {"target": {"address": "湖滨公寓"}})) == WAITS.patient
    assert (
        _wait("联系湖滨公寓的李姐", Draft("dial", {"target": {"address": "湖滨公寓", "name": "李姐"}})) == WAITS.quick
    )


def test_a_correction_by_a_tail_is_not_dragged_out() -> None:
    assert _wait("不对是四七一九", Draft("correct", {"target": {"tail": "4719"}})) == WAITS.usual


@pytest.mark.parametrize("text", ["今天还有多少", "易碎品应该", "今天"])
def test_what_mostly_goes_on_is_waited_for_as_usual(text: str) -> None:
    assert _wait(text, Draft("query_tasks", {"measure": "count"})) == WAITS.usual


def test_three_sides_are_a_box() -> None:
    sides = {"length_cm": 40, "width_cm": 30}
    assert _wait("四十三十", Draft("fill_pickup", sides)) == WAITS.patient
    assert _wait("四十三十二十", Draft("fill_pickup", {**sides, "height_cm": 20})) == WAITS.usual


@pytest.mark.parametrize("text", ["给幸福", "帮我跟林先生", "呼叫住六排", "金桂大厦", "查一下学府路"])
def test_a_place_or_a_person_nothing_is_said_about_yet_is_waited_for(text: str) -> None:
    assert _wait(text, Draft("none")) == WAITS.patient
    assert _wait(text, None, "dial.target") < WAITS.patient
