"""The microphone and the speaker through PortAudio itself, on PulseAudio's null devices: where both are installed."""

from __future__ import annotations

import ctypes.util
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Timer
from typing import AnyStr

import numpy as np
import pytest

RATE = 48_000
LONGEST_S = 60.0
INSTALLED = (
    shutil.which("pulseaudio"),
    shutil.which("pacat"),
    ctypes.util.find_library("portaudio"),
    next(Path("/usr/lib").glob("*/alsa-lib/libasound_module_pcm_pulse.so"), None),
)
pytestmark = pytest.mark.skipif(
    not all(INSTALLED),
    reason="needs pulseaudio, pulseaudio-utils, libasound2-plugins and libportaudio2",
)

LISTENS = """
import time
from courier_voice.audio.mic import open_microphone
from courier_voice.core.errors import MicrophoneError

while True:
    try:
        with open_microphone("pulse") as capture:
            print("open", flush=True)
            heard = False
            for frame in capture:
                if not heard and float(abs(frame).max()) > 0.1:
                    heard = True
                    print("heard", flush=True)
    except MicrophoneError as error:
        print(error, flush=True)
        time.sleep(0.2)
"""

SPEAKS = """
import numpy as np
from courier_voice.core.words import Audio
from courier_voice.speech.mouth import Mouth
from courier_voice.speech.player import output_rate, sounding

rate = output_rate("pulse")
tone = np.sin(2 * np.pi * 440 * np.arange(rate) / rate).astype(np.float32) * 0.3
mouth = Mouth(lambda clause: Audio(tone, rate), rate=rate)
with sounding(mouth.take, mouth.rate, "pulse") as plays:
    mouth.say("一秒")
    mouth.wait(5)
    assert plays()
mouth.close()
"""


class Pulse:
    """A sound server of its own, with a speaker that is only recorded and a microphone that hears what is played to
    ``air``."""

    def __init__(self, folder: Path) -> None:
        home = {"HOME": str(folder), "XDG_RUNTIME_DIR": str(folder), "PULSE_RUNTIME_PATH": str(folder / "pulse")}
        self.env = {**os.environ, **home, "PULSE_SERVER": f"unix:{folder}/pulse/native"}
        self._server: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        modules = (
            "module-native-protocol-unix",
            "module-null-sink sink_name=speaker",
            f"module-null-sink sink_name=air rate={RATE} channels=1",
            "module-remap-source source_name=mic master=air.monitor",
        )
        loads = [part for module in modules for part in ("-L", module)]
        args = ["pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--realtime=no", "--use-pid-file=no"]
        self._server = subprocess.Popen([*args, *loads], env=self.env, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 20
        while self._told("set-default-source", "mic") or self._told("set-default-sink", "speaker"):
            assert time.monotonic() < deadline, "the sound server does not start"
            time.sleep(0.1)

    def stop(self) -> None:
        if self._server:
            self._server.kill()
            self._server.wait()

    def play(self, samples: np.ndarray) -> None:
        raw = (samples * 32767).astype("<i2").tobytes()
        subprocess.run([*self._stream("--playback"), "-d", "air"], input=raw, env=self.env, check=True, timeout=20)

    def recording(self, file: Path) -> subprocess.Popen[bytes]:
        with file.open("wb") as out:
            return subprocess.Popen([*self._stream("--record"), "-d", "speaker.monitor"], env=self.env, stdout=out)

    def python(self, script: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-c", script],
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def _told(self, *words: str) -> int:
        return subprocess.run(["pactl", *words], env=self.env, capture_output=True).returncode

    def _stream(self, way: str) -> list[str]:
        return ["pacat", way, f"--rate={RATE}", "--channels=1", "--format=s16le", "--latency-msec=20"]


@pytest.fixture
def pulse(tmp_path: Path) -> Iterator[Pulse]:
    server = Pulse(tmp_path)
    server.start()
    yield server
    server.stop()


@contextmanager
def running(process: subprocess.Popen[AnyStr]) -> Iterator[subprocess.Popen[AnyStr]]:
    """Killed at the end, and when it takes too long: what waits for a line of it then gets none."""
    late = Timer(LONGEST_S, process.kill)
    late.start()
    with process:
        try:
            yield process
        finally:
            late.cancel()
            process.kill()


def test_a_microphone_is_heard_lost_told_and_heard_again(pulse: Pulse) -> None:
    tone = (0.3 * np.sin(2 * np.pi * 440 * np.arange(RATE) / RATE)).astype(np.float32)
    with running(pulse.python(LISTENS)) as listener:
        assert listener.stdout is not None
        lines = iter(listener.stdout.readline, "")
        assert next(lines) == "open\n"
        pulse.play(tone)
        assert next(lines) == "heard\n"
        pulse.stop()
        assert "the microphone has gone" in next(lines)
        assert "no microphone can be opened" in next(lines)
        pulse.start()
        assert any(line == "open\n" for line in lines)
        pulse.play(tone)
        assert next(line for line in lines if "only zeros" not in line and line != "open\n") == "heard\n"


def test_a_reply_is_heard_whole(pulse: Pulse, tmp_path: Path) -> None:
    file = tmp_path / "heard.raw"
    with running(pulse.recording(file)) as recorder:
        while not file.stat().st_size:
            assert recorder.poll() is None, "nothing is recorded"
            time.sleep(0.05)
        with running(pulse.python(SPEAKS)) as speaker:
            assert speaker.wait(30) == 0
        time.sleep(0.5)
    heard = np.abs(np.fromfile(file, "<i2").astype(np.float32) / 32768)
    loud = np.flatnonzero(heard > 0.05)
    assert len(loud), "nothing was played"
    assert 0.85 < (loud[-1] - loud[0]) / RATE < 1.3
