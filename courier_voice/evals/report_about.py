"""What a report was made with: version, models by hash, prompts by stamp, settings. Names no place on this machine."""

from __future__ import annotations

from importlib.resources import as_file, files
from pathlib import Path
from typing import Any, Final

from pydantic import SecretStr

from courier_voice import __version__
from courier_voice.core.errors import WeightsError
from courier_voice.evals.journal import fingerprint
from courier_voice.evals.report_sets import Ready
from courier_voice.nlu.fast import CARD, MODEL, Card
from courier_voice.prompting import load_all
from courier_voice.settings import Settings
from courier_voice.weights.adapt import BASE, SHIPPED
from courier_voice.weights.catalogue import catalogue
from courier_voice.weights.locate import locate
from courier_voice.weights.verify import sha256

Row = dict[str, Any]
_PLACES: Final = frozenset(["base_url", "store"])


def about(ready: Ready, hears: bool) -> Row:
    """``hears``: whether a recogniser was run. ``code`` is a hash over every source and prompt of the package."""
    settings = ready.settings
    models: Row = {}
    if ready.nlu.fast:
        models["fast"] = _fast(ready.nlu.fast.threshold)
    if ready.model:
        models["llm"] = {"client": settings.llm.client, **_weights(settings.llm.model, settings)}
    if hears:
        models["asr"] = _ear(settings)
    newest = {prompt.id: prompt.stamp for prompt in load_all()}
    return {
        "version": __version__,
        "code": fingerprint(),
        "models": models,
        "prompts": [newest[name] for name in sorted(newest)],
        "settings": _settings(settings),
    }


def _fast(threshold: float) -> Row:
    with as_file(files("courier_voice.nlu").joinpath("data")) as folder:
        card = Card.read(folder / CARD)
        return {"version": card.version, "sha256": sha256(folder / MODEL), "believed_from": round(threshold, 4)}


def _weights(name: str, settings: Settings) -> Row:
    """The hashes of files we know or have; a model behind a server has none."""
    known = catalogue().get(name)
    if known:
        return {"model": name, "sha256": {file.name: file.sha256 for file in known.files if file.size > 1_000_000}}
    try:
        path = locate(name, settings.weights)
    except WeightsError:
        return {"model": name}
    found = [path] if path.is_file() else sorted(each for each in path.rglob("*") if each.is_file())
    return {"model": path.name, "sha256": {each.name: sha256(each) for each in found}}


def _ear(settings: Settings) -> Row:
    chosen = settings.asr
    if chosen.engine in ("openai", "funasr"):
        return {"engine": chosen.engine, **({"model": chosen.model} if chosen.engine == "openai" else {})}
    adapter = _adapter(settings) if chosen.engine != "sherpa-onnx" else {}
    return {"engine": chosen.engine, **_weights(chosen.model, settings), **adapter}


def _adapter(settings: Settings) -> Row:
    chosen = settings.asr.adapter
    if chosen == "none" or (chosen == "auto" and settings.asr.model != BASE):
        return {"adapter": "none"}
    file = SHIPPED / "adapter.safetensors" if chosen == "auto" else Path(chosen).expanduser()
    return {"adapter": {file.name: sha256(file)}}


def _settings(settings: Settings) -> Row:
    """Without secrets, servers and folders."""
    dumped = settings.model_dump(exclude={"home": True, "weights": True, "api": True})
    return {
        group: {name: _placeless(value) for name, value in each.items() if _tellable(name, value)}
        for group, each in dumped.items()
    }


def _tellable(name: str, value: object) -> bool:
    return not isinstance(value, SecretStr) and name not in _PLACES


def _placeless(value: Any) -> Any:
    return Path(value).name if isinstance(value, str | Path) and Path(value).is_absolute() else value
