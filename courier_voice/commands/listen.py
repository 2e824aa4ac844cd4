"""listen: the loop on the microphone or on a file. The microphone stays open while a turn is answered where the echo
can be taken out, and is closed meanwhile where it cannot: it never hears itself.
"""

from __future__ import annotations

import select
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final

import typer

from courier_voice.agent import Agent
from courier_voice.app import build_agent, build_asr, build_polisher, build_speaker
from courier_voice.audio.endpoint import FRAME_S
from courier_voice.audio.mic import Frame, frames_of, open_microphone, record_while
from courier_voice.audio.partials import Partials
from courier_voice.audio.wav import read_audio
from courier_voice.commands.addressed import Doorkeeper, FrameClock
from courier_voice.commands.manner import Manners, OnCall
from courier_voice.commands.models import ready_nlu
from courier_voice.commands.out import begin, emit, stderr, turn_row, waiting
from courier_voice.commands.overtalk import IDLE_S, RETRY_S, Overtalk, in_recording, mouth_of, on_device
from courier_voice.commands.talk import in_world, show
from courier_voice.core.errors import MicrophoneError
from courier_voice.core.ports import Speaker, Transcriber
from courier_voice.core.privacy import mask_phones
from courier_voice.core.turn import Turn
from courier_voice.core.words import Audio
from courier_voice.dialog.hints import hints
from courier_voice.live import Listener, in_time, is_command
from courier_voice.speech.console import ConsoleSpeaker
from courier_voice.speech.earcons import earcon
from courier_voice.speech.mouth import Mouth
from courier_voice.speech.speaker import VoiceSpeaker

Microphone = Callable[[], AbstractContextManager[Iterator[Frame]]]

END: Final = object()


def listen(mode: str | None, world: Path | None, source: Path | None, realtime: bool, json_: bool) -> None:
    settings = begin(**in_world(world), **({"listen": {"mode": mode}} if mode else {}))
    push = settings.listen.mode == "push" and source is None
    played = read_audio(source) if source else None
    if played is None:
        with open_microphone():
            pass  # none: say so before the models are waited for
    with waiting("正在准备识别模型…"):
        asr = build_asr(settings)
    cascade, model = ready_nlu(settings)
    speaker = build_speaker(settings, lambda _: None)
    mute = ConsoleSpeaker(lambda _: None)
    wired = build_agent(settings, nlu=cascade, polisher=build_polisher(model), speaker=mute, asr=asr)
    listener = Listener(wired.agent, cascade.glance, in_step=bool(played) and not realtime)
    clock = FrameClock() if listener.in_step else None
    keeper = Doorkeeper(settings, wired.agent, asr, clock or time.monotonic) if settings.listen.mode == "wake" else None
    listener.partials = None if listener.in_step or json_ or keeper else words_of(asr, wired.agent)
    listener.instead, on_call = Manners(settings, wired.agent, speaker), OnCall()
    aloud = realtime if played else not push
    mouth = mouth_of(speaker, simulated=bool(played)) if aloud else None
    turns: Iterator[Turn | None]
    if mouth:
        speaker, over = mouth, Overtalk(listener, mouth, keeper.answered if keeper else lambda: None)
        turns = in_recording(over, in_time(frames_of(played), FRAME_S)) if played else on_device(over, open_microphone)
    elif played:
        turns = heard_in(listener, played, realtime, clock)
    else:
        turns = (
            (wired.agent.take_turn(a) for a in pushed(open_microphone)) if push else spoken(listener, open_microphone)
        )
    stderr.print("按 Ctrl-C 结束。", style="dim")
    with wired.outbox:
        try:
            while True:
                waited = bool(wired.agent.memory.context().waiting)
                turn = next(turns, END)
                if isinstance(turn, Turn):
                    _report(turn, json_)
                    on_call.note(turn)
                    if keeper and keeper.called:
                        called(speaker)
                    elif turn.reply and (push or waited or is_command(turn) or (keeper and keeper.by_name)):
                        speaker.say(turn.reply)
                    else:
                        continue
                    if keeper:
                        keeper.answered()
                elif turn is END:
                    break
                elif not on_call and (news := wired.agent.catch_up()) is not None:
                    _report(news, json_)
                    speaker.say(news.reply)
                    listener.replied()
                    if keeper:
                        keeper.answered()
                else:
                    wired.api.prefetch()
        except KeyboardInterrupt:
            stderr.print("再见。", style="dim")
        finally:
            if mouth:
                mouth.close()


def called(speaker: Speaker) -> None:
    """He has said the wake phrase and nothing else: he may go on."""
    stderr.print("在听…", style="dim")
    if isinstance(speaker, (VoiceSpeaker, Mouth)):
        speaker.play(earcon("listening"))


def words_of(asr: Transcriber, agent: Agent) -> Partials | None:
    """His words on the screen while he speaks, where the recogniser gives them."""
    stream = getattr(asr, "stream", None)
    if stream is None:
        return None
    return Partials(
        lambda: stream(hints(agent.seen) if agent.seen else ()),
        lambda words: stderr.print(mask_phones(words), end="\r", style="dim", markup=False),
    )


def spoken(listener: Listener, microphone: Microphone) -> Iterator[Turn | None]:
    """Hands free: turn after turn, None when nobody has spoken for a while. The microphone is closed in between, so
    that the reply is not heard. Lost, it is said and tried again.
    """
    stderr.print("请说…", style="dim")
    lost = False
    while True:
        try:
            with microphone() as frames:
                live = next(listener.turns(_until_idle(listener, frames)), None)
            lost = False
        except MicrophoneError as error:
            if not lost:
                stderr.print(f"{error.said}（{error}）", markup=False)
            lost = True
            time.sleep(RETRY_S)
            continue
        yield live.turn if live else None


def heard_in(listener: Listener, audio: Audio, realtime: bool, clock: FrameClock | None = None) -> Iterator[Turn]:
    """The turns of a recording, at the pace of a microphone or as fast as they are made; then ``clock`` goes by it."""
    frames = clock.watch(frames_of(audio)) if clock else frames_of(audio)
    for live in listener.turns(in_time(frames, FRAME_S) if realtime else frames):
        stderr.print(f"静音 {live.endpoint_s:.2f} 秒后结束，{live.behind_s * 1000:.0f} 毫秒后办好", style="dim")
        yield live.turn


def _until_idle(listener: Listener, frames: Iterator[Frame]) -> Iterator[Frame]:
    begun = False

    def began() -> None:
        nonlocal begun
        begun = True

    listener.began = began
    for number, frame in enumerate(frames):
        if not begun and number * FRAME_S >= IDLE_S:
            return
        yield frame


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
