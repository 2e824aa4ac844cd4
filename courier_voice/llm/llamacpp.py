"""llama.cpp in this process (xllamacpp), with the prompt's KV prefix kept in memory and, across starts, on disk.

A prompt costs 15-30 ms a token to evaluate on two cores, so a few-shot prefix of thousands of tokens is evaluated once
in the life of an installation: ``warm`` saves its KV state, later processes read it back in well under a second.
"""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import logging
import math
import os
import secrets
import shutil
import socket
import sys
import tempfile
import threading
import weakref
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import httpx

from courier_voice.core.errors import ModelError, WeightsMissing
from courier_voice.core.ports import Role

log = logging.getLogger(__name__)


def engine() -> Any:
    """xllamacpp, with the OpenMP it needs.

    Threads that wait for each other must sleep, not spin, or a second busy process makes everything ten times slower
    (measured); libgomp reads that once, when it is loaded. Slim images have no libgomp, and torch brings one.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    torch = find_spec("torch")
    if sys.platform == "linux" and torch is not None and torch.origin is not None:
        try:
            ctypes.CDLL("libgomp.so.1")
        except OSError:
            with contextlib.suppress(OSError):
                ctypes.CDLL(str(Path(torch.origin).parent / "lib" / "libgomp.so.1"))
    try:
        import xllamacpp
    except ImportError as error:
        raise ModelError(
            f"llama.cpp does not load ({error}): install xllamacpp, and libgomp1 if that is named"
        ) from error
    return xllamacpp


_SAMPLES: Final = 64
_SAMPLE_BYTES: Final = 16_384


def chatml(messages: Sequence[tuple[Role, str]]) -> str:
    """Messages in the template Qwen2.5 was trained on, without the opening of a reply.

    Control tokens inside a message are broken up, so that no text can pose as another speaker.
    """
    return "".join(f"<|im_start|>{role}\n{text.replace('<|', '< |')}<|im_end|>\n" for role, text in messages)


class LlamaCpp:
    """A GGUF chat model with the ChatML template (the Qwen family), at temperature 0.

    ``context`` is the prompt's and the reply's room in tokens. States of warmed prefixes live in ``cache_dir``, the
    newest ``keep_states`` of them; without one they last as long as the process. Raises WeightsMissing and ModelError.
    """

    def __init__(
        self,
        model_path: Path,
        *,
        context: int = 8192,
        threads: int = 2,
        cache_dir: Path | None,
        keep_states: int = 3,
    ) -> None:
        if not model_path.is_file():
            raise WeightsMissing(f"no language model at {model_path}: run `courier-voice models pull`")
        self._lock = threading.Lock()
        try:
            private = Path(tempfile.mkdtemp(prefix="courier-voice-"))
            self._close = weakref.finalize(self, shutil.rmtree, private, ignore_errors=True)
            self._states = cache_dir or private
            self._states.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ModelError(
                f"no room for the prompt's state ({error.strerror}): free disk space, set TMPDIR"
            ) from error
        self._keep = keep_states
        self._identity = f"{_fingerprint(model_path)} ctx={context} kv=f16 xllamacpp={version('xllamacpp')}"
        self._warmed: dict[str, Path] = {}
        self._in_slot = ""
        self._server, self._http = _start(model_path, context, threads, self._states, private)
        weakref.finalize(self, self._http.close)

    def complete(
        self,
        messages: Sequence[tuple[Role, str]],
        *,
        max_tokens: int,
        grammar: str | None = None,
        schema: Mapping[str, object] | None = None,
    ) -> str:
        """The reply's text; ``grammar`` (GBNF) is obeyed, ``schema`` only when there is no grammar."""
        return str(self._reply(messages, max_tokens, grammar, schema)["choices"][0]["text"])

    def complete_scored(
        self,
        messages: Sequence[tuple[Role, str]],
        *,
        max_tokens: int,
        grammar: str | None = None,
        schema: Mapping[str, object] | None = None,
    ) -> tuple[str, float]:
        """The reply and the mean probability (0..1) the model itself, before any grammar, gave to its tokens."""
        choice = self._reply(messages, max_tokens, grammar, schema, n_probs=1)["choices"][0]
        tokens = (choice.get("logprobs") or {}).get("content") or []
        score = sum(math.exp(min(0.0, token["logprob"])) for token in tokens) / len(tokens) if tokens else 0.0
        return str(choice["text"]), score

    def warm(self, messages: Sequence[tuple[Role, str]]) -> None:
        """Have the KV state of this prefix at hand: from memory, from disk, or evaluated now and saved."""
        prefix = chatml(messages)
        with self._lock:
            if self._recall(prefix):
                return
            self._evaluate({"prompt": prefix, "n_predict": 0})
            self._in_slot = prefix
            self._save(prefix)

    def close(self) -> None:
        """Free the model's memory. Nothing else may be called afterwards."""
        with self._lock:
            self._http.close()
            self._close()
            self._server = None

    def _reply(
        self,
        messages: Sequence[tuple[Role, str]],
        max_tokens: int,
        grammar: str | None,
        schema: Mapping[str, object] | None,
        **more: object,
    ) -> dict[str, Any]:
        prompt = chatml(messages) + "<|im_start|>assistant\n"
        request: dict[str, object] = {"prompt": prompt, "n_predict": max_tokens, **more}
        if grammar is not None:
            request["grammar"] = grammar
        elif schema is not None:
            request["json_schema"] = schema
        with self._lock:
            known = max((p for p in self._warmed if prompt.startswith(p)), key=len, default="")
            if not self._in_slot.startswith(known):
                self._recall(known)
            self._in_slot = ""
            answer = self._evaluate(request)
            self._in_slot = prompt
        return answer

    def _evaluate(self, request: Mapping[str, object]) -> dict[str, Any]:
        try:
            answer = self._server.handle_completions(
                {**request, "temperature": 0.0, "cache_prompt": True, "id_slot": 0}
            )
        except (RuntimeError, ValueError, TypeError) as error:
            raise ModelError("llama.cpp failed; restart, and if it happens again verify the weights") from error
        if "choices" not in answer:
            raise ModelError(_complaint(answer))
        timings = answer.get("timings", {})
        log.debug("llama.cpp: %s tokens cached, %s evaluated, %s made", *map(timings.get, _COUNTS))
        return dict(answer)

    def _recall(self, prefix: str) -> bool:
        """Put a prefix's saved state into the slot. A state that is gone or damaged counts as never saved."""
        path = self._warmed.get(prefix) or self._find(prefix)
        if path is None or not self._slot("restore", path.name):
            self._warmed.pop(prefix, None)
            return False
        self._in_slot, self._warmed[prefix] = prefix, path
        return True

    def _find(self, prefix: str) -> Path | None:
        for path in self._states.glob(f"{self._key(prefix)}-*.kv"):
            with contextlib.suppress(FileNotFoundError):  # another process may prune it meanwhile
                if path.stem.endswith(_digest(path)):
                    with contextlib.suppress(PermissionError):  # a cache that came with an image
                        os.utime(path)
                    return path
                log.warning("a saved prompt state is damaged and is made anew")
                path.unlink()
        return None

    def _save(self, prefix: str) -> None:
        """Name the state by what it is of and what is in it: a half-written file never has its right name."""
        partial = self._states / f"partial-{secrets.token_hex(8)}.kv"
        if not self._slot("save", partial.name):
            log.warning("a prompt's state could not be saved to %s: the next start will be slow", self._states.name)
            partial.unlink(missing_ok=True)
            return
        path = partial.rename(self._states / f"{self._key(prefix)}-{_digest(partial)}.kv")
        self._warmed[prefix] = path
        for old in sorted(self._states.glob("*.kv"), key=_age)[self._keep :]:
            old.unlink(missing_ok=True)

    def _slot(self, action: str, filename: str) -> bool:
        try:
            return self._http.post("/slots/0", params={"action": action}, json={"filename": filename}).is_success
        except httpx.HTTPError:
            return False

    def _key(self, prefix: str) -> str:
        return hashlib.sha256(f"{self._identity}\n{prefix}".encode()).hexdigest()[:32]


_COUNTS: Final = ("cache_n", "prompt_n", "predicted_n")


def _start(model: Path, context: int, threads: int, states: Path, private: Path) -> tuple[Any, httpx.Client]:
    """The engine, and a line to it: xllamacpp has slot save and restore on its HTTP side only.

    That side listens on a Unix socket in a directory of ours where there are such sockets, else on the loopback
    address; both want a random key.
    """
    xllamacpp, key = engine(), secrets.token_hex(16)
    params = xllamacpp.CommonParams()
    params.model.path = str(model)
    params.n_ctx, params.n_parallel = context, 1
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads
    params.cache_type_k = params.cache_type_v = xllamacpp.ggml_type.GGML_TYPE_F16
    params.flash_attn_type = xllamacpp.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_ENABLED
    params.cache_ram_mib = 0  # prefixes are swapped through their files, which is as fast
    params.n_ctx_checkpoints = 0
    params.warmup = False
    params.verbosity = 0
    params.slot_save_path = f"{states.resolve()}{os.sep}"
    params.api_keys = [key]
    socket_path = str(private / "llama.sock") if hasattr(socket, "AF_UNIX") else None
    if socket_path:
        params.hostnames = [socket_path]
    try:
        server = xllamacpp.Server(params)
    except (RuntimeError, ValueError) as error:
        raise ModelError(f"llama.cpp cannot load {model.name}: run `courier-voice models verify`") from error
    client = httpx.Client(
        base_url="http://localhost" if socket_path else server.listening_address,
        transport=httpx.HTTPTransport(uds=socket_path) if socket_path else None,
        headers={"Authorization": f"Bearer {key}"},
        timeout=30.0,
        trust_env=False,
    )
    return server, client


def _complaint(answer: Mapping[str, Any]) -> str:
    """llama.cpp's refusal without its own words, which may quote the prompt."""
    error = answer.get("error", answer)
    if error.get("type") == "exceed_context_size_error":
        return (
            f"the prompt has {error.get('n_prompt_tokens')} tokens and the context {error.get('n_ctx')}: "
            "raise the model's context or shorten the prompt"
        )
    return f"llama.cpp refused the request ({error.get('type', 'unknown')}): check the grammar or schema passed to it"


def _fingerprint(model: Path) -> str:
    """What tells one weights file from another without reading a gigabyte: its size and samples all over it."""
    size = model.stat().st_size
    sample = hashlib.sha256(str(size).encode())
    with model.open("rb") as file:
        for n in range(_SAMPLES):
            file.seek(n * max(0, size - _SAMPLE_BYTES) // (_SAMPLES - 1))
            sample.update(file.read(_SAMPLE_BYTES))
    return sample.hexdigest()


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()[:32]


def _age(path: Path) -> float:
    try:
        return -path.stat().st_mtime
    except FileNotFoundError:  # pruned by another process
        return 0.0
