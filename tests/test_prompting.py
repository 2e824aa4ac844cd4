from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from courier_voice.core.errors import PromptError
from courier_voice.prompting import Prompt, changed_since_release, load, load_all, prompts_dir

GOOD = """---
id: nlu/understand
version: 2
inputs: [day, said]
purpose: 听懂一句话。
---
今天$day，{"intent":"dial"}，$$5：${said}
"""


def put(root: Path, name: str, text: str) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def test_a_prompt_is_loaded_rendered_and_stamped(tmp_path: Path) -> None:
    put(tmp_path, "nlu/understand.v2.md", GOOD)
    prompt = load("nlu/understand", tmp_path)
    assert (prompt.id, prompt.version, prompt.inputs, prompt.purpose) == (
        "nlu/understand",
        2,
        ("day", "said"),
        "听懂一句话。",
    )
    assert prompt.render(day="周一", said="$day") == '今天周一，{"intent":"dial"}，$5：$day'
    assert prompt.stamp.startswith("nlu/understand@2:")
    assert len(prompt.stamp) == len("nlu/understand@2:") + 8


def test_the_newest_version_is_the_highest_number(tmp_path: Path) -> None:
    for version in (2, 9, 10):
        put(tmp_path, f"nlu/understand.v{version}.md", GOOD.replace("version: 2", f"version: {version}"))
    assert load("nlu/understand", tmp_path).version == 10
    assert load("nlu/understand@9", tmp_path).version == 9
    assert [prompt.version for prompt in load_all(tmp_path)] == [2, 9, 10]


@pytest.mark.parametrize(
    "reference",
    ["nlu/understand@3", "nlu/other", "other/understand", "understand", "../nlu/understand", "nlu/understand@x"],
)
def test_what_is_not_there_is_named(tmp_path: Path, reference: str) -> None:
    put(tmp_path, "nlu/understand.v2.md", GOOD)
    with pytest.raises(PromptError, match="prompt"):
        load(reference, tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("purpose:", "author: me\npurpose:", "author"),
        ("purpose: 听懂一句话。\n", "", "purpose"),
        ("version: 2", "version: '2'", "version"),
        ("version: 2", "version: 3", "rename"),
        ("id: nlu/understand", "id: nlu/other", "rename"),
        ("[day, said]", "[day]", "declares the inputs day and its text uses day, said"),
        ("[day, said]", "[day, said, more]", "declares"),
        ("[day, said]", "[day, said, said]", "declares"),
        ("[day, said]", "[day, said", "front matter"),
        ("$$5", "$5", r"lone \$"),
        ("---\nid", "id", "front matter"),
    ],
)
def test_a_file_that_breaks_a_rule_is_refused(tmp_path: Path, old: str, new: str, complaint: str) -> None:
    assert old in GOOD
    put(tmp_path, "nlu/understand.v2.md", GOOD.replace(old, new, 1))
    with pytest.raises(PromptError, match=complaint):
        load("nlu/understand", tmp_path)
    with pytest.raises(PromptError):
        load_all(tmp_path)


@pytest.mark.parametrize(
    "name", ["nlu/understand.md", "understand.v2.md", "nlu/deep/understand.v2.md", "nlu/Understand.v2.md"]
)
def test_a_file_in_the_wrong_place_is_refused(tmp_path: Path, name: str) -> None:
    put(tmp_path, name, GOOD)
    with pytest.raises(PromptError, match="is not named"):
        load_all(tmp_path)


@pytest.mark.parametrize("inputs", [{}, {"day": "周一"}, {"day": "周一", "said": "x", "more": "y"}])
def test_inputs_must_be_exactly_the_declared_ones(inputs: dict[str, str]) -> None:
    prompt = Prompt("a/b", 1, ("day", "said"), "p", "$day$said")
    with pytest.raises(PromptError, match="takes the inputs day, said"):
        prompt.render(**inputs)


@given(st.text(), st.text())
def test_inputs_come_through_untouched(day: str, said: str) -> None:
    assert Prompt("a/b", 1, ("day", "said"), "p", "<$day|$said>").render(day=day, said=said) == f"<{day}|{said}>"


def test_a_released_text_that_changed_or_went_away_is_found(tmp_path: Path) -> None:
    put(tmp_path, "nlu/understand.v2.md", GOOD)
    stamp = load("nlu/understand", tmp_path).stamp
    put(tmp_path, "RELEASED.tsv", f"stamp\trelease\n{stamp}\t0.1.0\n")
    assert changed_since_release(tmp_path) == ()
    put(tmp_path, "nlu/understand.v2.md", GOOD.replace("今天", "今日"))
    assert changed_since_release(tmp_path) == (stamp,)
    (tmp_path / "nlu/understand.v2.md").unlink()
    assert changed_since_release(tmp_path) == (stamp,)


def test_our_own_prompts_keep_the_rules_and_released_ones_their_text() -> None:
    assert prompts_dir().is_dir()
    load_all()
    assert changed_since_release() == (), "a released prompt is frozen: put its text back and write a new version"
