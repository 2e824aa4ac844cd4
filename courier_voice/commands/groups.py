"""The command line's groups: models, train. Imported for ``--help``: nothing but typer here."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, cast, get_args

import typer

from courier_voice.commands.eval_line import app as evals
from courier_voice.commands.options import Fresh, Items, Json

__all__ = ["evals", "models", "train"]

models = typer.Typer(help="Model weights: pull, list, verify.", no_args_is_help=True)
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
    steps: Annotated[int, typer.Option(min=1)] = 3200,
    rank: Annotated[int, typer.Option(min=1)] = 16,
    where: Annotated[str, typer.Option(help="both, encoder, decoder, or front (both, and the convolutions).")] = "both",
    seed: int = 0,
    threads: Annotated[int, typer.Option(min=1)] = 2,
    json_: Json = False,
) -> None:
    """Tune Whisper base with an adapter; checkpointed, goes on where it was stopped."""
    from courier_voice.commands import ear as run
    from courier_voice.training.ear import PARTS, Recipe

    if where not in PARTS:
        raise typer.BadParameter(f"--where is one of {', '.join(PARTS)}")
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


@train.command("paraphrase", epilog="Example: courier-voice train paraphrase --out paraphrases.txt --limit 150")
def train_paraphrase(
    out: Annotated[Path, typer.Option(dir_okay=False, help="File of seed lines; put it into training/data/seed/.")],
    limit: Items = 150,
    json_: Json = False,
) -> None:
    """Seed lines in the local language model's words, kept where checks find the same meaning; goes on where it was."""
    from courier_voice.commands import paraphrase as run

    run.paraphrase(out, limit, json_)


@train.command("kb-gate", epilog="Example: courier-voice train kb-gate --json")
def train_kb_gate(
    out: Annotated[Path | None, typer.Option(dir_okay=False, help="File to write (default: the one shipped).")] = None,
    json_: Json = False,
) -> None:
    """From when on the knowledge base answers: learned from questions its documents tell and do not tell."""
    from courier_voice.commands import train_kb_gate as run

    run.kb_gate(out, json_)


@train.command("kb-vectors", epilog="Example: courier-voice train kb-vectors   (minutes)")
def train_kb_vectors(
    out: Annotated[Path | None, typer.Option(dir_okay=False, help="File to write (default: the one shipped).")] = None,
    json_: Json = False,
) -> None:
    """Vectors of the shipped documents, so that `kb add` need not make them on every machine."""
    from courier_voice.commands import train_kb_vectors as run

    run.kb_vectors(out, json_)


@train.command("overtalk", epilog="Example: courier-voice train overtalk --jobs 2   (an hour on two cores)")
def train_overtalk(
    out: Annotated[
        Path | None, typer.Option(dir_okay=False, help="Weights to write, a card beside (default: the ones shipped).")
    ] = None,
    clips: Annotated[int, typer.Option(min=60, help="Clips to speak.")] = 410,
    scenes: Annotated[int, typer.Option(min=1, help="Scenes to learn from, of 12.8 s.")] = 4000,
    dev: Annotated[int, typer.Option(min=1, help="Scenes held out, of other speakers.")] = 200,
    epochs: Annotated[int, typer.Option(min=1)] = 18,
    kept: Annotated[int, typer.Option(min=8, help="Width of the network's state.")] = 128,
    seed: int = 0,
    jobs: Annotated[int, typer.Option(min=1, help="Processes that speak and simulate.")] = 1,
    json_: Json = False,
) -> None:
    """Make the network that hears words over a reply: speak, simulate, fit, judge; goes on where it was stopped."""
    from courier_voice.commands import train_overtalk as run
    from courier_voice.training.overtalk import Recipe

    recipe = Recipe(clips=clips, scenes=scenes, dev_scenes=dev, epochs=epochs, kept=kept, seed=seed)
    run.overtalk(out, recipe, jobs, json_)


@train.command("nlu", epilog="Example: courier-voice train nlu --fresh   (under 30 minutes on two cores)")
def train_nlu(
    out: Annotated[
        Path | None, typer.Option(help="Folder for the model and its cards (default: the package's own).")
    ] = None,
    steps: Annotated[int, typer.Option(min=1)] = 9000,
    seed: int = 1,
    init: Annotated[
        str,
        typer.Option(
            help="Embeddings to begin with: words (and letters) of Qwen, its letters, gemma (both, of EmbeddingGemma), "
            "or scratch: none."
        ),
    ] = "words",
    distil: Annotated[
        float, typer.Option(min=0, help="Weight of imitating EmbeddingGemma's sentence vectors (0: off).")
    ] = 1.0,
    misheard: Annotated[
        bool, typer.Option("--misheard/--no-misheard", help="Words as the recogniser and the ear mistake them.")
    ] = True,
    threads: Annotated[int, typer.Option(min=1)] = 2,
    fresh: Fresh = False,
    json_: Json = False,
) -> None:
    """Make the fast model of understanding: fit, export, examine on held-out lines; goes on where it was stopped."""
    from courier_voice.commands import train_nlu as run
    from courier_voice.training.fit import Init, Recipe

    if init not in get_args(Init):
        raise typer.BadParameter(f"--init is one of {', '.join(get_args(Init))}")
    recipe = Recipe(steps=steps, seed=seed, init=cast(Init, init), distil=distil, misheard=misheard)
    run.nlu(out, recipe, threads, fresh, json_)
