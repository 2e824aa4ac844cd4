"""How listen speaks, changed by speech: only by words that say nothing else, and heard at once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from courier_voice.commands import manner as module
from courier_voice.commands.manner import CALL_S, Manners, OnCall
from courier_voice.core.ports import Speaker
from courier_voice.core.turn import Call, Draft, NluContext, Turn, Understanding
from courier_voice.core.words import Audio, Utterance
from courier_voice.dialog.voice_words import Manner, changed, voice_change
from courier_voice.evals.goldens import load_scenes
from courier_voice.evals.replay import in_scene
from courier_voice.nlu.polish import TemplatePolisher
from courier_voice.settings import Settings
from courier_voice.speech.speaker import VoiceSpeaker
from courier_voice.text.normalize import normalize
from courier_voice.understanding import build_nlu


@pytest.mark.parametrize(
    ("said", "change"),
    [
        ("说快点", "faster"),
        ("你说慢一点行吗", "slower"),
        ("说得太快了", "slower"),
        ("声音大一点", "louder"),
        ("小点声", "quieter"),
        ("换个声音", "other"),
        ("换成男声", "man"),
        ("我在打电话呢", "hush"),
        ("我接个电话", "hush"),
        ("先别说话", "hush"),
        ("电话打完了", "over"),
        ("我要打个电话", None),
        ("帮我打电话", None),
        ("我在给王女士打电话", None),
        ("跟王女士说快点", None),
        ("让他快点下来", None),
        ("给尾号六六八八打电话", None),
    ],
)
def test_only_words_that_say_nothing_else(said: str, change: str | None) -> None:
    assert voice_change(normalize(said), NluContext()) == change


def test_a_dictated_text_is_no_wish() -> None:
    assert voice_change(normalize("说快点"), NluContext(waiting="send_sms.message")) is None


def test_steps_end_somewhere_and_voices_go_round() -> None:
    manner, said = Manner(), ""
    for _ in range(9):
        manner, said = changed(manner, "faster")
    assert manner.speed <= 1.8
    assert said == "已经最快了。"
    voices = ("zf_a", "zm_b", "zf_c")
    heard = []
    for _ in range(3):
        manner, _said = changed(manner, "other", voices)
        heard.append(manner.voice)
    assert heard == ["zm_b", "zf_c", "zf_a"]
    assert changed(Manner(), "other", ("zf_a",))[1] == "没有别的声音可以换。"


class Beep:
    """A voice as loud as its name is long, and a player that plays nothing."""

    def __init__(self, level: float) -> None:
        self.level = level

    def synthesize(self, text: str) -> Audio:
        return Audio(np.full(100, self.level, np.float32))

    def play(self, audio: Audio) -> None:
        pass

    def wait(self) -> None:
        pass


def _speaker(level: float) -> VoiceSpeaker:
    beep = Beep(level)
    return VoiceSpeaker(beep, beep)


def test_wishes_are_done_before_they_are_answered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[Settings] = []

    def build(settings: Settings, write: object) -> Speaker:
        built.append(settings)
        return _speaker(0.5)

    monkeypatch.setattr(module, "build_speaker", build)
    settings = Settings()
    scene = load_scenes(Path(__file__).parents[1] / "fixtures" / "audio")[0]
    wired = in_scene(
        scene, settings, tmp_path / "o.sqlite3", nlu=build_nlu(settings, None), polisher=TemplatePolisher(), asr=None
    )
    speaker = _speaker(0.1)
    on_call = OnCall(lambda: 0.0)
    manners = Manners(settings, wired.agent, speaker, on_call)
    with wired.outbox:
        turn = manners(normalize("说快点"))
        assert turn
        assert (turn.kind, turn.calls, turn.reply) == ("answer", (), "好，说快一点。")
        assert built[-1].tts.speed == pytest.approx(settings.tts.speed * 1.2)
        assert speaker.sound("好").samples[0] == pytest.approx(0.5)
        louder = manners(normalize("声音大一点"))
        assert louder
        assert speaker.sound("好").samples[0] == pytest.approx(0.6)
        assert len(built) == 1, "a louder voice is the same voice"
        assert manners(normalize("给尾号六六八八打电话")) is None
        assert manners(normalize("打完了")) is None, "of something else"
        hushed = manners(normalize("我在打电话"))
        assert hushed
        assert hushed.reply
        assert on_call
        assert speaker.sound("好").samples[0] == pytest.approx(0.6 * 0.4)
        assert manners(normalize("打完了"))
        assert not on_call
        assert speaker.sound("好").samples[0] == pytest.approx(0.6)


def test_a_call_is_not_talked_into() -> None:
    now = [0.0]
    on_call = OnCall(lambda: now[0])
    turn = Turn(Utterance("", ""), Understanding((Draft("dial"),), "fast"), "act", (Call("dial", "JD1", {}),), "正在打")
    assert not on_call
    on_call.note(turn)
    assert on_call
    now[0] = CALL_S + 1
    assert not on_call
    on_call.tell(True)
    now[0] += 10 * CALL_S
    assert on_call, "he has not said that it is over"
    on_call.note(turn)
    on_call.tell(False)
    assert not on_call
