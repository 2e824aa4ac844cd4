"""What the voice makes in quiet moments, so that replies begin at once: their openings and the day's names."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from courier_voice.agent import Agent
from courier_voice.core.errors import ApiError
from courier_voice.core.ports import Speaker
from courier_voice.dialog.openers import openers
from courier_voice.speech.speaker import VoiceSpeaker


def speak_ahead(voice: Speaker, agent: Agent, idle: Callable[[], bool]) -> None:
    """Have a voice prepare for today while ``idle()``; what is prepared already is left. Nothing for a mute one."""
    if not isinstance(voice, VoiceSpeaker):
        return
    voice.ahead.idle = idle
    with suppress(ApiError):  # without network and yesterday's list nobody is known
        agent.seen = agent.seen or agent.api.day()
        voice.prepare(openers(agent.seen))


def hush(voice: Speaker) -> None:
    """Prepare nothing more."""
    if isinstance(voice, VoiceSpeaker):
        voice.ahead.close()
