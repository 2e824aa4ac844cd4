"""The command line of kb. Imported for ``--help``: nothing but typer here."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from courier_voice.commands.options import Json, Wordings

app = typer.Typer(help="The knowledge base: documents in and out, search, ask.", no_args_is_help=True)

Question = Annotated[list[str] | None, typer.Argument(help="What the courier asks.")]
Questions = Annotated[
    Path | None,
    typer.Option("--file", exists=True, dir_okay=False, help="One question a line (plain, or JSON with a question)."),
]
Names = Annotated[list[str] | None, typer.Argument(help="File names as kb list shows them (default: all).")]

Tables = Annotated[
    Wordings | None,
    typer.Option(
        help="plain: a table's rows as names and values; llm: in the language model's words where nothing is added or "
        "lost, seconds a row, kept on disk (default: COURIER_KB__TABLES)."
    ),
]


@app.command("add", epilog="Example: courier-voice kb add 操作规范.docx 制度/")
def add(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(help="docx, pdf, xlsx, pptx, html, md, txt, or folders of them (default: those shipped)."),
    ] = None,
    tables: Tables = None,
    json_: Json = False,
) -> None:
    """Read, split, embed and index documents; goes on where it was stopped."""
    from courier_voice.commands import kb as run

    run.add(paths or [], tables and tables.value, json_)


@app.command("update", epilog="Example: courier-voice kb update")
def update(names: Names = None, tables: Tables = None, json_: Json = False) -> None:
    """Look at the sources again; only what changed is embedded anew."""
    from courier_voice.commands import kb as run

    run.update(names or [], tables and tables.value, json_)


@app.command("remove", epilog="Example: courier-voice kb remove 操作规范.docx")
def remove(
    names: Annotated[list[str], typer.Argument(help="File names as kb list shows them.")], json_: Json = False
) -> None:
    """Forget documents."""
    from courier_voice.commands import kb as run

    run.remove(names, json_)


@app.command("list")
def list_(json_: Json = False) -> None:
    """The manifest: documents, versions, since when in force, chunks."""
    from courier_voice.commands import kb as run

    run.list_(json_)


@app.command("search", epilog="Example: courier-voice kb search 易碎品怎么包 --limit 3")
def search(
    question: Question = None,
    file: Questions = None,
    limit: Annotated[int, typer.Option(min=1, help="Passages a question.")] = 9,
    json_: Json = False,
) -> None:
    """The passages nearest to a question, best first."""
    from courier_voice.commands import kb as run

    run.search("".join(question or []), file, limit, json_)


@app.command("ask", epilog="Example: courier-voice kb ask 寄件人不肯出示身份证还能收吗")
def ask(
    question: Question = None,
    file: Questions = None,
    limit: Annotated[int, typer.Option(min=1, help="Passages looked at.")] = 9,
    llm: Annotated[bool, typer.Option("--llm", help="Worded by the language model, checked by code.")] = False,
    json_: Json = False,
) -> None:
    """An answer short enough to be said, with document and article, or that the documents do not say."""
    from courier_voice.commands import kb as run

    run.ask("".join(question or []), file, limit, llm, json_)
