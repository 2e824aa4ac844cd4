from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from courier_voice.knowledge.base import is_row, pieces_of, sentences
from courier_voice.knowledge.everyday import formal
from courier_voice.knowledge.find import Finder, Weights
from courier_voice.knowledge.find_named import named, place_match, provinces_in
from courier_voice.knowledge.grams import articles, codes, grams
from courier_voice.knowledge.words import Chunk
from tests.knowledge.kb_doubles import HashedGrams, quiet, small_base

TITLES = {
    "a.md": "中华人民共和国电子商务法",
    "b.md": "快递暂行条例",
    "c.md": "上海市实施《中华人民共和国邮政法》办法",
    "d.md": "中华人民共和国邮政法",
}


@pytest.fixture(scope="module")
def finder(tmp_path_factory: pytest.TempPathFactory) -> Finder:
    docs = tmp_path_factory.mktemp("docs")
    (docs / "甲.txt").write_text(
        "重庆市寄递规定\n第一条 国际件投诉六十日内处理。\n第二条 型号 KX-22 的货装木箱。\n", encoding="utf-8"
    )
    (docs / "乙.txt").write_text(
        "寄递规定\n第一条 国际件投诉三十日内处理。\n第二条 型号 KX-90 的货装纸箱。\n", encoding="utf-8"
    )
    filler = small_base(tmp_path_factory.mktemp("kb"), docs, HashedGrams())
    list(filler.add(sorted(docs.iterdir()), quiet))
    return Finder(filler.base, filler.store, HashedGrams())


def test_rules_of_a_place_come_first_there_and_last_elsewhere(finder: Finder) -> None:
    assert finder.search("在重庆国际件投诉几天处理")[0].chunk.doc == "甲.txt"
    assert finder.search("国际件投诉几天处理")[0].chunk.doc == "乙.txt"
    assert finder.search("我在杭州，国际件投诉几天处理")[0].chunk.doc == "乙.txt"


def test_a_code_is_found_as_it_is(finder: Finder) -> None:
    assert finder.search("重庆 kx-22 的货用什么箱")[0].chunk.section == "第二条"
    assert finder.search("型号kx-90的货用什么箱")[0].chunk.text.startswith("第二条 型号 KX-90")


def test_an_article_named_with_its_document_is_first(finder: Finder) -> None:
    found = finder.search("重庆寄递规定第二条写的什么")[0].chunk
    assert (found.doc, found.section) == ("甲.txt", "第二条")


@given(st.text(alphabet="重庆国际件投诉几天处理型号木箱KX-229第条？ '\"*();", max_size=20))
def test_search_takes_any_text_and_orders_what_it_finds(finder: Finder, question: str) -> None:
    for each in (finder, finder.variant(vectors=False)):
        scores = [found.passage.score for found in each.search(question, 3)]
        assert scores == sorted(scores, reverse=True)
        assert len(scores) <= 3


@given(st.sampled_from(["国际件投诉几天处理", "木箱装什么", "KX-90"]), st.floats(0, 1), st.floats(0, 0.5))
def test_with_weight_on_words_alone_a_better_match_never_falls(
    finder: Finder, question: str, less: float, more: float
) -> None:
    def place(words: float) -> int:
        found = finder.variant(Weights(words=words, place=0, named=0, code=0)).search(question, 9)
        best = finder.variant(vectors=False).search(question, 1)[0].chunk.id
        return [each.chunk.id for each in found].index(best)

    assert place(less + more) <= place(less)


@pytest.mark.parametrize(
    ("question", "docs"),
    [
        ("电商法准不准", {"a.md"}),
        ("按快递条例怎么办", {"b.md"}),
        ("全国的邮政法怎么说", {"d.md"}),
        ("这事有什么办法", set()),
        ("按规定怎么赔", set()),
    ],
)
def test_documents_are_named_in_full_or_short(question: str, docs: set[str]) -> None:
    assert named(question, TITLES) == docs


def test_places() -> None:
    assert provinces_in("宁波的三轮车") == {"浙江"}
    assert place_match("三轮车多长", "浙江省快递业促进条例") == -1
    assert place_match("三轮车多长", "快递暂行条例") == 0


def test_grams_keep_codes_and_article_numbers() -> None:
    assert {"un1845", "干冰", "art22"} <= set(grams("第二十二条 干冰UN1845"))
    assert articles("第一百零三条之一和22条") == ("art103-1", "art22")
    assert codes("单号 KA-003，重5kg") == {"ka-003"}


@given(st.text(alphabet="甲乙丙。；！？\n ：", max_size=40))
def test_sentences_lose_nothing_but_space(text: str) -> None:
    assert "".join(sentences(text)).replace(" ", "") == "".join(text.split())


def test_a_row_of_a_table_stays_whole() -> None:
    row = "物品：白酒；每票限量：2瓶；航空：否"
    assert is_row(row)
    assert sentences(f"说明在先。其次。\n{row}") == ("说明在先。", "其次。", row)
    assert not is_row("违反规定的，责令改正；情节严重的，处罚款。")


def test_a_vector_belongs_to_the_words_and_not_to_the_version() -> None:
    one, other = (
        Chunk(f"id{n}", "d", "题", "第一条 一句。两句话在此。", section="第一条", version=str(n)) for n in (1, 2)
    )
    assert [piece.vector for piece in pieces_of(one)] == [piece.vector for piece in pieces_of(other)]
    assert pieces_of(one)[0].text == "一句。两句话在此。"


@pytest.mark.parametrize(
    ("question", "put"),
    [
        ("闯红灯扣多少分", "不按交通信号灯指示通行记分"),
        ("邮管局来查网点", "邮政管理部门来查分支机构"),
        ("戴安全头盔了没", "戴安全头盔了没"),
        ("收件人不在怎么办", "收件人不在怎么办"),
    ],
)
def test_everyday_words_are_put_as_rules_put_them(question: str, put: str) -> None:
    assert formal(question) == put
    assert formal(put) == put


def test_every_everyday_word_is_listed_once_and_leads_to_another() -> None:
    lines = (files("courier_voice.knowledge") / "data" / "everyday.tsv").read_text(encoding="utf-8").splitlines()
    words = [word for line in lines for word in line.split("\t")[1].split()]
    assert len(words) == len(set(words))
    assert not set(words) & {line.split("\t")[0] for line in lines}


def test_a_question_in_everyday_words_is_looked_for_in_both_wordings(tmp_path: Path) -> None:
    (tmp_path / "规.txt").write_text(
        "收件规定\n第一条 网络安全由专人负责。\n第二条 邮政管理部门进行检查。\n", encoding="utf-8"
    )
    embedder = HashedGrams()
    filler = small_base(tmp_path / "kb", tmp_path, embedder)
    list(filler.add([tmp_path / "规.txt"], quiet))
    finder = Finder(filler.base, filler.store, embedder)
    (first, *_) = finder.search("邮管局来了")
    (plain, *_) = finder.variant(Weights(formal=False)).search("邮管局来了")
    assert first.chunk.section == "第二条"
    assert first.near is not None
    assert plain.near is not None
    assert first.near > plain.near
