"""Masking: however a number is written, whoever is on the list, and whatever a log record is made of."""

from __future__ import annotations

import io
import json
import logging
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from courier_voice.core.privacy import Known, PersonalFilter, has_phone, mask_phones, people, phoneless

WORLD = json.loads((Path(__file__).parents[2] / "fixtures" / "worlds" / "beihu.json").read_text("utf-8"))
SECRETS = [s for t in WORLD["tasks"] for s in (t["customer"], t["address"], t["virtual_number"])]
mobiles = st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True)
SPELLED = str.maketrans("0123456789", "零幺二三四五六七八九")
WIDE = str.maketrans("0123456789", "０１２３４５６７８９")


@given(mobiles, st.sampled_from(["", " ", "-", ".", "·"]), st.sampled_from(["", "+86", "0086 ", "86-"]))
def test_a_mobile_number_is_struck_out_however_it_is_written(number: str, gap: str, prefix: str) -> None:
    written = f"{prefix}{number[:3]}{gap}{number[3:7]}{gap}{number[7:]}"
    for text in (written, written.translate(WIDE), number.translate(SPELLED)):
        assert has_phone(f"打{text}找他")
        masked = mask_phones(f"打{text}找他")
        assert text not in masked
        assert not has_phone(masked)


@given(st.integers(0, 9999), st.integers(0, 10**13 - 1))
def test_tails_waybills_and_amounts_stay(tail: int, waybill: int) -> None:
    text = f"尾号{tail:04d}，JD{waybill:013d}，保价2000元，10:05"
    assert mask_phones(text) == text


def test_lists_and_mappings_lose_numbers_and_keep_waybills() -> None:
    row = {"waybill": "JD0000000006688", "args": {"message": "打13812345678", "tail": "0000000006688"}}
    assert phoneless(row) == {**row, "args": {"message": "打138****5678", "tail": "0000000006688"}}


def test_known_people_are_struck_out_everywhere() -> None:
    known = Known()
    known.add(["王秀兰", "枫林里3号楼2单元501", "枫林里"])
    assert known.mask("王秀兰住枫林里3号楼2单元501") == "王**住枫" + "*" * 11
    assert known.mask_all({"a": ["枫林里三号楼"], "waybill": "王秀兰"}) == {
        "a": ["枫*****"],
        "waybill": "王秀兰",
    }
    assert Known().mask("五号楼二单元三零一") == "***"


@given(
    secrets=st.lists(st.sampled_from(SECRETS), min_size=1, max_size=4),
    around=st.text("的给，。 a1\n", max_size=5),
    how=st.sampled_from(["message", "argument", "mapping", "exception", "extra"]),
)
def test_no_log_record_names_anybody(secrets: list[str], around: str, how: str) -> None:
    people.add(SECRETS)
    sink = io.StringIO()
    handler = logging.StreamHandler(sink)
    handler.addFilter(PersonalFilter())
    log = logging.getLogger("test.privacy")
    log.propagate, log.handlers = False, [handler]
    told = around.join(["", *secrets, "13812345678", ""])
    if how == "message":
        log.error(told)
    elif how == "argument":
        log.error("said %s and %r", told, [told])
    elif how == "mapping":
        log.error("said %(what)s", {"what": told})
    elif how == "extra":
        log.error("stack %s", told, stack_info=True)
    else:
        try:
            raise ValueError(told)
        except ValueError:
            log.exception("it failed")
    written = sink.getvalue()
    assert written
    assert not [secret for secret in (*SECRETS, "13812345678") if secret in written]
