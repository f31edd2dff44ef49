"""One's own password: the page, and what is wrong with what was typed. `Entrance` changes it, where passwords wait."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from starlette.responses import Response

from analyzer.desk.ask import Ask
from analyzer.desk.doors import Door
from analyzer.desk.pages.places import EVERYBODY, me
from analyzer.errors import InputError

NAME: Final = "own_password"


def own_password(ask: Ask) -> Response:
    """Show the form for another password."""
    return form(ask)


def form(ask: Ask, errors: Mapping[str, str] | None = None) -> Response:
    """Show the form, with what is wrong; nothing that was typed is shown again."""
    return ask.page("own_password.html.j2", 422 if errors else 200, errors=errors or {}, problem="")


def wrong_with(ask: Ask) -> dict[str, str]:
    """Return what is wrong with what was typed, before anybody looks at the old password."""
    old, password, again = (ask.form.get(name, "") for name in ("old", "password", "again"))
    errors = {} if old else {"old": "Enter your old password"}
    if not password:
        return errors | {"password": "Enter a new password"}
    if password == old:
        return errors | {"password": "Enter another password than the old one"}
    try:
        ask.office.ledger.check_new_password(me(ask), password)
    except InputError as error:
        return errors | {"password": f"{error.cause} {error.remedy}"}
    return errors if password == again else errors | {"again": "The two passwords are not the same"}


DOORS: Final = (Door(NAME, "GET", "/password", EVERYBODY, own_password),)
