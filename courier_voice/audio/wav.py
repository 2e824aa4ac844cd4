"""Sound files to 16 kHz mono and back."""

from __future__ import annotations

import logging
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from courier_voice.core.errors import AudioError
from courier_voice.core.words import RATE, Audio

if TYPE_CHECKING:
    from soundfile import SoundFile

_BLOCK: Final = 1 << 14
"""Frames read at a time: an hour of stereo never stands in memory whole, and what comes before damage is kept."""

_CONVERT: Final = "convert it with: ffmpeg -i INPUT -ar 16000 -ac 1 OUTPUT.wav"

log = logging.getLogger(__name__)


def read_audio(path: str | Path) -> Audio:
    """A WAV, FLAC, MP3 or OGG file of any rate and channel count as 16 kHz mono.

    Channels are averaged, a constant offset is taken out, values are clipped to -1..1. A file cut off in the middle
    gives what can be read of it, with a warning in the log. Raises AudioError when there is no sound to be had.
    """
    path = Path(path)
    if not path.is_file():
        kind = "is a folder" if path.is_dir() else "does not exist"
        raise AudioError(f"{path.name} {kind}: give the path of a WAV, FLAC, MP3 or OGG file")
    if path.stat().st_size == 0:
        raise AudioError(f"{path.name} is empty (0 bytes): record it again or copy it again")
    samples = _decode(path)
    if len(samples) == 0:
        raise AudioError(f"{path.name} announces no samples: record it again, its recorder was stopped too early")
    if not np.isfinite(samples).all():
        raise AudioError(f"{path.name} holds invalid samples (NaN or infinite): export it again as 16-bit PCM")
    return Audio(np.clip(samples - samples.mean(dtype=np.float64), -1.0, 1.0).astype(np.float32))


def write_wav(path: str | Path, audio: Audio) -> None:
    """Write 16-bit PCM at the audio's own rate. Raises AudioError when the file cannot be written."""
    import soundfile

    path = Path(path)
    try:
        soundfile.write(path, np.clip(audio.samples, -1.0, 1.0), audio.rate, format="WAV", subtype="PCM_16")
    except (soundfile.LibsndfileError, OSError) as error:
        raise AudioError(f"{path.name} cannot be written: check that its folder exists and has space") from error


def _decode(path: Path) -> NDArray[np.float32]:
    import soundfile

    try:
        with soundfile.SoundFile(path) as file:
            blocks = list(_mono_16k(file, path))
    except (soundfile.LibsndfileError, OSError) as error:
        reason = "may not be read" if isinstance(error, PermissionError) else "is not a sound file this can read"
        raise AudioError(f"{path.name} {reason}; WAV, FLAC, MP3 and OGG work, anything else: {_CONVERT}") from error
    return np.concatenate(blocks)


def _mono_16k(file: SoundFile, path: Path) -> Iterator[NDArray[np.float32]]:
    import soundfile
    import soxr

    resampler, done = soxr.ResampleStream(file.samplerate, RATE, 1, dtype="float32"), 0
    try:
        while len(block := file.read(_BLOCK, dtype="float32", always_2d=True)):
            done += len(block)
            yield resampler.resample_chunk(block.mean(axis=1, dtype=np.float32))
    except soundfile.LibsndfileError:
        if not done:
            raise
    yield resampler.resample_chunk(np.zeros(0, np.float32), last=True)
    if done < file.frames or _shorter_than_riff_says(path):
        log.warning("%s is cut off or damaged: using the %.1f s that are there", path.name, done / file.samplerate)


def _shorter_than_riff_says(path: Path) -> bool:
    """libsndfile corrects the length of a cut WAV in silence; sizes from 2 GiB up mean that it was streamed."""
    with path.open("rb") as file:
        magic, size = struct.unpack("<4sI", file.read(8))
    return bool(magic == b"RIFF" and path.stat().st_size < size + 8 < 1 << 31)
