"""Doors: who may open what. What is no door is not there, and a door without roles cannot be made: deny by default."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from starlette.responses import Response

from analyzer.ledger.people import Role

if TYPE_CHECKING:
    from analyzer.desk.ask import Ask

API: Final = "/api/"
METHODS: Final = ("GET", "POST")
_PARAMETER: Final = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Door:
    """One thing that can be asked for.

    Attributes
    ----------
    name : of the door; links name it.
    method : "GET", which changes nothing, or "POST".
    path : with parameters in braces, each one segment long.
    roles : who may open it; nobody else.
    handler : answers; it runs in a thread, and only where everything was checked.
    """

    name: str
    method: str
    path: str
    roles: frozenset[Role]
    handler: Callable[[Ask], Response]

    def __post_init__(self) -> None:
        if self.method not in METHODS or not self.path.startswith("/"):
            raise ValueError(f"{self.method} {self.path} is no door")

    @property
    def for_programs(self) -> bool:
        """Whether it belongs to the API, where a token tells who asks and no cookie is read."""
        return self.path.startswith(API)

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of the parameters in its path."""
        return tuple(_PARAMETER.findall(self.path))

    def href(self, **values: str) -> str:
        """Return the address with its parameters filled in, whatever letters they have."""
        return _PARAMETER.sub(lambda found: quote(values[found[1]], safe=""), self.path)


def by_name(doors: Iterable[Door]) -> dict[str, Door]:
    """Return doors by their names.

    Raises
    ------
    ValueError
        When two have one name, or one address twice.
    """
    told = list(doors)
    named = {door.name: door for door in told}
    if len(named) < len(told) or len({(door.method, door.path) for door in told}) < len(told):
        raise ValueError("two doors share a name or an address")
    return named
