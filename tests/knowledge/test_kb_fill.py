from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from courier_voice.core.errors import KnowledgeError
from courier_voice.knowledge.base_fill import PAGE, files_in
from courier_voice.knowledge.find import Finder
from tests.knowledge.kb_doubles import HashedGrams, quiet, small_base

RULES = "收件规定\n第一条 锂电池不得单独收寄。\n第二条 易碎品应当用泡沫包裹三层。易碎品每件不超过十公斤。\n"


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "收件.txt").write_text(RULES, encoding="utf-8")
    return folder


def test_a_document_added_is_found_and_listed(tmp_path: Path, docs: Path) -> None:
    embedder = HashedGrams()
    filler = small_base(tmp_path / "kb", docs, embedder)
    done = list(filler.add([docs / "收件.txt"], quiet))
    assert [(one.state, one.chunks, one.embedded) for one in done] == [("added", 2, 4)]
    (entry,) = filler.base.documents()
    assert (entry.doc, entry.title, entry.embedder, len(entry.sha256)) == ("收件.txt", "收件规定", "hashed/1", 64)
    found = Finder(filler.base, filler.store, embedder).search("锂电池能收寄吗")
    assert found[0].chunk.section == "第一条"
    assert found[0].near is not None


def test_what_did_not_change_is_neither_read_nor_embedded_again(tmp_path: Path, docs: Path) -> None:
    embedder = HashedGrams()
    filler = small_base(tmp_path / "kb", docs, embedder)
    list(filler.add([docs / "收件.txt"], quiet))
    embedder.texts.clear()
    assert [one.state for one in filler.add([docs / "收件.txt"], quiet)] == ["unchanged"]
    (docs / "收件.txt").write_text(RULES.replace("三层", "五层"), encoding="utf-8")
    (done,) = filler.update([], quiet)
    assert (done.state, done.embedded) == ("updated", 2)
    assert all("五层" in text for text in embedder.texts)


def test_a_replaced_version_stops_answering_and_its_vectors_go(tmp_path: Path, docs: Path) -> None:
    embedder = HashedGrams()
    filler = small_base(tmp_path / "kb", docs, embedder)
    list(filler.add([docs / "收件.txt"], quiet))
    (docs / "收件.txt").write_text(RULES.replace("锂电池不得单独收寄", "纽扣电池可以收寄"), encoding="utf-8")
    list(filler.update([], quiet))
    texts = [each.chunk.text for each in Finder(filler.base, filler.store, embedder).search("锂电池能收寄吗")]
    assert texts
    assert not any("锂电池" in text for text in texts)
    assert filler.store is not None
    assert filler.store.ids() == filler.base.vectors()


def test_removed_means_gone(tmp_path: Path, docs: Path) -> None:
    filler = small_base(tmp_path / "kb", docs, HashedGrams())
    list(filler.add([docs / "收件.txt"], quiet))
    assert [one.state for one in filler.remove(["收件.txt"])] == ["removed"]
    assert not filler.base.documents()
    assert filler.store is not None
    assert not filler.store.ids()
    assert not Finder(filler.base, filler.store, HashedGrams()).search("锂电池能收寄吗")
    with pytest.raises(KnowledgeError, match="kb list"):
        list(filler.remove(["收件.txt"]))


def test_another_embedder_means_vectors_made_anew_beside_the_old(tmp_path: Path, docs: Path) -> None:
    list(small_base(tmp_path / "kb", docs, HashedGrams("hashed/1")).add([docs / "收件.txt"], quiet))
    other = small_base(tmp_path / "kb", docs, HashedGrams("hashed/2"))
    assert [(one.state, one.embedded) for one in other.update([], quiet)] == [("updated", 4)]
    first = small_base(tmp_path / "kb", docs, HashedGrams("hashed/1"))
    assert first.store is not None
    assert len(first.store.ids()) == 4


def test_without_an_embedder_words_find_it(tmp_path: Path, docs: Path) -> None:
    filler = small_base(tmp_path / "kb", docs)
    assert [(one.state, one.embedded) for one in filler.add([docs / "收件.txt"], quiet)] == [("added", 0)]
    (first, *_) = Finder(filler.base).search("易碎品要包几层")
    assert first.chunk.section == "第二条"
    assert first.near is None


def test_documents_without_vectors_are_still_found_by_their_words(tmp_path: Path, docs: Path) -> None:
    list(small_base(tmp_path / "kb", docs).add([docs / "收件.txt"], quiet))
    later = small_base(tmp_path / "kb", docs, HashedGrams())
    (first, *_) = Finder(later.base, later.store, later.embedder).search("易碎品要包几层")
    assert (first.chunk.section, first.near) == ("第二条", None)


def test_an_unreadable_file_is_told_and_the_others_go_in(tmp_path: Path, docs: Path) -> None:
    (docs / "空.txt").touch()
    filler = small_base(tmp_path / "kb", docs)
    done = {one.doc: one for one in filler.add(sorted(docs.iterdir()), quiet)}
    assert done["空.txt"].state == "failed"
    assert "空.txt" in done["空.txt"].trouble[0]
    assert done["收件.txt"].state == "added"


def test_a_source_that_is_gone_leaves_its_document(tmp_path: Path, docs: Path) -> None:
    filler = small_base(tmp_path / "kb", docs)
    list(filler.add([docs / "收件.txt"], quiet))
    (docs / "收件.txt").unlink()
    assert [one.state for one in filler.update([], quiet)] == ["missing"]
    assert Finder(filler.base).search("易碎品要包几层")


def test_files_in_folders_and_two_of_one_name(docs: Path) -> None:
    (docs / ".hidden.txt").touch()
    assert [file.name for file in files_in([docs], frozenset({".txt"}))] == ["收件.txt"]
    (docs / "more").mkdir()
    (docs / "more" / "收件.txt").touch()
    with pytest.raises(KnowledgeError, match="rename"):
        files_in([docs], frozenset({".txt"}))
    with pytest.raises(KnowledgeError, match="nothing"):
        files_in([docs / "none"], frozenset({".txt"}))


def test_it_tells_how_many_pages_there_were_and_what_they_cost(tmp_path: Path, docs: Path) -> None:
    filler = small_base(tmp_path / "kb", docs, HashedGrams())
    (first,) = filler.add([docs / "收件.txt"], quiet)
    assert 0 < first.pages <= 1.2 * len(RULES) / PAGE
    assert set(first.cpu_s) == {"read", "embed", "note"}
    (again,) = filler.add([docs / "收件.txt"], quiet)
    assert (again.pages, dict(again.cpu_s)) == (0.0, {})


def test_an_interrupted_add_goes_on_with_what_is_missing(tmp_path: Path, docs: Path) -> None:
    lines = "".join(f"第{n}条 规定编号{n}的货物{n * 7}号箱装运\n" for n in range(1, 80))
    (docs / "大.txt").write_text(f"装运规定\n{lines}", encoding="utf-8")
    embedder = HashedGrams()
    filler = small_base(tmp_path / "kb", docs, embedder)

    def stop(name: str, done: int, total: int) -> None:
        if done >= 32:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(filler.add([docs / "大.txt"], stop))
    assert not filler.base.documents()
    (done,) = small_base(tmp_path / "kb", docs, embedder).add([docs / "大.txt"], quiet)
    assert done.embedded == 79 - 32


@pytest.mark.skipif(os.name == "nt", reason="needs SIGKILL")
def test_killed_in_the_middle_the_old_document_answers_whole(tmp_path: Path, docs: Path) -> None:
    filler = small_base(tmp_path / "kb", docs, HashedGrams())
    list(filler.add([docs / "收件.txt"], quiet))
    before = filler.base.documents()
    old = RULES.replace("锂电池", "干电池")
    (docs / "收件.txt").write_text(old + "".join(f"第{n}条 新规定{n}。\n" for n in range(3, 90)), encoding="utf-8")
    filler.base.close()
    script = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from tests.knowledge.kb_doubles import HashedGrams, small_base\n"
        "def die(name, done, total):\n"
        "    if done >= 64: os.kill(os.getpid(), signal.SIGKILL)\n"
        "list(small_base(Path(sys.argv[1]), Path(sys.argv[2]), HashedGrams()).update([], die))\n"
    )
    root = Path(__file__).resolve().parents[2]
    ran = subprocess.run([sys.executable, "-c", script, str(tmp_path / "kb"), str(docs)], cwd=root, check=False)
    assert ran.returncode == -signal.SIGKILL
    again = small_base(tmp_path / "kb", docs, HashedGrams())
    assert again.base.documents() == before
    found = Finder(again.base, again.store, HashedGrams()).search("锂电池能收寄吗")
    assert found[0].chunk.text == "第一条 锂电池不得单独收寄。"
    assert not any("新规定" in each.chunk.text for each in found)
    (done,) = again.update([], quiet)
    assert done.state == "updated"
    assert again.store is not None
    assert again.store.ids() == again.base.vectors()
