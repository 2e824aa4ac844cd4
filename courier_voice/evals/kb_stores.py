"""Vector stores side by side on random vectors, each in processes of its own: one that builds, one that asks."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from courier_voice.core.errors import KnowledgeError

Row = dict[str, Any]
Search = Callable[[NDArray[np.float32]], object]

WIDTH: Final = 768
NEAREST: Final = 24
_BATCH: Final = 1000
_NEEDS: Final = {"lancedb": "lancedb", "lancedb-exact": "lancedb", "qdrant": "qdrant_client", "milvus": "pymilvus"}
STORES: Final = tuple(_NEEDS)


def compared(sizes: Sequence[int], queries: int, stores: Collection[str] = STORES) -> Iterator[Row]:
    """A row a store and size; for one that is not installed a row with the reason under ``skipped``.

    Seconds, ms, and MB of the asking process's peak. Raises KnowledgeError when a store is unknown or ends badly.
    """
    if strange := sorted(set(stores) - set(STORES)):
        raise KnowledgeError(f"there is no store {strange[0]!r}; there are {', '.join(STORES)}")
    for vectors in sizes:
        for name in STORES:
            if name not in stores:
                continue
            if find_spec(_NEEDS[name]) is None:
                yield {"store": name, "vectors": vectors, "skipped": f"{_NEEDS[name]} is not installed"}
                continue
            with tempfile.TemporaryDirectory() as folder:
                built = _alone(name, "build", folder, vectors)
                asked = _alone(name, "ask", folder, queries)
                size = sum(file.stat().st_size for file in Path(folder).rglob("*") if file.is_file())
            yield {"store": name, "vectors": vectors, **built, **asked, "disk_mb": round(size / 1e6)}


def _alone(name: str, phase: str, folder: str, count: int) -> Row:
    command = [sys.executable, "-m", "courier_voice.evals.kb_stores", name, phase, folder, str(count)]
    ran = subprocess.run(command, stdout=subprocess.PIPE, encoding="utf-8", check=False)
    if ran.returncode != 0:
        raise KnowledgeError(f"{name} ended with exit code {ran.returncode} while it was to {phase}; see above")
    return dict(json.loads(ran.stdout.strip().splitlines()[-1]))


def _rows(count: int) -> Iterator[tuple[list[int], NDArray[np.float32]]]:
    random = np.random.default_rng(0)
    for start in range(0, count, _BATCH):
        drawn = random.standard_normal((min(_BATCH, count - start), WIDTH), dtype=np.float32)
        yield list(range(start, start + len(drawn))), drawn / np.linalg.norm(drawn, axis=1, keepdims=True)


def _build(name: str, folder: Path, count: int) -> None:
    if name.startswith("lancedb"):
        from courier_voice.knowledge.store_lance import LanceStore

        store = LanceStore(folder, "bench")
        for ids, vectors in _rows(count):
            store.add([str(one) for one in ids], vectors)
        store.tidy(indexed=name == "lancedb")
    elif name == "qdrant":
        from qdrant_client import QdrantClient, models

        client = QdrantClient(path=str(folder))
        client.create_collection("c", models.VectorParams(size=WIDTH, distance=models.Distance.COSINE))
        for ids, vectors in _rows(count):
            client.upsert("c", models.Batch(ids=list(ids), vectors=vectors.tolist()))
        client.close()
    else:
        from pymilvus import MilvusClient

        milvus = MilvusClient(str(folder / "bench.db"))
        milvus.create_collection("c", dimension=WIDTH, metric_type="COSINE")
        for ids, vectors in _rows(count):
            milvus.insert("c", [{"id": one, "vector": vector} for one, vector in zip(ids, vectors, strict=True)])
        milvus.flush("c")
        milvus.close()


def _opened(name: str, folder: Path) -> Search:
    if name.startswith("lancedb"):
        from courier_voice.knowledge.store_lance import LanceStore

        store = LanceStore(folder, "bench")
        return lambda vector: store.nearest(vector, NEAREST)
    if name == "qdrant":
        from qdrant_client import QdrantClient

        client = QdrantClient(path=str(folder))
        return lambda vector: client.query_points("c", query=vector[0].tolist(), limit=NEAREST)
    from pymilvus import MilvusClient

    milvus = MilvusClient(str(folder / "bench.db"))
    milvus.load_collection("c")
    return lambda vector: milvus.search("c", data=vector.tolist(), limit=NEAREST)


def _ask(name: str, folder: Path, queries: int) -> Row:
    start = time.perf_counter()
    search = _opened(name, folder)
    opened = time.perf_counter() - start
    took, used = [], []
    for _, vectors in _rows(queries):
        for vector in vectors:
            wall, cpu = time.perf_counter(), time.process_time()
            search(vector[None])
            took.append((time.perf_counter() - wall) * 1000)
            used.append((time.process_time() - cpu) * 1000)
    row: Row = {"open_s": round(opened, 1), "p50_ms": round(float(np.percentile(took, 50)), 1)}
    row |= {"p95_ms": round(float(np.percentile(took, 95)), 1), "cpu_ms": round(float(np.median(used)), 1)}
    return {**row, "memory_mb": round(_memory_mb())}


def _memory_mb() -> float:
    """Peak of this process, MB; 0 where the system does not tell."""
    try:
        import resource
    except ImportError:
        return 0.0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1 << 20 if sys.platform == "darwin" else 1 << 10)


def main() -> None:
    """``NAME build|ask FOLDER COUNT``: one phase of one store; its figures as the last line of stdout."""
    name, phase, folder, count = sys.argv[1:]
    if phase == "ask":
        print(json.dumps(_ask(name, Path(folder), int(count))))
        return
    start, cpu = time.perf_counter(), time.process_time()
    _build(name, Path(folder), int(count))
    took = {"build_s": time.perf_counter() - start, "build_cpu_s": time.process_time() - cpu}
    print(json.dumps({key: round(value, 1) for key, value in took.items()}))


if __name__ == "__main__":
    main()
