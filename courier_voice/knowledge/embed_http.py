"""Any server with the OpenAI embeddings API."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import httpx
import numpy as np
from pydantic import BaseModel, ValidationError

from courier_voice.core.errors import ModelError, ModelOutputError
from courier_voice.knowledge.embed import Choice, Titled, Vectors, normalised

BATCH: Final = 64


class _Item(BaseModel):
    index: int
    embedding: list[float]


class _Reply(BaseModel):
    data: list[_Item]


class HttpEmbedder:
    """``POST {base_url}/embeddings``. The prefixes go in front of questions and passages, where a model wants some.

    Raises ModelError, ``retryable`` for timeouts, lost connections, 429 and 5xx; ModelOutputError for another reply.
    """

    def __init__(self, choice: Choice, timeout_s: float = 30.0, transport: httpx.BaseTransport | None = None) -> None:
        key = choice.api_key.get_secret_value()
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._client = httpx.Client(base_url=choice.base_url, headers=headers, timeout=timeout_s, transport=transport)
        self._model, self._query, self._passage = choice.model, choice.query_prefix, choice.passage_prefix

    @property
    def stamp(self) -> str:
        return f"http/{self._model}/{self._query}/{self._passage}"

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        return self._embed([self._query + text for text in texts])

    def embed_passages(self, passages: Sequence[Titled]) -> Vectors:
        return self._embed([self._passage + f"{title}\n{text}".strip() for title, text in passages])

    def _embed(self, texts: Sequence[str]) -> Vectors:
        parts = [self._batch(texts[at : at + BATCH]) for at in range(0, len(texts), BATCH)]
        return normalised(np.concatenate(parts)) if parts else np.zeros((0, 0), np.float32)

    def _batch(self, texts: Sequence[str]) -> Vectors:
        body = {"model": self._model, "input": list(texts), "encoding_format": "float"}
        try:
            reply = self._client.post("embeddings", json=body)
            reply.raise_for_status()
        except httpx.HTTPStatusError as error:
            code = error.response.status_code
            hint = (
                "check COURIER_KB__API_KEY"
                if code in (401, 403)
                else "check COURIER_KB__BASE_URL and COURIER_KB__MODEL"
            )
            raise ModelError(
                f"the embeddings server answered {code}; {hint}", retryable=code == 429 or code >= 500
            ) from error
        except httpx.HTTPError as error:
            raise ModelError(
                f"the embeddings server cannot be reached ({type(error).__name__}); check COURIER_KB__BASE_URL",
                retryable=True,
            ) from error
        try:
            items = sorted(_Reply.model_validate_json(reply.content).data, key=lambda item: item.index)
            vectors = np.array([item.embedding for item in items], np.float32)
        except (ValidationError, ValueError) as error:
            raise ModelOutputError("the embeddings server's reply is not of the OpenAI form") from error
        if vectors.ndim != 2 or len(vectors) != len(texts) or [item.index for item in items] != list(range(len(texts))):
            raise ModelOutputError(f"the embeddings server gave {len(vectors)} vectors for {len(texts)} texts")
        return vectors
