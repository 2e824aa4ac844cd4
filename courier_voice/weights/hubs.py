"""The other sources: a Hugging Face repository, and the checkpoints openai-whisper knows by name."""

from __future__ import annotations

import shutil
from pathlib import Path

from courier_voice.core.errors import WeightsCorrupt, WeightsError, WeightsMissing
from courier_voice.weights.locate import HubRepo, OfficialWhisper
from courier_voice.weights.verify import Progress


def pull_repo(of: HubRepo, root: Path, progress: Progress) -> Path:
    """Every file of a repository, as a directory that appears only when whole. Raises WeightsError."""
    directory = of.directory(root)
    if not directory.exists():
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import HfHubHTTPError

        partial = directory.with_name(f"{directory.name}.partial")
        try:
            snapshot_download(of.repo, revision=of.revision, local_dir=partial)
        except (HfHubHTTPError, OSError, ValueError) as error:
            raise WeightsError(
                f"could not bring hf:{of.repo} ({type(error).__name__}); check the name, the network and, for a gated "
                "repository, HF_TOKEN, then run the command again; what has arrived is kept",
                retryable=True,
            ) from error
        shutil.rmtree(partial / ".cache", ignore_errors=True)
        partial.rename(directory)
    size = sum(path.stat().st_size for path in directory.rglob("*") if path.is_file())
    progress(f"hf:{of.repo}", size, size)
    return directory


def pull_official(of: OfficialWhisper, root: Path, progress: Progress) -> Path:
    """An official Whisper checkpoint, checked against the hash openai-whisper has for it.

    Raises WeightsMissing for a name it does not know, WeightsCorrupt, WeightsError.
    """
    file = of.file(root)
    if not file.exists():
        import whisper

        if of.name not in whisper.available_models():
            raise WeightsMissing(f"Whisper has no {of.name!r}; it has {', '.join(whisper.available_models())}")
        url = whisper._MODELS[of.name]
        partial = file.parent / f"{of.name}.partial"
        try:
            whisper._download(url, str(partial), in_memory=False)
        except OSError as error:
            raise WeightsError(
                f"could not bring whisper:{of.name} ({type(error).__name__}); check the network, run the command again",
                retryable=True,
            ) from error
        except RuntimeError as error:
            shutil.rmtree(partial)
            raise WeightsCorrupt(f"whisper:{of.name} came with a wrong sha256; run the command again") from error
        next(partial.glob("*.pt")).replace(file)
        shutil.rmtree(partial)
    progress(f"whisper:{of.name}", file.stat().st_size, file.stat().st_size)
    return file
