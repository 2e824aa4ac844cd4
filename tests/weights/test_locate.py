from __future__ import annotations

from pathlib import Path

import pytest

from courier_voice.core.errors import WeightsCorrupt, WeightsMissing
from courier_voice.weights import verify as verifying
from courier_voice.weights.catalogue import catalogue, entry
from courier_voice.weights.locate import HubRepo, OfficialWhisper, locate, parse, weights_root
from courier_voice.weights.verify import list_entries, verify

VOICES = "kokoro-voices-zh"


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A root of its own with the real voices in it."""
    (tmp_path / VOICES).mkdir()
    for file in entry(VOICES).files:
        (tmp_path / VOICES / file.name).write_bytes((locate(VOICES, weights_root()) / file.name).read_bytes())
    return tmp_path


def test_specifications() -> None:
    assert parse("hf:org/repo.v2@main") == HubRepo("org/repo.v2", "main")
    assert parse("whisper:large-v3") == OfficialWhisper("large-v3")
    assert parse("whisper-base") is None
    assert parse("hf:../../etc") is None


def test_catalogue_names_and_paths_are_found(copied: Path) -> None:
    assert locate(VOICES, copied) == copied / VOICES
    assert locate(str(copied / VOICES), Path("elsewhere")) == copied / VOICES


@pytest.mark.parametrize("spec", [VOICES, "hf:org/repo", "whisper:small"])
def test_missing_weights_name_the_command_that_brings_them(spec: str, tmp_path: Path) -> None:
    with pytest.raises(WeightsMissing, match=f"courier-voice models pull {spec}"):
        locate(spec, tmp_path)


@pytest.mark.parametrize("spec", ["./nothing/here", "whisper-huge"])
def test_what_cannot_be_pulled_is_not_promised(spec: str, tmp_path: Path) -> None:
    with pytest.raises(WeightsMissing) as refused:
        locate(spec, tmp_path)
    assert "models pull" not in str(refused.value)


def test_a_changed_file_is_refused_by_name(copied: Path) -> None:
    assert locate(VOICES, copied)
    voice = copied / VOICES / "zm_yunxia.bin"
    voice.write_bytes(voice.read_bytes()[:-1] + b"?")
    with pytest.raises(WeightsCorrupt, match=r"zm_yunxia\.bin of kokoro-voices-zh"):
        locate(VOICES, copied)


def test_the_second_look_reads_no_contents(copied: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    locate(VOICES, copied)
    read: list[Path] = []
    monkeypatch.setattr(verifying, "sha256", lambda path, tick: read.append(path))
    locate(VOICES, copied)
    assert read == []
    assert [row.state for row in verify([VOICES], copied)] == ["corrupt"], "verify always reads"
    assert len(read) == len(entry(VOICES).files)


def test_a_root_that_cannot_be_written_to_still_serves(copied: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path, *args: object, **kwargs: object) -> int:
        raise PermissionError

    monkeypatch.setattr(Path, "write_text", refuse)
    assert locate(VOICES, copied) == copied / VOICES


def test_states(copied: Path) -> None:
    def state() -> dict[str, str]:
        return {row.name: row.state for row in list_entries(copied)}

    assert state() == {name: "present" if name == VOICES else "missing" for name in catalogue()}
    (copied / "kokoro-82m.partial").mkdir()
    (copied / VOICES / "zf_xiaoni.bin").unlink()
    assert (state()[VOICES], state()["kokoro-82m"]) == ("partial", "partial")
    (copied / VOICES / "zf_xiaoxiao.bin").write_bytes(b"short")
    assert state()[VOICES] == "corrupt"


def test_verify_reports_progress_and_takes_what_is_there(copied: Path) -> None:
    seen: list[tuple[str, int, int]] = []
    rows = verify([], copied, lambda *call: seen.append(call))
    assert [(row.name, row.state, row.faults) for row in rows] == [(VOICES, "present", {})]
    assert seen[-1] == (VOICES, entry(VOICES).size, entry(VOICES).size)
