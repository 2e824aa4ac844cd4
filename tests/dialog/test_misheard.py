"""Somebody nobody has: asked whether one who sounds alike is meant, and nothing is done before the yes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from courier_voice.core.turn import Draft, Turn, Understanding
from courier_voice.core.words import Hypothesis, Transcript
from courier_voice.dialog.hearings import UNSURE
from courier_voice.dialog.misheard import CONFUSED, SURE_CALL, alike, nearly, spelled

TAILS = st.text("0123456789", min_size=4, max_size=4)


def said(talk: Any, text: str, intent: str = "none", **slots: object) -> Turn:
    """One spoken turn, understood as told."""
    talk.agent.mend = lambda heard: heard
    talk.nlu.drafts = (Draft(intent, slots),)
    turn: Turn = talk.agent.take_transcript(Transcript(text, text, 0.9))
    return turn


@given(TAILS, TAILS)
def test_tails_are_confused_both_ways_and_never_by_more_than_a_digit(one: str, other: str) -> None:
    assert nearly(one, other) == nearly(other, one)
    if nearly(one, other):
        assert sum(a != b for a, b in zip(one, other, strict=True)) == 1
    assert not nearly(one, one)


@given(TAILS, st.integers(0, 3), st.sampled_from(sorted(map(sorted, CONFUSED))))
def test_one_confused_digit_is_near(tail: str, at: int, pair: list[str]) -> None:
    one, other = (tail[:at] + digit + tail[at + 1 :] for digit in pair)
    assert nearly(one, other)


@given(TAILS, st.integers(0, 4), st.sampled_from("0123456789"))
def test_one_digit_too_many_is_near(tail: str, at: int, digit: str) -> None:
    assert nearly(tail[:at] + digit + tail[at:], tail)


def test_of_a_double_digit_one_may_be_lost() -> None:
    assert nearly("628", "6628")
    assert not nearly("628", "6928")


def test_a_tail_nobody_has_is_asked_about_and_called_after_a_yes(talk: Any) -> None:
    asked = said(talk, "打给七四七六", "dial", target={"tail": "7476"})
    assert (asked.kind, talk.effects()) == ("ask", [])
    assert "没有尾号7476" in asked.reply
    assert "7416" in asked.reply
    assert said(talk, "对。").kind == "act"
    assert talk.effects() == [("dial", "JD0261408847416")]


@pytest.mark.parametrize("words", ["不是。", "取消。", "不对。"])
def test_a_no_ends_it(talk: Any, words: str) -> None:
    said(talk, "打给七四七六", "dial", target={"tail": "7476"})
    said(talk, words)
    said(talk, "对。")
    assert talk.effects() == []


def test_another_tail_may_follow(talk: Any) -> None:
    said(talk, "打给七四七六", "dial", target={"tail": "7476"})
    said(talk, "打给七四六一", "dial", target={"tail": "7461"})
    assert talk.effects() == [("dial", "JD0261408857461")]


def test_talk_between_question_and_yes_to_somebody_else_does_nothing(talk: Any) -> None:
    said(talk, "打给七四七六", "dial", target={"tail": "7476"})
    said(talk, "您好，您的快递到了。")
    assert talk.effects() == []


def test_talk_in_between_has_the_question_asked_again(talk: Any) -> None:
    said(talk, "打给七四七六", "dial", target={"tail": "7476"})
    assert said(talk, "您好，您的快递到了。").reply.endswith("是尾号7416的胡先生吗？")
    assert said(talk, "对。").kind == "act"


def test_a_yes_after_another_command_is_none_to_the_question_before(talk: Any) -> None:
    said(talk, "打给七四七六", "dial", target={"tail": "7476"})
    refused = said(talk, "尾号四四四四签收", "sign_off", target={"tail": "4444"})
    assert refused.kind == "reject"
    said(talk, "没错。")
    assert talk.effects() == []


def test_the_next_one_is_no_answer_to_whether_this_one_is_meant(talk: Any) -> None:
    said(talk, "打给七四七六", "dial", target={"tail": "7476"})
    said(talk, "下一单。", "dial", target={"ref": "next"})
    assert talk.effects() == []


def test_a_call_to_a_name_with_the_rest_of_a_tail_beside_it_is_asked_about(talk: Any) -> None:
    asked = said(talk, "帮我接通胡先生七八的收件人。", "dial", target={"name": "胡先生"})
    assert (asked.kind, talk.effects()) == ("ask", [])
    assert said(talk, "打给胡先生。", "dial", target={"name": "胡先生"}).kind == "act"


def test_a_tail_like_nobodys_is_refused(talk: Any) -> None:
    assert said(talk, "打给五五五五", "dial", target={"tail": "5555"}).kind == "reject"


def test_what_was_typed_was_not_misheard(talk: Any) -> None:
    talk.agent.mend = lambda heard: heard
    assert talk("打给7476", Draft("dial", {"target": {"tail": "7476"}})).kind == "reject"


def test_switched_off_nothing_is_asked(talk: Any) -> None:
    talk.nlu.drafts = (Draft("dial", {"target": {"tail": "7476"}}),)
    assert talk.agent.take_transcript(Transcript("打给七四七六", "", 0.9)).kind == "reject"


def test_a_name_that_sounds_nearly_alike_is_asked_about(talk: Any) -> None:
    asked = said(talk, "打给陈先生", "dial", target={"name": "陈先生"})
    assert asked.kind == "ask"
    assert "程先生" in asked.reply
    assert talk.effects() == []


def test_all_that_is_said_of_somebody_must_fit(talk: Any) -> None:
    day = talk.agent.api.day()
    assert [p.tail for p in alike({"tail": "7476"}, day)] == ["7416"]
    assert [p.tail for p in alike({"tail": "7476", "name": "胡先生"}, day)] == ["7416"]
    assert alike({"tail": "7476", "name": "王女士"}, day) == ()
    assert alike({"ref": "next"}, day) == ()


@pytest.mark.parametrize(
    ("heard", "listed"),
    [
        ({"name": "秋女士"}, {"name": "邱女士"}),
        ({"name": "邱女士"}, {"name": "邱女士"}),
        ({"address": "尝宁路36号"}, {"address": "尝宁路36号"}),
        ({"address": "睿丰广场C座"}, {"address": "瑞丰广场C座"}),
        ({"address": "长宁路36号"}, {"address": "长宁路36号"}),
        ({"tail": "7416"}, {"tail": "7416"}),
    ],
)
def test_names_and_places_are_spelled_as_on_the_list_where_one_alone_sounds_so(
    talk: Any, heard: dict[str, str], listed: dict[str, str]
) -> None:
    day = talk.agent.api.day()
    told = spelled(Understanding((Draft("dial", {"target": heard}),), "fast"), day)
    assert told.drafts[0].slots["target"] == listed


def test_an_area_too(talk: Any) -> None:
    told = spelled(Understanding((Draft("query_tasks", {"area": "五服新村"}),), "fast"), talk.agent.api.day())
    assert told.drafts[0].slots["area"] == "五福新村"


@pytest.mark.parametrize(("confidence", "kind"), [(SURE_CALL - 0.1, "ask"), (SURE_CALL, "act")])
def test_a_call_to_a_name_read_unsurely_is_asked_about_first(talk: Any, confidence: float, kind: str) -> None:
    talk.agent.mend = lambda heard: heard
    day = talk.agent.api.day()
    only = next(p for p in day.parcels if [q.customer for q in day.parcels].count(p.customer) == 1)
    talk.nlu.drafts = (Draft("dial", {"target": {"name": only.customer}}, confidence=confidence),)
    turn = talk.agent.take_transcript(Transcript(f"打{only.customer}", f"打{only.customer}", 0.9))
    assert turn.kind == kind
    if kind == "ask":
        assert (talk.effects(), only.tail in turn.reply) == ([], True)
        assert said(talk, "对。").kind == "act"
    assert talk.effects() == [("dial", only.waybill)]


def test_a_tail_that_was_said_is_called_however_unsurely_the_rest_was_read(talk: Any) -> None:
    talk.agent.mend = lambda heard: heard
    talk.nlu.drafts = (Draft("dial", {"target": {"tail": "7416"}}, confidence=SURE_CALL - 0.1),)
    assert talk.agent.take_transcript(Transcript("七四一六电话", "七四一六电话", 0.9)).kind == "act"


def _heard(text: str, logprob: float) -> Transcript:
    return Transcript(text, text, 0.9, (Hypothesis(text, logprob),))


@pytest.mark.parametrize(("logprob", "kind"), [(UNSURE - 0.01, "ask"), (UNSURE, "act"), (-0.01, "act")])
def test_a_tail_heard_unsurely_is_read_back_before_it_is_called(talk: Any, logprob: float, kind: str) -> None:
    talk.agent.mend = lambda heard: heard
    talk.nlu.drafts = (Draft("dial", {"target": {"tail": "7416"}}),)
    turn = talk.agent.take_transcript(_heard("打七四一六", logprob))
    assert turn.kind == kind
    assert bool(talk.effects()) is (kind == "act")
    assert "7416" in turn.reply


def test_the_answer_to_that_is_not_asked_about_again_however_it_is_heard(talk: Any) -> None:
    talk.agent.mend = lambda heard: heard
    talk.nlu.drafts = (Draft("dial", {"target": {"tail": "7416"}}),)
    assert talk.agent.take_transcript(_heard("打七四一六", -0.9)).kind == "ask"
    assert talk.agent.take_transcript(_heard("对，七四一六", -0.9)).kind == "act"
    assert talk.effects() == [("dial", "JD0261408847416")]


def test_a_call_by_name_heard_unsurely_goes_out(talk: Any) -> None:
    talk.agent.mend = lambda heard: heard
    name = talk.agent.api.day().parcels[0].customer
    talk.nlu.drafts = (Draft("dial", {"target": {"name": name}}),)
    assert talk.agent.take_transcript(_heard(f"打给{name}", -0.9)).kind == "act"


def test_typed_numbers_are_never_in_doubt(talk: Any) -> None:
    talk.agent.mend = lambda heard: heard
    talk.nlu.drafts = (Draft("dial", {"target": {"tail": "7416"}}),)
    assert talk.agent.take_text("打七四一六").kind == "act"


def test_a_yes_that_names_something_else_is_no_yes_to_what_waits(talk: Any) -> None:
    said(talk, "七四一六没人接电话，报异常", "report_exception", target={"tail": "7416"}, reason="no_answer")
    again = said(talk, "对，签收吧。", "confirm")
    assert (again.kind, talk.effects()) == ("reject", [])
    assert "7416" in again.reply
    said(talk, "对，报上去。", "confirm")
    assert [op for op, _ in talk.effects()] == ["exception"]
