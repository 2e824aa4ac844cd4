"""From a model's words to contract slots: typed, grounded in what was said, or left out."""

from __future__ import annotations

import pytest

from courier_voice.core.errors import ModelOutputError
from courier_voice.nlu import frames
from courier_voice.text.normalize import normalize


def read(output: str, said: str) -> list[tuple[str, dict[str, object]]]:
    return [(d.intent, dict(d.slots)) for d in frames.read(output, normalize(said))]


def test_units_become_numbers() -> None:
    said = "四斤二两，长零点四米，宽三百毫米，保价一万二，两箱"
    output = '[{"intent":"fill_pickup","weight_kg":"4斤2两","length_cm":"0.4米","width_cm":"300毫米","declared_value_yuan":"12000","quantity":"2箱"}]'
    assert read(output, said) == [
        (
            "fill_pickup",
            {"weight_kg": 2.1, "length_cm": 40.0, "width_cm": 30.0, "declared_value_yuan": 12000.0, "quantity": 2},
        )
    ]


def test_a_tail_the_courier_did_not_say_is_put_right_or_left_out() -> None:
    assert read('[{"intent":"dial","tail":"6689"}]', "给六六八八打电话") == [("dial", {"target": {"tail": "6688"}})]
    assert read('[{"intent":"dial","tail":"6688"}]', "给他打电话") == [("dial", {})]
    assert read('[{"intent":"dial","tail":"2298"}]', "打给二二八九，哦不，二二九八") == [
        ("dial", {"target": {"tail": "2298"}})
    ]


def test_an_invented_name_or_number_is_left_out() -> None:
    assert read('[{"intent":"dial","name":"张三丰"}]', "打个电话") == [("dial", {})]
    assert read('[{"intent":"fill_pickup","weight_kg":"5公斤"}]', "三公斤") == [("fill_pickup", {})]


def test_a_misheard_name_may_be_put_right_when_it_sounds_so() -> None:
    assert read('[{"intent":"dial","name":"潘女士"}]', "给潘女是打点话") == [("dial", {"target": {"name": "潘女士"}})]


def test_a_message_is_taken_from_what_was_heard() -> None:
    (draft,) = frames.read(
        '[{"intent":"send_sms","tail":"6688","message":"我10分钟后到"}]', normalize("跟六六八八说我十分钟后到")
    )
    assert draft.slots["message"] == "我十分钟后到"


def test_defaults_of_a_query_are_filled_in() -> None:
    assert read('[{"intent":"query_tasks"}]', "还有几件") == [
        ("query_tasks", {"kind": "all", "state": "pending", "measure": "count"})
    ]
    assert read('[{"intent":"query_waybill","tail":"9021"}]', "九零二一") == [
        ("query_waybill", {"target": {"tail": "9021"}, "aspect": "status"})
    ]


def test_two_frames_at_most_and_none_twice() -> None:
    twice = '[{"intent":"help"},{"intent":"help"}]'
    assert len(read(twice, "先说怎么用再说怎么用")) == 1
    three = '[{"intent":"help"},{"intent":"cancel"},{"intent":"repeat"}]'
    assert len(read(three, "先说怎么用，然后取消")) == 2


def test_without_a_word_that_joins_them_there_are_no_two_commands() -> None:
    both = '[{"intent":"dial","tail":"6688"},{"intent":"query_waybill","tail":"6688"}]'
    assert [intent for intent, _ in read(both, "给六六八八打电话")] == ["dial"]
    assert [intent for intent, _ in read(both, "给六六八八打电话，再看看六六八八到哪了")] == ["dial", "query_waybill"]


def test_what_acts_on_a_customer_needs_a_word_that_asks_for_it() -> None:
    talk = '[{"intent":"send_sms","message":"您的药给您拿来了"}]'
    assert read(talk, "阿姨您的药给您拿来了") == [("none", {})]
    (draft,) = frames.read(talk, normalize("您的药给您拿来了"), waiting="send_sms.message")
    assert draft.intent == "send_sms"


@pytest.mark.parametrize(
    "output", ["", "打电话", '{"intent":"dance"}', "[]", "[1]", '[{"tail":"6688"}]', '[{"intent":"dial"']
)
def test_what_is_no_list_of_frames_is_refused(output: str) -> None:
    with pytest.raises(ModelOutputError):
        frames.read(output, normalize("给六六八八打电话"))


def test_a_form_nothing_was_said_for_is_none() -> None:
    assert read('[{"intent":"fill_pickup","item":"石"}]', "石头剪刀布") == [("none", {})]
    assert read('[{"intent":"fill_pickup","item":"茶"}]', "茶，两盒") == [("fill_pickup", {"item": "茶"})]
    assert read('[{"intent":"fill_pickup"}]', "开始填单") == [("fill_pickup", {})]
    assert read('[{"intent":"fill_pickup","declared_value_yuan":"0"}]', "保本的理财") == [("none", {})]
