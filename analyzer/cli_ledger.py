"""The commands about the ledger itself: is it what was written, its audit trail, and how long things are kept."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from analyzer.cli_output import Json, answer
from analyzer.errors import ExitCode
from analyzer.workflow.names import LEDGER

Where = Annotated[str, typer.Argument(help="The ledger: a file, or a database's URL.")]
LedgerKey = Annotated[
    Path | None,
    typer.Option(
        "--key",
        help="The file of the ledger's key. [default: beside the file; of a URL what ANALYZER_LEDGER_KEY names]",
    ),
]

audit = typer.Typer(
    help="Verify and export the audit trail of a ledger.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@audit.command(epilog="Example: analyzer audit verify ledger.sqlite")
def verify(
    ledger: Where = LEDGER,
    anchor: Annotated[
        str | None,
        typer.Option(metavar="COUNT:HASH", help="What an earlier verification printed, kept outside of the ledger."),
    ] = None,
    key: LedgerKey = None,
    as_json: Json = False,
) -> None:
    """Say whether an entry was changed, is missing or stands elsewhere, and print the anchor. Exit code 0 or 1."""
    from analyzer.workflow import ledgers

    result = ledgers.verify_job(ledger, key, anchor)
    answer(result, _verified, as_json)
    if not result["good"]:
        raise typer.Exit(ExitCode.FAILURE)


@audit.command(epilog="Example: analyzer audit export ledger.sqlite > trail.jsonl")
def export(ledger: Where = LEDGER, key: LedgerKey = None) -> None:
    """Print every entry of the audit trail as one line of JSON, oldest first."""
    from analyzer.workflow import ledgers

    for line in ledgers.export_job(ledger, key):
        typer.echo(line)


def retention(
    ledger: Where = LEDGER,
    delete: Annotated[bool, typer.Option("--delete", help="Delete what is due; of words a tombstone stays.")] = False,
    keep: Annotated[
        Path | None,
        typer.Option(
            "--keep", help="How long, in TOML: [keep] with drafts = 90, notes = 365, requests = 365, runs = 30."
        ),
    ] = None,
    key: LedgerKey = None,
    as_json: Json = False,
) -> None:
    """Show what a ledger keeps, how long and why; with --delete, delete what is due."""
    from analyzer.workflow import ledgers

    answer(ledgers.retention_job(ledger, key, keep, delete), _kept, as_json)


def _verified(result: dict[str, Any]) -> str:
    if result["good"]:
        head = f"All {result['entries']:,} entries of the audit trail and all records are as they were written."
        return f"{head}\nKeep this elsewhere, for the next --anchor: {result['anchor']}"
    count = len(result["findings"])
    told = [f"  {finding['sentence']}" for finding in result["findings"]]
    return "\n".join([f"The ledger is not as it was written: {count} finding{'s' if count > 1 else ''}.", *told])


def _kept(result: dict[str, Any]) -> str:
    return "\n".join(_kept_line(one) for one in result["kept"])


def _kept_line(one: dict[str, Any]) -> str:
    held = f"{one['held']} held" + (f", the oldest of {one['oldest']}" if one["held"] else "")
    if one["deleted"]:
        held = f"{one['deleted']} deleted, {held}"
    elif one["due"]:
        held += f", {one['due']} due: --delete deletes them"
    return f"{one['name']}: kept {one['long']}, since {one['because']}. {held}."
