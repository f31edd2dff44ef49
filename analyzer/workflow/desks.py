"""The jobs behind `analyzer desk` and `analyzer account`: where a desk finds ledger and model, and who may use it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from analyzer.errors import InputError, did_you_mean
from analyzer.ledger.people import Role
from analyzer.ledger.store import open_ledger
from analyzer.workflow.message_jobs import Settings
from analyzer.workflow.model import REFERENCE
from analyzer.workflow.names import LEDGER
from analyzer.workflow.office import Office, OfficeSettings, open_office

MODEL: Final = "model"


def ledger_in(folder: Path) -> str:
    """Return where the ledger of a run's results lies."""
    return str(folder / LEDGER)


def office_for(
    folder: Path, ledger: str | None, key: Path | None, model: str | None, index: Path | None, catalogue: Path | None
) -> Office:
    """Open the desk's office on the results of a run.

    Parameters
    ----------
    folder : Path
        Results of `analyzer run`; its model and its ledger are used where none are named.
    ledger, key, model, index, catalogue
        See `analyzer desk`.

    Raises
    ------
    InputError
        When there is no ledger, or nobody has an account.
    """
    where = ledger or ledger_in(folder)
    if ledger is None and not Path(where).is_file():
        raise InputError(
            f"There is no ledger {where}.", f"Run `analyzer run --out {folder}` first, or name a --ledger."
        )
    own = folder / MODEL
    found = model or (str(own) if own.is_dir() else REFERENCE)
    messages = Settings(index=index, catalogue=catalogue)
    office = open_office(OfficeSettings(ledger=where, key=key, model=found, messages=messages))
    if not office.ledger.accounts():
        office.close()
        raise InputError(
            f"Nobody has an account in {where}.",
            f"Make the first one: analyzer account add YOUR-NAME --role reviewer --ledger {where}",
        )
    return office


def role_from(text: str) -> Role:
    """Return the role of a name.

    Raises
    ------
    InputError
        When there is none.
    """
    names = [role.value for role in Role]
    if text not in names:
        hint = did_you_mean(text, names) or f"There are {', '.join(names)}."
        raise InputError(f"There is no role {text!r:.60}.", hint)
    return Role(text)


def add_account_job(name: str, role: str, password: str, ledger: str, key: Path | None) -> dict[str, Any]:
    """Make an account."""
    made = open_ledger(ledger, key, make=False).add_account(name, role_from(role), password)
    return {"name": made.name, "role": made.role.value, "ledger": ledger}


def accounts_job(ledger: str, key: Path | None) -> dict[str, Any]:
    """List the accounts."""
    known = open_ledger(ledger, key, make=False).accounts()
    told = [{"name": a.name, "role": a.role.value, "disabled": a.disabled, "made": a.made} for a in known]
    return {"accounts": told}


def disable_account_job(name: str, ledger: str, key: Path | None) -> dict[str, Any]:
    """Let nobody sign in with an account."""
    open_ledger(ledger, key, make=False).disable(name)
    return {"name": name, "disabled": True}


def set_password_job(name: str, password: str, ledger: str, key: Path | None) -> dict[str, Any]:
    """Set the password of an account, and end its sign-ins."""
    open_ledger(ledger, key, make=False).set_password(name, password)
    return {"name": name, "password": "set"}
