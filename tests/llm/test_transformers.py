from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM

from courier_voice.core.errors import ModelError, WeightsMissing
from courier_voice.llm.transformers import Transformers

TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def tiny(directory: Path, *, template: str | None = TEMPLATE) -> Path:
    """A Qwen2 of random weights over bytes, saved as a real one would be."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE(vocab={letter: n for n, letter in enumerate(alphabet)}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<|im_end|>", pad_token="<|im_end|>")
    fast.add_special_tokens({"additional_special_tokens": ["<|im_start|>"]})
    fast.chat_template = template
    fast.save_pretrained(directory)
    torch.manual_seed(0)
    config = Qwen2Config(
        vocab_size=len(fast), hidden_size=16, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2,
        num_key_value_heads=1, max_position_embeddings=256, bos_token_id=None,
        eos_token_id=fast.eos_token_id, pad_token_id=fast.pad_token_id,
    )  # fmt: skip
    Qwen2ForCausalLM(config).save_pretrained(directory)
    return directory


def test_it_answers_greedily_and_no_longer_than_asked(tmp_path: Path) -> None:
    model = Transformers(tiny(tmp_path))
    model.warm([("system", "短")])
    reply = model.complete([("system", "短"), ("user", "给7782打电话")], max_tokens=8, grammar='root ::= "x"')
    assert reply
    assert "7782" not in reply, "the prompt is not part of the reply"
    assert len(reply.encode()) <= 8 * 4
    assert reply == Transformers(tmp_path).complete([("system", "短"), ("user", "给7782打电话")], max_tokens=8)


def test_missing_broken_and_unfit_models_say_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(WeightsMissing, match="models pull"):
        Transformers(tmp_path / "model.gguf")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelError, match="check its path"):
        Transformers(tmp_path / "empty")
    with pytest.raises(ModelError, match="chat template"):
        Transformers(tiny(tmp_path / "bare", template=None))
