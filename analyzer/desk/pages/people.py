"""Accounts and clients of the API: made, changed and ended by administrators."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from starlette.responses import Response

from analyzer.desk.ask import Ask
from analyzer.desk.doors import Door
from analyzer.desk.pages.missing import missing
from analyzer.desk.pages.places import ADMINISTRATORS, me
from analyzer.desk.views.forms import whole
from analyzer.errors import InputError
from analyzer.ledger.clients import Client
from analyzer.ledger.people import Account, Role
from analyzer.ledger.reviewed import DecisionRefusedError


def people(ask: Ask) -> Response:
    """List the accounts, with the form for another one."""
    return _people(ask)


def make(ask: Ask) -> Response:
    """Make an account."""
    name, role, password = ask.form.get("name", "").strip(), _role(ask), ask.form.get("password", "")
    errors = {} if name else {"name": "Enter a name"}
    errors |= {} if role else {"role": "Choose a role"}
    errors |= _wrong_password(ask)
    if errors or role is None:
        return _people(ask, 422, errors)
    try:
        made = ask.office.ledger.add_account(name, role, password, me(ask).name)
    except (InputError, DecisionRefusedError) as error:
        return _people(ask, 422, {_field_of(error): f"{error.cause} {error.remedy}"})
    return ask.see("account", done="account-made", name=made.name)


def account(ask: Ask) -> Response:
    """Show an account."""
    return _account(ask)


def change_role(ask: Ask) -> Response:
    """Give an account another role."""
    role = _role(ask)
    if role is None:
        return _account(ask, 422, {"role": "Choose a role"})
    return _changed(
        ask, "account-changed", "role", lambda name: ask.office.ledger.change_role(name, role, me(ask).name)
    )


def disable(ask: Ask) -> Response:
    """Let nobody sign in with an account."""
    return _changed(ask, "account-disabled", "", lambda name: ask.office.ledger.disable(name, me(ask).name))


def enable(ask: Ask) -> Response:
    """Let people sign in with an account again."""
    return _changed(ask, "account-enabled", "", lambda name: ask.office.ledger.enable(name, me(ask).name))


def end_sign_ins(ask: Ask) -> Response:
    """End every sign-in of an account."""
    return _changed(ask, "sign-ins-ended", "", lambda name: ask.office.ledger.end_sign_ins(name, me(ask).name))


def set_password(ask: Ask) -> Response:
    """Set the password of an account."""
    wrong = _wrong_password(ask)
    if wrong:
        return _account(ask, 422, wrong)
    password = ask.form.get("password", "")
    call = ask.office.ledger.set_password
    return _changed(ask, "password-set", "password", lambda name: call(name, password, me(ask).name))


def clients(ask: Ask) -> Response:
    """List the clients of the API, with the form for another one."""
    return _clients(ask)


def make_client(ask: Ask) -> Response:
    """Make a client, and show its token: once, and nowhere else."""
    name, role = ask.form.get("name", "").strip(), _role(ask)
    errors = {} if name else {"name": "Enter a name"}
    errors |= {} if role else {"role": "Choose a role"}
    if errors or role is None:
        return _clients(ask, 422, errors)
    try:
        _, token = ask.office.ledger.add_client(name, role, me(ask).name)
    except (InputError, DecisionRefusedError) as error:
        return _clients(
            ask, 422, {"role" if "administrator" in error.cause else "name": f"{error.cause} {error.remedy}"}
        )
    return _clients(ask, 201, token=token)


def end_client(ask: Ask) -> Response:
    """End the token of a client."""
    try:
        ask.office.ledger.end_client(whole(ask.path["number"], 1) or 0, me(ask).name)
    except InputError as error:
        return missing(ask, error)
    return ask.see("clients", done="client-ended")


def _changed(ask: Ask, done: str, field: str, call: Callable[[str], None]) -> Response:
    """Change an account and say so, or say what is wrong beside the field."""
    try:
        found = ask.office.ledger.account(ask.path["name"])
    except InputError as error:
        return missing(ask, error)
    try:
        call(found.name)
    except InputError as error:
        told = f"{error.cause} {error.remedy}"
        return _account(ask, 422, {field: told}) if field else _account(ask, 422, problem=told)
    return ask.see("account", done=done, name=found.name)


def _people(ask: Ask, status: int = 200, errors: Mapping[str, str] | None = None) -> Response:
    accounts: tuple[Account, ...] = ask.office.ledger.accounts()
    values = {name: value for name, value in ask.form.items() if "password" not in name}
    return ask.page(
        "people.html.j2", status, accounts=accounts, roles=tuple(Role), errors=errors or {}, problem="", values=values
    )


def _account(ask: Ask, status: int = 200, errors: Mapping[str, str] | None = None, problem: str = "") -> Response:
    try:
        found = ask.office.ledger.account(ask.path["name"])
    except InputError as error:
        return missing(ask, error)
    values = {name: value for name, value in ask.form.items() if "password" not in name}
    told = {"account": found, "roles": tuple(Role), "own": found.name == me(ask).name}
    return ask.page("account.html.j2", status, **told, errors=errors or {}, problem=problem, values=values)


def _clients(ask: Ask, status: int = 200, errors: Mapping[str, str] | None = None, token: str = "") -> Response:
    known: tuple[Client, ...] = ask.office.ledger.clients()
    roles = tuple(role for role in Role if role is not Role.ADMINISTRATOR)
    told = {"clients": known, "roles": roles, "token": token}
    return ask.page("clients.html.j2", status, **told, errors=errors or {}, problem="", values=ask.form)


def _role(ask: Ask) -> Role | None:
    return next((role for role in Role if role.value == ask.form.get("role")), None)


def _wrong_password(ask: Ask) -> dict[str, str]:
    password, again = ask.form.get("password", ""), ask.form.get("again", "")
    if not password:
        return {"password": "Enter a password"}
    return {} if password == again else {"again": "The two passwords are not the same"}


def _field_of(error: InputError | DecisionRefusedError) -> str:
    return "password" if "password" in error.cause else "name"


DOORS: Final = (
    Door("people", "GET", "/people", ADMINISTRATORS, people),
    Door("make_account", "POST", "/people", ADMINISTRATORS, make),
    Door("account", "GET", "/people/{name}", ADMINISTRATORS, account),
    Door("change_role", "POST", "/people/{name}/role", ADMINISTRATORS, change_role),
    Door("disable", "POST", "/people/{name}/disable", ADMINISTRATORS, disable),
    Door("enable", "POST", "/people/{name}/enable", ADMINISTRATORS, enable),
    Door("end_sign_ins", "POST", "/people/{name}/sign-ins", ADMINISTRATORS, end_sign_ins),
    Door("set_password", "POST", "/people/{name}/password", ADMINISTRATORS, set_password),
    Door("clients", "GET", "/clients", ADMINISTRATORS, clients),
    Door("make_client", "POST", "/clients", ADMINISTRATORS, make_client),
    Door("end_client", "POST", "/clients/{number}/end", ADMINISTRATORS, end_client),
)
