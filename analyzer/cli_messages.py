"""The commands about messages: may a draft be said, what may be said of a title, and sessions made ready for that."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from analyzer.cli_drafts import indexed, many, mapping, one, suggested
from analyzer.cli_output import Json, answer
from analyzer.cli_progress import shown
from analyzer.errors import ExitCode, InputError

Text = Annotated[str | None, typer.Argument(help="The draft.", show_default=False)]
File = Annotated[str | None, typer.Option("--file", help="A file that holds the draft; - is stdin.")]
Csv = Annotated[
    Path | None, typer.Option("--csv", help="Many drafts: a CSV with a column text, perhaps id and to_one_user.")
]
Sessions = Annotated[
    list[str] | None,
    typer.Option("--sessions", metavar="FILE", help="Sessions to look claims up in, or an index of them; repeatable."),
]
IndexFolder = Annotated[Path | None, typer.Option("--index", help="Sessions that 'analyzer index' made ready.")]
Model = Annotated[
    str | None, typer.Option("--model", help="A bundle's folder, or 'reference': whose households are protected?")
]
RulebookFile = Annotated[Path | None, typer.Option("--rulebook", help="A rulebook in TOML. [default: the model's]")]
Titles = Annotated[
    Path | None,
    typer.Option("--catalogue", help="The titles: one a line, or a CSV with title_name. [default: the index's]"),
]
Ledger = Annotated[str | None, typer.Option("--ledger", help="What was released before: such a figure has a source.")]
Purpose = Annotated[
    str, typer.Option(help="public message, press, internal research, advertising, retention campaign.")
]
OneUser = Annotated[bool, typer.Option("--to-one-user", help="It goes to one user alone, as a notification does.")]
Instead = Annotated[bool, typer.Option("--instead/--no-instead", help="Look for what may be said instead.")]
KeyFile = Annotated[Path | None, typer.Option(help="The key that the index was made with. [default: yours]")]
Memory = Annotated[str, typer.Option(help="About how much memory to use.")]
PUBLIC = "public message"


def check(
    text: Text = None,
    file: File = None,
    csv: Csv = None,
    sessions: Sessions = None,
    index: IndexFolder = None,
    model: Model = None,
    catalogue: Titles = None,
    rulebook: RulebookFile = None,
    ledger: Ledger = None,
    purpose: Purpose = PUBLIC,
    to_one_user: OneUser = False,
    instead: Instead = True,
    key_file: KeyFile = None,
    memory: Memory = "2GB",
    as_json: Json = False,
) -> None:
    """Say whether a draft may be said, why, and what may be said instead. Exit code 0 allow, 3 block, 4 review."""
    if sum(given is not None for given in (text, file, csv)) != 1:
        raise InputError("Which draft is meant is not clear.", "Give one of: the text itself, --file, or --csv.")
    from analyzer.workflow import message_jobs as jobs

    settings = jobs.Settings(
        sessions=tuple(sessions or ()), index=index, model=model, rulebook=rulebook, catalogue=catalogue,
        ledger=ledger, purpose=purpose, key_file=key_file, memory=memory,
    )  # fmt: skip
    with shown() as progress:
        if csv is not None:
            result = jobs.check_many_job(csv, settings, to_one_user, instead, progress)
        else:
            draft = text if file is None else jobs.draft_from(file)
            result = jobs.check_job(draft or "", settings, to_one_user, instead, progress)
    answer(result, many if csv is not None else one, as_json)
    found = {told["verdict"] for told in result.get("drafts", [result])}
    code = ExitCode.WITHHELD if "block" in found else ExitCode.REVIEW if "review" in found else ExitCode.DONE
    raise typer.Exit(int(code))


def index(
    sessions: Annotated[list[str], typer.Argument(help="Files, folders or globs, as for 'analyzer run'.")],
    out: Annotated[Path, typer.Option(help="Folder for the index.")],
    events: Annotated[
        list[str] | None, typer.Option("--events", metavar="FILE", help="Player events, and may be repeated.")
    ] = None,
    map_: Annotated[
        list[str] | None, typer.Option("--map", metavar="COLUMN=NAME", help="Where a column is called otherwise.")
    ] = None,
    timezone: Annotated[str | None, typer.Option(help="The viewers' time zone, where the data does not tell.")] = None,
    key_file: Annotated[Path | None, typer.Option(help="The key that hashes households; created on first use.")] = None,
    pseudonyms: Annotated[
        bool | None,
        typer.Option("--pseudonyms/--plain-names", help="Hash viewers. [default: if the export names them]"),
    ] = None,
    keep_autoplay: Annotated[bool, typer.Option("--keep-autoplay", help="Keep rows that nobody started.")] = False,
    workers: Annotated[int | None, typer.Option(min=1, max=1_024, help="How many to work at a time.")] = None,
    memory: Memory = "2GB",
    as_json: Json = False,
) -> None:
    """Make sessions ready, so that a claim about them is answered at once, however many there are."""
    from analyzer.workflow import message_jobs as jobs

    reading = {
        "mapping": mapping(map_), "timezone": timezone, "pseudonyms": pseudonyms, "key_file": key_file,
        "keep_autoplay": keep_autoplay, "workers": workers, "memory": memory,
    }  # fmt: skip
    with shown() as progress:
        result = jobs.index_job(tuple(sessions), tuple(events or ()), out, reading, progress)
    answer(result, indexed, as_json)


def suggest(
    title: Annotated[str, typer.Option(help="Name of a title or series, or its id.")],
    sessions: Sessions = None,
    index: IndexFolder = None,
    catalogue: Titles = None,
    rulebook: RulebookFile = None,
    purpose: Purpose = PUBLIC,
    memory: Memory = "2GB",
    as_json: Json = False,
) -> None:
    """List what may be said about a title today: each sentence has passed the whole check."""
    from analyzer.workflow import message_jobs as jobs

    settings = jobs.Settings(
        sessions=tuple(sessions or ()), index=index, rulebook=rulebook, catalogue=catalogue, purpose=purpose,
        memory=memory,
    )  # fmt: skip
    with shown() as progress:
        result: dict[str, Any] = jobs.suggest_job(title, settings, progress)
    answer(result, suggested, as_json)
