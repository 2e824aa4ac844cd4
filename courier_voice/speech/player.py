"""Sound out of the machine's speaker, through PortAudio."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from courier_voice.core.errors import SpeechError
from courier_voice.core.words import Audio

Samples = NDArray[np.float32]
Take = Callable[[int], Samples]
"""So many samples."""

VOICE_RATE: Final = 24_000
"""What voices are made at: a card that takes it need not be given anything else."""
_BLOCK: Final = 256
"""Samples taken at a time for a card of another rate."""
_LATENCY_S: Final = 0.03
"""Of sound waiting in the card. For the 9 ms that PortAudio calls low a Python thread comes late: a click."""


class Player(Protocol):
    """Plays sounds one after another."""

    def play(self, audio: Audio) -> None:
        """Start a sound as soon as the one before has ended; returns when it has started. Raises SpeechError."""
        ...

    def wait(self) -> None:
        """Return when all is played. Raises SpeechError."""
        ...


class SoundDevicePlayer:
    """Player on a PortAudio device: its index, a part of its name, or None for the system's choice."""

    def __init__(self, device: int | str | None = None) -> None:
        self._device = device

    def play(self, audio: Audio) -> None:
        sd = _sounddevice()
        if not len(audio.samples):
            return
        try:
            sd.wait()
            samples, rate = self._fitted(sd, audio)
            sd.play(samples, rate, device=self._device)
        except (sd.PortAudioError, ValueError) as error:  # ValueError: no device of that name
            raise _no_sound(error) from error

    def wait(self) -> None:
        sd = _sounddevice()
        try:
            sd.wait()
        except sd.PortAudioError as error:
            raise _no_sound(error) from error

    def probe(self) -> str:
        """The name of the device sound would go to. Raises SpeechError."""
        sd = _sounddevice()
        try:
            return str(sd.query_devices(self._device, "output")["name"])
        except (sd.PortAudioError, ValueError) as error:
            raise _no_sound(error) from error

    def _fitted(self, sd: Any, audio: Audio) -> tuple[Samples, int]:
        """Many cards take only 44.1 or 48 kHz: then resample to what the card prefers."""
        try:
            sd.check_output_settings(device=self._device, channels=1, samplerate=audio.rate)
        except sd.PortAudioError:
            import soxr

            rate = int(sd.query_devices(self._device, "output")["default_samplerate"])
            return soxr.resample(audio.samples, audio.rate, rate), rate
        return audio.samples, audio.rate


def output_rate(device: int | str | None = None) -> int:
    """The rate a card is to be fed at: the voices', or its own. Raises SpeechError when there is none."""
    sd = _sounddevice()
    try:
        own = int(sd.query_devices(device, "output")["default_samplerate"])
    except (sd.PortAudioError, ValueError) as error:
        raise _no_sound(error) from error
    try:
        sd.check_output_settings(device=device, channels=1, samplerate=VOICE_RATE)
    except sd.PortAudioError:
        return own
    return VOICE_RATE


@contextmanager
def sounding(take: Take, rate: int, device: int | str | None = None) -> Iterator[Callable[[], bool]]:
    """A card that asks ``take`` for so many samples at ``rate`` whenever it wants some, while the context is open;
    yields whether it still does. One that has another rate by now, as a headset that went over to its telephone
    profile, is given what it wants. Raises SpeechError when it cannot be opened.
    """
    sd = _sounddevice()

    def opened(rate: int, take: Take) -> Any:
        def give(out: Any, count: int, _time: Any, _status: Any) -> None:
            out[:, 0] = take(count)

        stream = sd.OutputStream(
            samplerate=rate, channels=1, dtype="float32", latency=_LATENCY_S, device=device, callback=give
        )
        stream.start()
        return stream

    try:
        try:
            stream = opened(rate, take)
        except sd.PortAudioError:
            own = int(sd.query_devices(device, "output")["default_samplerate"])
            if own == rate:
                raise
            stream = opened(own, _at(own, take, rate))
    except (sd.PortAudioError, ValueError) as error:
        raise _no_sound(error) from error
    try:
        yield lambda: bool(stream.active)
    finally:
        stream.close()


def _at(own: int, take: Take, rate: int) -> Take:
    """What ``take`` gives at ``rate``, at the rate ``own``, without seams."""
    import soxr

    fitted, left = soxr.ResampleStream(rate, own, 1, dtype="float32"), np.zeros(0, np.float32)

    def given(count: int) -> Samples:
        nonlocal left
        while len(left) < count:
            left = np.concatenate([left, fitted.resample_chunk(take(_BLOCK))])
        out, left = left[:count], left[count:]
        return out

    return given


def _sounddevice() -> Any:
    try:
        import sounddevice
    except OSError as error:  # raised at import when the shared library is missing
        raise SpeechError(
            "no PortAudio library: install it (Debian: `apt install libportaudio2`), or go on in text"
        ) from error
    return sounddevice


def _no_sound(error: Exception) -> SpeechError:
    return SpeechError(f"no usable sound output ({error}): plug in or choose a speaker, or go on in text")
