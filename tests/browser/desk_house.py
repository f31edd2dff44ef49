"""A desk on loopback for the browser: a real ledger, the reference model, an account of each role."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from desk_world import furnish, indexed
from playwright.sync_api import Browser, BrowserContext, Page

from analyzer.desk.app import make_app
from analyzer.desk.settings import DeskSettings
from analyzer.ledger.people import Person, Role
from analyzer.ledger.store import open_ledger
from analyzer.workflow.message_jobs import Settings
from analyzer.workflow.model import REFERENCE, load_model
from analyzer.workflow.office import OfficeSettings, open_office

PASSWORD = "a quiet evening with one film"
PEOPLE = {
    "Ana": Role.REVIEWER,
    "Ben": Role.REVIEWER,
    "Cleo": Role.COMMUNICATIONS,
    "Dina": Role.RESEARCHER,
    "Eva": Role.ADMINISTRATOR,
}


@dataclass(frozen=True)
class House:
    """Where a desk is, where another one on the same ledger has data, and by which tokens everybody has signed in."""

    url: str
    tokens: Mapping[str, str]
    url_with_data: str = ""


@contextmanager
def opened_house(folder: Path, *, with_data: bool = False) -> Iterator[House]:
    """Open a desk in a thread, and close it at the end; with data also one that can look figures up."""
    path = folder / "ledger.db"
    ledger = open_ledger(path)
    furnish(ledger, load_model(REFERENCE))
    for name, role in PEOPLE.items():
        ledger.add_account(name, role, PASSWORD)
    ledger.add_client("publishing tool", Role.COMMUNICATIONS, "Eva")
    ledger.add_note("P11", "Ben", "The daily film may be a bedtime story.\nNobody needs to know.")
    tokens = {name: ledger.sign_in(Person(name, role)) for name, role in PEOPLE.items()}
    ledger.close()
    messages = [Settings(), *([Settings(index=indexed(folder), key_file=folder / "claims.key")] if with_data else [])]
    with ExitStack() as stack:
        urls = [stack.enter_context(_served(path, one)) for one in messages]
        yield House(urls[0], tokens, urls[-1])


@contextmanager
def _served(ledger: Path, messages: Settings) -> Iterator[str]:
    office = open_office(OfficeSettings(ledger=str(ledger), model=str(REFERENCE), messages=messages))
    app = make_app(office, DeskSettings())
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning", lifespan="off"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until = time.monotonic() + 20
    while not server.started:
        if time.monotonic() > until or not thread.is_alive():
            raise RuntimeError("the desk did not open")
        time.sleep(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(10)
    office.close()


def context_of(browser: Browser, name: str | None, house: House, url: str = "", **options: object) -> BrowserContext:
    """Return a context in which somebody has signed in; nobody where no name is given."""
    where = url or house.url
    context = browser.new_context(base_url=where, **options)  # type: ignore[arg-type]
    if name:
        context.add_cookies([{"name": "desk", "value": house.tokens[name], "url": where}])
    return context


def heard_on(page: Page) -> list[str]:
    """Return a list that fills with what a page should never say: console messages, errors, requests elsewhere."""
    heard: list[str] = []
    page.on("console", lambda message: heard.append(f"console: {message.text}"))
    page.on("pageerror", lambda error: heard.append(f"error: {error}"))
    page.on("request", lambda asked: None if asked.url.startswith("http://127.0.0.1:") else heard.append(asked.url))
    return heard
