"""A desk for the tests: a ledger with something of everything, the reference model, accounts of each role; no network.

`desk` is a desk of its own for each test, `signed_in(role)` a browser in which somebody of that role has signed in.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient
from starlette.types import ASGIApp

from analyzer.desk.app import make_app
from analyzer.desk.forgery import form_token
from analyzer.desk.settings import DeskSettings
from analyzer.ledger.people import Role
from analyzer.ledger.store import Ledger, open_ledger
from analyzer.workflow.message_jobs import Settings
from analyzer.workflow.model import REFERENCE, Model, load_model
from analyzer.workflow.office import Office

WORLD = Path(__file__).parents[1] / "browser"
sys.path.insert(0, str(WORLD))

from desk_world import furnish  # noqa: E402 - the folder is no package

sys.path.remove(str(WORLD))

PASSWORD = "a quiet evening with one film"
PEOPLE = {
    Role.COMMUNICATIONS: "Cleo",
    Role.RESEARCHER: "Dina",
    Role.REVIEWER: "Ana",
    Role.ADMINISTRATOR: "Eva",
}
HOST = "testserver"


class Visitor(TestClient):
    """A browser, which follows no redirect by itself; `post_form` sends what a page of the desk would send."""

    token = ""

    def post_form(self, path: str, **fields: str) -> Any:
        """Send a form with the token that its page would carry."""
        return self.post(path, data={"csrf": form_token(self.token), **fields})

    def sign_in(self, name: str, password: str = PASSWORD) -> Any:
        """Sign in by the page."""
        self.get("/sign-in")
        self.token = self.cookies["desk"]
        answer = self.post_form("/sign-in", name=name, password=password)
        self.token = self.cookies.get("desk", "")
        return answer


@dataclass
class Desk:
    """A desk with its ledger."""

    ledger: Ledger
    ledger_folder: Path
    model: Model
    offices: list[Office] = field(default_factory=list)

    def app(self, **settings: Any) -> ASGIApp:
        """Return an application on this ledger."""
        self.offices.append(Office(self.ledger, self.model, Settings()))
        return make_app(self.offices[-1], DeskSettings(names=(HOST,), **settings))

    def visitor(self, name: str | None = None, app: ASGIApp | None = None, address: str = "10.0.0.7") -> Visitor:
        """Return a browser; with a name somebody has signed in, which takes no password here."""
        visitor = Visitor(app or self.app(), f"http://{HOST}", follow_redirects=False, client=(address, 50_000))
        person = self.ledger.person(name) if name else None
        if person:
            visitor.token = self.ledger.sign_in(person)
            visitor.cookies.set("desk", visitor.token, domain=f"{HOST}.local")
        return visitor


@pytest.fixture(scope="session")
def model() -> Model:
    return load_model(REFERENCE)


@pytest.fixture(scope="session")
def furnished(model: Model, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a ledger that tests copy: filling one takes a second."""
    folder = tmp_path_factory.mktemp("furnished")
    ledger = open_ledger(folder / "ledger.sqlite")
    furnish(ledger, model)
    for role, name in (*PEOPLE.items(), (Role.REVIEWER, "Ben"), (Role.COMMUNICATIONS, "Carl")):
        ledger.add_account(name, role, PASSWORD)
    ledger.add_note("P11", "Ben", "The daily film may be a bedtime story.")
    ledger.close()
    return folder


@pytest.fixture
def desk(furnished: Path, model: Model, tmp_path: Path) -> Iterator[Desk]:
    """A desk that nobody else uses."""
    folder = shutil.copytree(furnished, tmp_path / "desk")
    opened = Desk(open_ledger(folder / "ledger.sqlite"), folder, model)
    yield opened
    for office in opened.offices:
        office.close()
    opened.ledger.close()


@pytest.fixture
def signed_in(desk: Desk) -> Callable[[Role], Visitor]:
    """Return a browser in which somebody of a role has signed in."""
    app = desk.app()
    return lambda role: desk.visitor(PEOPLE[role], app)
