"""listen: the loop on the microphone. It is closed while a turn is worked on and answered, so it never hears itself."""

from __future__ import annotations

import select
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final

import typer

from courier_voice.app import build_agent, build_asr, build_polisher, build_speaker
from courier_voice.audio.mic import Frame, open_microphone, record_utterance, record_while
from courier_voice.commands.models import ready_nlu
from courier_voice.commands.out import begin, emit, stderr, turn_row, waiting
from courier_voice.commands.talk import in_world, show
from courier_voice.core.privacy import mask_phones
from courier_voice.core.turn import Turn
from courier_voice.core.words import Audio
from courier_voice.dialog.policy import NOT_UNDERSTOOD
from courier_voice.speech.console import ConsoleSpeaker

Microphone = Callable[[], AbstractContextManager[Iterator[Frame]]]

IDLE_S: Final = 15.0
"""How long nobody has to speak before what is queued is tried again."""


def listen(push: bool, world: Path | None, json_: bool) -> None:
    settings = begin(**in_world(world))
    with open_microphone():
        pass  # none: say so before the models are waited for
    with waiting("正在准备识别模型…"):
        asr = build_asr(settings)
    cascade, model = ready_nlu(settings)
    speaker = build_speaker(settings, lambda _: None)
    mute = ConsoleSpeaker(lambda _: None)
    wired = build_agent(settings, nlu=cascade, polisher=build_polisher(model), speaker=mute, asr=asr)
    recordings = pushed(open_microphone) if push else spoken(open_microphone)
    stderr.print("按 Ctrl-C 结束。", style="dim")
    with wired.outbox:
        try:
            for audio in recordings:
                if audio is not None:
                    waited = bool(wired.agent.memory.context().waiting)
                    turn = wired.agent.take_turn(audio)
                    _report(turn, json_)
                    if turn.reply and (push or waited or is_command(turn)):
                        speaker.say(turn.reply)
                elif (news := wired.agent.catch_up()) is not None:
                    _report(news, json_)
                    speaker.say(news.reply)
                else:
                    wired.api.prefetch()
        except KeyboardInterrupt:
            stderr.print("再见。", style="dim")


def spoken(microphone: Microphone) -> Iterator[Audio | None]:
    """Hands free: one utterance after another, None when nobody has spoken for a while."""
    stderr.print("请说…", style="dim")
    while True:
        with microphone() as frames:
            audio = record_utterance(frames, wait_s=IDLE_S)
        yield audio


def pushed(microphone: Microphone) -> Iterator[Audio]:
    """Push to talk: Enter starts a recording and Enter ends it, until the input ends."""
    while True:
        stderr.print("按回车开始说…", style="dim")
        if not sys.stdin.readline():
            return
        stderr.print("正在录，说完按回车…", style="dim")
        with microphone() as frames:
            audio = record_while(frames, lambda: not _entered())
        yield audio


def is_command(turn: Turn) -> bool:
    """Whether a turn that nothing waited for is to be answered aloud: talk in the street is not, nor is a 好的 or 算了
    said to a customer. An API or a model that is down is reported, whatever was said."""
    if turn.intent == "cancel" or turn.reply == NOT_UNDERSTOOD:
        return False
    return not (turn.kind == "reject" and turn.intent in ("confirm", "correct"))


def _report(turn: Turn, json_: bool) -> None:
    if json_:
        emit(turn_row(turn))
    elif turn.utterance.heard or turn.reply:
        typer.echo(f"听到：{mask_phones(turn.utterance.heard)}")
        show(turn)


def _entered() -> bool:
    """Whether Enter has been pressed, without waiting for it."""
    if sys.platform == "win32":
        import msvcrt

        return msvcrt.kbhit() and msvcrt.getwch() in "\r\n"
    if not select.select([sys.stdin], [], [], 0)[0]:
        return False
    sys.stdin.readline()
    return True
