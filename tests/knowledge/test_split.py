"""Chunks: nothing lost, nothing longer than asked, nothing said twice but where a paragraph was cut."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from itertools import groupby, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from courier_voice.knowledge.split import pieces, split, split_fixed, split_paragraphs
from courier_voice.knowledge.words import Block, Document

SIZE, OVERLAP = 60, 15
TEXT = st.text(alphabet="快件收寄派送一二三，。；：！“”（）3.a", min_size=1, max_size=200)
BLOCKS = st.lists(
    st.builds(
        Block,
        text=TEXT,
        path=st.sampled_from([(), ("第一章",), ("第一章", "第一节")]),
        section=st.sampled_from(["", "第一条", "第二条", "3.2"]),
        page=st.sampled_from([None, 1, 2]),
        table=st.booleans(),
    ),
    max_size=12,
)


def document(blocks: list[Block]) -> Document:
    return Document("规定.md", "规定", tuple(blocks), "V2", date(2026, 3, 1))


@given(BLOCKS)
def test_the_text_of_every_article_can_be_put_together_again(blocks: list[Block]) -> None:
    """Joined end to end, with what a cut repeats taken once, the chunks of an article are its blocks."""
    chunks = split(document(blocks), SIZE, OVERLAP)
    wanted = [
        (key, "".join(block.text for block in group)) for key, group in groupby(blocks, lambda b: (b.path, b.section))
    ]
    found = [(key, [chunk.text for chunk in group]) for key, group in groupby(chunks, lambda c: (c.path, c.section))]
    assert [key for key, _ in wanted] == [key for key, _ in found]
    for (_, whole), (_, texts) in zip(wanted, found, strict=True):
        at = {0}
        for text in texts:
            plain = text.replace("\n", "")
            at = {
                start + len(plain)
                for end in at
                for start in range(max(0, end - OVERLAP), end + 1)
                if whole.startswith(plain, start) and start + len(plain) >= end
            }
        assert len(whole) in at


@given(BLOCKS)
def test_only_a_row_is_longer_than_the_size_and_no_row_is_cut(blocks: list[Block]) -> None:
    chunks = split(document(blocks), SIZE, OVERLAP)
    rows = [block.text for block in blocks if block.table]
    assert all(len(chunk.text) <= SIZE or chunk.text in rows for chunk in chunks)
    for row in rows:
        assert any(row in chunk.text.split("\n") for chunk in chunks)


@given(BLOCKS)
def test_nothing_is_said_twice_when_no_paragraph_is_cut(blocks: list[Block]) -> None:
    short = [replace(block, text=block.text[:SIZE]) for block in blocks]
    chunks = split(document(short), SIZE, OVERLAP)
    assert [line for chunk in chunks for line in chunk.text.split("\n")] == [block.text for block in short]


@given(BLOCKS)
def test_paragraphs_of_an_article_are_packed(blocks: list[Block]) -> None:
    short = [replace(block, text=block.text[:SIZE]) for block in blocks]
    chunks = split(document(short), SIZE, OVERLAP)
    for one, other in pairwise(chunks):
        if (one.path, one.section) == (other.path, other.section):
            assert len(one.text) + 1 + len(other.text.split("\n")[0]) > SIZE


@given(TEXT, st.integers(5, 40), st.integers(0, 4))
def test_a_paragraph_in_pieces_is_whole_and_repeats_no_more_than_asked(text: str, size: int, overlap: int) -> None:
    made = pieces(text, size, overlap)
    assert all(0 < len(piece) <= size for piece in made)
    at = {0}
    for piece in made:
        at = {
            start + len(piece)
            for end in at
            for start in range(max(0, end - overlap), end + 1)
            if text.startswith(piece, start)
        }
    assert len(text) in at


def test_a_paragraph_is_cut_at_the_ends_of_sentences() -> None:
    text = "".join(f"这是要求第{n}句，字数不多也不少。" for n in range(12))
    made = pieces(text, 50, 20)
    assert len(made) > 3
    assert all(piece.endswith("。") for piece in made)
    assert all(other.startswith(one.split("。")[-2] + "。") for one, other in pairwise(made))


def test_a_sentence_too_long_is_cut_at_its_commas() -> None:
    made = pieces("，".join("十个字十个字十个字十" for _ in range(9)) + "。", 35, 0)
    assert all(re.search("[，。]$", piece) for piece in made)


@given(BLOCKS)
def test_ids_are_stable_and_different(blocks: list[Block]) -> None:
    chunks = split(document(blocks), SIZE, OVERLAP)
    assert [chunk.id for chunk in chunks] == [chunk.id for chunk in split(document(blocks), SIZE, OVERLAP)]
    assert len({chunk.id for chunk in chunks}) == len(chunks)


def test_an_id_survives_a_page_that_moves_and_not_another_word_or_version() -> None:
    block = Block("收件先验视。", ("第一章",), "第一条", 3)
    (first,) = split(document([block]))
    (moved,) = split(document([replace(block, page=4)]))
    (other,) = split(document([replace(block, text="收件先称重。")]))
    (newer,) = split(replace(document([block]), version="V3"))
    assert first.id == moved.id
    assert len({first.id, other.id, newer.id}) == 3


def test_a_chunk_carries_where_it_is_from() -> None:
    (chunk,) = split(document([Block("收件先验视。", ("第一章",), "第一条", 3)]))
    assert (chunk.doc, chunk.title, chunk.version, chunk.effective) == ("规定.md", "规定", "V2", date(2026, 3, 1))
    assert (chunk.path, chunk.section, chunk.sections, chunk.page) == (("第一章",), "第一条", ("第一条",), 3)


@given(BLOCKS)
def test_fixed_windows_cover_the_text_and_overlap_by_the_same_length(blocks: list[Block]) -> None:
    text = "\n".join(block.text for block in blocks)
    chunks = split_fixed(document(blocks), 40, 6)
    assert all(len(chunk.text) == 40 for chunk in chunks[:-1])
    assert text == "".join(chunk.text[6 * (n > 0) :] for n, chunk in enumerate(chunks))


@given(BLOCKS)
def test_packed_paragraphs_cover_the_text_and_keep_the_size(blocks: list[Block]) -> None:
    text = "\n".join(block.text for block in blocks)
    chunks = split_paragraphs(document(blocks), 80, 8)
    assert all(len(chunk.text) <= 80 for chunk in chunks)
    assert text == "".join(chunk.text[8 * (n > 0) :] for n, chunk in enumerate(chunks))


def test_a_window_over_articles_is_of_the_one_it_begins_in_and_lists_all() -> None:
    blocks = [Block("甲" * 30, (), "第一条"), Block("乙" * 30, (), "第二条"), Block("丙" * 30, (), "第三条")]
    first, second, *_ = split_fixed(document(blocks), 50, 10)
    assert (first.section, first.sections) == ("第一条", ("第一条", "第二条"))
    assert (second.section, second.sections) == ("第二条", ("第二条", "第三条"))


@pytest.mark.parametrize("cut", [split, split_fixed, split_paragraphs])
def test_an_overlap_as_large_as_the_size_is_refused(cut: object) -> None:
    assert callable(cut)
    with pytest.raises(ValueError, match="overlap 50"):
        cut(document([]), 50, 50)
