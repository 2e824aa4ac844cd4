"""A language model's words for tables and reminders: kept when they say the same, asked for once, never waited for."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from courier_voice.core.errors import KnowledgeError, ModelError
from courier_voice.core.ports import Role
from courier_voice.knowledge.base_open import MAKING, open_base, worded
from courier_voice.knowledge.reword import Kind, Rewords, refusal, whole_sentences

ROW = "投诉分级表；级别：二级；典型情形：虚假签收；处理时限24小时；责任人处罚100元/次；升级到：区域经理。"
RULES = "封口处请经办人签字，再贴封条。不得拆看文件内容，数量按经办人填写的份数登记。运费一律月结，当天18点前交站。"


@dataclass
class Says:
    """A model that says what it is told to, or fails."""

    reply: str = ""
    asked: list[str] = field(default_factory=list)

    def complete(self, messages: Sequence[tuple[Role, str]], **_: object) -> str:
        self.asked.append(messages[-1][1])
        if not self.reply:
            raise ModelError("no model today")
        return self.reply

    def warm(self, messages: Sequence[tuple[Role, str]]) -> None:
        return None


@pytest.mark.parametrize(
    ("kind", "text", "said"),
    [
        ("table", ROW, "二级投诉指虚假签收，处理时限24小时，责任人处罚100元/次，升级到区域经理。"),
        ("tip", RULES, "封口处请经办人签字，不得拆看文件内容。"),
    ],
)
def test_words_that_say_the_same_are_taken_and_kept(kind: Kind, text: str, said: str, tmp_path: Path) -> None:
    model = Says(said)
    rewords = Rewords(tmp_path / "kept.sqlite3", kind, model)
    assert rewords(text) == said
    assert rewords(text) == said
    assert len(model.asked) == 1
    assert Rewords(tmp_path / "kept.sqlite3", kind)(text) == said


@pytest.mark.parametrize(
    ("kind", "text", "said"),
    [
        ("table", ROW, "二级投诉指虚假签收，处理时限24小时，升级到区域经理。"),
        ("table", ROW, "二级投诉指虚假签收，处理时限24天，责任人处罚100元/次，升级到区域经理。"),
        ("table", ROW, "二级投诉，处理时限24小时，责任人处罚100元/次，升级到区域经理。"),
        ("tip", RULES, "封口处请经办人签字，可以拆看文件内容。"),
        ("tip", RULES, "封口处请经办人签字。运费一律月结，当天19点前交站。"),
    ],
)
def test_words_that_add_lose_or_turn_round_are_refused_once(kind: Kind, text: str, said: str, tmp_path: Path) -> None:
    model = Says("改写：" + said)
    rewords = Rewords(tmp_path / "kept.sqlite3", kind, model)
    assert rewords(text) == text
    assert rewords(text) == text
    assert len(model.asked) == 1


@pytest.mark.parametrize("said", ["封口处请经办人签字。不得拆看。运费一律月结。", RULES * 2, ""])
def test_a_reminder_is_two_short_sentences(said: str) -> None:
    assert refusal(RULES, said, "tip")


def test_a_model_that_fails_is_asked_again_another_time(tmp_path: Path) -> None:
    model = Says()
    rewords = Rewords(tmp_path / "kept.sqlite3", "tip", model)
    assert rewords(RULES) == RULES
    assert rewords(RULES) == RULES
    assert len(model.asked) == 2


def test_stopped_in_the_middle_it_goes_on_from_there(tmp_path: Path) -> None:
    class Stopped(Says):
        def complete(self, messages: Sequence[tuple[Role, str]], **_: object) -> str:
            if len(self.asked) == 1:
                raise KeyboardInterrupt
            return super().complete(messages)

    said = "封口处请经办人签字。"
    with pytest.raises(KeyboardInterrupt):
        Rewords(tmp_path / "kept.sqlite3", "tip", Stopped(said)).ahead([RULES, ROW], lambda: None)
    model = Says(said)
    steps: list[int] = []
    assert Rewords(tmp_path / "kept.sqlite3", "tip", model).ahead([RULES, ROW], lambda: steps.append(1)) == 1
    assert len(steps) == 2
    assert len(model.asked) == 1, "what was worded before was asked for again"


def test_without_a_model_nothing_is_asked_and_nothing_written(tmp_path: Path) -> None:
    assert Rewords(tmp_path / "kept.sqlite3", "tip")(RULES) == RULES
    assert not list(tmp_path.iterdir())


def test_a_file_that_cannot_be_used_says_so(tmp_path: Path) -> None:
    (tmp_path / "kept.sqlite3").write_bytes(b"no database, but long enough to be taken for one")
    with pytest.raises(KnowledgeError, match="remove it"):
        Rewords(tmp_path / "kept.sqlite3", "tip", Says("先签字。"))(RULES)


def test_a_turn_does_not_fail_over_the_words_found_before(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "kept.sqlite3").write_bytes(b"no database, but long enough to be taken for one")
    assert Rewords(tmp_path / "kept.sqlite3", "tip")(RULES) == RULES
    assert "remove it" in caplog.text


def test_a_turn_does_not_wait_for_another_process(tmp_path: Path) -> None:
    file = tmp_path / "kept.sqlite3"
    assert Rewords(file, "tip", Says("封口处请经办人签字。"))(RULES) != RULES
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert Rewords(file, "tip")(RULES) == RULES
        other.execute("ROLLBACK")
    assert Rewords(file, "tip")(RULES) == "封口处请经办人签字。"


def test_a_reminder_cut_short_loses_its_last_half_sentence() -> None:
    assert whole_sentences("先拍照。再拆封条。客户验完不要的，按拒") == "先拍照。再拆封条。"
    assert whole_sentences("先拍照，再拆") == ""


def test_documents_are_read_with_worded_rows_and_made_anew_for_it(tmp_path: Path) -> None:
    table = "| 级别 | 情形 | 时限（小时） |\n|---|---|---|\n| 二级 | 虚假签收 | 24 |\n| 三级 | 派送延误 | 48 |\n"
    file = tmp_path / "投诉.md"
    file.write_text(f"# 投诉处理\n\n{table}", "utf-8")
    plain = open_base(tmp_path / "kb", None)
    assert [done.state for done in plain.add([file], lambda *_: None)] == ["added"]
    model = Says("二级指虚假签收，时限24小时。")
    tables = Rewords(tmp_path / "kept.sqlite3", "table", model)
    filler = open_base(tmp_path / "kb", None, tables=tables)
    assert [done.state for done in filler.add([file], lambda *_: None)] == ["updated"]
    assert [done.state for done in filler.add([file], lambda *_: None)] == ["unchanged"]
    making, steps = worded(MAKING, tables), list[tuple[str, int, int]]()
    assert making.word
    document = making.word(MAKING.read(file), lambda *step: steps.append(step))
    assert steps == [("投诉.md", 0, 2), ("投诉.md", 1, 2)]
    rows = [block.text for block in document.blocks if block.table]
    assert rows[0] == "二级指虚假签收，时限24小时。"
    assert rows[1] == "级别：三级；情形：派送延误；时限48小时。", "the model's words were another row's"
    assert len(model.asked) == 2
