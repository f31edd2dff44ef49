"""What a request has to pass before a handler sees it: who asks, may they, and does the form come from our own page."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl

from starlette.datastructures import Headers
from starlette.responses import RedirectResponse, Response

from analyzer.desk import problems
from analyzer.desk.ask import Ask
from analyzer.desk.doors import Door
from analyzer.desk.forgery import form_token, is_own_form
from analyzer.desk.limits import Attempts
from analyzer.desk.settings import DeskSettings, is_loopback
from analyzer.errors import AnalyzerError, InputError
from analyzer.ledger.people import Person
from analyzer.workflow.office import Office

LOG: Final = logging.getLogger("analyzer.desk")
FORM: Final = "application/x-www-form-urlencoded"
_MOST_FIELDS: Final = 100
_BEARER: Final = "bearer "
_ASKED_A_MINUTE: Final = 600
"""Requests of one client; a publishing tool asks once a draft."""


@dataclass(frozen=True)
class Sent:
    """A request as it came in.

    Attributes
    ----------
    path, query : parameters, by name.
    headers : by name in small letters.
    cookie : that says who has signed in; empty where there is none.
    address : who is at the other end of the connection.
    body : what came with it; short enough.
    """

    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    cookie: str = ""
    address: str = ""
    body: bytes = b""

    def form(self) -> dict[str, str]:
        """Return the fields of a form; of one that is sent twice the last.

        Raises
        ------
        InputError
            When there are more than on any page of the desk.
        """
        text = self.body.decode("utf-8", "replace")
        try:
            return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="replace"))
        except ValueError as error:
            raise InputError("The form has too many fields.", "Send the form of the page.") from error

    @property
    def is_form(self) -> bool:
        """Whether a browser's form was sent."""
        return self.headers.get("content-type", "").split(";")[0].strip().casefold() == FORM

    def is_own_form(self, form: Mapping[str, str], cookie: str) -> bool:
        """Return whether the form was sent from a page of the desk; see `forgery`."""
        host, origin = self.headers.get("host", ""), self.headers.get("origin")
        return self.is_form and is_own_form(cookie, form.get("csrf", ""), origin, host)


class Gates:
    """Opens doors.

    Parameters
    ----------
    office : Office
    settings : DeskSettings
    doors : mapping of name to Door
    """

    def __init__(self, office: Office, settings: DeskSettings, doors: Mapping[str, Door]) -> None:
        self.office, self.settings, self.doors = office, settings, doors
        self._asked = Attempts(_ASKED_A_MINUTE, 60)

    def open(self, door: Door, sent: Sent) -> Response:
        """Return the answer to a request."""
        return self.guarded(
            door, sent, lambda: self._for_program(door, sent) if door.for_programs else self._for_person(door, sent)
        )

    def guarded(self, door: Door, sent: Sent, answer: Callable[[], Response]) -> Response:
        """Return an answer; what goes wrong is told, and of what nobody foresaw only that."""
        try:
            return answer()
        except Exception as error:  # noqa: BLE001 - whatever goes wrong, no word of it may be somebody's draft
            return self._failed(door, sent, error)

    def person(self, sent: Sent) -> Person | None:
        """Return who has signed in; None where nobody has."""
        header = self.settings.trusted_header
        if header is None:
            return self.office.ledger.signed_in(sent.cookie) if sent.cookie else None
        if not is_loopback(sent.address):
            return None
        return self.office.ledger.person(sent.headers.get(header.casefold(), ""))

    def secret_of(self, sent: Sent, who: Person) -> str:
        """Return what the token of this person's forms is made of."""
        return sent.cookie if self.settings.trusted_header is None else f"{self.office.ledger.key.hex()}{who.name}"

    def _for_person(self, door: Door, sent: Sent) -> Response:
        who = self.person(sent)
        if who is None:
            return RedirectResponse("/sign-in", 303)
        secret = self.secret_of(sent, who)
        ask = Ask(door, self.doors, self.office, who, sent.path, sent.query, csrf=form_token(secret))
        if who.role not in door.roles:
            return problems.page(ask, problems.FORBIDDEN)
        if door.method == "GET":
            return door.handler(ask)
        form = sent.form() if sent.is_form else {}
        if not sent.is_own_form(form, secret):
            return problems.page(ask, problems.FORGED)
        return door.handler(Ask(door, self.doors, self.office, who, sent.path, sent.query, form, csrf=ask.csrf))

    def _for_program(self, door: Door, sent: Sent) -> Response:
        told = sent.headers.get("authorization", "")
        token = told[len(_BEARER) :].strip() if told.casefold().startswith(_BEARER) else ""
        client = self.office.ledger.client(token) if token else None
        if client is None:
            return problems.as_json(problems.UNKNOWN, {"WWW-Authenticate": "Bearer"})
        if client.role not in door.roles:
            return problems.as_json(problems.FORBIDDEN)
        if wait := self._asked.wait_s(str(client.number)):
            return problems.as_json(problems.TOO_OFTEN, {"Retry-After": str(wait)})
        self._asked.count(str(client.number))
        who = Person(client.name, client.role)
        return door.handler(Ask(door, self.doors, self.office, who, sent.path, sent.query, body=sent.body))

    def _failed(self, door: Door, sent: Sent, error: Exception) -> Response:
        problem = problems.of(error)
        if problem.status >= 500:
            # The message of an error can quote what was sent, so only its kind and its place are logged.
            where = "".join(traceback.format_tb(error.__traceback__))
            LOG.error("%s %s failed: %s\n%s", door.method, door.name, type(error).__name__, where)
        if door.for_programs:
            return problems.as_json(problem)
        return problems.page(Ask(door, self.doors, self.office, self._perhaps(sent), sent.path), problem)

    def _perhaps(self, sent: Sent) -> Person | None:
        try:
            return self.person(sent)
        except AnalyzerError:  # the ledger is what failed
            return None


def values_of(pairs: Any) -> dict[str, str]:
    """Return parameters by name; of one that is sent twice the last."""
    return {str(name): str(value) for name, value in pairs.items()}


def headers_of(headers: Headers) -> dict[str, str]:
    """Return headers by name; one that is sent twice is both, so that nobody slips in a name beside the proxy's."""
    return {name: ", ".join(headers.getlist(name)) for name in headers}
