"""doctor: what works on this machine, and the fix for what does not. Loads no model."""

from __future__ import annotations

import os
import platform
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import typer
from rich.console import Console
from rich.text import Text

from courier_voice.app import build_api, build_asr, build_synthesizer
from courier_voice.asr.remote import Distant
from courier_voice.audio.mic import open_microphone
from courier_voice.commands.out import begin, emit, waiting
from courier_voice.core.errors import CourierVoiceError, ModelError, SettingsError
from courier_voice.logistics.store import WAITING, Store
from courier_voice.logistics.vault import open_vault
from courier_voice.settings import Settings, device
from courier_voice.speech.espeak import Espeak
from courier_voice.speech.player import SoundDevicePlayer
from courier_voice.understanding import EMBEDDER
from courier_voice.weights.adapt import chosen_model
from courier_voice.weights.locate import locate
from courier_voice.weights.verify import Row, list_entries

PACKAGES: Final = (
    *("faster_whisper", "whisper", "silero_vad", "onnxruntime", "soundfile", "soxr", "sounddevice"),
    *("xllamacpp", "transformers", "torch", "misaki", "pyttsx3", "espeakng_loader", "fastapi", "uvicorn", "websockets"),
)
HOME_BYTES: Final = 1_000_000_000
"""Three prompt states of about 200 MB, 50 MB of phrases, and room for the outbox."""
PULL_FACTOR: Final = 2
"""While weights are pulled their archives and the joined files are both there."""


@dataclass(frozen=True)
class Check:
    """One thing looked at. Only what is ``needed`` for ``say`` and ``demo`` makes the whole fail."""

    check: str
    ok: bool
    needed: bool
    detail: str
    fix: str = ""


def doctor(json_: bool) -> None:
    settings = begin()
    console = Console()
    failed = False
    for check in checks(settings):
        failed = failed or (check.needed and not check.ok)
        if json_:
            emit(asdict(check))
        else:
            console.print(_line(check))
    if not json_:
        console.print(Text("不齐，先按上面的 → 修好。" if failed else "可以用了：courier-voice demo", style="bold"))
    if failed:
        raise typer.Exit(1)


def checks(settings: Settings) -> Iterator[Check]:
    """Every check in turn, each made when it is asked for."""
    yield _tried("python", _python, "packages are missing")
    yield _tried("microphone", lambda: _microphone(settings), "cannot be used", needed=False)
    player = SoundDevicePlayer(device(settings.tts.device))
    yield _tried("speaker", player.probe, "cannot be used: replies are shown, not spoken", needed=False)
    with waiting("正在核对模型文件…"):
        rows = [row for row in list_entries(settings.weights) if row.default]
    used = {settings.asr.model} if settings.asr.engine in ("faster-whisper", "whisper") else set()
    used |= {settings.llm.model} if settings.llm.client != "http" else set()
    for row in rows:
        yield _weights(row, needed=row.name in used)
    yield _tried("recogniser", lambda: _recogniser(settings), "cannot start")
    yield _tried("language model", lambda: _language_model(settings), "cannot start")
    if settings.nlu.advice:
        yield _tried("second reader", lambda: _second_reader(settings), "not there", needed=False)
    yield _tried("voice", lambda: _voice(settings), "cannot start")
    yield _tried("fallback voice", _fallback_voice, "does not speak", needed=False)
    yield _tried("api", lambda: _api(settings), "does not answer")
    missing = sum(row.size for row in rows if row.state != "present")
    yield _tried("disk for weights", lambda: _room(settings.weights, missing * PULL_FACTOR), "too full", needed=False)
    yield _tried("disk for home", lambda: _room(settings.home, HOME_BYTES), "too full", needed=False)
    yield _tried("home", lambda: _writable(settings.home), "cannot be written")
    yield _tried("outbox", lambda: _outbox(settings), "cannot be read")


def _tried(name: str, look: Callable[[], str], wrong: str, *, needed: bool = True) -> Check:
    """``look`` tells what it found, or raises an error whose text, as every error's, names the fix."""
    try:
        return Check(name, True, needed, look())
    except CourierVoiceError as error:
        return Check(name, False, needed, wrong, str(error))


def _python() -> str:
    lacking = [name for name in PACKAGES if find_spec(name) is None]
    if lacking:
        raise SettingsError(f"{', '.join(lacking)} cannot be imported; run: pip install --upgrade courier-voice")
    return f"{platform.python_version()}, {platform.system()} {platform.machine()}, {os.cpu_count()} cores"


def _microphone(settings: Settings) -> str:
    chosen = device(settings.listen.microphone)
    with open_microphone(chosen):
        import sounddevice

        return str(sounddevice.query_devices(chosen, "input")["name"])


def _weights(row: Row, *, needed: bool) -> Check:
    detail = f"{row.role}, {row.size / 1e6:.0f} MB, {row.state}"
    fix = "" if row.state == "present" else f"run: courier-voice models pull {row.name}"
    return Check(f"weights {row.name}", row.state == "present", needed, detail, fix)


def _recogniser(settings: Settings) -> str:
    chosen = settings.asr
    if chosen.engine == "sherpa-onnx":
        from courier_voice.asr.sherpa import find_model

        if find_spec("sherpa_onnx") is None:
            raise SettingsError("sherpa_onnx cannot be imported; run: pip install sherpa-onnx")
        return f"{find_model(locate(chosen.model, settings.weights)).kind} through {chosen.engine}"
    if chosen.engine in ("openai", "funasr"):
        asr = build_asr(settings)
        if isinstance(asr, Distant):
            asr.answers()
        return f"{chosen.engine} at {chosen.base_url}"
    path, tuned = chosen_model(settings.asr.model, settings.asr.adapter, settings.weights, chinese=chosen.chinese)
    return f"{path.name if tuned else settings.asr.model} through {settings.asr.engine}"


def _second_reader(settings: Settings) -> str:
    return f"{locate(EMBEDDER, settings.weights).name}, asked where the fast model is unsure"


def _language_model(settings: Settings) -> str:
    chosen = settings.llm
    if chosen.client != "http":
        locate(chosen.model, settings.weights)
        return f"{chosen.model} through {chosen.client}"
    import httpx

    headers = {"Authorization": f"Bearer {chosen.api_key.get_secret_value()}"}
    fix = "start the server, or correct COURIER_LLM__BASE_URL and COURIER_LLM__API_KEY"
    try:
        answer = httpx.get(f"{chosen.base_url.rstrip('/')}/models", headers=headers, timeout=5.0)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise ModelError(f"{chosen.base_url}: {type(error).__name__}; {fix}") from error
    if not answer.is_success:
        raise ModelError(f"{chosen.base_url}: HTTP {answer.status_code}; {fix}")
    return f"{chosen.model} at {chosen.base_url}"


def _voice(settings: Settings) -> str:
    if settings.tts.engine == "console":
        return "text only, as COURIER_TTS__ENGINE says"
    synth = build_synthesizer(settings)
    return str(getattr(synth, "stamp", type(synth).__name__))


def _fallback_voice() -> str:
    voice = Espeak()
    return f"{voice.stamp}, {voice.synthesize('好').seconds:.1f} s for a word"


def _api(settings: Settings) -> str:
    api, mock = build_api(settings)
    tasks = len(api.day().parcels)
    return f"{tasks} tasks, {'mock carrier in this process' if mock else settings.api.base_url}"


def _room(folder: Path, needs: int) -> str:
    try:
        free = shutil.disk_usage(_existing(folder)).free
    except OSError as error:
        raise SettingsError(f"{folder}: {error.strerror}; choose another folder") from error
    if free < needs:
        raise SettingsError(f"{free / 1e9:.1f} GB are free at {folder} and {needs / 1e9:.1f} GB are wanted; make room")
    return f"{free / 1e9:.1f} GB free at {folder}"


def _writable(home: Path) -> str:
    try:
        with tempfile.TemporaryFile(dir=home if home.exists() else _existing(home)) as file:
            file.write(b"0" * 4096)
            file.flush()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise SettingsError(f"{home}: {reason}; make room or give yourself the right, or set COURIER_HOME") from error
    return str(home)


def _outbox(settings: Settings) -> str:
    file = settings.home / "outbox.sqlite3"
    if not file.exists():
        return "0 queued, not begun yet"
    store = Store(file, open_vault(settings.home, settings.ledger.key))  # only looked at: an Outbox would mend it
    try:
        return f"{len(store.select(WAITING))} queued"
    finally:
        store.close()


def _existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that is there."""
    return next(each for each in (folder, *folder.absolute().parents) if each.exists())


def _line(check: Check) -> Text:
    mark, style = ("✓", "green") if check.ok else ("✗", "red") if check.needed else ("!", "yellow")
    line = Text.assemble((mark, style), f" {check.check:<28} {check.detail}")
    if check.fix:
        line.append(f"\n  → {check.fix}", style="cyan")
    return line
