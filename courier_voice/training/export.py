"""From a fitted model to the file that is shipped: ONNX, weights in 8 bits."""

from __future__ import annotations

import tempfile
import warnings
from pathlib import Path

import numpy as np
import torch

from courier_voice.core.errors import TrainingError
from courier_voice.nlu.fast import FIRST_STATE
from courier_voice.training.model import Exported, Reader

LARGEST_MB = 8.0
_OPSET = 17
_IN = ("ids", "words", "places")
_OUT = ("split", "intents", "choices", "tags")


def export(model: Reader, file: Path) -> float:
    """Write a model in evaluation mode as int8 ONNX; its size in MB. Raises TrainingError when that is too much."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    ids = torch.full((1, 12), FIRST_STATE, dtype=torch.long)
    with tempfile.TemporaryDirectory() as scratch:
        plain, small = Path(scratch) / "plain.onnx", Path(scratch) / "small.onnx"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the exporter tells what it traces, and that there is a newer one
            torch.onnx.export(
                Exported(model).eval(),
                (ids, torch.zeros_like(ids), torch.zeros_like(ids)),
                str(plain),
                dynamo=False,
                input_names=list(_IN),
                output_names=list(_OUT),
                dynamic_axes={**{name: {1: "t"} for name in _IN}, "split": {0: "n"}, "tags": {0: "n"}},
                opset_version=_OPSET,
            )
        quantize_dynamic(
            plain, small, weight_type=QuantType.QInt8, per_channel=True, op_types_to_quantize=["MatMul", "Gather"]
        )
        unsigned(small)
        size = small.stat().st_size / 1e6
        if size > LARGEST_MB:
            raise TrainingError(f"the model takes {size:.1f} MB, more than {LARGEST_MB:.0f}: make its shape smaller")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(small.read_bytes())
    return size


def unsigned(file: Path) -> None:
    """Shift the signed 8-bit weights of a model's products by 128, and their zero points with them: the same numbers,
    but ONNX Runtime's product of unsigned and signed bytes saturates on x86 processors without VNNI.
    """
    import onnx
    from onnx import numpy_helper

    model = onnx.load(str(file))
    products = [node for node in model.graph.node if node.op_type == "MatMulInteger"]
    shifted = {name for node in products for name in (node.input[1], *node.input[3:4])}
    for tensor in model.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if tensor.name in shifted and values.dtype == np.int8:
            tensor.CopyFrom(numpy_helper.from_array((values.astype(np.int16) + 128).astype(np.uint8), tensor.name))
    onnx.save(model, str(file))
