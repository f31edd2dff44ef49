"""Signing in and out: the only doors that nobody has to have signed in for."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import Final

from starlette.responses import RedirectResponse, Response

from analyzer.desk import problems
from analyzer.desk.ask import Ask
from analyzer.desk.doors import Door
from analyzer.desk.forgery import form_token
from analyzer.desk.gates import Gates, Sent
from analyzer.desk.limits import Attempts, neighbourhood
from analyzer.desk.said import SIGNED_OUT
from analyzer.ledger.events import LONGEST_NAME
from analyzer.ledger.likeness import as_compared
from analyzer.ledger.people import Role
from analyzer.ledger.sign_ins import LONGEST

_AT_A_TIME: Final = 2  # passwords checked at once: each takes 19 MiB and a processor
_READ: Final = LONGEST_NAME + 1  # letters of a name: to compare a longer one can take minutes, and it is no account's
_BY_NAME, _BY_ADDRESS = 10, 20  # times the tries of one name at one address
_WRONG: Final = "Name or password is not right. Names are written as the administrator made them"


def _never(ask: Ask) -> Response:
    raise PermissionError(ask.door.name)


EVERYBODY: Final = frozenset(Role)
SHOWN: Final = Door("sign_in", "GET", "/sign-in", EVERYBODY, _never)
TRIED: Final = Door("try_sign_in", "POST", "/sign-in", EVERYBODY, _never)
ENDED: Final = Door("sign_out", "POST", "/sign-out", EVERYBODY, _never)
DOORS: Final = (SHOWN, TRIED, ENDED)
"""Doors whose handlers set cookies, so that `Entrance` answers in their place."""


class Entrance:
    """Answers at the doors of this module.

    Parameters
    ----------
    gates : Gates

    Attributes
    ----------
    threads : where passwords are looked at; whoever waits there takes no thread from those who have signed in.
    """

    def __init__(self, gates: Gates) -> None:
        self._gates, self._settings = gates, gates.settings
        seconds = 60.0 * self._settings.minutes
        self._here = Attempts(self._settings.attempts, seconds)
        self._by_name = Attempts(_BY_NAME * self._settings.attempts, seconds)
        self._by_address = Attempts(_BY_ADDRESS * self._settings.attempts, seconds)
        self.threads = ThreadPoolExecutor(_AT_A_TIME, "sign-in")
        self._counting = Lock()

    @property
    def cookie(self) -> str:
        """Name of the cookie; over https a browser takes it from this host alone."""
        return "__Host-desk" if self._settings.https else "desk"

    def answer(self, door: Door, sent: Sent) -> Response:
        """Return the answer to a request at one of these doors."""
        if door is ENDED:
            return self._out(sent)
        if self._gates.person(sent) is not None:
            return RedirectResponse("/", 303)
        if self._settings.trusted_header is not None:
            told = problems.Problem(
                403,
                "You have not signed in",
                "The sign-on in front of the desk names nobody who has an account here.",
                "Ask an administrator to make one under the name that you sign on with.",
            )
            return problems.page(self._ask(SHOWN, sent), told)
        return self._form(sent) if door is SHOWN else self._in(sent)

    def _in(self, sent: Sent) -> Response:
        form = sent.form() if sent.is_form else {}
        if not sent.is_own_form(form, sent.cookie):
            return problems.page(self._ask(TRIED, sent), problems.FORGED)
        name, password = form.get("name", "").strip()[:_READ], form.get("password", "")
        if not name or not password:
            empty = {"name": "Enter the name of your account"} if not name else {}
            return self._form(sent, empty | ({} if password else {"password": "Enter your password"}), name, 422)
        counted = self._counted(sent, name)
        if wait := self._wait_s(counted):
            return problems.page(self._ask(TRIED, sent), problems.TOO_OFTEN, {"Retry-After": str(wait)})
        who = self._gates.office.ledger.known(name, password)
        if who is None:
            return self._form(sent, {"name": _WRONG}, name, 422)
        self._here.forget(counted[0][1])
        self._by_address.give_back(counted[2][1])  # behind a proxy everybody has one address
        token = self._gates.office.ledger.sign_in(who)  # a new one, whatever the browser had before
        return self._with_cookie(RedirectResponse("/", 303), token)

    def _wait_s(self, counted: tuple[tuple[Attempts, str], ...]) -> int:
        """Count one try before the password is looked at, for many at a time are many; else return how long to wait."""
        with self._counting:
            wait = max(attempts.wait_s(key) for attempts, key in counted)
            if not wait:
                for attempts, key in counted:
                    attempts.count(key)
        return wait

    def _out(self, sent: Sent) -> Response:
        if self._settings.trusted_header is not None:
            return problems.page(self._ask(ENDED, sent), problems.ELSEWHERE)
        form = sent.form() if sent.is_form else {}
        if not sent.is_own_form(form, sent.cookie):
            return problems.page(self._ask(ENDED, sent), problems.FORGED)
        self._gates.office.ledger.sign_out(sent.cookie)
        answer = RedirectResponse(f"{SHOWN.path}?done={SIGNED_OUT}", 303)
        answer.delete_cookie(self.cookie, secure=self._settings.https, httponly=True, samesite="lax")
        return answer

    def _counted(self, sent: Sent, name: str) -> tuple[tuple[Attempts, str], ...]:
        plain, place = as_compared(name)[:_READ], neighbourhood(sent.address)
        return (
            (self._here, f"{plain} {place}"),
            (self._by_name, plain),
            (self._by_address, place),
        )

    def _form(self, sent: Sent, errors: Mapping[str, str] | None = None, name: str = "", status: int = 200) -> Response:
        cookie = sent.cookie or secrets.token_urlsafe(32)
        ask = self._ask(SHOWN, sent, form_token(cookie))
        answer = ask.page("sign_in.html.j2", status, errors=errors or {}, problem="", values={"name": name})
        return answer if sent.cookie else self._with_cookie(answer, cookie)

    def _ask(self, door: Door, sent: Sent, csrf: str = "") -> Ask:
        return Ask(door, self._gates.doors, self._gates.office, query=sent.query, csrf=csrf)

    def _with_cookie(self, answer: Response, token: str) -> Response:
        longest, secure = int(LONGEST.total_seconds()), self._settings.https
        answer.set_cookie(self.cookie, token, max_age=longest, secure=secure, httponly=True, samesite="lax")
        return answer
