"""What a handler is told, and the ways in which it can answer."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode

from starlette.responses import RedirectResponse, Response

from analyzer.desk.doors import Door
from analyzer.desk.forgery import proof_of
from analyzer.desk.rendering import rendered
from analyzer.desk.said import DONE, SIGNED_OUT
from analyzer.ledger.people import Person
from analyzer.workflow.office import Office

_PLACES: Final = (
    ("queue", "Queue"),
    ("patterns", "Patterns"),
    ("check", "Check a draft"),
    ("drafts", "Drafts"),
    ("suggest", "What may be said"),
    ("releases", "Releases"),
    ("requests", "Release requests"),
    ("rulebook", "Rulebook"),
    ("audit", "Audit trail"),
    ("retention", "Retention"),
    ("people", "People"),
    ("own_password", "Your password"),
    ("help", "Help"),
)


@dataclass(frozen=True, slots=True)
class Place:
    """A link of the navigation."""

    name: str
    label: str
    href: str


@dataclass(frozen=True)
class Ask:
    """A request that has passed every gate.

    Attributes
    ----------
    door : what is asked for.
    doors : all doors by name, for links.
    office : where data comes from.
    who : who asks; None only at doors that are open to everybody.
    path, query, form : what was sent; `form` only with a POST of a page, already checked against forgery.
    body : what was sent to the API.
    csrf : what a form of the answer has to send back.
    """

    door: Door
    doors: Mapping[str, Door]
    office: Office
    who: Person | None = None
    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    csrf: str = ""

    def page(self, template: str, status: int = 200, **values: Any) -> Response:
        """Answer with a page.

        Parameters
        ----------
        template : str
            A file in `templates`.
        status : int
            Of HTTP.
        **values
            What the template shows, besides who asks and where they can go; `as_of` where a sentence of `see` is said
            only as long as the page shows that.
        """
        places = self.places()
        shell = {
            "who": self.who,
            "page": self.door.name,
            "here": here(self.door.path, places),
            "csrf": self.csrf,
            "places": places,
            "done": self._done(str(values.get("as_of", ""))),
            "status": status,
        }
        return Response(rendered(template, shell | values), status, media_type="text/html")

    def see(self, name: str, /, done: str = "", as_of: str = "", **path: str) -> Response:
        """Answer a POST: look at another page, which says what was done.

        Parameters
        ----------
        name : str
            Of a door.
        done : str
            A key of `said.DONE`.
        as_of : str
            What the page will show: the sentence is said as long as it does.
        **path : str
            Parameters of the door's path.
        """
        href = self.doors[name].href(**path)
        told = urlencode({"done": f"{done}.{proof_of(self.csrf, done, href, as_of)}"}) if done else ""
        return RedirectResponse(f"{href}?{told}" if told else href, 303)

    def _done(self, as_of: str) -> str:
        """Return what the desk says was done; nothing where somebody else made the link: it could say "Approved"."""
        told = self.query.get("done", "")
        if self.who is None or not told:
            return DONE[SIGNED_OUT] if told == SIGNED_OUT else ""
        done, _, proof = told.partition(".")
        right = proof_of(self.csrf, done, self.door.href(**self.path), as_of)
        return DONE.get(done, "") if hmac.compare_digest(right.encode(), proof.encode()) else ""

    def places(self) -> tuple[Place, ...]:
        """Return where somebody of this role can go, in order."""
        known = [(self.doors.get(name), label) for name, label in _PLACES]
        role = self.who.role if self.who else None
        return tuple(Place(door.name, label, door.path) for door, label in known if door and role in door.roles)


def here(path: str, places: tuple[Place, ...]) -> str:
    """Return the place of the navigation that an address belongs to; empty where it belongs to none."""
    first = path.split("/")[1]
    return next((place.name for place in places if place.href.split("/")[1] == first), "")
