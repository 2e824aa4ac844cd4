"""demo: a courier's morning out of recordings, every stage shown as it happens."""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path

import numpy as np
import typer
from rich.console import Console, Group
from rich.live import Live
from rich.panel import Panel
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from courier_voice.app import build_agent, build_polisher, build_speaker, data_dir
from courier_voice.audio.wav import read_audio
from courier_voice.commands.models import ready_asr, ready_nlu
from courier_voice.commands.out import begin, emit, turn_row
from courier_voice.core.errors import SpeechError
from courier_voice.core.turn import Turn
from courier_voice.core.words import Audio
from courier_voice.evals.goldens import GoldenTurn, Scene, load_scenes
from courier_voice.speech.console import ConsoleSpeaker
from courier_voice.speech.player import SoundDevicePlayer

MORNING = ("calls", "texts", "waybills", "pickup_form", "which_one", "street_talk", "sign_offs", "tasks")
"""Scenes of fixtures/audio shown by default, in this order."""
PEAKS = "▁▂▃▄▅▆▇█"
WIDTH = 64
STAGES = {"asr": "识别", "day": "取数", "nlu": "理解", "act": "执行", "speak": "播报"}
KINDS = {"ask": "追问", "confirm": "复述待确认", "act": "已执行", "answer": "回答", "reject": "不动作"}
COLOURS = {"ask": "yellow", "confirm": "yellow", "act": "green", "answer": "cyan", "reject": "bright_black"}


def demo(scenes: list[str] | None, fast: bool, json_: bool) -> None:
    settings = begin()
    chosen = _chosen(scenes)
    console = Console()
    asr = ready_asr(settings)
    cascade, model = ready_nlu(settings)
    polisher = build_polisher(model)
    quiet = json_ or fast
    speaker = ConsoleSpeaker(lambda _: None) if quiet else build_speaker(settings, lambda _: None)
    player = None if quiet else _player(console)
    with tempfile.TemporaryDirectory() as scratch:
        for scene in chosen:
            if not json_:
                console.print(Rule(Text(scene.says, style="bold"), align="left"))
            api = settings.api.model_copy(update={"world": scene.world_file, "base_url": ""})  # never a real carrier
            changed = settings.model_copy(update={"api": api})
            outbox = Path(scratch) / f"{scene.name}.sqlite3"
            wired = build_agent(changed, nlu=cascade, polisher=polisher, speaker=speaker, asr=asr, outbox=outbox)
            for golden in scene.turns:
                audio = read_audio(scene.sound(golden))
                if json_:
                    emit({"scene": scene.name, "wav": golden.wav, **turn_row(wired.agent.take_turn(audio))})
                    continue
                with Live(_card(golden, audio, None), console=console, refresh_per_second=8) as live:
                    if player:
                        player.play(audio)
                    live.update(_card(golden, audio, wired.agent.take_turn(audio)))
                    if not fast:
                        time.sleep(0.6)
            wired.outbox.close()
    if not json_:
        console.print(Rule("[bold]接着可以试：courier-voice say 给尾号六六八八打电话"))


def _chosen(names: list[str] | None) -> list[Scene]:
    scenes = {scene.name: scene for scene in load_scenes(data_dir("fixtures") / "audio")}
    unknown = [name for name in names or () if name not in scenes]
    if unknown:
        raise typer.BadParameter(f"no scene called {unknown[0]}; there are: {', '.join(sorted(scenes))}")
    return [scenes[name] for name in names or MORNING if name in scenes]


def _player(console: Console) -> SoundDevicePlayer | None:
    player = SoundDevicePlayer()
    try:
        console.print(f"声音从 {player.probe()} 出来", style="dim")
    except SpeechError as error:
        console.print(f"没有声卡，只看字：{error}", style="dim", markup=False)
        return None
    return player


def waveform(audio: Audio, width: int = WIDTH) -> str:
    """Loudness over time as block characters, 60 dB from bottom to top."""
    pieces = np.array_split(audio.samples, width)
    rms = np.array([np.sqrt(np.mean(np.square(p))) if len(p) else 0.0 for p in pieces])
    level = np.clip(1 + 20 * np.log10(np.maximum(rms, 1e-6)) / 60, 0, 0.999)
    return "".join(PEAKS[int(value * len(PEAKS))] for value in level)


def _card(golden: GoldenTurn, audio: Audio, turn: Turn | None) -> Panel:
    wave = Text(waveform(audio), style="blue")
    noise = {"rain": "雨", "engine": "发动机", "train": "火车", "music": "音乐"}.get(golden.noise or "", "")
    sound = Text(f"{audio.seconds:.1f} 秒 {golden.condition}{noise and ' · ' + noise}", style="dim")
    if turn is None:
        return Panel(Group(wave, sound, Text("正在听…", style="blink")), border_style="blue", width=WIDTH + 16)
    table = Table.grid(padding=(0, 1))
    table.add_column(style="dim", justify="right", no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row("听到", Text(turn.utterance.heard or "（没有人说话）", style="bold"))
    if turn.utterance.text != turn.utterance.heard:
        table.add_row("数字", turn.utterance.text)
    if turn.utterance.heard:
        for draft in turn.understanding.drafts:
            slots = json.dumps(draft.slots, ensure_ascii=False) if draft.slots else ""
            table.add_row("意图", Text.assemble((draft.intent, "magenta"), " ", (slots, "dim")))
    for call in turn.calls:
        args = json.dumps(call.args, ensure_ascii=False) if call.args else ""
        table.add_row("接口", Text.assemble((f"→ {call.op} {call.waybill or ''}", "green"), " ", (args, "dim")))
    table.add_row(KINDS[turn.kind], Text(turn.reply or "（不出声）", style=COLOURS[turn.kind]))
    table.add_row("用时", _timings(turn))
    return Panel(Group(wave, sound, table), border_style=COLOURS[turn.kind], width=WIDTH + 16)


def _timings(turn: Turn) -> Text:
    text = Text(style="dim")
    for stage, seconds in turn.timings.items():
        text.append(f"{STAGES.get(stage, stage)} {seconds * 1000:.0f} ms  ")
    return text
