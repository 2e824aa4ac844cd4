from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import httpx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from courier_voice.core.errors import ModelError, ModelOutputError, WeightsCorrupt, WeightsError, WeightsMissing
from courier_voice.knowledge.embed import make, normalised
from courier_voice.knowledge.embed_gemma import exported
from courier_voice.knowledge.embed_http import BATCH, HttpEmbedder
from courier_voice.settings import Kb
from courier_voice.weights.catalogue import entry

CONFIG = {
    "vocab_size": 97, "hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 2, "num_attention_heads": 2,
    "num_key_value_heads": 1, "head_dim": 32, "query_pre_attn_scalar": 32, "rms_norm_eps": 1e-6, "sliding_window": 8,
    "rope_theta": 1e6, "rope_local_base_freq": 1e4, "layer_types": ["sliding_attention", "full_attention"],
}  # fmt: skip


@dataclass
class Server:
    reply: httpx.Response | None = None

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked = json.loads(request.content)
        self.headers = request.headers
        if self.reply:
            return self.reply
        data = [{"index": n, "embedding": [float(n + 1), 0.0]} for n in range(len(self.asked["input"]))]
        return httpx.Response(200, json={"data": data[::-1]})


def remote(server: Server) -> HttpEmbedder:
    choice = Kb(base_url="http://e/v1", model="m", api_key=SecretStr("k"), query_prefix="q: ")
    return HttpEmbedder(choice, transport=httpx.MockTransport(server))


def test_a_server_is_asked_in_batches_with_its_prefixes() -> None:
    server = Server()
    vectors = remote(server).embed_passages([("题", str(n)) for n in range(BATCH + 1)])
    assert vectors.shape == (BATCH + 1, 2)
    assert server.asked["input"] == [f"题\n{BATCH}"]
    assert server.headers["authorization"] == "Bearer k"
    remote(server).embed_queries(["怎么包"])
    assert server.asked["input"] == ["q: 怎么包"]


@pytest.mark.parametrize(("code", "again"), [(401, False), (429, True), (503, True)])
def test_a_server_that_refuses_is_told_with_the_fix(code: int, again: bool) -> None:
    with pytest.raises(ModelError, match="COURIER_KB") as caught:
        remote(Server(httpx.Response(code))).embed_queries(["x"])
    assert caught.value.retryable is again


@pytest.mark.parametrize("body", [{}, {"data": []}, {"data": [{"index": 3, "embedding": [1.0]}]}])
def test_another_reply_is_no_vector(body: object) -> None:
    with pytest.raises(ModelOutputError):
        remote(Server(httpx.Response(200, json=body))).embed_queries(["x"])


@given(st.lists(st.lists(st.floats(-100, 100, width=32), min_size=3, max_size=3), min_size=1, max_size=5))
def test_vectors_have_length_one(rows: list[list[float]]) -> None:
    given_ = np.array(rows, np.float32)
    lengths = np.linalg.norm(normalised(given_), axis=1)
    assert all(
        abs(length - 1) < 1e-4 or not row.any() or np.linalg.norm(row) < 1e-30
        for length, row in zip(lengths, given_, strict=True)
    )


def test_without_weights_auto_finds_by_words_and_a_name_is_an_error(tmp_path: Path) -> None:
    def none() -> Path:
        raise WeightsMissing("pull them")

    assert make(Kb(), none) is None
    assert make(Kb(embedder="none"), none) is None
    with pytest.raises(WeightsError):
        make(Kb(embedder="embedding-gemma"), none)
    with pytest.raises(WeightsMissing, match="models pull embedding-gemma"):
        exported(tmp_path)
    (tmp_path / "model.zip").write_bytes(b"no zip")
    with pytest.raises(WeightsCorrupt):
        exported(tmp_path)


def test_the_catalogue_joins_the_zip_from_numbered_versions() -> None:
    (file,) = entry("embedding-gemma").files
    assert [piece.version for piece in file.pieces] == [f"0.2.{n}" for n in range(1, 26)]


@pytest.mark.parametrize(("int8", "apart"), [(False, 1e-4), (True, 0.02)])
def test_the_graph_computes_what_transformers_compute(int8: bool, apart: float) -> None:
    import onnxruntime
    import torch
    from transformers import Gemma3TextConfig, Gemma3TextModel

    from courier_voice.knowledge.embed_graph import build

    torch.manual_seed(1)
    model = Gemma3TextModel(Gemma3TextConfig(**CONFIG, use_bidirectional_attention=True)).eval()  # type: ignore[arg-type]
    for weight in model.parameters():
        torch.nn.init.normal_(weight, std=0.3)
    dense = [torch.randn(128, 64), torch.randn(32, 128)]
    state = {name: value.detach().numpy() for name, value in model.state_dict().items()}
    graph = build(CONFIG, state, [each.numpy() for each in dense], int8=int8)
    session = onnxruntime.InferenceSession(graph.SerializeToString(), providers=["CPUExecutionProvider"])
    ids = torch.randint(1, 97, (1, 20))
    with torch.no_grad():
        hidden = model(input_ids=ids, attention_mask=torch.ones_like(ids)).last_hidden_state.mean(1)
        wanted = torch.nn.functional.normalize(hidden @ dense[0].T @ dense[1].T).numpy()
    padded = np.zeros((2, 25), np.int64)
    padded[0, :20], padded[1] = ids.numpy(), 5
    mask = np.array([[1] * 20 + [0] * 5, [1] * 25], np.int64)
    found = session.run(None, {"input_ids": padded, "attention_mask": mask})[0]
    assert 1 - float(found[0] @ wanted[0]) < apart
