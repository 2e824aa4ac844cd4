"""The sources beside the catalogue, with their clients' network replaced by files."""

from __future__ import annotations

import hashlib
from pathlib import Path

import huggingface_hub
import pytest
import whisper

from courier_voice.core.errors import WeightsCorrupt, WeightsError, WeightsMissing
from courier_voice.weights.fetch import pull
from courier_voice.weights.locate import locate

# openai-whisper leaves the files it reads for the garbage collector to close
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")

CONTENT = b"a checkpoint"


def offer(monkeypatch: pytest.MonkeyPatch, shelf: Path, sha256: str) -> None:
    """Put an official ``tiny`` on a shelf, with the hash in its address as OpenAI has it."""
    path = shelf / sha256 / "tiny.pt"
    path.parent.mkdir(parents=True)
    path.write_bytes(CONTENT)
    monkeypatch.setitem(whisper._MODELS, "tiny", path.as_uri())


def test_an_official_checkpoint_is_pulled_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    offer(monkeypatch, tmp_path / "shelf", hashlib.sha256(CONTENT).hexdigest())
    (path,) = pull(["whisper:tiny"], tmp_path / "root")
    assert path.read_bytes() == CONTENT
    assert locate("whisper:tiny", tmp_path / "root") == path
    monkeypatch.setitem(whisper._MODELS, "tiny", "file:///nowhere/0/tiny.pt")
    assert pull(["whisper:tiny"], tmp_path / "root") == (path,)


def test_an_official_checkpoint_with_another_hash_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    offer(monkeypatch, tmp_path / "shelf", "0" * 64)
    with pytest.raises(WeightsCorrupt, match="whisper:tiny"):
        pull(["whisper:tiny"], tmp_path / "root")
    with pytest.raises(WeightsMissing):
        locate("whisper:tiny", tmp_path / "root")


def test_a_name_whisper_does_not_know_is_told_what_there_is(tmp_path: Path) -> None:
    with pytest.raises(WeightsMissing, match="large-v3"):
        pull(["whisper:enormous"], tmp_path)


def test_a_repository_appears_only_when_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def half(repo: str, revision: str | None, local_dir: Path) -> None:
        local_dir.mkdir()
        (local_dir / "config.json").write_text("{}")
        raise OSError("connection lost")

    def rest(repo: str, revision: str | None, local_dir: Path) -> None:
        assert (repo, revision, (local_dir / "config.json").exists()) == ("org/repo", "v1", True)
        (local_dir / "model.bin").write_bytes(CONTENT)

    monkeypatch.setattr(huggingface_hub, "snapshot_download", half)
    with pytest.raises(WeightsError, match="hf:org/repo") as failed:
        pull(["hf:org/repo@v1"], tmp_path)
    assert failed.value.retryable
    with pytest.raises(WeightsMissing):
        locate("hf:org/repo@v1", tmp_path)
    monkeypatch.setattr(huggingface_hub, "snapshot_download", rest)
    assert pull(["hf:org/repo@v1"], tmp_path) == (locate("hf:org/repo@v1", tmp_path),)
    assert {path.name for path in locate("hf:org/repo@v1", tmp_path).iterdir()} == {"config.json", "model.bin"}
