"""A Whisper cut down to Chinese: which tokens stay, and that it hears as the whole one does."""

from __future__ import annotations

import math
import os
from pathlib import Path

import ctranslate2
import numpy as np
import platformdirs
import pytest
from faster_whisper.tokenizer import Tokenizer
from tokenizers import Tokenizer as HfTokenizer

from courier_voice.asr.faster import FasterWhisper
from courier_voice.asr.hearing import in_window, pieces, window_for
from courier_voice.asr.style import TUNED
from courier_voice.asr.vocabulary import vocabulary
from courier_voice.audio.endpoint import SileroDetector
from courier_voice.audio.wav import read_audio
from courier_voice.weights.adapt import BASE, PARTWAY, SHIPPED, adapted, chosen_model, hashes
from courier_voice.weights.chinese import BIAS, EMBEDDINGS, REVISION, SPREAD, STANDS_FOR, cut, kept
from courier_voice.weights.convert import read_variables

WEIGHTS = Path(os.environ.get("COURIER_WEIGHTS") or platformdirs.user_cache_path("courier-voice") / "weights")
SOUNDS = Path(__file__).resolve().parents[2] / "fixtures" / "audio"

pytestmark = pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")


@pytest.fixture(scope="module")
def words() -> list[str]:
    return (WEIGHTS / BASE / "vocabulary.txt").read_text("utf-8").splitlines()


@pytest.fixture(scope="module")
def hf() -> HfTokenizer:
    return HfTokenizer.from_file(str(WEIGHTS / BASE / "tokenizer.json"))


def test_chinese_its_pieces_letters_and_marks_stay_and_other_writing_goes(words: list[str], hf: HfTokenizer) -> None:
    left = [words[number] for number in kept(words)]
    assert len(left) < len(words) / 6
    of_chinese = hf.encode(
        "给尾号六六八八的王女士打电话，B座三单元，VIP。快递到了吗？", add_special_tokens=False
    ).tokens
    assert set(of_chinese) <= set(left)
    assert {"<|startoftranscript|>", "<|zh|>", "<|notimestamps|>", "<|endoftext|>", "<|0.00|>"} <= set(left)
    for other in ("anks", " привет", "ありがとう", "!!!!"):
        first = hf.encode(other, add_special_tokens=False).tokens[0]
        assert first not in left, first
    assert sum(len(word) == 1 for word in left) == 256, "every byte"


def test_what_is_left_keeps_its_weights_what_goes_is_stood_for_and_lists_are_renumbered() -> None:
    words = ["<|a|>", "!", *(f"other{n}" for n in range(2 * STANDS_FOR)), "<|b|>"]
    rows = np.arange(2 * len(words), dtype=np.float32).reshape(len(words), 2)
    config = {"suppress_ids": [1, 3], "suppress_ids_begin": [len(words) - 1], "lang_ids": [0], "alignment_heads": [[1]]}
    variables, smaller, left = cut({EMBEDDINGS: rows, "other": rows}, config, words)
    assert left == ["<|a|>", "!", "<|b|>", "<|other 0|>", "<|other 1|>"]
    assert variables[EMBEDDINGS][:3].tolist() == rows[[0, 1, -1]].tolist()
    assert variables[EMBEDDINGS][3:] == pytest.approx(np.stack([rows[2:-1:2].mean(0), rows[3:-1:2].mean(0)]))
    assert variables["other"] is rows
    assert variables[BIAS][:3].tolist() == [0, 0, 0]
    assert variables[BIAS][3:] == pytest.approx(math.log(STANDS_FOR) + SPREAD)
    assert smaller == {"suppress_ids": [1], "suppress_ids_begin": [2], "lang_ids": [0], "alignment_heads": [[1]]}


def test_a_word_the_model_has_not_is_spelled_and_comes_back_as_it_was(hf: HfTokenizer) -> None:
    folder, _ = chosen_model(BASE, "auto", WEIGHTS, chinese=True)
    known = vocabulary(folder, hf)
    for text in ("给王女士打电话", "thanks", "привет 你好"):
        inside = known.inside(hf.encode(text, add_special_tokens=False).ids)
        assert hf.decode(known.outside(inside)) == text
    whole, _ = chosen_model(BASE, "auto", WEIGHTS)
    same = vocabulary(whole, hf)
    assert same.inside([7, 50364]) == same.outside([7, 50364]) == [7, 50364]


def test_what_stands_for_others_is_no_text(hf: HfTokenizer) -> None:
    folder, _ = chosen_model(BASE, "auto", WEIGHTS, chinese=True)
    size = len(read_variables(folder / "model.bin")[EMBEDDINGS])
    assert vocabulary(folder, hf).outside(range(size - 1000, size)) == []


def test_the_folder_holds_one_model_of_a_smaller_output_and_is_made_for_the_other_one_too() -> None:
    sizes = []
    for share in (1.0, PARTWAY):
        folder, tuned = chosen_model(BASE, "auto", WEIGHTS, share, chinese=True)
        assert tuned
        assert list(hashes(folder)) == ["model.bin"]
        sizes.append((folder / "model.bin").stat().st_size)
    assert max(sizes) < 60 << 20


def test_it_hears_what_the_whole_model_hears_with_and_without_hints() -> None:
    engines = [
        FasterWhisper(chosen_model(BASE, "auto", WEIGHTS, chinese=chinese)[0], SileroDetector(), habits=TUNED)
        for chinese in (False, True)
    ]
    for name in ("calls/tail.flac", "sign_offs/phone.flac", "real/cmn_howpack.wav"):
        for hints in ((), ("王女士", "锦绣花园", "Pudong")):
            whole, chinese = (engine.transcribe(read_audio(SOUNDS / name), hints) for engine in engines)
            assert chinese.text == whole.text
            assert chinese.nbest[0].logprob == pytest.approx(whole.nbest[0].logprob, abs=0.05)


def test_its_tokens_are_its_own() -> None:
    folder, _ = chosen_model(BASE, "auto", WEIGHTS, chinese=True)
    rows = read_variables(folder / "model.bin")[EMBEDDINGS]
    tokenizer = Tokenizer(HfTokenizer.from_file(str(folder / "tokenizer.json")), True, task="transcribe", language="zh")
    own = vocabulary(folder, tokenizer.tokenizer).inside([tokenizer.no_timestamps])
    assert own[0] < len(rows) <= tokenizer.no_timestamps


def test_an_adapter_of_ones_own_is_cut_as_the_shipped_one_is(tmp_path: Path) -> None:
    folder = adapted(WEIGHTS / BASE, SHIPPED / "adapter.safetensors", tmp_path, 0.5, chinese=True)
    assert folder.name.endswith(f"x0.5-zh{REVISION}")
    assert not (folder / "openai.pt").exists()


def test_the_means_weigh_what_they_stand_for(words: list[str]) -> None:
    """The source of the numbers in `weights.chinese`: every step of writing the recorded commands, by the whole model."""
    folder, _ = chosen_model(BASE, "auto", WEIGHTS)
    engine = FasterWhisper(folder, SileroDetector(), habits=TUNED)
    model, prompt = engine._whisper.model, engine._prompt("")
    left = kept(words)
    others = sorted(set(range(len(words))) - set(left))
    group = np.arange(len(others)) % math.ceil(len(others) / STANDS_FOR)
    sizes, detector = np.bincount(group), SileroDetector()
    shares, wrong = [], []
    for file in sorted(SOUNDS.glob("*/*.flac")):
        spoken = [piece for _, piece in pieces(detector, read_audio(file))]
        if file.parent.name in ("noise", "no_speech") or len(spoken) != 1 or spoken[0].seconds > 8:
            continue
        (audio,) = spoken
        window_s = window_for(audio.seconds, TUNED)
        mel = engine._whisper.feature_extractor(in_window(audio, window_s))[None, :, : round(window_s * 100)]
        heard = model.encode(ctranslate2.StorageView.from_array(np.ascontiguousarray(mel)))
        (told,) = model.generate(heard, [prompt], beam_size=1, max_length=60, return_logits_vocab=True)
        errors = []
        for step in told.logits[0]:
            logits = np.array(step, np.float64).ravel()
            logits -= logits.max()
            of_left, of_others = np.exp(logits[left]).sum(), np.exp(logits[others]).sum()
            sums = np.bincount(group, logits[others])
            means = (sizes * np.exp(sums / sizes + SPREAD)).sum()
            shares.append(of_others / (of_left + of_others))
            errors.append(math.log((of_left + means) / (of_left + of_others)))
        wrong.append(np.mean(errors))
    assert len(wrong) > 80
    assert np.mean(shares) == pytest.approx(0.06, abs=0.01)
    assert np.percentile(shares, 99) == pytest.approx(0.3, abs=0.05)
    assert abs(np.mean(wrong)) < 0.01
    assert np.std(wrong) < 0.01
