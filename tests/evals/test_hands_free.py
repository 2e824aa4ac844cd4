"""The hands-free bench: rows and figures, with a stand-in for voices, recogniser and time where there is one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from courier_voice.audio.wav import read_audio
from courier_voice.core.errors import SpeechError
from courier_voice.core.words import Audio, Hypothesis, Transcript
from courier_voice.evals.bench import Stack
from courier_voice.evals.clips import spoken_s
from courier_voice.evals.goldens import load_scene
from courier_voice.evals.hands_free import Loop, Voice, first_audio_s, loop_figures, silence_s, summary, voices
from courier_voice.evals.peer import LEAD_S, SILENCE_S, Peer, peer_row
from courier_voice.logistics.client import HttpLogistics
from courier_voice.logistics.mock.carrier import Carrier
from courier_voice.logistics.mock.serve import in_process_client
from courier_voice.logistics.mock.world import load_world
from courier_voice.nlu.polish import TemplatePolisher
from courier_voice.settings import Settings
from courier_voice.speech.cache import PhraseCache
from courier_voice.understanding import build_nlu

CALLS = load_scene(Path(__file__).parents[2] / "fixtures" / "audio" / "calls" / "scene.yaml")


class Says:
    def transcribe(self, audio: Audio, hints: Sequence[str] = ()) -> Transcript:
        words = CALLS.turns[0].spoken
        return Transcript(words, words, 0.9, (Hypothesis(words, -0.1),), audio.seconds)


class Hums:
    def __init__(self) -> None:
        self.made: list[str] = []

    def synthesize(self, text: str) -> Audio:
        self.made.append(text)
        return Audio(np.full(100, 0.1, np.float32))


class Mute:
    def synthesize(self, text: str) -> Audio:
        raise SpeechError("no voice")


def test_both_loops_and_the_peer_hear_the_same_recording() -> None:
    settings = Settings.model_validate({"nlu": {"route": "fast"}})
    hum = Hums()
    loop = Loop(settings, build_nlu(settings, None), TemplatePolisher(), Says(), {"hum": Voice(hum.synthesize)})
    steps: list[None] = []
    peer = peer_row([{"what": "understood", "s": 4.0, "intent": "dial"}], 3.0, "dial")
    rows = list(loop.rows([(CALLS, CALLS.turns[0])], lambda: steps.append(None), lambda recording: peer))
    assert [row["loop"] for row in rows] == ["ours", "no speculation", "pipecat"]
    assert len(steps) == 3
    figures = summary(rows, "hum")
    for name in ("ours", "no speculation"):
        told = figures["loops"][name]
        assert (told["recordings"], told["missed"], told["early"], told["intents right"]) == (1, 0, 0, 1)
        assert set(told["ms"]) == {"endpoint", "asr left", "api", "nlu", "policy", "reply", "asr"}
    assert all(0 < row["ms"]["endpoint"] <= row["ms"]["reply"] for row in rows[:2])
    assert figures["first_audio_ms"] == figures["loops"]["ours"]["first_audio_ms"]["hum"]
    assert figures["loops"]["pipecat"]["ms"] == {"reply": {"p50": 1000.0, "p95": 1000.0}}


def test_a_prepared_voice_is_not_asked_for_the_day_s_names_and_openings(tmp_path: Path) -> None:
    hum = Hums()
    said = voices("hum", hum, PhraseCache(tmp_path, "hum"))
    assert list(said) == ["hum", "hum, prepared"]
    carrier = Carrier(load_world(CALLS.world_file), frozen=True)
    day = HttpLogistics(in_process_client(carrier)).day()
    prepared = said["hum, prepared"]
    prepared.prepare(day)
    hum.made.clear()
    reply = f"正在打给{day.parcels[0].called}，尾号{day.parcels[0].tail}。"
    assert first_audio_s(prepared, reply) is not None
    assert not any("正在打给" in made for made in hum.made)
    assert first_audio_s(said["hum"], reply) is not None
    assert any("正在打给" in made for made in hum.made)


def test_the_first_sound_is_the_first_one_heard() -> None:
    late = Audio(np.concatenate([np.zeros(1600, np.float32), np.full(100, 0.1, np.float32)]))
    assert silence_s(late) == pytest.approx(0.1)
    first = first_audio_s(Voice(lambda clause: late), "好的。")
    assert first is not None
    assert first >= 0.1


def test_a_mute_voice_gives_no_first_sound(tmp_path: Path) -> None:
    assert first_audio_s(Voice(Mute().synthesize), "好的。") is None
    with pytest.raises(SpeechError):
        voices("mute", Mute(), PhraseCache(tmp_path, "mute"))


def test_the_peer_s_events_become_a_row() -> None:
    events = [
        {"what": "turn", "s": 1.0},
        {"what": "understood", "s": 1.1, "text": "给", "intent": "none"},
        {"what": "silence", "s": 3.25},
        {"what": "transcript", "s": 4.0, "text": "打电话"},
        {"what": "turn", "s": 4.1},
        {"what": "understood", "s": 4.2, "text": "给 打电话", "intent": "dial"},
    ]
    row = peer_row(events, 3.0, "dial")
    assert row == {
        "missed": False,
        "early": 1,
        "came": "right",
        "right": True,
        "ms": {"endpoint": 250.0, "asr": 1000.0, "turn": 1100.0, "reply": 1200.0},
    }
    assert peer_row(events[:4], 3.0, "dial") == {"missed": True, "early": 1, "came": "split turn"}


@pytest.mark.parametrize(
    ("happened", "kind"),
    [
        ([("silence", 3.2), ("transcript", 4.0), ("understood", 4.1)], "other intent"),
        ([("silence", 2.2), ("silence", 3.2), ("transcript", 3.4), ("understood", 3.4)], "split turn"),
        ([("understood", 3.1), ("transcript", 3.9), ("understood", 4.0)], "split turn"),
        ([("silence", 3.2), ("turn", 8.2)], "no words"),
        ([("silence", 3.2), ("transcript", 4.0)], "no end"),
        ([], "no end"),
    ],
)
def test_what_the_peer_missed_is_told_by_kind(happened: list[tuple[str, float]], kind: str) -> None:
    events = [{"what": what, "s": s, "intent": "none"} for what, s in happened]
    row = {"loop": "pipecat", **peer_row(events, 3.0, "dial")}
    assert row["came"] == kind
    assert loop_figures([row, row])["came"] == {kind: 2}


class Asked:
    """A peer that tells the end of the speech it was told, as the moment of its understanding."""

    def __init__(self) -> None:
        self.played = Audio(np.zeros(0, np.float32))

    def ask(self, line: str) -> dict[str, object]:
        file, end_s = line.split("\t")
        self.played = read_audio(Path(file))
        return {"events": [{"what": "understood", "s": float(end_s), "intent": "dial"}]}


def test_the_peer_hears_a_recording_s_own_background_before_and_after_it(tmp_path: Path) -> None:
    asked, clip = Asked(), read_audio(CALLS.sound(CALLS.turns[0]))
    row = Peer(cast(Stack, asked), tmp_path)((CALLS, CALLS.turns[0]))
    assert row["ms"] == {"reply": 0.0}
    assert asked.played.seconds == pytest.approx(LEAD_S + clip.seconds + SILENCE_S, abs=0.01)
    said, heard = spoken_s(clip), spoken_s(asked.played.cut(0, LEAD_S + clip.seconds))
    assert said is not None
    assert heard is not None
    assert heard[1] - said[1] == pytest.approx(LEAD_S, abs=0.2)
