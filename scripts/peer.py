"""Make ``.venv-peer``: pipecat, which ``courier-voice bench --hands-free --peer-python`` compares with, in an
environment of its own, because its requirements are not ours. What it lacks of ours it finds in ``.venv``: run
`make setup` first.
"""

import subprocess
import sys
import sysconfig
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
PEER = HERE / ".venv-peer"
PYTHON = PEER / "bin" / "python"
WANTED = "pipecat-ai[whisper]>=1.14"


def main() -> None:
    if sys.version_info < (3, 11):
        stop("pipecat needs Python 3.11 or newer: make PYTHON=python3.11 …")
    ours = site_packages(HERE / ".venv" / "bin" / "python")
    if not works():
        print(f"==> {WANTED} in .venv-peer", flush=True)
        run([sys.executable, "-m", "venv", "--clear", str(PEER)])
        pip = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "--no-input", "install", "--quiet"]
        run([*pip, WANTED])
    # Behind its own packages: what both have, it takes its own of.
    (site_packages(PYTHON) / "courier_voice_peer.pth").write_text(f"{ours}\n{HERE}\n")


def works() -> bool:
    command = [str(PYTHON), "-c", "import pipecat, faster_whisper"]
    return PYTHON.exists() and subprocess.run(command, capture_output=True).returncode == 0


def site_packages(python: Path) -> Path:
    if not python.exists():
        stop("run `make setup` first")
    scheme = f"lib/python{sysconfig.get_python_version()}/site-packages"
    return python.parent.parent / scheme


def run(command: "list[str]") -> None:
    if subprocess.run(command, cwd=HERE).returncode != 0:
        stop("pipecat did not come: check the network and run the same command again")


def stop(why: str) -> None:
    print(why, file=sys.stderr)
    sys.exit(1)


if __name__ == "__main__":
    main()
