"""LoRA on Whisper base: the network side of training the ear. Data comes from `hearings`, judging from `ear_run`.

Low-rank adaptation after Hu et al. 2021 (arXiv:2106.09685), by peft, on every linear layer of attention and MLP. The
encoder hears windows cut to the audio, as the engines do; frozen weights are kept in bfloat16.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from courier_voice.core.errors import TrainingError, WeightsMissing
from courier_voice.training.hearings import Hearing

_LAYERS: Final = r"\.blocks\.\d+\.(attn\.|cross_attn\.)?(query|key|value|out|mlp\.[02])"
PARTS: Final = {
    "both": f"(encoder|decoder){_LAYERS}",
    "encoder": f"encoder{_LAYERS}",
    "decoder": f"decoder{_LAYERS}",
    "front": rf"(encoder|decoder){_LAYERS}|encoder\.conv[12]",
}
"""The layers that get adapters, by ``Recipe.where``; front: both sides and the convolutions before them."""
_PROMPT_TOKENS: Final = 160
_TEXT_TOKENS: Final = 120
_FRAMES_A_WINDOW: Final = 320
"""Samples an encoder position."""


@dataclass(frozen=True)
class Recipe:
    """What a run is made with. ``where``: one of PARTS. ``lr`` falls linearly after ``warmup`` steps.

    ``keep`` weighs learning without forgetting (Li and Hoiem 2016, arXiv:1606.09282): on general speech, where the
    model without adapters is right, its distribution is kept.
    """

    steps: int = 3200
    batch: int = 8
    lr: float = 5e-4
    warmup: int = 30
    rank: int = 16
    alpha: int = 32
    smoothing: float = 0.05
    dropout: float = 0.05
    where: str = "both"
    keep: float = 0.5
    seed: int = 0

    def rate_at(self, step: int) -> float:
        """The learning rate of one step."""
        if step < self.warmup:
            return self.lr * (step + 1) / self.warmup
        return self.lr * max(0.02, (self.steps - step) / max(1, self.steps - self.warmup))


class Learner:
    """Whisper with adapters, its optimiser and its tokenizer. Raises TrainingError without peft."""

    def __init__(self, checkpoint: Path, recipe: Recipe, threads: int = 2) -> None:
        import torch
        import whisper
        from whisper.tokenizer import get_tokenizer

        try:
            from peft import LoraConfig, inject_adapter_in_model
        except ImportError as error:
            raise TrainingError("training wants peft: pip install 'courier-voice[train]'") from error
        if not checkpoint.is_file():
            raise WeightsMissing("the base model is not there: courier-voice models pull whisper-base")
        torch.manual_seed(recipe.seed)
        torch.set_num_threads(threads)
        self._torch, self.recipe = torch, recipe
        model: Any = whisper.load_model(str(checkpoint), device="cpu").float()
        config = LoraConfig(
            r=recipe.rank,
            lora_alpha=recipe.alpha,
            lora_dropout=recipe.dropout,
            target_modules=PARTS[recipe.where],
        )
        model.requires_grad_(False)
        injected: Any = inject_adapter_in_model(config, model)
        self.model = injected
        for name, parameter in self.model.named_parameters():
            if "lora_" not in name and parameter.ndim > 1:
                parameter.data = parameter.data.to(torch.bfloat16)
        self._positions = self.model.encoder.positional_embedding
        self._trained = {n: p for n, p in self.model.named_parameters() if p.requires_grad}
        self._optimizer = torch.optim.AdamW(self._trained.values(), lr=recipe.lr, weight_decay=0.01, betas=(0.9, 0.98))
        self._tokenizer: Any = get_tokenizer(True, language="zh", task="transcribe")
        self.step = 0

    @property
    def parameters(self) -> int:
        """How many numbers are trained."""
        return sum(parameter.numel() for parameter in self._trained.values())

    def learn(self, hearings: Sequence[Hearing]) -> float:
        """One step over a batch; its mean loss a token."""
        torch = self._torch
        for group in self._optimizer.param_groups:
            group["lr"] = self.recipe.rate_at(self.step)
        self.model.train()
        self._optimizer.zero_grad(set_to_none=True)
        with torch.autocast("cpu", torch.bfloat16):
            logits, wanted = self._logits(hearings)
        loss = torch.nn.functional.cross_entropy(logits.float(), wanted, label_smoothing=self.recipe.smoothing)
        if general := [n for n, hearing in enumerate(hearings) if hearing.general and self.recipe.keep]:
            loss = loss + self.recipe.keep * self._forgotten(hearings, general, logits.float(), wanted)
        loss.backward()  # type: ignore[no-untyped-call,unused-ignore]
        torch.nn.utils.clip_grad_norm_(self._trained.values(), 1.0)
        self._optimizer.step()
        self.step += 1
        return float(loss.detach())

    def _forgotten(self, hearings: Sequence[Hearing], general: Sequence[int], logits: Any, wanted: Any) -> Any:
        """Kullback-Leibler divergence a token of the batch, over ``general`` hearings, from the model as it came."""
        torch = self._torch
        counts = [len(self._tokens(hearing)[1]) for hearing in hearings]
        ends = np.cumsum(counts)
        mine = torch.cat([torch.arange(int(ends[n]) - counts[n], int(ends[n])) for n in general])
        adapters = [module for module in self.model.modules() if hasattr(module, "enable_adapters")]
        try:
            for module in adapters:
                module.enable_adapters(False)
            with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
                before, _ = self._logits([hearings[n] for n in general])
        finally:
            for module in adapters:
                module.enable_adapters(True)
        was = before.float().log_softmax(-1)
        right = was.argmax(-1) == wanted[mine]
        now = logits[mine][right].log_softmax(-1)
        return torch.nn.functional.kl_div(now, was[right], reduction="sum", log_target=True) / len(wanted)

    def _logits(self, hearings: Sequence[Hearing]) -> tuple[Any, Any]:
        """Logits ``[n, vocabulary]`` where there is something to write, and the tokens wanted there ``[n]``."""
        import whisper

        torch, tokenizer = self._torch, self._tokenizer
        length = max(len(hearing.samples) for hearing in hearings)
        sound = np.stack([np.pad(hearing.samples, (0, length - len(hearing.samples))) for hearing in hearings])
        mel = whisper.log_mel_spectrogram(torch.from_numpy(sound), self.model.dims.n_mels)
        heads, texts = zip(*(self._tokens(hearing) for hearing in hearings), strict=True)
        rows = [[*head, *text] for head, text in zip(heads, texts, strict=True)]
        longest = max(map(len, rows))
        ids = torch.tensor([[*row, *([tokenizer.eot] * (longest - len(row)))] for row in rows])
        self.model.encoder.positional_embedding = self._positions[: length // _FRAMES_A_WINDOW]
        try:
            heard = self.model.encoder(mel)
        finally:
            self.model.encoder.positional_embedding = self._positions
        decoder = self.model.decoder
        state = decoder.token_embedding(ids[:, :-1]) + decoder.positional_embedding[: longest - 1]
        state = state.to(heard.dtype)
        for block in decoder.blocks:
            state = block(state, heard, mask=decoder.mask)
        # Position p writes token p + 1; text and end count, what stands before them is given.
        spots = [(r, p) for r, head in enumerate(heads) for p in range(len(head) - 1, len(rows[r]) - 1)]
        at = torch.tensor([r for r, _ in spots]), torch.tensor([p for _, p in spots])
        written = decoder.ln(state[at])
        logits = written @ decoder.token_embedding.weight.to(written.dtype).T
        return logits, ids[at[0], at[1] + 1]

    def _tokens(self, hearing: Hearing) -> tuple[list[int], list[int]]:
        tokenizer = self._tokenizer
        before: list[int] = []
        if hearing.before:
            before = [tokenizer.sot_prev, *tokenizer.encode(" " + hearing.before)[-_PROMPT_TOKENS:]]
        head = [*before, *tokenizer.sot_sequence_including_notimestamps]
        return head, [*tokenizer.encode(hearing.text)[:_TEXT_TOKENS], tokenizer.eot]

    def adapter(self) -> dict[str, Any]:
        """The trained matrices, float32, by openai-whisper's layer names: ``….lora_A [r, in]``, ``….lora_B``."""
        return {
            name.replace(".default.weight", ""): value.detach().clone().contiguous()
            for name, value in self._trained.items()
        }

    def save(self, path: Path) -> None:
        """A checkpoint to go on from, whole or not at all."""
        state = {"step": self.step, "adapter": self.adapter(), "optimizer": self._optimizer.state_dict()}
        temporary = path.with_suffix(".new")
        with temporary.open("wb") as file:
            self._torch.save(state, file)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)

    def restore(self, path: Path) -> None:
        """Go on from a checkpoint of the same recipe. Raises TrainingError for another one's."""
        state = self._torch.load(path, weights_only=True)
        try:
            with self._torch.no_grad():
                for name, value in self._trained.items():
                    value.copy_(state["adapter"][name.replace(".default.weight", "")])
            self._optimizer.load_state_dict(state["optimizer"])
        except (KeyError, RuntimeError, ValueError) as error:
            raise TrainingError(f"{path.name} is of another recipe; remove it or give another folder") from error
        self.step = int(state["step"])
