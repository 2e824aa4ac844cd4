"""Two editions of one company document, through the real readers and the agent's own knowledge; and an empty base."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from courier_voice.core.parcels import Day
from courier_voice.knowledge.base_open import EMPTY, Library, open_base
from courier_voice.knowledge.find import Finder
from tests.knowledge.kb_doubles import HashedGrams, quiet, small_base

OLD = (
    "# 派件作业规定\n\n版本：V4.0 生效日期：2024年5月1日\n\n第一条 同一快件免费派送三次，第四次起每次收取派送费2元。\n"
)
NEW = (
    "# 派件作业规定\n\n版本：V6.0 生效日期：2026年4月1日\n\n第一条 同一快件免费派送两次，第三次起每次收取派送费3元。\n"
)
DAY = Day("段师傅", datetime(2026, 5, 14, 9, 0), None, None, (), ())
QUESTION = "同一快件免费派送几次"


def test_the_newer_edition_answers_and_says_since_when(tmp_path: Path) -> None:
    old, new = tmp_path / "派件(2024).md", tmp_path / "派件(2026).md"
    old.write_text(OLD, encoding="utf-8")
    new.write_text(NEW, encoding="utf-8")
    filler = open_base(tmp_path / "kb", None)
    library = Library(lambda: filler)
    list(filler.add([old], quiet))
    assert "免费派送三次" in library.ask(QUESTION, None, DAY).text
    list(filler.add([new], quiet))
    told = library.ask(QUESTION, None, DAY)
    assert "免费派送两次" in told.text
    assert "三次" not in told.text.replace("第三次", "")
    assert "以2026年4月1日起的新规定为准" in told.text
    assert {each.chunk.doc for each in Finder(filler.base).search(QUESTION)} == {new.name}
    assert {each.chunk.doc for each in Finder(filler.base).search(QUESTION, editions=True)} == {old.name, new.name}
    list(filler.remove([new.name]))
    assert "免费派送三次" in library.ask(QUESTION, None, DAY).text


def test_a_changed_file_answers_anew_at_once(tmp_path: Path) -> None:
    file = tmp_path / "派件.md"
    file.write_text(OLD, encoding="utf-8")
    filler = open_base(tmp_path / "kb", None)
    library = Library(lambda: filler)
    list(filler.add([file], quiet))
    assert "三次" in library.ask(QUESTION, None, DAY).text
    file.write_text(NEW, encoding="utf-8")
    assert [one.state for one in filler.update([], quiet)] == ["updated"]
    told = library.ask(QUESTION, None, DAY).text
    assert "免费派送两次" in told
    assert "免费派送三次" not in told


def test_an_empty_base_is_said_and_what_comes_later_is_asked(tmp_path: Path) -> None:
    opened = []

    def home() -> object:
        opened.append(1)
        return open_base(tmp_path / "kb", None)

    library = Library(home)  # type: ignore[arg-type]
    told = library.ask(QUESTION, None, DAY)
    assert (told.text, told.answered) == (EMPTY, False)
    assert "kb add" in EMPTY
    file = tmp_path / "派件.md"
    file.write_text(NEW, encoding="utf-8")
    list(open_base(tmp_path / "kb", None).add([file], quiet))  # as kb add does beside the agent
    assert library.ask(QUESTION, None, DAY).answered
    assert opened == [1]


@pytest.mark.parametrize("filled", [True, False])
def test_warmed_the_first_question_opens_nothing(tmp_path: Path, filled: bool) -> None:
    opened = []

    def home() -> object:
        opened.append(1)
        return open_base(tmp_path / "kb", None)

    file = tmp_path / "派件.md"
    file.write_text(NEW, encoding="utf-8")
    if filled:
        list(open_base(tmp_path / "kb", None).add([file], quiet))
    library = Library(home)  # type: ignore[arg-type]
    library.warm()
    assert opened == [1]
    assert library.ask(QUESTION, None, DAY).answered is filled
    assert opened == [1]


@pytest.mark.skipif(os.name == "nt", reason="needs SIGKILL")
def test_killed_while_the_catalogue_is_written_the_old_index_is_whole(tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    docs.mkdir()
    file = docs / "收件.txt"
    file.write_text("收件规定\n第一条 锂电池不得单独收寄。\n第二条 易碎品包裹三层。\n", encoding="utf-8")
    filler = small_base(tmp_path / "kb", docs, HashedGrams())
    list(filler.add([file], quiet))
    before = filler.base.documents()
    filler.base.close()
    file.write_text("收件规定\n第一条 锂电池可以收寄。\n第二条 易碎品包裹九层。\n", encoding="utf-8")
    script = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from courier_voice.knowledge.base import Base\n"
        "from tests.knowledge.kb_doubles import HashedGrams, quiet, small_base\n"
        "insert = Base._insert\n"
        "def die(self, chunk, place):\n"
        "    insert(self, chunk, place)\n"
        "    if place: os.kill(os.getpid(), signal.SIGKILL)\n"
        "Base._insert = die\n"
        "list(small_base(Path(sys.argv[1]), Path(sys.argv[2]), HashedGrams()).update([], quiet))\n"
    )
    root = Path(__file__).resolve().parents[2]
    ran = subprocess.run([sys.executable, "-c", script, str(tmp_path / "kb"), str(docs)], cwd=root, check=False)
    assert ran.returncode == -signal.SIGKILL
    again = small_base(tmp_path / "kb", docs, HashedGrams())
    assert again.base.documents() == before
    texts = {each.chunk.text for each in Finder(again.base, again.store, HashedGrams()).search("锂电池能收寄吗")}
    assert texts == {"第一条 锂电池不得单独收寄。", "第二条 易碎品包裹三层。"}
    assert [one.state for one in again.update([], quiet)] == ["updated"]
    texts = {each.chunk.text for each in Finder(again.base, again.store, HashedGrams()).search("锂电池能收寄吗")}
    assert texts == {"第一条 锂电池可以收寄。", "第二条 易碎品包裹九层。"}
