"""The baseline of readers gives every document's words and none of its structure."""

from __future__ import annotations

from pathlib import Path

import pytest

from courier_voice.app import data_dir
from courier_voice.evals.kb_plain import read_plainly
from courier_voice.knowledge.readers import FORMATS, read
from courier_voice.text.normalize import comparable

COMPANY = sorted(file for file in (data_dir("fixtures") / "knowledge" / "company").iterdir() if file.suffix in FORMATS)


@pytest.mark.parametrize("file", COMPANY, ids=lambda file: file.name)
def test_words_without_headings_or_rows(file: Path) -> None:
    plain, known = read_plainly(file), read(file)
    assert (plain.name, plain.title, plain.effective) == (known.name, known.title, known.effective)
    assert not any(block.table for block in plain.blocks)
    if known.blocks:
        words = comparable("".join(block.text for block in plain.blocks))
        told = [block.text for block in known.blocks if not block.table]
        there = sum(comparable(text)[-12:] in words for text in told)  # Word's own numbers are lost
        assert there >= 0.7 * len(told)
