"""Training end to end on a handful of clips: speak, learn, stop, go on, judge, write the adapter and its card."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import platformdirs
import pytest
import soundfile

from courier_voice.core.errors import TrainingError, WeightsMissing
from courier_voice.core.words import RATE, Audio, Hypothesis, Transcript
from courier_voice.training.clips import INDEX, OWN, Clip, plan, read_index, speak
from courier_voice.training.ear import Learner, Recipe
from courier_voice.training.ear_card import card
from courier_voice.training.ear_run import Places, batches, gathered, train
from courier_voice.training.hearings import Hearing, Street
from courier_voice.training.judge import Marks, bare, judge, score
from courier_voice.training.noises import recordings
from courier_voice.training.speakers import CHINESE, KEPT_FOR_DEV, speakers
from courier_voice.weights.convert import openai_checkpoint

# openai-whisper leaves its vocabulary file open
pytestmark = pytest.mark.filterwarnings(
    "ignore:unclosed file:ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)

WEIGHTS = Path(os.environ.get("COURIER_WEIGHTS") or platformdirs.user_cache_path("courier-voice") / "weights")
NOISE = Path(__file__).resolve().parents[2] / "fixtures" / "audio" / "noise"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Stand-ins for the voices of other languages: one Chinese voice under their names."""
    folder = tmp_path_factory.mktemp("world")
    for name in ("af_alloy", "am_adam", "ff_siwis", *KEPT_FOR_DEV):
        (folder / f"{name}.bin").write_bytes((WEIGHTS / "kokoro-voices-zh" / "zf_xiaoni.bin").read_bytes())
    return folder


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Enough clips for two batches of a small recipe: tones, with transcripts."""
    folder = tmp_path_factory.mktemp("clips")
    lines = []
    for number in range(24):
        sound = 0.1 * np.sin(np.arange(RATE) * (0.05 + 0.01 * number))
        soundfile.write(folder / f"{number}.wav", sound.astype(np.float32), RATE)
        split = "dev" if number >= 20 else "train"
        kind = "control" if number % 2 else "command"
        text = "取消。" if number % 2 else "打给尾号六六八八。"
        lines.append(json.dumps({"file": f"{number}.wav", "split": split, "text": text, "kind": kind}))
    (folder / INDEX).write_text("\n".join(lines) + "\n", "utf-8")
    return folder


def test_speakers_differ_and_development_has_its_own(world: Path) -> None:
    train_side = speakers(50, world, np.random.default_rng(0))
    dev_side = speakers(10, world, np.random.default_rng(0), dev=True)
    assert len({speaker.timbre for speaker in train_side}) == 50
    used = {voice for speaker in train_side for voice, _ in (*speaker.timbre, *speaker.prosody)}
    kept = {voice for speaker in dev_side for voice, _ in speaker.timbre} - set(CHINESE)
    assert not used & set(KEPT_FOR_DEV)
    assert kept <= set(KEPT_FOR_DEV)
    styles = dev_side[0].styles(WEIGHTS / "kokoro-voices-zh", world)
    assert styles.shape == (510, 256)
    for speaker in train_side:
        assert sum(weight for _, weight in speaker.timbre) == pytest.approx(1)
    with pytest.raises(WeightsMissing, match="kokoro-voices-world"):
        speakers(1, world / "nowhere", np.random.default_rng(0))


def test_a_plan_is_fixed_by_its_seed_and_keeps_development_sentences_apart(world: Path) -> None:
    first, cast = plan(300, 40, world, 3)
    assert (first, cast) == plan(300, 40, world, 3)
    learned = {bare(clip.text) for clip in first if clip.split == "train" and clip.kind in ("command", "general")}
    kept = {bare(clip.text) for clip in first if clip.split == "dev" and clip.kind in ("command", "general")}
    assert kept
    assert not learned & kept


def test_speaking_goes_on_where_it_stopped(world: Path, tmp_path: Path, weights_with: Path) -> None:
    planned, cast = plan(40, 0, world, 1)
    some = sorted(planned, key=lambda clip: len(clip.text))[:5]
    assert speak(some[:3], cast, tmp_path, weights_with, workers=1) == 3
    with (tmp_path / INDEX).open("a") as index:
        index.write('{"file": "cut of')
    stamp = (tmp_path / some[0].file).stat().st_mtime_ns
    assert speak(some, cast, tmp_path, weights_with, workers=1) == 5
    assert (tmp_path / some[0].file).stat().st_mtime_ns == stamp, "what was there is not spoken again"
    there = read_index(tmp_path)
    assert {clip.text for clip in there} == {clip.text for clip in some}
    assert all(clip.seconds > 0.2 for clip in there)
    with pytest.raises(TrainingError, match="other sentences"):
        speak([Clip(some[0].file, "train", "别的话。", "command")], cast, tmp_path, weights_with)


@pytest.fixture
def weights_with(world: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The real weights, with the stand-in voices beside them."""
    import courier_voice.training.clips as clips_module

    folder = tmp_path_factory.mktemp("weights")
    paths = {"kokoro-voices-world": world}
    for name in ("kokoro-82m", "kokoro-voices-zh"):
        (folder / name).symlink_to(WEIGHTS / name)
    (folder / "kokoro-voices-world").symlink_to(world)
    monkeypatch.setattr(clips_module, "locate", lambda name, root: paths.get(name, root / name))
    monkeypatch.setattr(clips_module.multiprocessing, "get_context", lambda _: _HERE)
    return folder


class _Here:
    """A process pool that works in this process."""

    def Pool(self, _: int, start: object, arguments: tuple[object, ...]) -> _Here:  # noqa: N802
        start(*arguments)  # type: ignore[operator]
        return self

    def __enter__(self) -> _Here:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def imap_unordered(self, function: object, items: list[Clip], chunksize: int) -> object:
        return map(function, items)  # type: ignore[arg-type]


_HERE = _Here()


def test_ones_own_recordings_are_a_folder_with_transcripts(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=OWN):
        read_index(tmp_path)
    for number in range(11):
        soundfile.write(tmp_path / f"{number}.wav", np.zeros(800, np.float32), RATE)
    (tmp_path / OWN).write_text("".join(f"{n}.wav\t打电话。\n" for n in range(12)), "utf-8")
    assert [clip.split for clip in read_index(tmp_path)] == ["train"] * 9 + ["dev", "train"]
    assert gathered((tmp_path,), "dev")[0].file == str(tmp_path / "9.wav")
    (tmp_path / OWN).write_text("0.wav 打电话。\n", "utf-8")
    with pytest.raises(TrainingError, match="line 1"):
        read_index(tmp_path)


def test_a_stopped_run_learns_what_an_unbroken_one_learns(clips: Path, tmp_path: Path) -> None:
    recipe = Recipe(steps=3, batch=2, rank=2, dropout=0.0)
    checkpoint = openai_checkpoint(WEIGHTS / "whisper-base")
    learned = gathered((clips,), "train")
    street = Street(recordings(NOISE, dev=False), Path(), learned)
    whole = list(batches(learned, street, recipe, 0))
    again = list(batches(learned, street, recipe, 1))
    assert [h.text for batch in whole[1:] for h in batch] == [h.text for batch in again for h in batch]
    unbroken, broken = Learner(checkpoint, recipe, 1), Learner(checkpoint, recipe, 1)
    for batch in whole:
        unbroken.learn(batch)
    broken.learn(whole[0])
    broken.save(tmp_path / "checkpoint.pt")
    resumed = Learner(checkpoint, recipe, 1)
    resumed.restore(tmp_path / "checkpoint.pt")
    assert resumed.step == 1
    for batch in again:
        resumed.learn(batch)
    for name, value in unbroken.adapter().items():
        assert np.allclose(value.numpy(), resumed.adapter()[name].numpy(), atol=1e-6), name
    with pytest.raises(TrainingError, match="another recipe"):
        Learner(checkpoint, Recipe(rank=4), 1).restore(tmp_path / "checkpoint.pt")


def test_learning_lowers_the_loss() -> None:
    learner = Learner(openai_checkpoint(WEIGHTS / "whisper-base"), Recipe(warmup=1, where="decoder", dropout=0.0), 1)
    sound = np.random.default_rng(0).standard_normal(2 * RATE).astype(np.float32) * 0.05
    batch = [Hearing(sound, "", "给尾号六六八八打电话。"), Hearing(sound, "王女士。", "给尾号六六八八打电话。")]
    losses = [learner.learn(batch) for _ in range(6)]
    assert losses[-1] < losses[0] / 2
    assert all("decoder" in name for name in learner.adapter())


def test_a_run_makes_an_adapter_a_log_and_a_card(clips: Path, tmp_path: Path) -> None:
    recipe = Recipe(steps=2, batch=2, rank=2, where="decoder")
    places = Places((clips,), NOISE, WEIGHTS / "whisper-base", tmp_path / "run")
    told: list[tuple[str, int]] = []
    best = train(
        places, recipe, judge_every=2, judged=2, threads=1, report=lambda what, done, *_: told.append((what, done))
    )
    assert best.is_file()
    assert best.stat().st_size < 12 << 20
    assert ("learn", 2) in told
    text = card(places, recipe)
    assert "| 2 |" in text
    assert "20 clips" in text
    with pytest.raises(TrainingError, match="another recipe"):
        train(places, Recipe(steps=9, batch=2), threads=1)
    with pytest.raises(TrainingError, match="too few"):
        train(places, Recipe(batch=64), threads=1)


class Parrot:
    """Hears what it was told to, whatever the sound."""

    def __init__(self, *texts: str) -> None:
        self.texts = texts

    def transcribe(self, audio: Audio, hints: object = ()) -> Transcript:
        nbest = tuple(Hypothesis(text, -0.1) for text in self.texts)
        return Transcript(self.texts[0], self.texts[0], 0.9, nbest, audio.seconds)


def test_marks_count_characters_tails_and_one_word_commands(clips: Path) -> None:
    dev = gathered((clips,), "dev")
    street = Street(recordings(NOISE, dev=True), Path(), dev)
    rates = judge(Parrot("取消", "打给尾号六六八八"), dev, street)
    assert rates["clean"]["controls"] == 1
    assert rates["clean"]["tails"] == 0
    assert rates["clean"]["oracle_cer"] == 0
    assert rates["clean"]["cer"] == pytest.approx(16 / 20)
    assert rates["nobody"]["heard"] == 1
    silent = judge(Parrot(""), dev, street)
    assert silent["nobody"]["heard"] == 0
    assert score(silent) > score(judge(Parrot("打给尾号六六八八"), dev, street)) - 0.1
    marks = Marks()
    marks.count("digits", "尾号幺两零九。", "尾号一两零九", [])
    assert marks.rates()["cer"] == 0
    assert marks.tails_right == 1
