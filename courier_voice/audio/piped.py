"""Frames of a stream of bytes as they come: a pipe, a file, a socket's ``makefile("rb")``, anything buffered.

Raw sound is 16-bit little-endian mono at 16 kHz, what ``arecord -f S16_LE -r 16000`` and ``ffmpeg -f s16le`` write. A
WAV of 16-bit samples, whatever its rate and channels, is known by its header. Nothing is dropped: who writes waits.
"""

from __future__ import annotations

import logging
import struct
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from courier_voice.audio.endpoint import FRAME
from courier_voice.audio.ring import Frame
from courier_voice.core.errors import AudioError
from courier_voice.core.words import RATE

_CONVERT: Final = "send it through: ffmpeg -i INPUT -f s16le -ar 16000 -ac 1 -"
_OTHERS: Final = {b"fLaC": "FLAC", b"OggS": "OGG", b"ID3": "MP3", b"caff": "CAF", b"FORM": "AIFF", b"RF64": "RF64"}
_READ: Final = 2 * FRAME
"""Bytes: as many as a raw frame has, so that none is waited for longer than it lasts."""
_STREAMED: Final = 1 << 31
"""Bytes from which on a WAV's length is none: it was not known when the header was written."""
_ENDLESS: Final = sys.maxsize
_ROOM: Final = 1 << 20
"""Bytes a pipe is asked to hold, half a minute, so that a recorder need not wait while a turn is made."""

log = logging.getLogger(__name__)


def piped(stream: BinaryIO) -> Iterator[Frame]:
    """The frames of a stream, each as soon as it is whole, the last filled up with silence.

    Waits for its first bytes, and raises AudioError when there are none, or when it is neither raw sound nor a WAV of
    16 bits. One that ends in the middle of a sample gives what came before, with a warning in the log.
    """
    _roomy(stream)
    head = stream.read(4)
    if not head:
        raise AudioError(f"no sound came: the stream is empty; {_CONVERT}")
    if other := next((name for magic, name in _OTHERS.items() if head.startswith(magic)), ""):
        raise AudioError(f"the stream is {other}, not raw sound or WAV: {_CONVERT}")
    if head == b"RIFF":
        return _frames(stream, b"", *_header(stream))
    return _frames(stream, head, RATE, 1, _ENDLESS)


def _frames(stream: BinaryIO, rest: bytes, rate: int, channels: int, size: int) -> Iterator[Frame]:
    """``rest``: what has been read of the samples; ``size``: how many bytes of them there are to come."""
    fit, left = _fitting(rate), np.zeros(0, np.float32)
    while data := stream.read(min(_READ - len(rest), size)):
        size -= len(data)
        whole = len(rest + data) // (2 * channels) * 2 * channels
        samples, rest = np.frombuffer((rest + data)[:whole], "<i2"), (rest + data)[whole:]
        mono = (samples.reshape(-1, channels).mean(axis=1) / 32768).astype(np.float32)
        left = np.concatenate([left, fit(mono, False)])
        while len(left) >= FRAME:
            yield left[:FRAME]
            left = left[FRAME:]
    if rest:
        log.warning("the stream ended in the middle of a sample: is it 16-bit? %s", _CONVERT)
    left = np.concatenate([left, fit(np.zeros(0, np.float32), True)])
    for at in range(0, len(left), FRAME):
        yield np.pad(left[at : at + FRAME], (0, max(0, FRAME - len(left[at : at + FRAME]))))


def _header(stream: BinaryIO) -> tuple[int, int, int]:
    """Rate, channels and bytes of a WAV whose first four bytes have been read; what is read next are its samples."""
    stream.read(4)
    if stream.read(4) != b"WAVE":
        raise AudioError(f"the stream is RIFF, but no WAV: {_CONVERT}")
    found: tuple[int, int] | None = None
    while len(chunk := stream.read(8)) == 8:
        name, size = struct.unpack("<4sI", chunk)
        if name == b"data" and found:
            return *found, size if 0 < size < _STREAMED else _ENDLESS
        body = stream.read(size + size % 2)
        if name == b"fmt " and len(body) >= 16:
            kind, channels, rate, _, _, bits = struct.unpack("<HHIIHH", body[:16])
            if kind not in (1, 0xFFFE) or bits != 16 or not channels or not rate:
                raise AudioError(f"the stream is a WAV, but not of 16-bit samples: {_CONVERT}")
            found = rate, channels
    raise AudioError(f"the stream is a WAV without sound in it: {_CONVERT}")


def _fitting(rate: int) -> Callable[[NDArray[np.float32], bool], NDArray[np.float32]]:
    if rate == RATE:
        return lambda samples, last: samples
    import soxr

    resampler = soxr.ResampleStream(rate, RATE, 1, dtype="float32")
    return lambda samples, last: np.asarray(resampler.resample_chunk(samples, last=last), np.float32)


def _roomy(stream: BinaryIO) -> None:
    """Ask for a large pipe, where the stream is one and the system lets it grow."""
    if sys.platform == "linux":
        import fcntl

        with suppress(OSError, ValueError):  # no pipe, or no file at all
            fcntl.fcntl(stream, fcntl.F_SETPIPE_SZ, _ROOM)
