"""A session with FunASR's runtime over its websocket.

The protocol (github.com/modelscope/FunASR, runtime/docs/websocket_protocol.md): a JSON message with the mode, PCM in
strides of 60 ms, ``{"is_speaking": false}``; back come texts, online ones to be added, offline ones in place of those
since the last offline one. Its servers do not agree on ``is_final``: those in C++ set it on the last message, which may
be empty, those in Python set it on every message but the last and may send none, so that quiet alone tells the end.
Which it is, the ``Server`` header of the handshake says.
"""

from __future__ import annotations

import json
import logging
import select
import socket
import ssl
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from typing import Any, Final, Literal

from websockets.exceptions import InvalidHandshake, InvalidStatus, InvalidURI, WebSocketException
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from courier_voice.asr.remote import Passing, unreachable, words_of
from courier_voice.core.errors import TranscriptionError
from courier_voice.core.words import RATE

Mode = Literal["2pass", "offline", "online"]

_frames: Final = logging.getLogger(f"{__name__}.frames")
_frames.setLevel(logging.WARNING)  # below that the library writes down what is sent: hints, and words

_AFTER_PONG_S: Final = 0.1
"""For what a server says right after it has answered a ping."""
ADDRESS: Final = "set COURIER_ASR__BASE_URL=ws://host:10095"
_STRIDE: Final = 960
"""Samples a message: 60 ms, which the servers in Python count on for ``chunk_interval``."""
_CHUNKS: Final = {"chunk_size": [5, 10, 5], "chunk_interval": 10}
"""Words every 600 ms with 300 ms of sound before and after them."""
_WEIGHT: Final = 20
"""Of a hint, as in the protocol's example."""


class _Heard:
    """The words of a session, put together from its messages."""

    def __init__(self, mode: Mode) -> None:
        self._mode, self._settled, self._open, self._inverted = mode, "", "", False

    @property
    def text(self) -> str:
        return words_of(self._settled + self._open)

    def add(self, message: dict[str, Any], *, ended: bool) -> bool:
        """Take a message; whether it is the last. ``ended``: nothing more is sent."""
        mode, text = str(message.get("mode") or ""), str(message.get("text") or "")
        final = bool(message.get("is_final"))
        online = mode.endswith("online")
        if online:
            self._open += text
        elif text:
            self._settled, self._open = self._settled + text, ""
        inverted = mode in ("offline", "online") or (online and self._mode == "2pass")
        self._inverted = self._inverted or (final and (inverted or not ended))
        if online and self._mode == "2pass":
            return False
        return ended and (not final if self._inverted or mode in ("offline", "online") else final)


class Session:
    """A connection, from the first message to the last. Raises Passing for trouble with it."""

    def __init__(self, url: str, mode: Mode, hints: Sequence[str], timeout_s: float, quiet_s: float) -> None:
        self._timeout_s, self._quiet_s = timeout_s, quiet_s
        self._heard, self._rest, self._ended = _Heard(mode), b"", False
        self._url, self._opened = url, ExitStack()
        with _lost(url):
            # What a server that decodes does with pings is nothing to go by.
            opening = connect(
                url,
                subprotocols=[Subprotocol("binary")],
                open_timeout=timeout_s,
                close_timeout=1,
                ping_interval=None,
                logger=_frames,
            )
            self._socket: ClientConnection = self._opened.enter_context(opening)
        hotwords = json.dumps(dict.fromkeys(hints, _WEIGHT), ensure_ascii=False) if hints else ""
        start = {"mode": mode, "wav_name": "speech", "wav_format": "pcm", "audio_fs": RATE, "is_speaking": True}
        # Numerals are put into digits here, in one way for all engines.
        self._tell({**start, **_CHUNKS, "hotwords": hotwords, "itn": False})

    def send(self, pcm: bytes) -> None:
        self._rest += pcm
        with _lost(self._url, self):
            while len(self._rest) >= 2 * _STRIDE:
                self._put(self._rest[: 2 * _STRIDE])
                self._rest = self._rest[2 * _STRIDE :]

    def so_far(self) -> str:
        """The words there are, without waiting."""
        while (message := self._received(0)) is not None:
            self._heard.add(message, ended=False)
        return self._heard.text

    def finish(self) -> str:
        """Say that he is done and wait for the rest."""
        if self._rest:
            with _lost(self._url, self):
                self._put(self._rest)
        self._tell({"is_speaking": False})
        until = time.monotonic() + self._timeout_s
        while True:
            left_s = max(0.0, until - time.monotonic())
            message = self._received(min(self._quiet_s, left_s) if self._may_forget else left_s)
            if message is None:
                self._idle(until)
                message = self._received(_AFTER_PONG_S)
            if message is None or self._heard.add(message, ended=True):
                return self._heard.text

    def close(self) -> None:
        """Twice is no matter."""
        self._opened.close()

    def abort(self) -> None:
        """Close without waiting for a peer that does not answer."""
        with suppress(OSError):
            self._socket.socket.shutdown(socket.SHUT_RDWR)
        self.close()

    def _put(self, data: str | bytes) -> None:
        """Send, waiting no longer than it may take: a network that is gone keeps a full buffer full for minutes."""
        try:
            ready = select.select([], [self._socket.socket], [], self._timeout_s)[1]
        except ValueError as error:  # what a socket is that was closed meanwhile
            raise ConnectionError("closed") from error
        if not ready:
            raise TimeoutError
        self._socket.send(data)

    @property
    def _may_forget(self) -> bool:
        """Whether this server ends without a word when it has none to tell: those in Python."""
        answer = self._socket.response
        return answer is not None and "Python" in answer.headers.get("Server", "")

    def _idle(self, until: float) -> None:
        """Quiet is the end only where it may be, and only from a server not at work: in Python none answers pings
        while it decodes."""
        with _lost(self._url, self):
            if not self._may_forget or not self._socket.ping().wait(max(0.0, until - time.monotonic())):
                raise TimeoutError

    def _tell(self, message: dict[str, object]) -> None:
        with _lost(self._url, self):
            self._put(json.dumps(message, ensure_ascii=False))

    def _received(self, wait_s: float) -> dict[str, Any] | None:
        with _lost(self._url, self):
            try:
                raw = self._socket.recv(timeout=wait_s)
            except TimeoutError:
                return None
        try:
            message = json.loads(raw)
        except ValueError:
            message = None
        if not isinstance(message, dict):
            self.close()
            raise TranscriptionError(_STRANGE.format(_host(self._url)))
        return message


_STRANGE: Final = "{} does not speak FunASR's websocket protocol: check COURIER_ASR__BASE_URL (ws://host:10095)"


def _host(url: str) -> str:
    return url.split("://", 1)[-1].split("/", 1)[0].rsplit("@", 1)[-1]


@contextmanager
def _lost(url: str, session: Session | None = None) -> Iterator[None]:
    """Trouble with a connection as Passing, or as TranscriptionError where another try is of no use."""
    host = _host(url)
    try:
        yield
    except InvalidURI:
        raise TranscriptionError(ADDRESS) from None
    except ssl.SSLCertVerificationError as error:
        raise TranscriptionError(
            f"the certificate of {host} is not trusted: set SSL_CERT_FILE to it, or run the server with --certfile 0 "
            "and use ws://"
        ) from error
    except InvalidStatus as error:
        if (status := error.response.status_code) < 500:
            raise TranscriptionError(_STRANGE.format(host)) from error
        raise Passing(unreachable(f"{host} answered {status}: it is overloaded or broken, try later")) from error
    except InvalidHandshake as error:
        raise TranscriptionError(_STRANGE.format(host)) from error
    except TimeoutError as error:
        if session:
            session.abort()
        late = unreachable(f"{host} did not answer in time: try later or raise COURIER_ASR__TIMEOUT_S")
        raise Passing(late) from error
    except (WebSocketException, OSError) as error:
        gone = unreachable(
            f"no connection to {host}: check COURIER_ASR__BASE_URL (ws, or wss) and that the server runs"
        )
        raise Passing(gone) from error
