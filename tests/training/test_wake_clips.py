"""The plan of the wake phrase's clips: the same for the same seed, talk that does not hold what it must not wake by."""

from __future__ import annotations

from pathlib import Path

import pytest

from courier_voice.asr.wake import behind
from courier_voice.training.speakers import KEPT_FOR_DEV
from courier_voice.training.wake_clips import PHRASES, SPEAKERS, plan


@pytest.fixture
def world(tmp_path: Path) -> Path:
    for voice in (*KEPT_FOR_DEV, "af_bella"):
        (tmp_path / f"{voice}.bin").touch()
    return tmp_path


def test_every_phrase_is_said_alone_and_before_commands_by_unknown_speakers(world: Path) -> None:
    clips, cast = plan(world, 0, talk=30)
    assert (clips, cast) == plan(world, 0, talk=30)
    assert len(cast) == SPEAKERS
    assert {voice for speaker in cast.values() for voice, _ in speaker.timbre} & {"af_bella"} == set()
    for phrase, count in PHRASES.items():
        mine = [clip.text for clip in clips if clip.keys == (phrase,)]
        assert len(mine) == count
        assert mine.count(phrase) == count // 4
        assert all(behind(text, phrase) is not None for text in mine)
    assert len({clip.file for clip in clips}) == len(clips)


def test_talk_does_not_say_the_phrase(world: Path) -> None:
    talk = [clip.text for clip in plan(world, 0)[0] if clip.kind == "talk"]
    assert len(talk) == 300
    assert any("小哥" in text for text in talk)
    assert not [text for text in talk for phrase in PHRASES if phrase in text]
