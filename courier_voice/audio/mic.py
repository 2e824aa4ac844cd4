"""The microphone: frames from a background thread, and how a recording starts and ends.

The recording functions take frames from any iterator, so tests and the server feed them files and sockets.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from courier_voice.audio.endpoint import FRAME, FRAME_S
from courier_voice.audio.ring import Both, Frame, Ring
from courier_voice.core.errors import MicrophoneError, SpeechError
from courier_voice.core.words import RATE, Audio

__all__ = ["Capture", "Frame", "Reference", "frames_of", "open_microphone", "record_while"]

Reference = Callable[[], Frame]
"""What has been played since it was last asked: a frame at 16 kHz, zeros for nothing."""

_BACKLOG: Final = round(30 / FRAME_S)
"""Frames kept for a listener that is busy with a turn."""
_DEAD_AFTER_S: Final = 3.0
_MUTE_AFTER_S: Final = 5.0
"""Of exact zeros: systems that refuse the microphone often give these instead of an error."""
_OTHER_RATES: Final = (48_000, 44_100, 16_000, 8_000)
"""What a device may want that refuses 16 kHz; 8 kHz is a Bluetooth headset's telephone profile."""

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


class Capture(Iterator[Frame]):
    """An open microphone: an iterator of frames. ``rate`` is the device's own; ``ring.dropped`` counts what was lost.

    Raises MicrophoneError from ``next`` when the device falls silent, goes away, or is refused by the system.
    """

    def __init__(self, rate: int, ring: Ring) -> None:
        self.rate, self.ring = rate, ring
        self._zeros = self._told = 0

    def __next__(self) -> Frame:
        return self.both().heard

    def both(self) -> Both:
        """The next frame, with what was played meanwhile. What was lost is told of once its reader has caught up."""
        if not self.ring:
            self.tell_lost()
        taken = self.ring.take(_DEAD_AFTER_S)
        if taken is None:
            what = "has gone" if self.ring.closed else f"has given nothing for {_DEAD_AFTER_S:.0f} s"
            raise MicrophoneError(f"the microphone {what}: plug it in again, or choose another")
        self._zeros = -1 if self._zeros < 0 or taken.heard.any() else self._zeros + 1
        if self._zeros * FRAME_S >= _MUTE_AFTER_S:
            raise MicrophoneError(f"the microphone gives only zeros, it is muted or refused: {_fix(_NO_DEVICE)}")
        return taken

    def pairs(self) -> Iterator[Both]:
        while True:
            yield self.both()

    def tell_lost(self) -> None:
        """Log how many frames have been dropped since this was last told, if any."""
        lost = self.ring.dropped - self._told
        self._told = self.ring.dropped
        if lost:
            log.warning("microphone: %d frames of 32 ms were dropped, what was said half a minute ago with them", lost)


@contextmanager
def open_microphone(device: str | int | None = None, reference: Reference | None = None) -> Iterator[Capture]:
    """A microphone while the context is open; ``device`` is sounddevice's name or number. PortAudio's thread fills a
    ring of 30 s. A device that refuses 16 kHz is opened at a rate of its own and resampled. One that is lost while the
    context is open has PortAudio look for devices again, so that the next try finds what is there by then.

    Raises MicrophoneError when PortAudio or a device is missing, refused, or lost while recording.
    """
    sounddevice = _sounddevice()
    ring = Ring(_BACKLOG)
    try:
        stream, rate = _opened(sounddevice, device, ring, reference)
    except (sounddevice.PortAudioError, ValueError):
        _rescan(sounddevice)  # PortAudio knows only the devices there were when it began
        try:
            stream, rate = _opened(sounddevice, device, ring, reference)
        except (sounddevice.PortAudioError, ValueError) as error:
            raise MicrophoneError(f"no microphone can be opened ({_brief(error)}): {_fix(_NO_DEVICE)}") from error
    if rate < RATE:
        log.warning("microphone: only %d Hz (a headset's telephone profile?): words are heard less well", rate)
    capture, lost = Capture(rate, ring), False
    try:
        yield capture
    except (MicrophoneError, SpeechError):  # a headset takes microphone and speaker with it, or changes both
        lost = True
        raise
    finally:
        stream.close()
        capture.tell_lost()
        if lost:
            _rescan(sounddevice)


def _opened(sd: Any, device: str | int | None, ring: Ring, reference: Reference | None) -> tuple[Any, int]:
    """A started stream and its rate: 16 kHz, else the device's own. Raises what sounddevice raises."""
    refused: Exception | None = None
    for rate in chain((RATE,), _own_rates(sd, device)):
        try:
            stream = sd.InputStream(
                samplerate=rate,
                channels=1,
                dtype="float32",
                blocksize=round(FRAME * rate / RATE),
                device=device,
                callback=_taker(rate, ring, reference),
                finished_callback=ring.close,
            )
            stream.start()
        except sd.PortAudioError as error:
            refused = refused or error
            if "sample rate" not in str(error).lower():
                break
        else:
            return stream, rate
    raise refused or ValueError("no rate")


def _own_rates(sd: Any, device: str | int | None) -> Iterator[int]:
    """Asked for only when 16 kHz was refused: the rate the device calls its own first."""
    own = round(sd.query_devices(device, "input")["default_samplerate"])
    yield from dict.fromkeys((own, *_OTHER_RATES))


def _taker(rate: int, ring: Ring, reference: Reference | None) -> Callable[..., None]:
    """The callback of the recording thread: to 16 kHz, cut into frames, into the ring."""
    import soxr

    resampler = soxr.ResampleStream(rate, RATE, 1, dtype="float32") if rate != RATE else None
    nothing = np.zeros(FRAME, np.float32)
    left: NDArray[np.float32] = nothing[:0]

    def take(data: Any, _frames: int, _time: Any, status: Any) -> None:
        nonlocal left
        if status:
            log.warning("microphone: %s", status)
        samples = np.array(data[:, 0], np.float32)
        left = np.concatenate([left, resampler.resample_chunk(samples) if resampler else samples])
        while len(left) >= FRAME:
            ring.put(Both(left[:FRAME], reference() if reference else nothing))
            left = left[FRAME:]

    return take


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


def _sounddevice() -> Any:
    try:
        import sounddevice
    except OSError as error:  # what it raises at import without the C library
        raise MicrophoneError(f"PortAudio is missing: {_fix(_NO_PORTAUDIO)}") from error
    return sounddevice


def _rescan(sd: Any) -> None:
    """Have PortAudio look for devices again: what was plugged in after it began is there then."""
    again = getattr(sd, "_terminate", None), getattr(sd, "_initialize", None)
    if all(again):
        for step in again:
            step()  # type: ignore[misc]


def _brief(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__


def _fix(by_platform: dict[str, str]) -> str:
    return by_platform.get(sys.platform, by_platform["linux"])
