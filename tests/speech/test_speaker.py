from __future__ import annotations

import os
import sys
import types
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from courier_voice.core.errors import SpeechError
from courier_voice.core.privacy import people
from courier_voice.core.words import Audio
from courier_voice.speech.cache import PhraseCache
from courier_voice.speech.console import ConsoleSpeaker
from courier_voice.speech.player import SoundDevicePlayer
from courier_voice.speech.speaker import VoiceSpeaker


class Tones:
    """A synthesizer that remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def synthesize(self, text: str) -> Audio:
        self.asked.append(text)
        return tone(len(text))


class Ears:
    """A player that keeps what was played."""

    def __init__(self) -> None:
        self.heard: list[Audio] = []

    def play(self, audio: Audio) -> None:
        self.heard.append(audio)

    def wait(self) -> None: ...


def tone(hundredths: int, rate: int = 24_000) -> Audio:
    t = np.arange(hundredths * rate // 100) / rate
    return Audio((0.3 * np.sin(2 * np.pi * 440 * t)).astype(np.float32), rate)


def test_cached_phrases_are_not_made_again(tmp_path: Path) -> None:
    synth, ears = Tones(), Ears()
    for _ in range(2):
        VoiceSpeaker(synth, ears, PhraseCache(tmp_path, "voice")).say("好的。还有2件。")
    assert synth.asked == ["好的。", "还有2件。"]
    first, again = ears.heard[1], ears.heard[3]
    assert again.rate == first.rate
    np.testing.assert_allclose(again.samples, first.samples, atol=1e-4)


def test_no_sound_of_a_customer_lies_on_the_disk(tmp_path: Path) -> None:
    people.add(["王秀兰", "枫林里3号楼2单元501", "枫林里"])
    cache = PhraseCache(tmp_path, "voice")
    for clause in ("发给王女士，", "尾号0578", "王秀兰的件。", "枫林里三号楼。", "代收1,250元"):
        cache.put(clause, tone(10))
    cache.put("没网，先记下了。", tone(10))
    assert len(list(tmp_path.iterdir())) == 1
    assert cache.get("没网，先记下了。") is not None


def test_the_cache_tells_voices_and_words_apart(tmp_path: Path) -> None:
    cache = PhraseCache(tmp_path, "kokoro zf_xiaoxiao 1")
    cache.put("2件", tone(10))
    assert cache.get("2件") is not None
    assert cache.get("两件") is not None  # spoken alike
    assert cache.get("3件") is None
    assert PhraseCache(tmp_path, "kokoro zm_yunxia 1").get("2件") is None


@pytest.mark.parametrize("damage", [lambda b: b[: len(b) // 4], lambda b: b"", lambda b: b"garbage"])
def test_a_damaged_file_is_made_anew(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    synth, cache = Tones(), PhraseCache(tmp_path, "v")
    speaker = VoiceSpeaker(synth, Ears(), cache)
    speaker.say("好")
    (file,) = tmp_path.iterdir()
    whole = file.read_bytes()
    file.write_bytes(damage(whole))
    speaker.say("好")
    assert synth.asked == ["好", "好"]
    assert file.read_bytes() == whole


def test_what_was_used_longest_ago_leaves_first(tmp_path: Path) -> None:
    cache = PhraseCache(tmp_path, "v")
    for n, text in enumerate("甲乙丙"):
        cache.put(text, tone(50))
        os.utime(max(tmp_path.iterdir(), key=lambda f: f.stat().st_ctime_ns), (n, n))
    size = next(tmp_path.iterdir()).stat().st_size
    assert cache.get("甲") is not None  # used just now
    PhraseCache(tmp_path, "v", limit_bytes=3 * size + size // 2).put("丁", tone(50))
    assert [cache.get(text) is not None for text in "甲乙丙丁"] == [True, False, True, True]


def test_a_full_disk_costs_only_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    ears = Ears()
    speaker = VoiceSpeaker(Tones(), ears, PhraseCache(tmp_path, "v"))
    speaker.say("请说")
    speaker.say("好的")
    assert len(ears.heard) == 2
    assert list(tmp_path.iterdir()) == []
    assert [r.getMessage() for r in caplog.records if "No space left" in r.getMessage()] != []
    assert len(caplog.records) == 1
    assert "王女士" not in caplog.text


def test_a_folder_that_cannot_be_made_costs_only_the_cache(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    ears = Ears()
    VoiceSpeaker(Tones(), ears, PhraseCache(tmp_path / "file" / "cache", "v")).say("好")
    assert len(ears.heard) == 1


def broken_sound(monkeypatch: pytest.MonkeyPatch, **members: object) -> None:
    class PortAudioError(Exception):
        pass

    fake = types.ModuleType("sounddevice")
    fake.__dict__.update({"PortAudioError": PortAudioError, "wait": lambda: None} | members)
    monkeypatch.setitem(sys.modules, "sounddevice", fake)


def test_without_a_sound_card_the_speaker_says_so_once_and_shows_text(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_device(**_: object) -> None:
        raise ValueError("No output device matching")

    broken_sound(monkeypatch, check_output_settings=no_device)
    shown: list[str] = []
    speaker = VoiceSpeaker(Tones(), SoundDevicePlayer(), fallback=ConsoleSpeaker(shown.append))
    speaker.say("第一句。")
    speaker.say("第二句。")
    assert shown == [SpeechError.said, "第一句。", "第二句。"]


def test_a_sound_card_that_is_back_is_used_again(monkeypatch: pytest.MonkeyPatch) -> None:
    class Headset(Ears):
        away = True

        def play(self, audio: Audio) -> None:
            if self.away:
                raise SpeechError("gone")
            super().play(audio)

    clock, shown, headset = [0.0], list[str](), Headset()
    monkeypatch.setattr("courier_voice.speech.speaker.time.monotonic", lambda: clock[0])
    speaker = VoiceSpeaker(Tones(), headset, fallback=ConsoleSpeaker(shown.append))
    for second in (0, 1, 11, 12, 23):
        clock[0], headset.away = float(second), second < 12
        speaker.say(f"第{second}句。")
    assert shown == [SpeechError.said, "第0句。", "第1句。", "第11句。", "第12句。"], (
        "told once, tried every ten seconds"
    )
    assert len(headset.heard) == 1


def test_without_portaudio_the_player_names_the_fix(monkeypatch: pytest.MonkeyPatch) -> None:
    class NoLibrary:
        def find_spec(self, name: str, *_: object) -> None:
            if name == "sounddevice":
                raise OSError("PortAudio library not found")

    monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
    monkeypatch.setattr(sys, "meta_path", [NoLibrary(), *sys.meta_path])
    player = SoundDevicePlayer()
    for attempt in (lambda: player.play(tone(10)), player.wait, player.probe):
        with pytest.raises(SpeechError, match="libportaudio2"):
            attempt()


def test_a_card_that_refuses_the_rate_gets_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    played: list[tuple[int, int]] = []

    def check(**_: object) -> None:
        raise sys.modules["sounddevice"].PortAudioError("Invalid sample rate")

    broken_sound(
        monkeypatch,
        check_output_settings=check,
        query_devices=lambda *_: {"default_samplerate": 48_000.0, "name": "card"},
        play=lambda samples, rate, device: played.append((len(samples), rate)),
    )
    SoundDevicePlayer().play(tone(100))
    assert played == [(48_000, 48_000)]
    assert SoundDevicePlayer().probe() == "card"


def test_the_console_shows_each_reply(capsys: pytest.CaptureFixture[str]) -> None:
    ConsoleSpeaker().say("好的")
    assert capsys.readouterr().out == "好的\n"
