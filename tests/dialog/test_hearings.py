"""Which of several readings is gone by, and what no reading but the likeliest may bring."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from courier_voice.core.parcels import Day
from courier_voice.core.turn import Draft, Understanding
from courier_voice.core.words import Hypothesis, Transcript, Utterance
from courier_voice.dialog.hearings import FARTHEST, RIVAL, Choice, choose, hearings, in_one
from courier_voice.logistics.client import HttpLogistics
from courier_voice.logistics.mock.carrier import Carrier
from courier_voice.logistics.mock.serve import in_process_client
from courier_voice.logistics.mock.world import load_world
from courier_voice.text.normalize import normalize

WORLD = Path(__file__).parents[2] / "fixtures" / "worlds" / "beihu.json"
TARGET = Mapping[str, str]


@pytest.fixture(scope="module")
def day() -> Day:
    return HttpLogistics(in_process_client(Carrier(load_world(WORLD), frozen=True))).day()


def d(intent: str, confidence: float = 0.9, **slots: object) -> Draft:
    return Draft(intent, slots, confidence)


def heard(*readings: tuple[str, float]) -> Transcript:
    """A transcript whose readings lie so many nats below the first."""
    rows = []
    for text, gap in readings:
        rows.append(Hypothesis(text, -(1.0 + gap) / (len(text) + 2)))
    return Transcript(readings[0][0], readings[0][0], 0.9, tuple(rows))


def chosen(day: Day, meant: Mapping[str, Draft], *readings: tuple[str, float]) -> Choice:
    known = {normalize(text).text: draft for text, draft in meant.items()}

    def read(utterance: Utterance) -> Understanding | None:
        return Understanding((known[utterance.text],), "fast")

    return choose(hearings(heard(*readings), None, several=True), read, day, None)


def test_gaps_are_nats_of_the_whole_and_like_readings_are_one() -> None:
    first, second = hearings(heard(("打给薛先生", 0.0), ("打给，薛先生", 0.1), ("打给谢先生", 1.5)), None, several=True)
    assert (first.gap, round(second.gap, 6)) == (0.0, 1.5)
    assert first.utterance.nbest == ("打给谢先生",)
    assert len(hearings(heard(("打给薛先生", 0.0), ("打给谢先生", 1.5)), None, several=False)) == 1


def test_a_reading_nobody_is_sure_of_gives_way_to_one_that_makes_sense(day: Day) -> None:
    meant = {"今天还剩几尖": d("none", 0.4), "今天还剩几件": d("query_tasks", 0.97)}
    assert chosen(day, meant, ("今天还剩几尖", 0.0), ("今天还剩几件", 0.3)).hearing.utterance.text == "今天还剩几件"
    far = FARTHEST + 0.1
    assert chosen(day, meant, ("今天还剩几尖", 0.0), ("今天还剩几件", far)).hearing.utterance.text == "今天还剩几尖"


def test_a_reading_about_nobody_gives_way_to_one_about_somebody(day: Day) -> None:
    meant = {
        "邱女土的件到哪了": d("query_waybill", 0.9, target={"name": "邱女土"}),
        "邱女士的件到哪了": d("query_waybill", 0.9, target={"name": "邱女士"}),
    }
    assert chosen(day, meant, ("邱女土的件到哪了", 0.0), ("邱女士的件到哪了", 1.0)).hearing.utterance.text[2] == "士"


def test_what_is_sure_and_on_the_list_stays(day: Day) -> None:
    meant = {
        "邱女士的件到哪了": d("query_waybill", 0.8, target={"name": "邱女士"}),
        "薛先生的件到哪了": d("query_waybill", 0.99, target={"name": "薛先生"}),
    }
    assert chosen(day, meant, *((text, 0.0) for text in meant)).hearing.gap == 0.0


@pytest.mark.parametrize("intent", ["confirm", "dial"])
@pytest.mark.parametrize("first", ["cancel", "none", "query_waybill"])
def test_no_other_reading_brings_a_call_or_a_yes(day: Day, first: str, intent: str) -> None:
    meant = {"取笑": d(first, 0.2), "确认": d(intent, 1.0)}
    assert chosen(day, meant, ("取笑", 0.0), ("确认", 0.0)).hearing.utterance.text == "取笑"


def test_no_other_reading_brings_a_number(day: Day) -> None:
    meant = {"重量三公金": d("fill_pickup", 0.3), "重量四公斤": d("fill_pickup", 0.99, weight_kg=4.0)}
    assert chosen(day, meant, ("重量三公金", 0.0), ("重量四公斤", 0.1)).hearing.utterance.heard == "重量三公金"


def test_a_house_number_comes_with_its_house(day: Day) -> None:
    meant = {
        "金桂花园六动的件": d("query_waybill", 0.4),
        "金桂花园六栋一五零二的件": d("query_waybill", 0.9, target={"address": "金桂花园6栋1502"}),
    }
    assert chosen(day, meant, *((text, 0.2 * n) for n, text in enumerate(meant))).hearing.gap > 0


def tails(one: str, other: str, intent: str) -> dict[str, Draft]:
    return {f"{tail}的件": d(intent, 0.95, target={"tail": tail}) for tail in (one, other)}


@pytest.mark.parametrize("intent", ["dial", "query_waybill", "sign_off"])
def test_two_tails_that_both_exist_are_both_told(day: Day, intent: str) -> None:
    choice = chosen(day, tails("7416", "7461", intent), ("7416的件", 0.0), ("7461的件", RIVAL - 0.1))
    assert [p.tail for p in choice.among] == ["7416", "7461"]
    clear = chosen(day, tails("7416", "7461", intent), ("7416的件", 0.0), ("7461的件", RIVAL + 0.1))
    assert clear.among == ()


def test_a_tail_nobody_has_gives_way_but_is_called_after_a_yes_only(day: Day) -> None:
    readings = ("7419的件", 0.0), ("7416的件", 0.5)
    called = chosen(day, tails("7419", "7416", "dial"), *readings)
    assert [p.tail for p in called.among] == ["7416"]
    asked = chosen(day, tails("7419", "7416", "query_waybill"), *readings)
    assert (asked.hearing.utterance.text, asked.among) == ("7416的件", ())


INTENTS = st.sampled_from(["none", "dial", "confirm", "cancel", "query_tasks", "sign_off", "fill_pickup", "send_sms"])
READINGS = st.lists(st.tuples(INTENTS, st.floats(0, 1), st.floats(0, 5)), min_size=1, max_size=5)


@given(READINGS)
def test_whatever_the_readings_nothing_acts_at_once_that_the_first_did_not_say(
    day: Day, readings: list[tuple[str, float, float]]
) -> None:
    texts = ["东", "南", "西", "北", "中"]
    meant = {text: d(intent, sure) for text, (intent, sure, _) in zip(texts, readings, strict=False)}
    gaps = [0.0, *(gap for *_, gap in readings[1:])]
    choice = chosen(day, meant, *zip(meant, gaps, strict=True))
    first, taken = readings[0][0], choice.hearing.drafts[0].intent if choice.hearing.drafts else readings[0][0]
    assert taken == first or taken not in ("dial", "confirm", "none")
    if readings[0][1] >= 0.7:
        assert choice.hearing.gap == 0.0
        assert taken == first


@pytest.mark.parametrize(
    ("heard", "meant"),
    [
        ("六，六八八。", "六六八八。"),
        ("尾号三零，八九", "尾号三零八九"),
        ("九零 二一", "九零二一"),
        ("四十，三十", "四十，三十"),
        ("三，五八", "三，五八"),
        ("六，六八八打电话", "六，六八八打电话"),
    ],
)
def test_a_tail_said_in_pieces_is_one(heard: str, meant: str) -> None:
    assert in_one(heard) == meant
