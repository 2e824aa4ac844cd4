"""EmbeddingGemma as an ONNX graph with 8-bit weights, written straight from its safetensors.

The layer is that of ``transformers.models.gemma3.modeling_gemma3`` with ``use_bidirectional_attention``, the head that
of sentence-transformers' modules (mean pooling, two dense layers, length one). Weights of the linear layers are
quantised in blocks of 32 (activations too, at run time), the vocabulary row by row: with one scale a matrix, as the
usual dynamic quantisation has it, Gemma's outliers cost recall.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

Arrays = Mapping[str, NDArray[Any]]

BLOCK: Final = 32
_OPSET: Final = 20


def build(config: Mapping[str, Any], weights: Arrays, dense: Sequence[NDArray[Any]], *, int8: bool) -> onnx.ModelProto:
    """``(input_ids, attention_mask) int64 [b, n] → embedding float32 [b, d]``, normalised.

    ``config`` is the model's ``config.json``, ``weights`` its state by name, ``dense`` the head's matrices [out, in].
    """
    graph = _Graph(int8)
    hidden = graph.vocabulary(weights["embed_tokens.weight"], float(np.sqrt(config["hidden_size"])))
    masks = graph.masks(config["sliding_window"] // 2 + 1)
    half = np.arange(0, config["head_dim"], 2, dtype=np.float32) / config["head_dim"]
    turns = {
        kind: graph.turns(np.float32(1.0) / np.float32(base) ** half)
        for kind, base in (
            ("sliding_attention", config["rope_local_base_freq"]),
            ("full_attention", config["rope_theta"]),
        )
    }
    for number, kind in enumerate(config["layer_types"]):
        layer = {name: weights[f"layers.{number}.{name}.weight"] for name in _LAYER}
        hidden = graph.layer(hidden, layer, config, masks[kind], turns[kind])
    hidden = graph.norm(hidden, weights["norm.weight"], config)
    return graph.finish(hidden, dense)


_LAYER: Final = (
    *(f"self_attn.{name}" for name in ("q_proj", "k_proj", "v_proj", "o_proj", "q_norm", "k_norm")),
    *(f"mlp.{name}" for name in ("gate_proj", "up_proj", "down_proj")),
    *("input_layernorm", "post_attention_layernorm", "pre_feedforward_layernorm", "post_feedforward_layernorm"),
)


class _Graph:
    """Nodes and constants as they are added; every method returns the name of what it made."""

    def __init__(self, int8: bool) -> None:
        self.int8 = int8
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, onnx.TensorProto] = {}

    def op(self, kind: str, *inputs: str, domain: str = "", **attributes: Any) -> str:
        name = f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], domain=domain, **attributes))
        return name

    def constant(self, value: NDArray[Any]) -> str:
        name = f"c{len(self.constants)}"
        self.constants[name] = numpy_helper.from_array(np.ascontiguousarray(value), name)
        return name

    def numbers(self, *values: int) -> str:
        return self.constant(np.array(values, np.int64))

    def scalar(self, value: float) -> str:
        return self.constant(np.array(value, np.float32))

    def vocabulary(self, table: NDArray[Any], factor: float) -> str:
        if not self.int8:
            return self.op("Mul", self.op("Gather", self.constant(table), "input_ids"), self.scalar(factor))
        scale = np.maximum(np.abs(table).max(1, keepdims=True), 1e-8) / 127
        codes = self.constant(np.round(table / scale).astype(np.int8))
        rows = self.op("Cast", self.op("Gather", codes, "input_ids"), to=TensorProto.FLOAT)
        return self.op("Mul", rows, self.op("Gather", self.constant(scale * np.float32(factor)), "input_ids"))

    def linear(self, x: str, weight: NDArray[Any]) -> str:
        out, inner = weight.shape
        if not self.int8 or inner % BLOCK:
            return self.op("MatMul", x, self.constant(weight.T))
        blocks = weight.reshape(out, inner // BLOCK, BLOCK)
        scale = np.maximum(np.abs(blocks).max(2, keepdims=True), 1e-8) / 127
        codes = (np.round(blocks / scale) + 128).astype(np.uint8)
        return self.op(
            "MatMulNBits",
            x,
            self.constant(codes),
            self.constant(scale.reshape(-1).astype(np.float32)),
            domain="com.microsoft",
            K=inner,
            N=out,
            bits=8,
            block_size=BLOCK,
            accuracy_level=4,
        )

    def norm(self, x: str, weight: NDArray[Any], config: Mapping[str, Any]) -> str:
        scale = self.constant(1 + weight.astype(np.float32))
        return self.op("SimplifiedLayerNormalization", x, scale, axis=-1, epsilon=config["rms_norm_eps"])

    def masks(self, window: int) -> dict[str, str]:
        """Additive masks by kind of layer: what is padding, and in the sliding ones what is too far away."""
        seen = self.op("Cast", self.op("Unsqueeze", "attention_mask", self.numbers(1, 2)), to=TensorProto.FLOAT)
        whole = self.op("Mul", self.op("Sub", seen, self.scalar(1.0)), self.scalar(1e9))
        length = self.op("Gather", self.op("Shape", "input_ids"), self.constant(np.array(1, np.int64)))
        zero, one = (self.constant(np.array(n, np.int64)) for n in (0, 1))
        self.places = self.op("Range", zero, length, one)
        apart = self.op(
            "Abs",
            self.op(
                "Sub",
                self.op("Unsqueeze", self.places, self.numbers(0)),
                self.op("Unsqueeze", self.places, self.numbers(1)),
            ),
        )
        near = self.op("Cast", self.op("Less", apart, self.constant(np.array(window, np.int64))), to=TensorProto.FLOAT)
        far = self.op("Mul", self.op("Sub", near, self.scalar(1.0)), self.scalar(1e9))
        return {"full_attention": whole, "sliding_attention": self.op("Add", whole, far)}

    def turns(self, frequencies: NDArray[Any]) -> tuple[str, str]:
        """Cosine and sine [n, head_dim] of the rotary embedding."""
        places = self.op("Unsqueeze", self.op("Cast", self.places, to=TensorProto.FLOAT), self.numbers(1))
        angles = self.op("Mul", places, self.constant(np.concatenate([frequencies, frequencies])))
        return self.op("Cos", angles), self.op("Sin", angles)

    def heads(self, x: str, count: int, config: Mapping[str, Any]) -> str:
        shaped = self.op("Reshape", x, self.numbers(0, 0, count, config["head_dim"]))
        return self.op("Transpose", shaped, perm=[0, 2, 1, 3])

    def turned(self, x: str, turns: tuple[str, str], width: int) -> str:
        first = self.op("Slice", x, self.numbers(0), self.numbers(width // 2), self.numbers(3))
        second = self.op("Slice", x, self.numbers(width // 2), self.numbers(width), self.numbers(3))
        crossed = self.op("Concat", self.op("Neg", second), first, axis=3)
        return self.op("Add", self.op("Mul", x, turns[0]), self.op("Mul", crossed, turns[1]))

    def layer(self, x: str, w: Arrays, config: Mapping[str, Any], mask: str, turns: tuple[str, str]) -> str:
        count, shared, width = config["num_attention_heads"], config["num_key_value_heads"], config["head_dim"]
        if shared not in (1, count):
            raise ValueError(f"{shared} key heads for {count} query heads: only one, or as many, can be written down")
        near = self.norm(x, w["input_layernorm"], config)
        queries = self.heads(self.linear(near, w["self_attn.q_proj"]), count, config)
        keys = self.heads(self.linear(near, w["self_attn.k_proj"]), shared, config)
        values = self.heads(self.linear(near, w["self_attn.v_proj"]), shared, config)
        queries = self.turned(self.norm(queries, w["self_attn.q_norm"], config), turns, width)
        keys = self.turned(self.norm(keys, w["self_attn.k_norm"], config), turns, width)
        queries = self.op("Mul", queries, self.scalar(config["query_pre_attn_scalar"] ** -0.5))
        scores = self.op("Add", self.op("MatMul", queries, self.op("Transpose", keys, perm=[0, 1, 3, 2])), mask)
        mixed = self.op("MatMul", self.op("Softmax", scores, axis=-1), values)
        flat = self.op("Reshape", self.op("Transpose", mixed, perm=[0, 2, 1, 3]), self.numbers(0, 0, count * width))
        told = self.norm(self.linear(flat, w["self_attn.o_proj"]), w["post_attention_layernorm"], config)
        x = self.op("Add", x, told)
        near = self.norm(x, w["pre_feedforward_layernorm"], config)
        gate = self.op("Gelu", self.linear(near, w["mlp.gate_proj"]), approximate="tanh")
        thought = self.linear(self.op("Mul", gate, self.linear(near, w["mlp.up_proj"])), w["mlp.down_proj"])
        return self.op("Add", x, self.norm(thought, w["post_feedforward_layernorm"], config))

    def finish(self, hidden: str, dense: Sequence[NDArray[Any]]) -> onnx.ModelProto:
        seen = self.op("Cast", self.op("Unsqueeze", "attention_mask", self.numbers(2)), to=TensorProto.FLOAT)
        total = self.op("ReduceSum", self.op("Mul", hidden, seen), self.numbers(1), keepdims=0)
        pooled = self.op("Div", total, self.op("ReduceSum", seen, self.numbers(1), keepdims=0))
        for matrix in dense:
            pooled = self.linear(pooled, matrix)
        length = self.op("ReduceL2", pooled, self.numbers(1), keepdims=1)
        self.nodes.append(helper.make_node("Div", [pooled, length], ["embedding"]))
        whole = [
            helper.make_tensor_value_info(name, TensorProto.INT64, ["b", "n"])
            for name in ("input_ids", "attention_mask")
        ]
        out = helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["b", dense[-1].shape[0]])
        graph = helper.make_graph(self.nodes, "embedding-gemma", whole, [out], list(self.constants.values()))
        imports = [helper.make_opsetid("", _OPSET), helper.make_opsetid("com.microsoft", 1)]
        return helper.make_model(graph, opset_imports=imports, ir_version=10)
