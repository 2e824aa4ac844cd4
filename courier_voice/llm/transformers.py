"""Any chat model in plain transformers: the slow reference that the other clients are compared with."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from courier_voice.core.errors import ModelError, WeightsMissing
from courier_voice.core.ports import Role


class Transformers:
    """A causal model with a chat template, decoding greedily on the CPU in float32.

    ``model`` is a directory, a GGUF file (needs the package ``gguf``; it is dequantised while loading) or a Hugging
    Face id. Nothing is enforced: grammar and schema are ignored, and the whole prompt is evaluated anew every time.
    Raises WeightsMissing and ModelError.
    """

    def __init__(self, model: Path | str) -> None:
        if isinstance(model, Path) and not model.exists():
            raise WeightsMissing(f"no language model at {model}: run `courier-voice models pull`")
        gguf = isinstance(model, Path) and model.suffix == ".gguf"
        source: dict[str, Any] = {"pretrained_model_name_or_path": str(model)}
        if gguf and isinstance(model, Path):
            source = {"pretrained_model_name_or_path": str(model.parent), "gguf_file": model.name}
        try:
            self._tokenizer = AutoTokenizer.from_pretrained(**source)
            self._model = AutoModelForCausalLM.from_pretrained(**source, dtype=torch.float32).eval()
        except ImportError as error:
            raise ModelError(f"a package for this model is missing, install it: {error}") from error
        except (OSError, ValueError, RuntimeError) as error:
            raise ModelError("transformers cannot load the model: check its path or id, and the network") from error
        if self._tokenizer.chat_template is None:
            raise ModelError("this model has no chat template: choose an instruction-tuned one")
        self._lock = threading.Lock()

    def complete(
        self,
        messages: Sequence[tuple[Role, str]],
        *,
        max_tokens: int,
        grammar: str | None = None,
        schema: Mapping[str, object] | None = None,
    ) -> str:
        """The reply's text, in whatever form the model chooses."""
        chat = [{"role": role, "content": text} for role, text in messages]
        with self._lock, torch.inference_mode():
            prompt = self._tokenizer.apply_chat_template(
                chat, add_generation_prompt=True, return_tensors="pt", return_dict=True
            )
            try:
                tokens = self._model.generate(**prompt, max_new_tokens=max_tokens, do_sample=False)
            except (RuntimeError, ValueError) as error:
                raise ModelError(
                    "transformers failed: the prompt may be too long for the model or the memory"
                ) from error
        reply = tokens[0, prompt["input_ids"].shape[1] :]
        return str(self._tokenizer.decode(reply, skip_special_tokens=True))

    def warm(self, messages: Sequence[tuple[Role, str]]) -> None:
        """Nothing to warm: this client keeps no KV cache between calls."""
