"""What was misheard, out of what was said and what was heard."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from courier_voice.training.mishear import alike, mistakes, write

HANZI = st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x4F00), max_size=20)


def test_a_word_misheard_comes_with_its_neighbour() -> None:
    assert list(mistakes("给尾号六六八八打电话", "给位号六六八八打电话")) == [("位号", "尾号")]
    assert list(mistakes("我要取消", "我要去笑")) == [("去笑", "取消")]
    assert list(mistakes("今天揽收", "今天揽售")) == [("揽售", "揽收")]


def test_lost_and_added_characters_teach_nothing() -> None:
    assert not list(mistakes("放在门口的柜子里", "放门口的柜子里"))
    assert not list(mistakes("放门口的柜子里", "放在门口的柜子里"))
    assert not list(mistakes("今天还有几件", "金田海游"))


def test_what_sounds_otherwise_was_made_up() -> None:
    assert alike(("位号", "尾号"))
    assert not alike(("八卦", "尾号"))


@given(said=HANZI, heard=HANZI)
def test_pairs_are_parts_of_what_was_heard_and_said(said: str, heard: str) -> None:
    from courier_voice.training.judge import bare

    for wrong, right in mistakes(said, heard):
        assert wrong in bare(heard)
        assert right in bare(said)
        assert wrong != right
        assert len(wrong) == len(right)


def test_the_table_is_what_training_reads(tmp_path: Path) -> None:
    write(Counter({("位号", "尾号"): 3, ("去笑", "取消"): 5}), tmp_path / "t.tsv")
    assert (tmp_path / "t.tsv").read_text("utf-8") == "去笑\t取消\t5\n位号\t尾号\t3\n"
