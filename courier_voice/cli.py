"""The command line. Commands only: what they do lives in app, evals and screen, imported when a command runs."""

from __future__ import annotations

import sys
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated

import typer

from courier_voice import __version__
from courier_voice.commands.groups import evals, models, train
from courier_voice.commands.kb_line import app as kb
from courier_voice.commands.ledger_line import app as ledger
from courier_voice.commands.options import AsrAdapter, Engine, Input, Json, Modes, Nlu, Sources, Unmasked, World

app = typer.Typer(
    name="courier-voice",
    help="普通话快递语音助手 — a Mandarin voice agent for parcel couriers.\n\n"
    "Try: courier-voice demo · courier-voice say 给尾号六六八八打电话 · courier-voice doctor",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.add_typer(models, name="models")
app.add_typer(ledger, name="ledger")
app.add_typer(evals, name="eval")
app.add_typer(train, name="train")
app.add_typer(kb, name="kb")


@app.callback()
def _root(
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log to stderr.")] = False,
) -> None:
    if version:
        typer.echo(__version__)
        raise typer.Exit
    if verbose:
        import os

        os.environ["COURIER_LOG"] = "INFO"


@app.command(epilog="Example: courier-voice demo --fast")
def demo(
    fast: Annotated[bool, typer.Option("--fast", help="No playing of sound, no pauses between turns.")] = False,
    scene: Annotated[list[str] | None, typer.Option(help="Only this scene of fixtures/audio (repeatable).")] = None,
    json_: Json = False,
) -> None:
    """Replay a morning of recorded commands against the mock carrier, showing each stage."""
    from courier_voice.commands import demo as run

    run.demo(scene, fast, json_)


@app.command(epilog="Example: courier-voice listen --mode wake   (小哥小哥, then speak)")
def listen(
    push: Annotated[bool, typer.Option("--push", help="The same as --mode push.")] = False,
    mode: Annotated[
        Modes | None,
        typer.Option(
            help="open: speak freely; push: press Enter to talk; wake: say the wake phrase first, except for a while "
            "after a reply (default: COURIER_LISTEN__MODE; the phrase: COURIER_LISTEN__PHRASE)."
        ),
    ] = None,
    source: Input = None,
    realtime: Annotated[bool, typer.Option("--realtime", help="Play it at its own pace; - is live then.")] = False,
    world: World = None,
    json_: Json = False,
) -> None:
    """The loop on the microphone, or on a recording: speak, it acts and answers. Ctrl-C ends it."""
    from courier_voice.commands import listen as run

    run.listen("push" if push else mode and mode.value, world, source, realtime, json_)


@app.command(epilog="Example: courier-voice say 跟尾号六六八八说我十分钟后到 --yes")
def say(
    text: Annotated[list[str], typer.Argument(help="What the courier says.")],
    world: World = None,
    yes: Annotated[bool, typer.Option("--yes", help="Say yes to the read-back.")] = False,
    json_: Json = False,
) -> None:
    """One typed turn through everything but the recogniser."""
    from courier_voice.commands import talk as run

    run.say("".join(text), world, yes, json_)


@app.command(epilog="Example: courier-voice understand 三公斤半寄特快 --json")
def understand(
    text: Annotated[list[str] | None, typer.Argument(help="An utterance.")] = None,
    file: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="One utterance a line (plain, or JSON with a text)."),
    ] = None,
    nlu: Nlu = None,
    json_: Json = False,
) -> None:
    """Intent and slots of an utterance; nothing is done about it."""
    from courier_voice.commands import read as run

    run.understand("".join(text or []), file, nlu and nlu.value, json_)


@app.command(epilog="Example: courier-voice transcribe turn.wav --json")
def transcribe(
    wav: Annotated[list[Path], typer.Argument(help="WAV, FLAC, MP3 or OGG; any rate, mono or stereo.")],
    engine: Engine = None,
    asr_adapter: AsrAdapter = None,
    together: Annotated[int, typer.Option(min=1, max=16, help="Files that go through the model at once.")] = 1,
    json_: Json = False,
) -> None:
    """What the recogniser hears."""
    from courier_voice.commands import read as run

    run.transcribe(wav, engine and engine.value, asr_adapter, together, json_)


@app.command(
    epilog="Example: courier-voice converse --world fixtures/worlds/beihu.json --script fixtures/eval/dialogs.jsonl"
)
def converse(
    script: Annotated[
        Path, typer.Option(exists=True, dir_okay=False, help='One dialogue a line: {"id", "turns": [{"user": TEXT}]}.')
    ],
    world: World = None,
    nlu: Nlu = None,
    json_: Json = True,
) -> None:
    """Multi-turn text dialogues, each from the start of the world's day; always JSON lines."""
    from courier_voice.commands import talk as run

    run.converse(script, world, nlu and nlu.value)


@app.command(epilog="Example: courier-voice tips --world fixtures/worlds/beihu.json")
def tips(
    world: World = None,
    llm: Annotated[
        bool,
        typer.Option("--llm", help="Have the language model shorten key accounts' rules first; kept for all turns."),
    ] = False,
    json_: Json = False,
) -> None:
    """What the agent would say unasked in the rest of the day, and when: at the door, before a window ends."""
    from courier_voice.commands import tips as run

    run.tips(world, llm, json_)


@app.command(epilog="Example: courier-voice replay fixtures/audio")
def replay(
    path: Annotated[Path, typer.Argument(help="A scene.yaml or a directory of scenes.")],
    engine: Engine = None,
    asr_adapter: AsrAdapter = None,
    limit: Annotated[int, typer.Option(help="At most this many scenes (0: all).")] = 0,
    source: Annotated[
        Sources, typer.Option(help="transcripts: from those recorded beside the scenes; asr-only: no understanding.")
    ] = Sources.LIVE,
    record: Annotated[
        bool, typer.Option("--record", help="Keep what was heard and read beside the scenes (transcripts.json …).")
    ] = False,
    unmasked: Unmasked = False,
    json_: Json = False,
) -> None:
    """Recorded turns with their manifests, scored; a row a turn, then the summary."""
    from courier_voice.commands import measure as run

    run.replay(path, engine and engine.value, asr_adapter, limit, json_, source.value, record, unmasked)


@app.command(epilog="Example: courier-voice polish 跟他说快点来拿别磨蹭我十点就走")
def polish(
    text: Annotated[list[str] | None, typer.Argument(help="A dictated message.")] = None,
    file: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="One message a line (plain, or JSON with spoken).")
    ] = None,
    json_: Json = False,
) -> None:
    """A dictated message made fit to be sent; facts are checked in code."""
    from courier_voice.commands import read as run

    run.polish("".join(text or []), file, json_)


@app.command("mock-api", epilog="Example: courier-voice mock-api --port 8080 --fault timeout-after:p=0.2")
def mock_api(
    world: World = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="0: any free one, printed.")] = 8080,
    fault: Annotated[
        list[str] | None, typer.Option(help="latency=300ms, 500, drop, timeout-after … (repeatable).")
    ] = None,
    state: Annotated[Path | None, typer.Option(dir_okay=False, help="A file by which it survives a restart.")] = None,
) -> None:
    """The mock carrier as a real server; its API is described at /docs."""
    from courier_voice.commands import care as run

    run.mock_api(world, host, port, fault or [], state)


@app.command(epilog="Example: courier-voice bench --turns 10")
def bench(
    turns: Annotated[int, typer.Option(help="How many recorded turns.")] = 6,
    baseline: Annotated[bool, typer.Option(help="Also run the obvious stack (needs about 9 GB of memory).")] = True,
    hands_free: Annotated[
        bool, typer.Option("--hands-free", help="Only the hands-free loop, in real time: last word to first sound.")
    ] = False,
    barge_in: Annotated[
        bool, typer.Option("--barge-in", help="Only what stops a reply and how soon, in simulated rooms.")
    ] = False,
    peer_python: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="An interpreter with pipecat, to run that peer beside it."),
    ] = None,
    outbox: Annotated[bool, typer.Option("--outbox", help="Only what writing effects down costs a turn.")] = False,
    json_: Json = False,
) -> None:
    """Latency, CPU seconds and peak memory of this path against the obvious stack, in one run."""
    if hands_free:
        from courier_voice.commands import hands_free as live

        live.bench(turns, peer_python, json_)
        return
    if barge_in:
        from courier_voice.commands import barge_in as over

        over.bench(turns, json_)
        return
    from courier_voice.commands import measure as run

    run.bench(turns, baseline, json_, outbox)


@app.command(epilog="Example: courier-voice chaos --effects 500 --seed 7")
def chaos(
    effects: Annotated[int, typer.Option(min=1, help="How many effects are asked for.")] = 10_000,
    seed: Annotated[int, typer.Option(help="The same seed asks, breaks and kills alike.")] = 1,
    jobs: Annotated[int, typer.Option(min=1, help="Agents, each with a server of its own, at once.")] = 2,
    fresh: Annotated[bool, typer.Option("--fresh", help="Do not go on with an interrupted run.")] = False,
    json_: Json = False,
) -> None:
    """The real agent against the real mock server over TCP, with faults and kill -9: nothing lost, nothing twice."""
    from courier_voice.commands import chaos as run

    run.chaos(effects, seed, jobs, fresh, json_)


@app.command(epilog="Example: courier-voice soak --hours 8 --nlu fast")
def soak(
    hours: Annotated[float, typer.Option(min=0.1, help="Simulated hours; the street is walked at speed.")] = 8.0,
    seed: Annotated[int, typer.Option(help="The same seed, the same street.")] = 0,
    anew: Annotated[
        int, typer.Option(min=1, help="One decoding in so many is really heard where the answer is known; 1: all.")
    ] = 20,
    nlu: Nlu = None,
    json_: Json = False,
) -> None:
    """Hours of street through the hands-free loop: nothing grows, nothing unasked is done, all is answered once."""
    from courier_voice.commands import soak as run

    run.soak(hours, seed, anew, nlu and nlu.value, json_)


@app.command(epilog="Example: courier-voice doctor")
def doctor(json_: Json = False) -> None:
    """What works on this machine, with the fix for what does not."""
    from courier_voice.commands import doctor as run

    run.doctor(json_)


def main() -> None:
    """Run a command; known trouble becomes one line on stderr and exit code 1."""
    from courier_voice.core.errors import CourierVoiceError
    from courier_voice.core.privacy import people

    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # a pipe gets UTF-8 whatever the locale; a terminal what it can show
            stream.reconfigure(encoding=None if stream.isatty() else "utf-8", errors="replace")
    try:
        app()
    except CourierVoiceError as error:
        typer.echo(f"courier-voice: {people.mask(str(error))}", err=True)  # errors hold nobody's data; if one did
        raise SystemExit(1) from None
    except KeyboardInterrupt:
        typer.echo("", err=True)
        raise SystemExit(130) from None


if __name__ == "__main__":
    main()
