"""The commands about the reviewers' desk: open it, and who may use it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from analyzer.cli_ledger import LedgerKey
from analyzer.cli_output import Json, answer
from analyzer.errors import InputError
from analyzer.workflow.names import LEDGER

RESULTS: Final = Path("analyzer-out")
Account = Annotated[str, typer.Argument(help="The account's name.")]
Kept = Annotated[str, typer.Option("--ledger", help="The ledger: a file, or a database's URL.")]
FromStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input instead of asking for it.")
]

account = typer.Typer(
    help="Say who may use the desk, and in which role.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


def desk(
    results: Annotated[Path, typer.Argument(help="Folder of results of 'analyzer run'.")] = RESULTS,
    ledger: Annotated[str | None, typer.Option(help="Another ledger: a file, or a database's URL.")] = None,
    model: Annotated[str | None, typer.Option(help="Another bundle. [default: the run's own, else reference]")] = None,
    index: Annotated[Path | None, typer.Option(help="Index of 'analyzer index', to look figures up.")] = None,
    catalogue: Annotated[Path | None, typer.Option(help="Names of titles, as for 'analyzer check'.")] = None,
    host: Annotated[str, typer.Option(help="Where to listen; only this machine by default.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65_535, help="0 takes any that is free.")] = 8717,
    https: Annotated[
        bool, typer.Option("--https", help="People come over https, through a proxy: cookies go over nothing else.")
    ] = False,
    name: Annotated[
        list[str] | None, typer.Option("--name", help="A host name by which people reach the desk; may be repeated.")
    ] = None,
    trusted_header: Annotated[
        str | None, typer.Option(help="Header in which a proxy on this machine names who has signed on.")
    ] = None,
    key: LedgerKey = None,
) -> None:
    """Open the reviewers' desk: patterns and drafts wait there for a decision. Stop it with Ctrl+C."""
    from analyzer.desk.serve import serve
    from analyzer.desk.settings import DeskSettings
    from analyzer.workflow.desks import office_for

    settings = DeskSettings(
        host=host, port=port, https=https, names=tuple(name or ()), trusted_header=trusted_header or None
    )
    office = office_for(results, ledger, key, model, index, catalogue)
    warning = f"Passwords travel unencrypted to {host}: put a proxy with https before it, and say --https.\n"

    def opened(url: str) -> None:
        shown = warning if settings.in_the_clear else ""
        typer.echo(f"{shown}The desk is open at {url}  (Ctrl+C closes it)", err=True)

    serve(office, settings, opened)


@account.command(epilog="Example: analyzer account add ana --role reviewer --ledger analyzer-out/ledger.sqlite")
def add(
    name: Account,
    role: Annotated[str, typer.Option(help="communications, researcher, reviewer or administrator.")],
    ledger: Kept = LEDGER,
    password_stdin: FromStdin = False,
    key: LedgerKey = None,
    as_json: Json = False,
) -> None:
    """Make an account. The password is asked for, and kept as a hash alone."""
    from analyzer.workflow import desks

    desks.role_from(role)  # before anybody types a password
    result = desks.add_account_job(name, role, _password(password_stdin), ledger, key)
    answer(result, lambda told: f"{told['name']} may sign in as {told['role']}.", as_json)


@account.command("list", epilog="Example: analyzer account list --ledger analyzer-out/ledger.sqlite")
def list_(ledger: Kept = LEDGER, key: LedgerKey = None, as_json: Json = False) -> None:
    """List the accounts with their roles."""
    from analyzer.workflow import desks

    answer(desks.accounts_job(ledger, key), _listed, as_json)


@account.command(epilog="Example: analyzer account disable ana --ledger analyzer-out/ledger.sqlite")
def disable(name: Account, ledger: Kept = LEDGER, key: LedgerKey = None, as_json: Json = False) -> None:
    """Let nobody sign in with an account, and end its sign-ins."""
    from analyzer.workflow import desks

    result = desks.disable_account_job(name, ledger, key)
    answer(result, lambda told: f"Nobody can sign in as {told['name']} any more.", as_json)


@account.command(epilog="Example: analyzer account password ana --ledger analyzer-out/ledger.sqlite")
def password(
    name: Account,
    ledger: Kept = LEDGER,
    password_stdin: FromStdin = False,
    key: LedgerKey = None,
    as_json: Json = False,
) -> None:
    """Set another password, and end the account's sign-ins."""
    from analyzer.workflow import desks

    result = desks.set_password_job(name, _password(password_stdin), ledger, key)
    answer(result, lambda told: f"The password of {told['name']} was set.", as_json)


def _password(from_stdin: bool) -> str:
    """Return a password that nobody sees on the screen or in the list of processes."""
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise InputError("Nobody can be asked for a password here.", "Send it with --password-stdin.")
    told: str = typer.prompt("Password, 12 characters or more", hide_input=True, confirmation_prompt="Once more")
    return told


def _listed(result: dict[str, Any]) -> str:
    lines = [f"{a['name']}: {a['role']}{', disabled' if a['disabled'] else ''}" for a in result["accounts"]]
    return "\n".join(lines) or "There are no accounts yet: analyzer account add YOUR-NAME --role reviewer"
