"""The spoken part of the ear's data: sentences said by many speakers, one FLAC each, and an index beside them.

``plan`` fixes by seed who says what and how fast; ``speak`` says what is not there yet, so it may be stopped and run
again. Speech is clean and trimmed; noise, rooms and throats are added anew each time a clip is heard in training.
"""

from __future__ import annotations

import json
import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np
import soundfile
import soxr
from numpy.random import default_rng

from courier_voice.core.errors import TrainingError
from courier_voice.core.words import RATE
from courier_voice.speech.kokoro import Kokoro
from courier_voice.training.noises import Samples
from courier_voice.training.reading import respelled
from courier_voice.training.sentences import sentences
from courier_voice.training.speakers import Speaker, speakers
from courier_voice.weights.locate import locate

INDEX: Final = "index.jsonl"
OWN: Final = "transcripts.tsv"
TRAIN_SPEAKERS: Final = 240
DEV_SPEAKERS: Final = 24


@dataclass(frozen=True)
class Clip:
    """One recording: ``file`` is relative to the index's folder, ``split`` is train or dev."""

    file: str
    split: str
    text: str
    kind: str
    keys: tuple[str, ...] = ()
    speaker: str = ""
    speed: float = 1.0
    seconds: float = 0.0


def plan(train: int, dev: int, world: Path, seed: int) -> tuple[list[Clip], dict[str, Speaker]]:
    """Clips to speak, shuffled, and their speakers by name. Development sentences are none of the training ones."""
    rng = default_rng(seed)
    cast = {
        "train": speakers(TRAIN_SPEAKERS, world, rng),
        "dev": speakers(DEV_SPEAKERS, world, rng, dev=True),
    }
    taken = sentences(train, seed)
    known = {sentence.text for sentence in taken}
    spare = [s for s in sentences(dev * 3, seed + 1) if s.kind in ("control", "digits") or s.text not in known][:dev]
    clips = []
    for split, lines in (("train", taken), ("dev", spare)):
        for number, line in enumerate(lines):
            voice = cast[split][int(rng.integers(len(cast[split])))].name
            speed = round(float(rng.uniform(0.85, 1.3)), 2)
            name = f"{split}/{number // 500:02}/{number:05}.flac"
            clips.append(Clip(name, split, line.text, line.kind, line.keys, voice, speed))
    order = rng.permutation(len(clips))
    return [clips[n] for n in order], {speaker.name: speaker for group in cast.values() for speaker in group}


def speak(
    clips: Sequence[Clip],
    cast: dict[str, Speaker],
    directory: Path,
    weights: Path,
    *,
    workers: int = 2,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> int:
    """Say what ``directory`` does not hold yet; how many clips it holds then.

    Raises TrainingError when the folder holds clips of another plan, WeightsMissing without Kokoro and its voices.
    """
    there = {clip.file: clip for clip in read_index(directory)} if (directory / INDEX).exists() else {}
    for clip in clips:
        if clip.file in there and there[clip.file].text != clip.text:
            raise TrainingError(f"{directory} holds clips of other sentences or another seed; give an empty folder")
    todo = [clip for clip in clips if clip.file not in there]
    done = len(clips) - len(todo)
    progress(done, len(clips))
    directory.mkdir(parents=True, exist_ok=True)
    if there:  # a line cut off by a crash goes, before another is put behind it
        whole = "".join(json.dumps(asdict(clip), ensure_ascii=False) + "\n" for clip in there.values())
        (directory / "index.new").write_text(whole, "utf-8")
        (directory / "index.new").replace(directory / INDEX)
    with (
        (directory / INDEX).open("a", encoding="utf-8") as index,
        multiprocessing.get_context("spawn").Pool(workers, _start, (weights, cast, directory)) as pool,
    ):
        for clip in pool.imap_unordered(_say, todo, chunksize=4):
            index.write(json.dumps(asdict(clip), ensure_ascii=False) + "\n")
            index.flush()
            done += 1
            progress(done, len(clips))
    return done


def read_index(directory: Path) -> list[Clip]:
    """The clips of a folder whose files are there. A last line cut off by a crash is left out.

    A folder of one's own recordings has a transcripts.tsv instead, ``file<TAB>text`` a line; every tenth is kept for
    development. Raises TrainingError when there is neither, or a line is no clip.
    """
    path, own = directory / INDEX, directory / OWN
    if not path.is_file() and not own.is_file():
        raise TrainingError(
            f"{directory.name} has no {INDEX}; make one with: courier-voice train ear-data, or put {OWN} there"
        )
    rows = _rows(path) if path.is_file() else _own_rows(own)
    return [clip for clip in rows if (directory / clip.file).is_file()]


def _own_rows(path: Path) -> Iterator[Clip]:
    for number, line in enumerate(path.read_text("utf-8-sig").splitlines()):
        file, tab, text = line.partition("\t")
        if line.strip() and not (tab and text.strip()):
            raise TrainingError(f"{path.name}, line {number + 1}: want a file name, a tab, and what is said in it")
        if line.strip():
            yield Clip(file.strip(), "dev" if number % 10 == 9 else "train", text.strip(), "command")


def _rows(path: Path) -> Iterator[Clip]:
    lines = path.read_text("utf-8").splitlines()
    for number, line in enumerate(lines, 1):
        try:
            row = json.loads(line)
            yield Clip(**{**row, "keys": tuple(row.get("keys", ()))})
        except (ValueError, TypeError) as error:
            if number == len(lines):
                return
            raise TrainingError(
                f'{path.name}, line {number}: want {{"file", "split", "text", "kind"}}; repair or remove it'
            ) from error


_worker: dict[str, object] = {}


def _start(weights: Path, cast: dict[str, Speaker], directory: Path) -> None:
    os.environ["OMP_NUM_THREADS"] = "1"
    chinese, world = locate("kokoro-voices-zh", weights), locate("kokoro-voices-world", weights)
    model = Kokoro(locate("kokoro-82m", weights), chinese, threads=1)
    _worker.update(model=model, cast=cast, directory=directory, chinese=chinese, world=world)


def _say(clip: Clip) -> Clip:
    model, cast, directory = _worker["model"], _worker["cast"], _worker["directory"]
    chinese, world = _worker["chinese"], _worker["world"]
    assert isinstance(model, Kokoro)
    assert isinstance(cast, dict)
    assert isinstance(directory, Path)
    assert isinstance(chinese, Path)
    assert isinstance(world, Path)
    speaker: Speaker = cast[clip.speaker]
    said = model.in_voice(speaker.styles(chinese, world), clip.speed, speaker.name).synthesize(respelled(clip.text))
    speech = trimmed(np.asarray(soxr.resample(said.samples, said.rate, RATE), np.float32))
    target = directory / clip.file
    target.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(target, speech, RATE, format="FLAC", subtype="PCM_16")
    return Clip(**{**asdict(clip), "keys": clip.keys, "seconds": round(len(speech) / RATE, 2)})


def trimmed(speech: Samples) -> Samples:
    """Without the silence a voice begins and ends with."""
    loud = np.flatnonzero(np.abs(speech) > 0.01 * np.abs(speech).max(initial=0.0))
    return speech[max(0, loud[0] - RATE // 50) : loud[-1] + RATE // 20] if len(loud) else speech
