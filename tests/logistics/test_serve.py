from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from courier_voice.core.errors import SettingsError, WorldError
from courier_voice.logistics.client import HttpLogistics, http_client
from courier_voice.logistics.mock.serve import run

ROOT = Path(__file__).parents[2]
BEIHU = ROOT / "fixtures" / "worlds" / "beihu.json"
SERVE = """
import sys
from pathlib import Path
from courier_voice.logistics.mock.serve import run
run(Path(sys.argv[1]), port=0, token="t", announce=lambda url: print(url, flush=True))
"""


def test_a_server_of_its_own_says_where_it_is_and_stops_when_told() -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [sys.executable, "-c", SERVE, str(BEIHU)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as server:
        assert server.stdout is not None
        assert server.stderr is not None
        try:
            with http_client(server.stdout.readline().strip(), "t", read_s=30) as client:
                assert HttpLogistics(client).day().courier == "段师傅"
                client.get("/v1/waybills", params={"name": "胡慧敏"})
        finally:
            server.send_signal(signal.SIGTERM)
        assert server.stdout.read() == server.stderr.read() == ""  # no access log: it would hold names


def test_what_keeps_it_from_starting() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(SettingsError, match="another --port"):
        run(BEIHU, port=taken.getsockname()[1], token="t")
    with pytest.raises(WorldError, match="cannot be read"):
        run(BEIHU.with_name("none.json"), token="t")
