"""Phrases already spoken, kept on disk: 请再说一遍 is synthesised once in the life of a handheld."""

from __future__ import annotations

import contextlib
import hashlib
import io
import logging
import os
import re
import tempfile
from pathlib import Path
from typing import Final

import numpy as np

from courier_voice.core.privacy import people
from courier_voice.core.words import Audio
from courier_voice.speech.spoken import spoken

log = logging.getLogger(__name__)

_PERSONAL: Final = re.compile(r"\d{3}|尾号|先生|女士|小姐")
"""A clause with a tail, a sum or a title is about somebody."""


class PhraseCache:
    """FLAC files named by the hash of the words and of ``stamp`` (voice, speed, engine version).

    Holds at most ``limit_bytes``, dropping what was used longest ago. Never raises: a file that cannot be read is
    made anew, a disk that cannot be written leaves the cache as it is. What names somebody is not kept: no sound of a
    customer's name, parcel or text lies on the disk.
    """

    def __init__(self, folder: Path, stamp: str, limit_bytes: int = 50_000_000) -> None:
        self._folder, self._stamp, self._limit = folder, stamp, limit_bytes
        self._warned = False

    def __contains__(self, text: str) -> bool:
        return self._file(text).is_file()

    def get(self, text: str) -> Audio | None:
        """The sound kept for a display text, at the rate it was put in with; None when there is none."""
        import soundfile

        file = self._file(text)
        try:
            sound = file.read_bytes()
            samples, rate = soundfile.read(io.BytesIO(sound), dtype="float32", always_2d=True)
        except FileNotFoundError:
            return None
        except (OSError, soundfile.LibsndfileError):
            log.warning("phrase cache: %s is unreadable and will be made anew", file.name)
            return None
        with contextlib.suppress(OSError):  # a read-only disk still serves; only the order of leaving suffers
            os.utime(file)
        return Audio(np.ascontiguousarray(samples[:, 0]), int(rate))

    def put(self, text: str, audio: Audio) -> None:
        """Keep a sound. A reader sees the whole file or none."""
        if _PERSONAL.search(text) or people.mask(text) != text:
            return
        import soundfile

        sound = io.BytesIO()
        soundfile.write(sound, audio.samples, audio.rate, format="FLAC", subtype="PCM_16")
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._write(self._file(text), sound.getvalue())
            self._shrink()
        except OSError as error:
            if not self._warned:
                log.warning("phrase cache: %s; going on without it, free some disk space", error.strerror)
            self._warned = True

    def _file(self, text: str) -> Path:
        key = hashlib.sha256(f"{self._stamp}\0{spoken(text)}".encode()).hexdigest()
        return self._folder / f"{key}.flac"

    def _write(self, file: Path, content: bytes) -> None:
        handle, name = tempfile.mkstemp(dir=self._folder, suffix=".part")
        try:
            with os.fdopen(handle, "wb") as part:
                part.write(content)
            Path(name).replace(file)
        except OSError:
            Path(name).unlink(missing_ok=True)
            raise

    def _shrink(self) -> None:
        files = [(file.stat(), file) for file in self._folder.glob("*.flac")]
        total = sum(stat.st_size for stat, _ in files)
        for stat, file in sorted(files, key=lambda entry: entry[0].st_mtime_ns):
            if total <= self._limit:
                break
            file.unlink(missing_ok=True)
            total -= stat.st_size
