"""The microphone: frames from a background thread, and how a recording starts and ends.

The recording functions take frames from any iterator, so tests and the server feed them files and sockets.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from queue import Empty, Full, Queue
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from courier_voice.audio.endpoint import FRAME, FRAME_S
from courier_voice.core.errors import MicrophoneError
from courier_voice.core.words import RATE, Audio

Frame = NDArray[np.float32]
"""512 samples (32 ms) at 16 kHz."""

_BACKLOG: Final = round(30 / FRAME_S)
"""Frames kept for a listener that is busy with a turn."""
_DEAD_AFTER_S: Final = 3.0

_NO_PORTAUDIO: Final = {
    "linux": "install it: sudo apt install libportaudio2 (Fedora: portaudio)",
    "darwin": "install it: brew install portaudio",
    "win32": "pip install --force-reinstall sounddevice",
}
_NO_DEVICE: Final = {
    "linux": "plug one in, see that `arecord -l` lists it and that your user is in the group audio",
    "darwin": "plug one in, and allow this terminal under System Settings > Privacy & Security > Microphone",
    "win32": "plug one in, and allow desktop apps under Settings > Privacy & security > Microphone",
}

log = logging.getLogger(__name__)


@contextmanager
def open_microphone(device: str | int | None = None) -> Iterator[Iterator[Frame]]:
    """Frames from a microphone while the context is open; ``device`` is sounddevice's name or number.

    Raises MicrophoneError when PortAudio or a device is missing, refused, or lost while recording.
    """
    sounddevice = _sounddevice()
    queue: Queue[Frame] = Queue(_BACKLOG)

    def take(data: Any, _frames: int, _time: Any, status: Any) -> None:
        if status:
            log.warning("microphone: %s", status)
        try:
            queue.put_nowait(np.array(data[:, 0], np.float32))
        except Full:
            log.warning("microphone: nobody listens, 32 ms dropped")

    try:
        stream = sounddevice.InputStream(
            samplerate=RATE, channels=1, dtype="float32", blocksize=FRAME, device=device, callback=take
        )
        stream.start()
    except (sounddevice.PortAudioError, ValueError) as error:
        raise MicrophoneError(f"no microphone can be opened ({_brief(error)}): {_fix(_NO_DEVICE)}") from error
    try:
        yield _taken(queue)
    finally:
        stream.close()


def record_while(frames: Iterable[Frame], held: Callable[[], bool], *, longest_s: float = 60.0) -> Audio:
    """Push to talk: everything until ``held()`` turns false, the frames end, or ``longest_s`` have passed."""
    kept: list[Frame] = []
    for frame in frames:
        kept.append(frame)
        if not held() or len(kept) * FRAME_S >= longest_s:
            break
    return _sound(kept)


def frames_of(audio: Audio) -> Iterator[Frame]:
    """A recording as a microphone would give it, the last frame filled up with silence."""
    for at in range(0, len(audio.samples), FRAME):
        frame = audio.samples[at : at + FRAME]
        yield np.pad(frame, (0, FRAME - len(frame)))


def _sound(frames: Iterable[Frame]) -> Audio:
    return Audio(np.concatenate([np.zeros(0, np.float32), *frames]))


def _taken(queue: Queue[Frame]) -> Iterator[Frame]:
    while True:
        try:
            yield queue.get(timeout=_DEAD_AFTER_S)
        except Empty:
            raise MicrophoneError(
                f"the microphone has given nothing for {_DEAD_AFTER_S:.0f} s: plug it in again, or choose another"
            ) from None


def _sounddevice() -> Any:
    try:
        import sounddevice
    except OSError as error:  # what it raises at import without the C library
        raise MicrophoneError(f"PortAudio is missing: {_fix(_NO_PORTAUDIO)}") from error
    return sounddevice


def _brief(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__


def _fix(by_platform: dict[str, str]) -> str:
    return by_platform.get(sys.platform, by_platform["linux"])
