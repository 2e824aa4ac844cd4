"""eSpeak NG through pyttsx3: the fallback voice, small and robotic. Library and data come in a wheel, no apt."""

from __future__ import annotations

import contextlib
import ctypes
import io
import os
import tempfile
import threading
import time
import wave
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from courier_voice.core.errors import SpeechError
from courier_voice.core.words import Audio
from courier_voice.speech.spoken import spoken

if TYPE_CHECKING:
    from pyttsx3.engine import Engine

_LOCK: Final = threading.Lock()  # the library holds one voice and one callback a process
_WAIT_S: Final = 30.0


class Espeak:
    """Synthesizer. ``pace`` is in words a minute as eSpeak counts them. Raises SpeechError."""

    def __init__(self, voice: str = "cmn", pace: int = 170) -> None:
        self._voice, self._pace = voice, pace
        self.stamp = f"espeak-ng {voice} {pace}"
        """What decides how a text sounds: for the phrase cache."""

    def synthesize(self, text: str) -> Audio:
        """Speech at the library's own rate (22.05 kHz). Raises SpeechError."""
        with _LOCK, tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "said.wav"
            engine = self._engine()
            with contextlib.redirect_stdout(io.StringIO()):  # the driver prints where it saved
                engine.save_to_file(spoken(text), str(file))
                engine.runAndWait()
                return _read_when_whole(file)

    def _engine(self) -> Engine:
        try:
            import espeakng_loader

            os.environ.setdefault("ESPEAK_DATA_PATH", str(espeakng_loader.get_data_path()))
            # pyttsx3 asks for the system's library by name; the wheel's, loaded first, answers to it.
            ctypes.CDLL(str(espeakng_loader.get_library_path()), mode=ctypes.RTLD_GLOBAL)
            import pyttsx3

            engine = pyttsx3.init("espeak")
            engine.setProperty("voice", self._voice)
            engine.setProperty("rate", self._pace)
        except (ImportError, OSError, RuntimeError, ValueError) as error:
            raise SpeechError(
                f"eSpeak NG does not start ({type(error).__name__}): reinstall espeakng-loader and pyttsx3, "
                f"or pull the Kokoro voice with `courier-voice models pull`"
            ) from error
        return engine


def _read_when_whole(file: Path) -> Audio:
    """pyttsx3 may return before the file is there or complete."""
    deadline = time.monotonic() + _WAIT_S
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError, EOFError, wave.Error), wave.open(str(file)) as sound:
            frames, rate = sound.getnframes(), sound.getframerate()
            samples = np.frombuffer(sound.readframes(frames), np.int16)
            if len(samples) == frames:
                return Audio(samples.astype(np.float32) / np.float32(32768), rate)
        time.sleep(0.02)
    raise SpeechError(f"eSpeak NG wrote no sound in {_WAIT_S:.0f} s: reinstall espeakng-loader and pyttsx3")
