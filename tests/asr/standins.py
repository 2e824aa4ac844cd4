"""Stand-ins that speak the real protocols: a transcriptions server, FunASR's two servers, the sherpa-onnx package."""

from __future__ import annotations

import asyncio
import io
import json
import sys
import threading
import time
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Queue
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import onnx
import pytest

from courier_voice.core.words import Audio, Segment

SLOW_S = 0.7
"""What a stand-in takes that does not answer in time."""


class Loud:
    """A detector for which all that is not silence is speech, in segments of 20 s at most."""

    def segments(self, audio: Audio) -> tuple[Segment, ...]:
        heard = np.flatnonzero(audio.samples)
        if not len(heard):
            return ()
        end_s = (heard[-1] + 1) / audio.rate
        return tuple(Segment(at, min(at + 20, end_s)) for at in range(0, int(np.ceil(end_s)), 20))


class Bench:
    """What a stand-in is to do, and what it was asked. ``trouble`` happens ``times`` times, before anything is said."""

    def __init__(self) -> None:
        self.says, self.trouble, self.times = "给王女士打電話", "", 0
        self.dialect = "c++"
        self.partials, self.segments = tuple[str, ...](), tuple[str, ...]()
        self.forms, self.status = ("verbose_json",), 200
        self.extra: dict[str, Any] = {}
        self.seconds: list[float] = []
        self.asked: list[dict[str, Any]] = []

    def goes_wrong(self, trouble: str, times: int = 99) -> None:
        self.trouble, self.times = trouble, times

    def next_trouble(self) -> str:
        self.times -= 1
        return self.trouble if self.times >= 0 else ""


@contextmanager
def transcriptions(bench: Bench) -> Iterator[str]:
    """The base URL of an HTTP server on this machine."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(bench.status if self.path == "/v1/models" else 404, {"data": []})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.path != "/v1/audio/transcriptions":
                return self._answer(404, {})
            head = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode()
            parts = BytesParser().parsebytes(head + body).get_payload()
            fields: dict[str, Any] = {p.get_param("name", header="content-disposition"): p for p in parts}  # type: ignore[union-attr,misc]
            with wave.open(io.BytesIO(fields.pop("file").get_payload(decode=True))) as sound:
                assert (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) == (16000, 1, 2)
                seconds = sound.getnframes() / 16000
            asked = {name: part.get_payload(decode=True).decode() for name, part in fields.items()}
            bench.asked.append({**asked, "key": self.headers.get("Authorization", "")})
            if bench.status != 200:
                return self._answer(bench.status, {"error": {"message": asked["prompt"]}})
            match bench.next_trouble():
                case "500":
                    return self._answer(500, {})
                case "timeout":
                    return time.sleep(SLOW_S)
                case "garbage":
                    return self._answer(200, ["什么"])
                case "closed":
                    return self.connection.close()
            if asked["response_format"] not in bench.forms or ("include[]" in asked and "logprobs" not in bench.extra):
                return self._answer(400, {})
            bench.seconds.append(seconds)
            return self._answer(200, {"text": bench.says, **bench.extra})

        def _answer(self, status: int, body: object) -> None:
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def funasr_runtime(bench: Bench) -> Iterator[str]:
    """The URL of a websocket server on this machine, in the dialect of FunASR's servers in C++ or in Python: the first
    answers pings while it decodes and always says which message is the last, the second does neither.
    """
    serve = pytest.importorskip("websockets.asyncio.server").serve

    async def speak(connection: Any) -> None:
        start = json.loads(await connection.recv())
        bench.asked.append(start)
        mode, partials, samples = start["mode"], list(bench.partials), 0
        trouble = bench.next_trouble()
        async for message in connection:
            if trouble == "closed":
                return
            if isinstance(message, bytes):
                samples += len(message) // 2
                if partials and mode != "offline":
                    await tell(connection, "online", mode, partials.pop(0), last=False)
                continue
            assert json.loads(message) == {"is_speaking": False}
            if trouble == "garbage":
                await connection.send("<html>")
            if trouble == "timeout" and bench.dialect == "c++":
                await asyncio.sleep(SLOW_S)
            elif trouble == "timeout":
                time.sleep(SLOW_S)
            bench.seconds.append(samples / 16000)
            for segment in bench.segments:
                await tell(connection, "offline", mode, segment, last=False)
            if bench.says or bench.dialect == "c++":
                await tell(connection, "offline", mode, bench.says, last=True)

    async def tell(connection: Any, model: str, mode: str, text: str, *, last: bool) -> None:
        if bench.dialect == "python":
            kind = f"2pass-{model}" if mode == "2pass" else mode
            message = {"mode": kind, "text": text, "wav_name": "speech", "is_final": not last}
        else:
            kind = "2pass-online" if mode == "online" else f"2pass-{model}"
            message = {**({"mode": kind} if text else {}), "text": text, "wav_name": "speech", "is_final": last}
        await connection.send(json.dumps(message))

    def refuse(connection: Any, request: Any) -> Any:
        return connection.respond(503, "busy\n") if bench.trouble == "500" and bench.next_trouble() else None

    loop, ports, over = asyncio.new_event_loop(), Queue[int](), asyncio.Event()

    async def run() -> None:
        header = {"server_header": "WebSocket++/0.8.2"} if bench.dialect == "c++" else {}
        async with serve(
            speak, "127.0.0.1", 0, subprotocols=["binary"], process_request=refuse, max_queue=None, **header
        ) as server:
            ports.put(next(iter(server.sockets)).getsockname()[1])
            await over.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(run(),))
    thread.start()
    try:
        yield f"ws://127.0.0.1:{ports.get(timeout=10)}"
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join()
        loop.close()


def onnx_file(path: Path, **metadata: str) -> None:
    """An ONNX model of nothing, with metadata."""
    identity = onnx.helper.make_node("Identity", ["x"], ["y"])
    x, y = (onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [1]) for name in "xy")
    model = onnx.helper.make_model(onnx.helper.make_graph([identity], "g", [x], [y]))
    onnx.helper.set_model_props(model, metadata)
    path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(model, str(path))


def model_folder(folder: Path, kind: str) -> Path:
    """A folder as the models of sherpa-onnx are published."""
    if kind == "streaming-zipformer":
        for part, props in (
            ("encoder", {"model_type": "zipformer2", "decode_chunk_len": "32"}),
            ("decoder", {}),
            ("joiner", {}),
        ):
            onnx_file(folder / f"{part}-epoch-20-avg-1-chunk-16-left-128.onnx", **props)
    else:
        onnx_file(folder / "model.onnx", model_type={"sense-voice": "sense_voice_ctc"}.get(kind, kind))
    tokens = ["<blk>", *"王女士给打电话", "▁HI"]
    (folder / "tokens.txt").write_text("".join(f"{token} {n}\n" for n, token in enumerate(tokens)), "utf-8")
    return folder


def sherpa_onnx(bench: Bench) -> ModuleType:
    """The package's classes as they are documented (sherpa-onnx 2.0.1): keywords, order of calls, types."""

    class Stream:
        def __init__(self, hotwords: str = "") -> None:
            self.samples, self.done, self.decoded, self.result = 0, False, 0, SimpleNamespace(text="")
            bench.asked.append({"hotwords": hotwords})

        def accept_waveform(self, sample_rate: float, waveform: Any) -> None:
            assert sample_rate == 16000
            assert waveform.dtype == np.float32
            assert not self.done
            self.samples += len(waveform)

        def input_finished(self) -> None:
            self.done = True

    class OfflineRecognizer:
        @classmethod
        def from_sense_voice(
            cls, model: str, tokens: str, num_threads: int = 1, *, language: str = "", use_itn: bool = False
        ) -> OfflineRecognizer:
            assert language == "zh"
            return cls()

        @classmethod
        def from_paraformer(cls, paraformer: str, tokens: str, num_threads: int = 1) -> OfflineRecognizer:
            return cls()

        def create_stream(self, hotwords: str | None = None) -> Stream:
            return Stream(hotwords or "")

        def decode_stream(self, s: Stream) -> None:
            if bench.next_trouble():
                raise RuntimeError("onnxruntime")
            bench.seconds.append(s.samples / 16000)
            s.result.text = bench.says

    class OnlineRecognizer:
        @classmethod
        def from_transducer(
            cls,
            tokens: str,
            encoder: str,
            decoder: str,
            joiner: str,
            num_threads: int = 2,
            *,
            decoding_method: str = "greedy_search",
            modeling_unit: str = "cjkchar",
            bpe_vocab: str = "",
        ) -> OnlineRecognizer:
            assert decoding_method == "modified_beam_search"
            assert (modeling_unit == "cjkchar+bpe") == bool(bpe_vocab)
            return cls()

        def create_stream(self, hotwords: str | None = None) -> Stream:
            return Stream(hotwords or "")

        def is_ready(self, s: Stream) -> bool:
            return s.samples - s.decoded >= 5120

        def decode_stream(self, s: Stream) -> None:
            if bench.next_trouble():
                raise RuntimeError("onnxruntime")
            s.decoded += 5120

        def get_result(self, s: Stream) -> str:
            if s.done:
                bench.seconds.append(s.samples / 16000)
            return bench.says if s.done else bench.says[: s.decoded // 5120]

        def ys_probs(self, s: Stream) -> list[float]:
            return [-0.1, -0.3]

    module = ModuleType("sherpa_onnx")
    module.__spec__ = SimpleNamespace(name="sherpa_onnx")  # type: ignore[assignment]
    module.OfflineRecognizer, module.OnlineRecognizer = OfflineRecognizer, OnlineRecognizer  # type: ignore[attr-defined]
    return module


def install(monkeypatch: pytest.MonkeyPatch, bench: Bench) -> None:
    monkeypatch.setitem(sys.modules, "sherpa_onnx", sherpa_onnx(bench))
