"""Make a checkout ready to run: ``.venv``, the packages, the default weights. Needs Python and nothing else.

Safe to run again at any time; when nothing changed since the last run it only looks at the weights.

Two things keep a machine without an NVIDIA card from fetching gigabytes of CUDA: torch comes as a CPU build, and what
pip resolved is installed by exact version without the packages that are CUDA only (openai-whisper asks for triton, and
uses it on such cards alone).
"""

import argparse
import hashlib
import json
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
VENV = HERE / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "set-up"
LOG = VENV / "set-up.log"
TORCH = "torch==2.13.0"
CUDA_ONLY = re.compile(r"(triton|nvidia-.*|cuda-.*)$")
PIP = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "--no-input"]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--no-weights", action="store_true", help="packages only")
    weights = not options.parse_args().no_weights
    if sys.version_info < (3, 10):  # noqa: UP036 - whoever runs this may have an older one
        stop(f"Python 3.10 or newer is needed, this is {platform.python_version()}; run: make PYTHON=python3.11 …")
    if not STAMP.exists() or STAMP.read_text() != fingerprint():
        make_venv()
        install()
        STAMP.write_text(fingerprint())
    if weights:
        command = [str(VENV / "bin" / "courier-voice"), "models", "pull"]
        if subprocess.run(command, cwd=HERE).returncode != 0:
            stop("the weights did not come; run the same command again, it goes on where it stopped")


def fingerprint() -> str:
    """Changes when the packages have to be looked at again: other requirements, another Python, another place."""
    content = [(HERE / "pyproject.toml").read_bytes(), Path(__file__).read_bytes(), str(HERE).encode()]
    return hashlib.sha256(b"\0".join(content)).hexdigest()


def make_venv() -> None:
    if PYTHON.exists() and subprocess.run([*PIP, "--version"], capture_output=True).returncode == 0:
        return
    say("virtual environment in .venv")
    made = subprocess.run([sys.executable, "-m", "venv", "--clear", str(VENV)], capture_output=True, text=True)
    if made.returncode != 0:
        shutil.rmtree(VENV, ignore_errors=True)
        stop(f"python -m venv failed; on Debian and Ubuntu run: apt install python3-venv\n{made.stdout}{made.stderr}")


def install() -> None:
    LOG.write_text("")
    gpu = has_gpu()
    if not installed("torch"):
        install_torch(gpu)
    say("resolving the packages")
    wanted = resolve("--editable", f"{HERE}[dev]")
    pinned = {name: version for name, version in wanted.items() if gpu or not CUDA_ONLY.match(name)}
    pinned.pop("courier-voice")
    if pinned:
        say(f"{len(pinned)} packages")
        run([*PIP, "install", "--no-deps", *(f"{name}=={version}" for name, version in pinned.items())], shown=True)
    say("courier-voice itself, editable")
    run([*PIP, "install", "--no-deps", "--editable", str(HERE)])


def has_gpu() -> bool:
    """An NVIDIA card with its driver."""
    smi = shutil.which("nvidia-smi")
    return smi is not None and subprocess.run([smi, "-L"], capture_output=True).returncode == 0


def installed(name: str) -> bool:
    return subprocess.run([*PIP, "show", "--quiet", name], capture_output=True).returncode == 0


def install_torch(gpu: bool) -> None:
    """torch as pip would bring it, unless that is a CUDA build for a machine that has no use for one."""
    if gpu or not any(CUDA_ONLY.match(name) for name in resolve(TORCH)):
        say(TORCH)
        run([*PIP, "install", TORCH], shown=True)
        return
    say(f"{TORCH}, the CPU build (uv knows where those are)")
    run([*PIP, "install", "uv"])
    uv = [str(PYTHON), "-m", "uv", "pip", "install", "--python", str(PYTHON), "--torch-backend=cpu", TORCH]
    run(uv, advice="install a CPU build of torch into .venv by hand, then run the same command again")


def resolve(*wanted: str) -> "dict[str, str]":
    """Name and version of everything pip would install that is not there yet."""
    report = LOG.with_name("set-up.json")
    run([*PIP, "install", "--dry-run", "--quiet", "--report", str(report), *wanted])
    found = [item["metadata"] for item in json.loads(report.read_text())["install"]]
    report.unlink()
    return {re.sub(r"[-_.]+", "-", item["name"]).lower(): item["version"] for item in found}


def run(
    command: "list[str]", shown: bool = False, advice: str = "check the network and run the same command again"
) -> None:
    """Run a package client, its output in the log; ``shown`` prints a line for each package it takes up."""
    begun = 0
    with LOG.open("a") as log:
        client = subprocess.Popen(command, cwd=HERE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        assert client.stdout is not None
        for line in client.stdout:
            log.write(line)
            first, _, rest = line.strip().partition(" ")
            if shown and first in ("Collecting", "Processing"):
                begun += 1
                print(f"    {begun:3} {rest.split()[0].split('/')[-1]}", flush=True)
            elif shown and first == "Installing":
                print("    unpacking, this takes a minute", flush=True)
    if client.wait() != 0:
        last = [line for line in LOG.read_text().splitlines() if line.strip()][-12:]
        stop("\n".join([*last, f"set-up failed; {advice} (whole log: {LOG})"]))


def say(what: str) -> None:
    print(f"==> {what}", flush=True)


def stop(why: str) -> None:
    print(why, file=sys.stderr)
    sys.exit(1)


if __name__ == "__main__":
    main()
