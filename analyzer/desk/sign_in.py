"""Signing in and out, the only doors that nobody has to have signed in for; and changing one's own password."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Final

from starlette.responses import RedirectResponse, Response

from analyzer.desk import problems
from analyzer.desk.ask import Ask
from analyzer.desk.doors import Door
from analyzer.desk.forgery import form_token
from analyzer.desk.gates import Gates, Sent
from analyzer.desk.pages import own_password
from analyzer.desk.pages.places import EVERYBODY, me
from analyzer.desk.said import SIGNED_OUT
from analyzer.desk.tries import READ, Tries
from analyzer.ledger.sign_ins import LONGEST

_AT_A_TIME: Final = 2  # passwords checked at once: each takes 19 MiB and a processor
_WRONG: Final = "Name or password is not right. Names are written as the administrator made them"


def _never(ask: Ask) -> Response:
    raise PermissionError(ask.door.name)


SHOWN: Final = Door("sign_in", "GET", "/sign-in", EVERYBODY, _never)
TRIED: Final = Door("try_sign_in", "POST", "/sign-in", EVERYBODY, _never)
ENDED: Final = Door("sign_out", "POST", "/sign-out", EVERYBODY, _never)
CHANGED: Final = Door("change_password", "POST", "/password", EVERYBODY, _never)
DOORS: Final = (SHOWN, TRIED, ENDED, CHANGED)
"""Doors whose handlers need the cookie, so that `Entrance` answers in their place."""
SLOW: Final = (TRIED, CHANGED)
"""Doors at which a password is looked at."""


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
        self._tries = Tries(gates.office.ledger, self._settings.attempts, self._settings.minutes)
        self.threads = ThreadPoolExecutor(_AT_A_TIME, "sign-in")

    @property
    def cookie(self) -> str:
        """Name of the cookie; over https a browser takes it from this host alone."""
        return "__Host-desk" if self._settings.https else "desk"

    def answer(self, door: Door, sent: Sent) -> Response:
        """Return the answer to a request at one of these doors."""
        if door is CHANGED:
            return self._gates.open(replace(door, handler=partial(self._change, sent)), sent)
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
        name, password = form.get("name", "").strip()[:READ], form.get("password", "")
        if not name or not password:
            empty = {"name": "Enter the name of your account"} if not name else {}
            return self._form(sent, empty | ({} if password else {"password": "Enter your password"}), name, 422)
        who, wait = self._tries.known(name, password, sent.address)
        if wait:
            return problems.page(self._ask(TRIED, sent), problems.TOO_OFTEN, {"Retry-After": str(wait)})
        if who is None:
            return self._form(sent, {"name": _WRONG}, name, 422)
        token = self._gates.office.ledger.sign_in(who)  # a new one, whatever the browser had before
        return self._with_cookie(RedirectResponse("/", 303), token)

    def _change(self, sent: Sent, ask: Ask) -> Response:
        """Change the password of somebody who has passed every gate."""
        if wrong := own_password.wrong_with(ask):
            return own_password.form(ask, wrong)
        who, wait = self._tries.known(me(ask).name, ask.form["old"], sent.address)
        if wait:
            return problems.page(ask, problems.TOO_OFTEN, {"Retry-After": str(wait)})
        if who is None:
            return own_password.form(ask, {"old": "This is not your password"})
        self._gates.office.ledger.change_password(me(ask), ask.form["password"], sent.cookie)
        return ask.see(own_password.NAME, done="own-password-set")

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
