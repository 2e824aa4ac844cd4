"""Paraphrases by a language model: what is kept, what is refused, and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from courier_voice.commands.paraphrase import development_lines
from courier_voice.core.errors import ModelError, TrainingError
from courier_voice.core.ports import Role
from courier_voice.training.generate import held_out
from courier_voice.training.paraphrase import Check, asked, bare, fit_for_it, marked, paraphrases, written
from courier_voice.training.seeds import Seed, parse, read_seeds


def seed(line: str, name: str = "dial") -> Seed:
    (one,) = parse(line, name)
    return one


CALL = seed("给{ref=current:这单}的{name:霍师傅}打个电话", "dial")
TAIL = seed("帮我呼叫一下尾号{tail:五五一九}那位客户", "dial")


def check(reads: tuple[str, ...] = ("dial",), known: Sequence[str] = (), forbidden: Sequence[str] = ()) -> Check:
    return Check(lambda _: reads, known, forbidden)


def test_what_says_the_same_is_kept_as_a_seed_line() -> None:
    said = "霍师傅这单，帮忙接通一下"
    attempt = check()(CALL, said)
    assert (attempt.line, attempt.refused) == ("dial> {name:霍师傅}{ref=current:这单}，帮忙接通一下", "")
    again = seed(attempt.line, "paraphrases")
    assert (again.text, again.commands[0].intent) == (said, "dial")


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("霍师傅，帮忙接通一下", "values"),
        ("霍师傅这单，这单帮忙接通", "values"),
        ("霍师傅这单两回了，帮忙接通", "numbers"),
        ("霍师傅这单别帮忙接通了", "negation"),
        ("给这单的霍师傅打一个电话", "copy"),
        ("Call 霍师傅这单", "form"),
        ("霍师傅这单，帮忙接通一下" + "快点" * 9, "form"),
        ("", "form"),
    ],
)
def test_what_does_not_is_refused(said: str, reason: str) -> None:
    attempt = check()(CALL, said)
    assert (attempt.line, attempt.refused) == ("", reason)


def test_a_number_must_not_grow() -> None:
    assert marked(TAIL.commands[0], "五五一九零那位，替我拨过去") is None
    assert marked(TAIL.commands[0], "五五一九那位，替我拨过去") is not None


def test_other_readings_known_lines_and_development_lines_are_refused() -> None:
    said = "霍师傅这单，帮忙接通一下"
    assert check(reads=("send_sms",))(CALL, said).refused == "intent"
    assert check(reads=("dial", "dial"))(CALL, said).refused == "intent"
    assert check(known=["霍师傅，这单帮忙接通一下。"])(CALL, said).refused == "copy"
    assert check(forbidden=["霍师傅这单，帮忙接通下"])(CALL, said).refused == "development set"
    twice = check()
    assert [twice(CALL, said).refused for _ in range(2)] == ["", "copy"]


def test_what_would_be_held_out_is_not_learnt_from() -> None:
    said = next(
        text for n in range(99) if held_out(seed(f"dial> {(text := f'霍师傅这单{chr(0x5C0F + n)}，接通一下')}"))
    )
    assert check()(CALL, said).refused == "held out"


def test_a_mark_without_words_stays_and_a_line_reads_back_as_it_was() -> None:
    for one in filter(fit_for_it, read_seeds()[::17]):
        (command,) = one.commands
        again = seed(written(command), "paraphrases")
        assert again.text == one.text
        assert [(p.slot, p.value) for p in again.commands[0].pieces if p.slot] == [
            (p.slot, p.value) for p in command.pieces if p.slot
        ]


class Stub:
    """Answers in turn; a missing answer is a model gone away."""

    def __init__(self, *answers: str) -> None:
        self._answers: Iterator[str] = iter(answers)
        self.asked: list[str] = []
        self.grammars: list[str] = []

    def complete(
        self,
        messages: Sequence[tuple[Role, str]],
        *,
        max_tokens: int,
        grammar: str | None = None,
        schema: Mapping[str, object] | None = None,
    ) -> str:
        self.asked.append(messages[-1][1])
        self.grammars.append(grammar or "")
        try:
            return next(self._answers)
        except StopIteration:
            raise ModelError("gone") from None

    def warm(self, messages: Sequence[tuple[Role, str]]) -> None:
        assert "保留" in messages[0][1]


def test_a_run_goes_on_where_it_was_stopped(tmp_path: Path) -> None:
    seeds = [CALL, TAIL, seed("没送的{state=pending:还剩}{measure=count:多少单}", "query_tasks")]
    seeds = [one for one in seeds if fit_for_it(one)]
    answers = {CALL.text: "霍师傅这单，帮忙接通一下", TAIL.text: "胡说"}
    out = tmp_path / "new" / "paraphrases.txt"
    whole = Stub(*["胡说"] * len(seeds) * 2)
    order = [a.text for a in paraphrases(seeds, whole, check(), tmp_path / "order.txt", 0)]
    first, second = (
        Stub(*(said for text in part for said in ("胡说", answers.get(text, "还")))) for part in (order[:1], order[1:])
    )
    with pytest.raises(ModelError):
        list(paraphrases(seeds, first, check(), out, 0))
    told = list(paraphrases(seeds, second, check(), out, 0))
    assert [attempt.text for attempt in told] == order[1:]
    assert len(first.asked) + len(second.asked) == 2 * len(seeds) + 1
    kept = list(parse(out.read_text("utf-8"), "paraphrases"))
    assert [one.text for one in kept] == [answers[CALL.text]]
    assert list(paraphrases(seeds, Stub(), check(), out, 0)) == []
    assert not out.with_suffix(".new").exists()


def test_a_second_try_begins_otherwise(tmp_path: Path) -> None:
    model = Stub("哎霍师傅", "霍师傅这单，帮忙接通一下")
    (attempt,) = paraphrases([CALL], model, check(), tmp_path / "a.txt", 0)
    assert attempt.line
    assert ["给" in grammar and ("哎" in grammar) == bool(n) for n, grammar in enumerate(model.grammars)] == [True] * 2


def test_a_long_value_does_not_make_two_sentences_alike() -> None:
    far = seed("呼{address:万象里二十三幢二零零四}业主", "dial")
    assert check()(far, "万象里二十三幢二零零四，找业主").refused == ""
    assert check()(far, "呼万象里二十三幢二零零四，业主").refused == "copy"


def test_an_order_does_not_become_a_description() -> None:
    order = seed("{tail:五零一六}签收完成啦", "sign_off")
    assert check(("sign_off",))(order, "签收完成的五零一六").refused == "form"
    question = seed("看下{ref=next:下一单}那个{aspect=weight:重量}", "query_waybill")
    assert check(("query_waybill",))(question, "下一单的重量").refused == ""


def test_self_corrections_are_left_alone() -> None:
    assert fit_for_it(seed("看看{ref=next:下一单}是{aspect=weight:多重}呀", "query_waybill"))
    assert not fit_for_it(seed("看这单的，不对，{ref=next:下一单}是{aspect=weight:多重}", "query_waybill"))


def test_a_strange_journal_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text("[1]\n", "utf-8")
    with pytest.raises(TrainingError, match="--out"):
        list(paraphrases([CALL], Stub(), check(), tmp_path / "a.txt", 0))


def test_the_question_names_the_words_to_keep() -> None:
    assert asked(CALL, "更短") == "原句：给这单的霍师傅打个电话（保留：这单、霍师傅）（更短）\n换成："


def test_all_development_sets_are_forbidden() -> None:
    lines = development_lines()
    assert len(lines) > 1700
    assert all(isinstance(line, str) and bare(line) for line in lines)
