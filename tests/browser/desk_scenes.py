"""Every page of the desk in a state that is worth a look: who opens it, and how it comes about."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from desk_world import ALLOWED, BLOCKED
from playwright.sync_api import Page


@dataclass(frozen=True)
class Scene:
    """A page in a state; `who` is the name of an account, None for nobody. No scene changes the ledger.

    With `data` it is at the desk that can look figures up.
    """

    name: str
    who: str | None
    play: Callable[[Page], object]
    data: bool = False


def _goes(path: str) -> Callable[[Page], object]:
    return lambda page: page.goto(path)


def _signs_in_wrongly(page: Page) -> None:
    page.goto("/sign-in")
    page.get_by_label("Name of your account").fill("Nobody")
    page.get_by_label("Password").fill("not the password of anybody")
    page.get_by_role("button", name="Sign in").click()


def _decides_nothing(page: Page) -> None:
    page.goto("/patterns/P03")
    page.get_by_role("button", name="Decide").click()


def _loosens_without_a_word(page: Page) -> None:
    page.goto("/patterns/P02")
    page.get_by_label("Tighten to never single out").check()
    page.get_by_role("button", name="Decide").click()


def _checks(text: str) -> Callable[[Page], object]:
    def play(page: Page) -> None:
        page.goto("/check")
        page.get_by_label("Draft").fill(text)
        page.get_by_role("button", name="Check").click()

    return play


def _compares(page: Page) -> None:
    page.goto("/rulebook")
    page.get_by_role("button", name="Compare").click()


def _asks_for_nothing(page: Page) -> None:
    page.goto("/requests/new")
    page.get_by_role("button", name="Ask for the release").click()


def _makes_no_account(page: Page) -> None:
    page.goto("/people")
    page.get_by_role("button", name="Make the account").click()


def _keeps_the_password(page: Page) -> None:
    page.goto("/password")
    page.get_by_role("button", name="Change your password").click()


SCENES = (
    Scene("sign_in", None, _goes("/sign-in")),
    Scene("sign_in_wrong", None, _signs_in_wrongly),
    Scene("queue", "Ana", _goes("/queue")),
    Scene("patterns", "Ana", _goes("/patterns")),
    Scene("card_protected", "Ana", _goes("/patterns/P11")),
    Scene("card_waiting", "Ana", _goes("/patterns/P02")),
    Scene("card_wrong", "Ana", _decides_nothing),
    Scene("card_without_reason", "Ana", _loosens_without_a_word),
    Scene("card_for_researchers", "Dina", _goes("/patterns/P12")),
    Scene("check", "Cleo", _goes("/check")),
    Scene("verdict_block", "Cleo", _checks(BLOCKED)),
    Scene("verdict_allow", "Cleo", _checks(ALLOWED)),
    Scene("check_empty", "Cleo", _checks(" ")),
    Scene("drafts", "Ana", _goes("/drafts")),
    Scene("draft", "Ana", _goes("/drafts/2")),
    Scene("draft_own", "Cleo", _goes("/drafts/1")),
    Scene("draft_approved", "Ana", _goes("/drafts/1")),
    Scene("releases", "Cleo", _goes("/releases")),
    Scene("release", "Cleo", _goes("/releases/1")),
    Scene("requests", "Ana", _goes("/requests")),
    Scene("request", "Ana", _goes("/requests/1")),
    Scene("request_approved", "Ana", _goes("/requests/2")),
    Scene("request_own", "Cleo", _goes("/requests/1")),
    Scene("request_new", "Cleo", _goes("/requests/new")),
    Scene("request_wrong", "Cleo", _asks_for_nothing),
    Scene("rulebook", "Dina", _goes("/rulebook")),
    Scene("rulebook_changes", "Dina", _compares),
    Scene("audit", "Ana", _goes("/audit")),
    Scene("audit_for_administrators", "Eva", _goes("/audit")),
    Scene("verified", "Ana", _goes("/audit/verify")),
    Scene("retention", "Eva", _goes("/retention")),
    Scene("people", "Eva", _goes("/people")),
    Scene("account", "Eva", _goes("/people/Cleo")),
    Scene("account_wrong", "Eva", _makes_no_account),
    Scene("clients", "Eva", _goes("/clients")),
    Scene("suggest", "Cleo", _goes("/suggest?title=A+Christmas+Prince")),
    Scene("suggest_facts", "Cleo", _goes("/suggest?title=Winter+Letters"), data=True),
    Scene("suggest_little", "Cleo", _goes("/suggest?title=Short+Walk"), data=True),
    Scene("suggest_unknown", "Cleo", _goes("/suggest?title=Winter+Leters"), data=True),
    Scene("suggest_empty", "Cleo", _goes("/suggest?title="), data=True),
    Scene("own_password", "Ana", _goes("/password")),
    Scene("own_password_wrong", "Cleo", _keeps_the_password),
    Scene("help", "Ana", _goes("/help")),
    Scene("help_for_administrators", "Eva", _goes("/help")),
    Scene("nowhere", None, _goes("/no/such/page")),
    Scene("missing", "Ana", _goes("/patterns/P99")),
    Scene("forbidden", "Cleo", _goes("/queue")),
)
