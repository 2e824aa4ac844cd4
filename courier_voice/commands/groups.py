"""The command line's groups: models, eval, train. Imported for ``--help``: nothing but typer here."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated, cast, get_args

import typer

from courier_voice.commands.options import Json, Nlu, Routes, Unmasked

models = typer.Typer(help="Model weights: pull, list, verify.", no_args_is_help=True)
evals = typer.Typer(help="The development sets, scored: one, or all with a report.", no_args_is_help=True)
train = typer.Typer(help="How the small models are made: their data, their training.", no_args_is_help=True)


@models.command("pull", epilog="Example: courier-voice models pull whisper-base")
def models_pull(
    names: Annotated[list[str] | None, typer.Argument(help="Catalogue names (default: what the agent needs).")] = None,
    json_: Json = False,
) -> None:
    """Download, join and check weights; goes on where it was interrupted."""
    from courier_voice.commands import weights as run

    run.models_pull(names or [], json_)


@models.command("list")
def models_list(json_: Json = False) -> None:
    """What the catalogue knows and what is here."""
    from courier_voice.commands import weights as run

    run.models_list(json_)


@models.command("verify")
def models_verify(
    names: Annotated[list[str] | None, typer.Argument(help="Catalogue names (default: all that are here).")] = None,
    json_: Json = False,
) -> None:
    """Hash every file again."""
    from courier_voice.commands import weights as run

    run.models_verify(names or [], json_)


SetFile = Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="Another set of the same form.")]
Items = Annotated[int, typer.Option(help="At most this many items (0: all).")]
Fresh = Annotated[bool, typer.Option("--fresh", help="Do not go on with an interrupted run.")]


@evals.command("nlu", epilog="Example: courier-voice eval nlu --limit 20")
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


@evals.command("dialogs", epilog="Example: courier-voice eval dialogs --json")
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


@evals.command("sms", epilog="Example: courier-voice eval sms")
def eval_sms(
    file: SetFile = None, limit: Items = 0, fresh: Fresh = False, unmasked: Unmasked = False, json_: Json = False
) -> None:
    """Dictations made into texts: facts kept, nothing forbidden; a row each, then the summary."""
    from courier_voice.commands import evaluate as run

    run.sms(file, limit, fresh, json_, unmasked)


BUILD = Path("build/eval")


class Audio(str, Enum):
    LIVE = "live"
    TRANSCRIPTS = "transcripts"
    NONE = "none"


Plain = Annotated[
    Path | None,
    typer.Option("--without-noise", exists=True, file_okay=False, help="A fast model trained without ASR noise."),
]


@evals.command("talk", epilog="Example: courier-voice eval talk --nlu cascade --limit 100")
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


@evals.command("report", epilog="Example: courier-voice eval report --out build/eval --nlu fast")
def eval_report(
    out: Annotated[Path, typer.Option(file_okay=False, help="Folder for report.html and report.json.")] = Path(
        "build/eval"
    ),
    nlu: Nlu = None,
    talk_nlu: Annotated[Routes, typer.Option(help="The route for the talk set.")] = Routes.FAST,
    audio: Annotated[
        Audio, typer.Option(help="The recorded turns: through the recogniser, as it heard them once, or not at all.")
    ] = Audio.TRANSCRIPTS,
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
        ablations,
        without_noise,
        limit,
        fresh,
        unmasked,
        json_,
    )


@evals.command("ablate", epilog="Example: courier-voice eval ablate --json")
def eval_ablate(
    nlu: Nlu = None, without_noise: Plain = None, limit: Items = 0, fresh: Fresh = False, json_: Json = False
) -> None:
    """The agent with one part left out, on the text sets and the recorded turns; a row a variant."""
    from courier_voice.commands import eval_report as run

    run.ablate(nlu and nlu.value, without_noise, limit, fresh, json_)


@evals.command("ear", epilog="Example: courier-voice eval ear --limit 60")
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


@evals.command("kb", epilog="Example: courier-voice eval kb --answers --limit 20")
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


@evals.command("store", epilog="Example: courier-voice eval store --vectors 100000")
def eval_store(
    vectors: Annotated[int, typer.Option(min=1000, help="Random vectors of 768 numbers.")] = 100_000,
    queries: Annotated[int, typer.Option(min=10)] = 100,
    json_: Json = False,
) -> None:
    """Vector stores side by side: building time, latency of a query, memory. Those not installed are left out."""
    from courier_voice.commands import kb_eval as run

    run.store(vectors, queries, json_)


@train.command("ear-data", epilog="Example: courier-voice train ear-data   (about 45 minutes on two cores)")
def train_ear_data(
    out: Annotated[Path | None, typer.Option(help="Folder for the clips (default: ear/ under COURIER_HOME).")] = None,
    sentences: Annotated[int, typer.Option(min=0, help="Training sentences.")] = 4500,
    dev: Annotated[int, typer.Option(min=0, help="Development sentences, of other speakers.")] = 240,
    seed: int = 0,
    workers: Annotated[int, typer.Option(min=1, help="Processes.")] = 2,
    json_: Json = False,
) -> None:
    """Speak the recogniser's training sentences in many voices; goes on where it was stopped."""
    from courier_voice.commands import ear as run

    run.ear_data(out, sentences, dev, seed, workers, json_)


@train.command("ear", epilog="Example: courier-voice train ear --data recordings/ --steps 400")
def train_ear(
    data: Annotated[
        list[Path] | None,
        typer.Option(
            exists=True,
            file_okay=False,
            help="Folder of clips, repeatable: made by ear-data, or your own with a transcripts.tsv (file, tab, text).",
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder of the run (default: ear-run/ under COURIER_HOME).")] = None,
    steps: Annotated[int, typer.Option(min=1)] = 1200,
    rank: Annotated[int, typer.Option(min=1)] = 16,
    where: Annotated[str, typer.Option(help="both, encoder or decoder.")] = "both",
    seed: int = 0,
    threads: Annotated[int, typer.Option(min=1)] = 2,
    json_: Json = False,
) -> None:
    """Tune Whisper base with an adapter; checkpointed, goes on where it was stopped."""
    from courier_voice.commands import ear as run
    from courier_voice.training.ear import Recipe

    if where not in ("both", "encoder", "decoder"):
        raise typer.BadParameter("--where is both, encoder or decoder")
    recipe = Recipe(steps=steps, rank=rank, alpha=2 * rank, where=where, seed=seed)
    run.ear(data or [], out, recipe, threads, json_)


@train.command("confusions", epilog="Example: courier-voice train confusions --limit 800")
def train_confusions(
    data: Annotated[
        Path | None, typer.Option(exists=True, file_okay=False, help="Clips (default: those of train ear-data).")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="The table (default: the package's own confusions.tsv).")] = None,
    asr_adapter: Annotated[str, typer.Option(help="auto: the shipped tuning; or an adapter.safetensors.")] = "auto",
    limit: Items = 1000,
    seed: int = 0,
    json_: Json = False,
) -> None:
    """What the recogniser mishears in street noise, word for word; `train nlu` learns to understand it."""
    from courier_voice.commands import ear as run

    run.confusions(data, out, asr_adapter, limit, seed, json_)


@train.command("nlu", epilog="Example: courier-voice train nlu --fresh   (under 30 minutes on two cores)")
def train_nlu(
    out: Annotated[
        Path | None, typer.Option(help="Folder for the model and its cards (default: the package's own).")
    ] = None,
    steps: Annotated[int, typer.Option(min=1)] = 5000,
    seed: int = 1,
    init: Annotated[
        str, typer.Option(help="What is taken from Qwen's embeddings: words (and letters), letters, or scratch: none.")
    ] = "words",
    threads: Annotated[int, typer.Option(min=1)] = 2,
    fresh: Fresh = False,
    json_: Json = False,
) -> None:
    """Make the fast model of understanding: fit, export, examine on held-out lines; goes on where it was stopped."""
    from courier_voice.commands import train_nlu as run
    from courier_voice.training.fit import Init, Recipe

    if init not in get_args(Init):
        raise typer.BadParameter(f"--init is one of {', '.join(get_args(Init))}")
    run.nlu(out, Recipe(steps=steps, seed=seed, init=cast(Init, init)), threads, fresh, json_)
