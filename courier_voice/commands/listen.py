"""listen: the loop on the microphone, on a file or on a pipe. The microphone stays open while a turn is answered where
the echo can be taken out, and is closed meanwhile where it cannot: it never hears itself.
"""

from __future__ import annotations

import select
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Final

import typer

from courier_voice.agent import Agent
from courier_voice.app import build_agent, build_speaker
from courier_voice.audio.endpoint import FRAME_S
from courier_voice.audio.mic import Frame, frames_of, open_microphone, record_while
from courier_voice.audio.partials import Partials
from courier_voice.audio.piped import piped
from courier_voice.audio.wav import read_audio
from courier_voice.commands.addressed import Doorkeeper, FrameClock
from courier_voice.commands.ahead import hush, speak_ahead
from courier_voice.commands.aloud import Aloud, Trouble
from courier_voice.commands.manner import Manners, OnCall
from courier_voice.commands.models import ready_asr, ready_documents, ready_nlu, ready_polisher
from courier_voice.commands.out import begin, emit, stderr, turn_row
from courier_voice.commands.overtalk import IDLE_S, RETRY_S, Overtalk, in_recording, mouth_of, on_device
from courier_voice.commands.talk import in_world, show
from courier_voice.core.errors import MicrophoneError
from courier_voice.core.ports import Transcriber
from courier_voice.core.privacy import mask_phones
from courier_voice.core.turn import Turn
from courier_voice.core.words import Audio
from courier_voice.dialog.hints import hints
from courier_voice.live import Listener, in_time, is_command
from courier_voice.nlu.foresee import Foreseeing
from courier_voice.settings import device
from courier_voice.speech.console import ConsoleSpeaker

Microphone = Callable[[], AbstractContextManager[Iterator[Frame]]]

END: Final = object()
READY: Final = "我在听，请说。"
CALLABLE: Final = "我在，叫{phrase}就行。"


def listen(mode: str | None, world: Path | None, source: Path | None, realtime: bool, json_: bool) -> None:
    """``source``: a recording, or - for what comes in on standard input, instead of the microphone."""
    settings = begin(**in_world(world), **({"listen": {"mode": mode}} if mode else {}))
    push = settings.listen.mode == "push"
    microphone = partial(open_microphone, device(settings.listen.microphone))
    recorded = _frames_of(source) if source else None
    if recorded is None:
        with microphone():
            pass  # none: say so before the models are waited for
    asr = ready_asr(settings)
    cascade, model = ready_nlu(settings, at_once=True)
    voice = build_speaker(settings, lambda _: None)
    mute, polisher = ConsoleSpeaker(lambda _: None), Foreseeing(ready_polisher(model))
    wired = build_agent(settings, nlu=cascade, polisher=polisher, speaker=mute, asr=asr)
    listener = Listener(wired.agent, cascade.glance, in_step=bool(recorded) and not realtime)
    if not listener.in_step:
        ready_documents(wired.agent)
    if model and not listener.in_step:
        listener.foresee = polisher.foresee
    clock = FrameClock() if listener.in_step else None
    keeper = Doorkeeper(settings, wired.agent, asr, clock or time.monotonic) if settings.listen.mode == "wake" else None
    listener.partials = None if listener.in_step or json_ or keeper else words_of(asr, wired.agent)
    on_call, trouble, aloud = OnCall(), Trouble(voice), Aloud(voice, wired.agent.effects)
    listener.instead = Manners(settings, wired.agent, voice, on_call)
    card = device(settings.tts.device)
    talks_over = not push and (realtime or not recorded)
    mouth = mouth_of(voice, simulated=bool(recorded), device=card) if talks_over else None
    turns: Iterator[Turn | None]
    if recorded and realtime:
        recorded = in_time(recorded, FRAME_S)
    if mouth:
        aloud.speaker, over = mouth, Overtalk(listener, mouth, keeper.answered if keeper else lambda: None)
        turns = in_recording(over, recorded) if recorded else on_device(over, microphone, trouble, card)
    elif push:
        sounds = held(recorded) if recorded else pushed(microphone, trouble, aloud.called)
        turns = map(wired.agent.take_turn, sounds)
    else:
        turns = heard_in(listener, recorded, clock) if recorded else spoken(listener, microphone, trouble)
    stderr.print("按 Ctrl-C 结束。", style="dim")

    def idle() -> bool:
        return not (listener.busy or (mouth and mouth.speaking))

    with wired.outbox:
        try:
            if not (recorded or push):  # the first reply then finds a canceller that knows the room
                aloud.speaker.say(CALLABLE.format(phrase=settings.listen.phrase) if keeper else READY)
            if not listener.in_step:
                speak_ahead(voice, wired.agent, idle)
            while True:
                aloud.look()
                waited = bool(wired.agent.memory.context().waiting)
                turn = next(turns, END)
                if isinstance(turn, Turn):
                    _report(turn, json_)
                    if keeper and keeper.called:
                        aloud.called()
                    elif turn.reply and (push or waited or is_command(turn) or (keeper and keeper.by_name)):
                        aloud.say(turn)
                    else:
                        continue
                    on_call.note(turn)
                    if keeper:
                        keeper.answered()
                elif turn is END:
                    break
                elif not on_call and (news := wired.agent.catch_up()) is not None:
                    _report(news, json_)
                    aloud.say(news)
                    listener.replied()
                    if keeper:
                        keeper.answered()
                else:
                    wired.api.prefetch()
                    speak_ahead(voice, wired.agent, idle)
        except KeyboardInterrupt:
            stderr.print("再见。", style="dim")
        finally:
            hush(voice)
            if mouth:
                mouth.close()


def _frames_of(source: Path) -> Iterator[Frame]:
    """Raises AudioError, and typer.BadParameter for a file that is not there or a keyboard in a pipe's place."""
    if str(source) != "-":
        if not source.exists():
            raise typer.BadParameter(f"file {source} does not exist", param_hint="--input")
        return frames_of(read_audio(source))
    if sys.stdin.isatty():
        raise typer.BadParameter("- is for a pipe: arecord -f S16_LE -r 16000 | courier-voice listen --input -")
    return piped(sys.stdin.buffer)


def words_of(asr: Transcriber, agent: Agent) -> Partials | None:
    """His words on the screen while he speaks, where the recogniser gives them."""
    stream = getattr(asr, "stream", None)
    if stream is None:
        return None
    return Partials(
        lambda: stream(hints(agent.seen) if agent.seen else ()),
        lambda words: stderr.print(mask_phones(words), end="\r", style="dim", markup=False),
    )


def spoken(listener: Listener, microphone: Microphone, trouble: Trouble) -> Iterator[Turn | None]:
    """Hands free: turn after turn, None when nobody has spoken for a while. The microphone is closed in between, so
    that the reply is not heard. Lost, it is told and tried again.
    """
    stderr.print("请说…", style="dim")
    while True:
        try:
            with microphone() as frames:
                live = next(listener.turns(_until_idle(listener, _working(frames, trouble))), None)
        except MicrophoneError as error:
            trouble.told(error)
            time.sleep(RETRY_S)
            continue
        yield live.turn if live else None


def heard_in(listener: Listener, frames: Iterable[Frame], clock: FrameClock | None = None) -> Iterator[Turn]:
    """The turns of any stream of frames, until it ends: a recording, a pipe, a socket. ``clock`` goes by it."""
    for live in listener.turns(clock.watch(frames) if clock else frames):
        stderr.print(f"静音 {live.endpoint_s:.2f} 秒后结束，{live.behind_s * 1000:.0f} 毫秒后办好", style="dim")
        yield live.turn


def _working(frames: Iterable[Frame], trouble: Trouble) -> Iterator[Frame]:
    for frame in frames:
        trouble.heard(frame)
        yield frame


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


def pushed(microphone: Microphone, trouble: Trouble, recording: Callable[[], None]) -> Iterator[Audio]:
    """Push to talk: Enter starts a recording, which ``recording`` tells, and Enter ends it, until the input ends. A
    microphone that is lost is told, and tried again at the next Enter.
    """
    while True:
        stderr.print("按回车开始说…", style="dim")
        if not sys.stdin.readline():
            return
        recording()
        stderr.print("正在录，说完按回车…", style="dim")
        try:
            with microphone() as frames:
                audio = record_while(_working(frames, trouble), lambda: not _entered())
        except MicrophoneError as error:
            trouble.told(error)
            continue
        yield audio


def held(frames: Iterable[Frame]) -> Iterator[Audio]:
    """A recording as if the key were held from its beginning to its end, a minute at a time."""
    frames = iter(frames)
    while (audio := record_while(frames, lambda: True)).seconds:
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
