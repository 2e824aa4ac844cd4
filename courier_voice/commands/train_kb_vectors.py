"""train kb-vectors: the vectors of the shipped documents, made once so that no other machine needs to."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import typer

from courier_voice.app import build_knowledge, data_dir
from courier_voice.commands.kb import shipped
from courier_voice.commands.out import begin, counted, emit
from courier_voice.core.errors import SettingsError
from courier_voice.knowledge.base import pieces_of
from courier_voice.knowledge.base_fill import BATCH, files_in
from courier_voice.knowledge.ready import FILE, write_ready


def kb_vectors(out: Path | None, json_: bool) -> None:
    filler = build_knowledge(begin(kb={"ready": False, "tables": "plain"}))
    if filler.embedder is None:
        raise SettingsError("vectors need an embedder: courier-voice models pull embedding-gemma")
    making = filler.making
    chunks = [chunk for file in files_in(shipped(), making.suffixes) for chunk in making.split(making.read(file))]
    pieces = sorted({p.vector: p for chunk in chunks for p in pieces_of(chunk)}.values(), key=lambda p: len(p.text))
    vectors = []
    with counted("vectors", len(pieces)) as step:
        for start in range(0, len(pieces), BATCH):
            batch = pieces[start : start + BATCH]
            vectors.append(filler.embedder.embed_passages([(piece.title, piece.text) for piece in batch]))
            for _ in batch:
                step()
    file = out or data_dir("fixtures") / "knowledge" / FILE
    write_ready(file, filler.embedder.stamp, [piece.vector for piece in pieces], np.concatenate(vectors))
    row = {"file": str(file), "vectors": len(pieces), "mb": round(file.stat().st_size / 1e6, 2)}
    if json_:
        emit(row)
    else:
        typer.echo(f"{row['vectors']} vectors, {row['mb']} MB: {file}")
